#include "tests/unit/failing.h"

#include <stdbool.h>
#include <stddef.h>

static unsigned allocations, failing;

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *old, size_t bytes);

void failing_arm(unsigned nth)
{
    allocations = 0;
    failing = nth;
}

unsigned failing_count(void)
{
    return allocations;
}

static bool fails(void)
{
    allocations++;
    return allocations == failing;
}

void *__wrap_malloc(size_t bytes)
{
    return fails() ? NULL : __real_malloc(bytes);
}

void *__wrap_calloc(size_t count, size_t bytes)
{
    return fails() ? NULL : __real_calloc(count, bytes);
}

void *__wrap_realloc(void *old, size_t bytes)
{
    return fails() ? NULL : __real_realloc(old, bytes);
}
