#include "proxy/base/nearest.h"

enum { NAME_BYTES = 64, TYPED_BYTES = 256 };

static size_t least(size_t a, size_t b, size_t c)
{
    size_t smaller = a < b ? a : b;
    return smaller < c ? smaller : c;
}

/* Levenshtein's distance, one row at a time. */
static size_t distance(struct span typed, struct span name)
{
    struct span a = span_first(typed, TYPED_BYTES), b = span_first(name, NAME_BYTES);
    size_t row[NAME_BYTES + 1];
    for (size_t j = 0; j <= b.len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t replaced = diagonal + (ascii_lower(a.at[i - 1]) != ascii_lower(b.at[j - 1]));
            diagonal = row[j];
            row[j] = least(row[j] + 1, row[j - 1] + 1, replaced);
        }
    }
    return row[b.len];
}

void nearest_offer(struct nearest *nearest, struct span typed, struct span name)
{
    size_t steps = distance(typed, name), place = nearest->names;
    for (size_t i = 0; i < nearest->names; i++)
        if (span_equal(nearest->name[i], name))
            return;
    while (place > 0 && steps < nearest->steps[place - 1])
        place--;
    if (place == NEAREST_NAMES)
        return;
    if (nearest->names < NEAREST_NAMES)
        nearest->names++;
    for (size_t i = nearest->names - 1; i > place; i--) {
        nearest->name[i] = nearest->name[i - 1];
        nearest->steps[i] = nearest->steps[i - 1];
    }
    nearest->name[place] = name;
    nearest->steps[place] = steps;
}

size_t nearest_name(struct span typed, const char *const names[], size_t count)
{
    size_t best = 0, fewest = SIZE_MAX;
    for (size_t i = 0; i < count; i++) {
        size_t steps = distance(typed, span_of(names[i]));
        if (steps < fewest) {
            fewest = steps;
            best = i;
        }
    }
    return best;
}
