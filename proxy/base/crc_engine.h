/* Ways to compute the checksums of crc.h, apart from each other so that a test can compare them.
 * Sums are the bare register here, in which a sum has all its bits turned round. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct crc_engine {
    uint64_t (*crc32c)(uint64_t state, const unsigned char *at, size_t len);
    uint64_t (*crc64nvme)(uint64_t state, const unsigned char *at, size_t len);
};

/* Tables, eight bytes at a time. */
struct crc_engine crc_engine_portable(void);

/* The processor's instructions; NULL where this one, or this build, has none. */
struct crc_engine crc_engine_hardware(void);
