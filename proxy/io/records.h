/* Plain bytes on their way into a secured connection: put into records of TLS, and those into as
 * few writes as there can be. All of it happens in the loop's shared memory, so begin, write and
 * flush follow one another within one callback. */
#pragma once

#include "proxy/io/stream.h"
#include "proxy/io/tls.h"

/* What TLS has to send goes into the loop's memory from here on. */
void records_begin(struct tls *tls, const uv_loop_t *loop);

/* Encrypts. Small pieces share a record, for each costs an encryption of its own at both ends: a
 * head and a short body, a chunk's line and its content. Where TLS fails the stream is given up. */
void records_write(struct tls *tls, struct stream *stream, const uv_buf_t *buffers, unsigned count);

/* Sends what there is, and begins anew. */
void records_flush(struct tls *tls, struct stream *stream);
