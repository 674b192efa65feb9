#include "tests/unit/failing.h"

#include <stddef.h>

FAILING(void *, malloc, (size_t bytes), (bytes), NULL)
FAILING(void *, calloc, (size_t count, size_t bytes), (count, bytes), NULL)
FAILING(void *, realloc, (void *old, size_t bytes), (old, bytes), NULL)
