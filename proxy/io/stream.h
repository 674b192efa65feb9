/* A connected socket, either side's: reading that can be stopped and started, writing that tells
 * when it cannot keep up. What the kernel does not take at once is copied and queued, so a caller's
 * buffer is free when a call returns. */
#pragma once

#include <uv.h>

#include "proxy/base/span.h"

enum stream_event { STREAM_END, STREAM_BROKEN };

enum { STREAM_READS_A_TURN = 4 };

struct stream {
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    } uv;
    size_t queued;     /* bytes that the kernel has not taken yet */
    unsigned in_a_row; /* reads of this turn of the loop that filled the buffer */
    bool reading;
    bool closing;
    bool broken;    /* a write failed: nothing more can be sent */
    bool hears_out; /* after a failed write, what the other side has still said is read first */
    uv_shutdown_t shutdown;
    /* bytes: in the loop's input buffer; gone when the call returns. */
    void (*on_bytes)(struct stream *stream, struct span bytes);
    /* The other side has ended its half (STREAM_END), or the connection is dead (STREAM_BROKEN).
     * Reading is over. */
    void (*on_event)(struct stream *stream, enum stream_event event);
    /* All that was queued has gone out. */
    void (*on_drained)(struct stream *stream);
    /* The handle is closed and nothing refers to the stream any more. */
    void (*on_closed)(struct stream *stream);
};

/* libuv's buffers are not const, though it only reads from those it writes out. */
static inline uv_buf_t stream_buffer(struct span s)
{
    uv_buf_t buffer = uv_buf_init(NULL, (unsigned)s.len);
    memcpy(&buffer.base, &s.at, sizeof s.at);
    return buffer;
}

/* The callbacks must be set; the handle not yet. */
int stream_init_tcp(struct stream *stream, uv_loop_t *loop);
int stream_init_pipe(struct stream *stream, uv_loop_t *loop);

/* Harmless where it is so already, or the stream is closing. */
void stream_read(struct stream *stream, bool on);

/* Sends all of the buffers, at once or queued. A broken connection swallows them: its on_event
 * tells. */
void stream_write(struct stream *stream, const uv_buf_t *buffers, unsigned count);

static inline bool stream_blocked(const struct stream *stream)
{
    return stream->queued > 0;
}

/* Reads what has come but has not been told yet, for after a freeze the loop may not have heard;
 * on_bytes is called from within. False where the other side has ended, or the connection is dead.
 */
bool stream_catch_up(struct stream *stream);

/* Gives the connection up: what is written after this is swallowed, and on_event tells. */
void stream_fail(struct stream *stream);

/* Whether the other side is known to be gone; for a stream that is not being read. */
bool stream_is_dead(const struct stream *stream);

/* Ends our half after what is queued. */
void stream_end(struct stream *stream);

/* May be called any number of times. reset: the other side is to see a broken connection, not an
 * end; so it is where queued bytes are lost. */
void stream_close(struct stream *stream, bool reset);
