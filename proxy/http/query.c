#include "proxy/http/query.h"

#include "proxy/base/nearest.h"

enum { SHOWN = 40 };

/* Once; "+" is a space, as forms and most clients write it. */
static struct span decode(struct buf *text, struct span encoded)
{
    size_t start = text->len;
    for (size_t i = 0; i < encoded.len; i++) {
        int high = i + 2 < encoded.len ? ascii_hex(encoded.at[i + 1]) : -1;
        int low = i + 2 < encoded.len ? ascii_hex(encoded.at[i + 2]) : -1;
        if (encoded.at[i] == '%' && high >= 0 && low >= 0) {
            buf_char(text, (char)(high << 4 | low));
            i += 2;
        } else {
            buf_char(text, encoded.at[i] == '+' ? ' ' : encoded.at[i]);
        }
    }
    return buf_since(text, start);
}

static bool holds_control(struct span value)
{
    for (size_t i = 0; i < value.len; i++)
        if ((unsigned char)value.at[i] < ' ' || value.at[i] == 0x7f)
            return true;
    return false;
}

static size_t row_of(const struct query_walk *walk, struct span name)
{
    size_t row = 0;
    while (row < walk->count && !span_equal(walk->table[row].name, name))
        row++;
    return row;
}

static enum err no_such(const struct query_walk *walk, struct span typed, struct fault *fault)
{
    struct nearest nearest = {.names = 0};
    for (size_t i = 0; i < walk->count; i++)
        nearest_offer(&nearest, typed, walk->table[i].name);
    return fault_set(fault, ERR_BAD_REQUEST,
        "This page has no parameter \"%.*s\"; the nearest is %.*s.", SPAN_ARGS(typed),
        SPAN_ARGS(nearest.name[0]));
}

static enum err check(const struct query_walk *walk, struct span name, struct fault *fault)
{
    struct span shown = span_first(name, SHOWN);
    if (walk->row == walk->count)
        return no_such(walk, shown, fault);
    if (walk->seen >> walk->row & 1 && !walk->table[walk->row].repeats)
        return fault_set(fault, ERR_BAD_REQUEST,
            "The parameter %.*s stands there twice; give it once.", SPAN_ARGS(shown));
    if (walk->text.failed)
        return fault_set(
            fault, ERR_BAD_REQUEST, "The parameter %.*s is too long.", SPAN_ARGS(shown));
    if (holds_control(walk->value))
        return fault_set(fault, ERR_BAD_REQUEST,
            "The parameter %.*s holds a control byte; percent-encode what it is to hold, and leave "
            "line feeds out.",
            SPAN_ARGS(shown));
    return OK;
}

bool query_next(struct query_walk *walk, struct fault *fault)
{
    struct span pair, name;
    fault->err = OK;
    do
        if (!span_next(&walk->rest, '&', &pair))
            return false;
    while (pair.len == 0);
    size_t equals = span_find(pair, '=');
    name = decode(&walk->text, span_first(pair, equals));
    walk->row = row_of(walk, name);
    walk->value = decode(&walk->text, span_from(pair, equals + 1));
    if (holds_control(name))
        name = SPAN("(a name with a control byte)");
    if (check(walk, name, fault) != OK)
        return false;
    walk->seen |= 1U << walk->row;
    return true;
}
