#include "proxy/permissions/rest.h"

#include "proxy/aws/rows.h"

#define TABLE      patterns
#define TABLE_FILE "proxy/permissions/rest_rows.def"
#include "proxy/aws/rows_table.inc"

static bool is_dots(struct span segment)
{
    return segment.len == 0 || span_equal(segment, SPAN(".")) || span_equal(segment, SPAN(".."));
}

/* A path's segments; at == NULL behind the last. */
static struct span take_segment(struct span *path, bool all)
{
    size_t end = all ? path->len : span_find(*path, '/');
    struct span segment = span_first(*path, end);
    *path = end < path->len ? span_from(*path, end + 1) : (struct span){NULL, 0};
    return segment;
}

/* "{Name}" takes a segment, "{Name+}" all that is left. */
static bool take_named(struct span want, struct span *path, struct members *taken)
{
    bool all = span_ends(want, SPAN("+}"));
    struct span name = span_first(span_from(want, 1), want.len - (all ? 3 : 2));
    struct span segment = take_segment(path, all);
    if (is_dots(segment) || taken->count == CAPTURES_MAX)
        return false;
    taken->captures[taken->count++] = (struct capture){name, segment};
    return true;
}

/* *literals counts what is told outright. */
static bool match(struct span pattern, struct span path, struct members *taken, size_t *literals)
{
    struct span want;
    bool fits = true;
    taken->count = 0;
    *literals = 0;
    if (span_ends(path, SPAN("/")))
        path.len--;
    while (fits && span_next(&pattern, '/', &want)) {
        bool named = span_starts(want, SPAN("{"));
        *literals += !named;
        if (!path.at)
            fits = false;
        else if (named)
            fits = take_named(want, &path, taken);
        else
            fits = span_equal(take_segment(&path, false), want);
    }
    return fits && !path.at;
}

/* Whether the parameter stands in the query just so, or none has to. */
static bool asks(struct span query, struct span wanted)
{
    struct span parameter;
    bool found = wanted.len == 0;
    while (!found && span_next(&query, '&', &parameter))
        found = span_equal(parameter, wanted);
    return found;
}

/* Whether the row is of that method, and the path begins as its pattern does: the rest is looked at
 * only then. */
static bool may_fit(struct span row, const struct rest *rest)
{
    row = span_from(row, rest->service.len + 1);
    struct span pattern = span_from(row, rest->method.len + 1);
    size_t brace = span_find(pattern, '{'), space = span_find(pattern, ' ');
    return span_starts(row, rest->method)
        && span_starts(rest->path, span_first(pattern, brace < space ? brace : space));
}

struct span rest_operation(const struct rest *rest, struct members *members)
{
    struct rows rows = patterns();
    struct span found = {NULL, 0};
    size_t best = 0;
    for (size_t i = rows_find(&rows, rest->service); rows_keyed(&rows, i, rest->service); i++) {
        struct span column[5];
        struct members taken = {.count = 0};
        size_t literals;
        if (!may_fit(rows_at(&rows, i), rest))
            continue;
        rows_split(rows_at(&rows, i), column, 5);
        if (!span_equal(column[1], rest->method) || !asks(rest->query, column[4])
            || !match(span_from(column[2], 1), span_from(rest->path, 1), &taken, &literals))
            continue;
        literals += column[4].len > 0;
        if (found.len > 0 && literals <= best)
            continue;
        found = column[3];
        best = literals;
        members->count = taken.count;
        memcpy(members->captures, taken.captures, sizeof taken.captures);
    }
    return found;
}
