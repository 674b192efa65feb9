/* Tables as text, for reading and comparing: each row is a string, its columns parted by a space,
 * and rows are sorted by their first column. All of a table's text is one constant, with the places
 * where rows begin beside it: no pointer in it has to be relocated when the program starts.
 * A table is made of a file of rows by rows_table.inc. Pure, no allocation. */
#pragma once

#include "proxy/base/span.h"

struct rows {
    const char *text;      /* of all rows, a NUL behind each */
    const uint16_t *start; /* of each in it, and the end of the last */
    size_t count;
};

static inline struct span rows_at(const struct rows *rows, size_t i)
{
    return (struct span){
        rows->text + rows->start[i], (size_t)(rows->start[i + 1] - rows->start[i] - 1)};
}

/* The first row that begins with key as its first column, or `count`. */
size_t rows_find(const struct rows *rows, struct span key);

/* Whether the row's first column is key. */
bool rows_keyed(const struct rows *rows, size_t i, struct span key);

/* Takes the row's columns apart, the last with all that is left; what is missing or "-" is empty.
 */
void rows_split(struct span row, struct span *column, size_t columns);
