/* What a loop's connections share. Its buffers: libuv fills, decrypts and drains one connection at
 * a time, so one set serves them all, and an idle connection holds none. */
#pragma once

#include <uv.h>

#include "proxy/base/list.h"

enum {
    IO_BYTES = 64 * 1024,
    IO_CIPHER_BYTES = IO_BYTES + 8 * 1024,
    IO_RECORD_BYTES = 16 * 1024, /* the most that a record of TLS takes (RFC 8446, 5.1) */
};

/* Hangs at loop->data, zeroed at first. The buffers are good from a read callback's start to its
 * end. */
struct io_memory {
    char input[IO_BYTES];         /* what a socket gave */
    char plain[IO_BYTES];         /* what TLS made of it */
    char record[IO_RECORD_BYTES]; /* small pieces on their way to it, put together */
    char cipher[IO_CIPHER_BYTES]; /* what TLS wants to send */
    struct link questions;        /* names that are being looked up; lookup.c's */
};

static inline struct io_memory *io_memory_of(const uv_loop_t *loop)
{
    return loop->data;
}
