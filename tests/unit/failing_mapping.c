#include "tests/unit/failing.h"

#include <sys/mman.h>

FAILING(void *, mmap, (void *at, size_t bytes, int protection, int flags, int fd, off_t offset),
    (at, bytes, protection, flags, fd, offset), MAP_FAILED)
