/* Streams share the loop: one that could be read for ever does not hold up the others. */
#include "tests/unit/check.h"

#include <sys/socket.h>
#include <unistd.h>

#include "proxy/io/memory.h"
#include "proxy/io/stream.h"

static struct io_memory memory;
static size_t read_bytes;

static void on_bytes(struct stream *stream, struct span bytes)
{
    (void)stream;
    read_bytes += bytes.len;
}

static void on_event(struct stream *stream, enum stream_event event)
{
    assert_int_equal(event, STREAM_END);
    stream_close(stream, false);
}

static void on_drained(struct stream *stream)
{
    (void)stream;
}

static void on_closed(struct stream *stream)
{
    stream->uv.handle.data = NULL;
}

/* Writes as much as the kernel takes. */
static size_t fill(int fd)
{
    static const char piece[16 * 1024];
    size_t filled = 0;
    ssize_t taken;
    while ((taken = send(fd, piece, sizeof piece, MSG_DONTWAIT)) > 0)
        filled += (size_t)taken;
    return filled;
}

static void test_a_turn_has_an_end(void **state)
{
    (void)state;
    enum { A_TURN = STREAM_READS_A_TURN * IO_BYTES };
    int ends[2], most = 1 << 20;
    uv_loop_t loop;
    struct stream stream = {.on_bytes = on_bytes,
        .on_event = on_event,
        .on_drained = on_drained,
        .on_closed = on_closed};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    assert_int_equal(setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &most, sizeof most), 0);
    assert_int_equal(uv_loop_init(&loop), 0);
    loop.data = &memory;
    assert_int_equal(stream_init_pipe(&stream, &loop), 0);
    assert_int_equal(uv_pipe_open(&stream.uv.pipe, ends[1]), 0);
    size_t filled = fill(ends[0]);
    assert_true(filled > A_TURN);

    stream_read(&stream, true);
    uv_run(&loop, UV_RUN_NOWAIT);
    assert_int_equal(read_bytes, A_TURN);
    uv_run(&loop, UV_RUN_NOWAIT);
    assert_true(read_bytes > A_TURN); /* nothing is forgotten */
    close(ends[0]);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(read_bytes, filled);
    assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_turn_has_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
