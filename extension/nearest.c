#include "extension/nearest.h"

enum { NAME_BYTES = 64, TYPED_BYTES = 256 };

static size_t least(size_t a, size_t b, size_t c)
{
    size_t smaller = a < b ? a : b;
    return smaller < c ? smaller : c;
}

/* Levenshtein's distance, one row at a time. */
static size_t distance(struct span a, struct span b)
{
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

size_t nearest_name(struct span typed, const char *const names[], size_t count)
{
    size_t best = 0, fewest = SIZE_MAX;
    for (size_t i = 0; i < count; i++) {
        size_t steps =
            distance(span_first(typed, TYPED_BYTES), span_first(span_of(names[i]), NAME_BYTES));
        if (steps < fewest) {
            fewest = steps;
            best = i;
        }
    }
    return best;
}
