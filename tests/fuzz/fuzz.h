/* What the fuzz targets have in common. */
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "proxy/base/span.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An invariant; unlike assert() it stays in every build. */
#define REQUIRE(condition)                                                        \
    do {                                                                          \
        if (!(condition)) {                                                       \
            (void)fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
            abort();                                                              \
        }                                                                         \
    } while (0)

static inline struct span fuzz_span(const uint8_t *data, size_t size)
{
    return (struct span){(const char *)data, size};
}

/* A copy of just its size, to be freed; NULL for nothing. */
static inline char *fuzz_copy(struct span text)
{
    char *copy = text.len > 0 ? malloc(text.len) : NULL;
    if (copy)
        memcpy(copy, text.at, text.len);
    return copy;
}

/* Whether part lies within whole. */
static inline bool fuzz_within(struct span part, struct span whole)
{
    return part.len == 0
        || (part.at >= whole.at && part.len <= whole.len
            && (size_t)(part.at - whole.at) <= whole.len - part.len);
}
