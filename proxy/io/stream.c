#include "proxy/io/stream.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "proxy/base/list.h"
#include "proxy/io/memory.h"

struct queued_write {
    uv_write_t request;
    struct stream *stream;
    size_t bytes;
    char data[];
};

static struct stream *stream_of(uv_handle_t *handle)
{
    return CONTAINER_OF(handle, struct stream, uv.handle);
}

int stream_init_tcp(struct stream *stream, uv_loop_t *loop)
{
    stream->queued = 0;
    stream->in_a_row = 0;
    stream->reading = stream->closing = stream->broken = false;
    return uv_tcp_init(loop, &stream->uv.tcp);
}

int stream_init_pipe(struct stream *stream, uv_loop_t *loop)
{
    stream->queued = 0;
    stream->in_a_row = 0;
    stream->reading = stream->closing = stream->broken = false;
    return uv_pipe_init(loop, &stream->uv.pipe, 0);
}

/* libuv would read one stream up to 32 times before it looks at the next; 64 streams at full speed
 * then make a new connection wait for its handshake for seconds. An empty buffer ends the turn. */
static void on_allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct stream *stream = stream_of(handle);
    struct io_memory *memory = io_memory_of(handle->loop);
    bool over = stream->in_a_row == STREAM_READS_A_TURN;
    (void)suggested;
    *buffer = uv_buf_init(over ? NULL : memory->input, over ? 0 : sizeof memory->input);
}

/* libuv reports an end when a reset comes with the last bytes (POLLHUP after a partial read), but a
 * reset is no end: the socket itself tells. */
static bool truly_ended(const struct stream *stream)
{
    int fd;
    char byte;
    return uv_fileno(&stream->uv.handle, &fd) == 0
        && recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

static void on_read(uv_stream_t *handle, ssize_t count, const uv_buf_t *buffer)
{
    struct stream *stream = CONTAINER_OF(handle, struct stream, uv.stream);
    bool full = count > 0 && (size_t)count == buffer->len;
    stream->in_a_row = full ? stream->in_a_row + 1 : 0;
    if (count == UV_ENOBUFS)
        return; /* it goes on at the loop's next turn */
    if (count > 0 && stream->broken && !stream->hears_out)
        return;
    if (count > 0) {
        stream->on_bytes(stream, (struct span){buffer->base, (size_t)count});
    } else if (count < 0) {
        stream_read(stream, false);
        bool ended = count == UV_EOF && !stream->broken && truly_ended(stream);
        stream->on_event(stream, ended ? STREAM_END : STREAM_BROKEN);
    }
}

void stream_read(struct stream *stream, bool on)
{
    if (stream->closing || stream->reading == on)
        return;
    stream->reading = on;
    if (on)
        (void)uv_read_start(&stream->uv.stream, on_allocate, on_read);
    else
        (void)uv_read_stop(&stream->uv.stream);
}

static void on_written(uv_write_t *request, int status)
{
    struct queued_write *written = CONTAINER_OF(request, struct queued_write, request);
    struct stream *stream = written->stream;
    stream->queued -= written->bytes;
    free(written);
    if (status == UV_ECANCELED)
        return;
    stream->broken = stream->broken || status < 0;
    if (status < 0 && stream->hears_out) {
        stream_read(stream, true);
    } else if (status < 0) {
        stream_read(stream, false);
        stream->on_event(stream, STREAM_BROKEN);
    } else if (status == 0 && stream->queued == 0) {
        stream->on_drained(stream);
    }
}

/* Copies what the kernel has not taken: all but the first `taken` bytes. */
static void queue_rest(struct stream *stream, const uv_buf_t *buffers, unsigned count, size_t taken)
{
    size_t total = 0;
    for (unsigned i = 0; i < count; i++)
        total += buffers[i].len;
    struct queued_write *rest = malloc(sizeof *rest + (total - taken));
    if (!rest) {
        stream_fail(stream); /* its bytes would be missing: no more may follow them */
        return;
    }
    rest->stream = stream;
    rest->bytes = total - taken;
    char *at = rest->data;
    for (unsigned i = 0; i < count; i++) {
        size_t skip = taken < buffers[i].len ? taken : buffers[i].len;
        memcpy(at, buffers[i].base + skip, buffers[i].len - skip);
        at += buffers[i].len - skip;
        taken -= skip;
    }
    uv_buf_t whole = uv_buf_init(rest->data, (unsigned)rest->bytes);
    if (uv_write(&rest->request, &stream->uv.stream, &whole, 1, on_written) < 0) {
        stream_fail(stream);
        free(rest);
        return;
    }
    stream->queued += rest->bytes;
}

void stream_write(struct stream *stream, const uv_buf_t *buffers, unsigned count)
{
    size_t total = 0;
    for (unsigned i = 0; i < count; i++)
        total += buffers[i].len;
    if (stream->broken || stream->closing || total == 0)
        return;
    int taken = stream->queued > 0 ? UV_EAGAIN : uv_try_write(&stream->uv.stream, buffers, count);
    stream->broken = taken < 0 && taken != UV_EAGAIN;
    if (taken < 0)
        taken = 0; /* queued all the same: a callback tells of a failure, not this call */
    if ((size_t)taken < total)
        queue_rest(stream, buffers, count, (size_t)taken);
}

bool stream_catch_up(struct stream *stream)
{
    char bytes[4096];
    int fd;
    if (stream->broken || uv_fileno(&stream->uv.handle, &fd) < 0)
        return false;
    while (!stream->closing) {
        ssize_t count = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
        if (count <= 0)
            return count < 0 && errno == EAGAIN;
        stream->on_bytes(stream, (struct span){bytes, (size_t)count});
    }
    return false;
}

void stream_fail(struct stream *stream)
{
    int fd;
    stream->broken = true;
    if (!stream->closing && uv_fileno(&stream->uv.handle, &fd) == 0)
        (void)shutdown(fd, SHUT_RDWR); /* the read that follows finds the end */
    stream_read(stream, true);
}

bool stream_is_dead(const struct stream *stream)
{
    struct pollfd watched = {.fd = -1};
    return uv_fileno(&stream->uv.handle, &watched.fd) < 0
        || (poll(&watched, 1, 0) > 0 && (watched.revents & (POLLERR | POLLHUP)));
}

static void on_shut(uv_shutdown_t *request, int status)
{
    (void)request;
    (void)status;
}

void stream_end(struct stream *stream)
{
    if (!stream->closing && !stream->broken)
        (void)uv_shutdown(&stream->shutdown, &stream->uv.stream, on_shut);
}

static void on_close(uv_handle_t *handle)
{
    struct stream *stream = stream_of(handle);
    stream->on_closed(stream);
}

void stream_close(struct stream *stream, bool reset)
{
    if (stream->closing)
        return;
    stream->closing = true;
    stream->reading = false;
    bool tcp = stream->uv.handle.type == UV_TCP;
    reset = reset || stream->queued > 0; /* a cut answer must not look whole */
    if (!reset || !tcp || uv_tcp_close_reset(&stream->uv.tcp, on_close) < 0)
        uv_close(&stream->uv.handle, on_close);
}
