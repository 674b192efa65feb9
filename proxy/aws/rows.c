#include "proxy/aws/rows.h"

/* Order of a row's first column and the key, over bytes. */
static int compare(const char *row, struct span key)
{
    size_t i = 0;
    while (i < key.len && row[i] == key.at[i] && row[i] != ' ' && row[i] != '\0')
        i++;
    unsigned char in_row = (unsigned char)(row[i] == ' ' ? '\0' : row[i]);
    if (i == key.len)
        return in_row;
    return in_row == '\0' ? -1 : in_row - (unsigned char)key.at[i];
}

size_t rows_find(const struct rows *rows, struct span key)
{
    size_t low = 0, high = rows->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(rows->text + rows->start[middle], key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return rows_keyed(rows, low, key) ? low : rows->count;
}

bool rows_keyed(const struct rows *rows, size_t i, struct span key)
{
    return i < rows->count && compare(rows->text + rows->start[i], key) == 0;
}

void rows_split(struct span row, struct span *column, size_t columns)
{
    for (size_t i = 0; i < columns; i++) {
        column[i] = row;
        if (i + 1 < columns)
            column[i].len = span_find(row, ' ');
        row = span_from(row, column[i].len + 1);
        if (span_equal(column[i], SPAN("-")))
            column[i].len = 0;
    }
}
