/* What the tests have in common: cmocka with all that it needs, and comparisons that name the row
 * of the table they fail in. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "proxy/base/buf.h"
#include "proxy/base/err.h"

#define ROWS(table) (sizeof(table) / sizeof *(table))

/* row: the input, or a name for it; printed where the comparison fails, as both values are. */
#define CHECK_TEXT(row, actual, expected) \
    check_text((struct check_place){__FILE__, __LINE__}, (row), (actual), (expected))
#define CHECK_NUMBER(row, actual, expected)                                            \
    check_number((struct check_place){__FILE__, __LINE__}, (row), (long long)(actual), \
        (long long)(expected))

struct check_place {
    const char *file;
    int line;
};

void check_text(
    struct check_place place, struct span row, struct span actual, struct span expected);
void check_number(struct check_place place, struct span row, long long actual, long long expected);

/* A copy of just its size, so that the sanitizer sees a read past its end; to be freed. */
char *check_copy(struct span text);
