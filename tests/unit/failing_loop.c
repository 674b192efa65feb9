/* Not here: uv_timer_init, uv_timer_start, uv_read_start and the like, which refuse only a handle
 * that was never opened or is closing. */
#include "tests/unit/failing.h"

#include <sys/socket.h>
#include <uv.h>

FAILING(int, uv_tcp_init, (uv_loop_t * loop, uv_tcp_t *tcp), (loop, tcp), UV_EMFILE)
FAILING(
    int, uv_pipe_init, (uv_loop_t * loop, uv_pipe_t *pipe, int ipc), (loop, pipe, ipc), UV_ENOMEM)
FAILING(int, uv_tcp_nodelay, (uv_tcp_t * tcp, int on), (tcp, on), UV_EINVAL)
FAILING(int, uv_tcp_connect,
    (uv_connect_t * request, uv_tcp_t *tcp, const struct sockaddr *address, uv_connect_cb done),
    (request, tcp, address, done), UV_ENETUNREACH)
FAILING(int, uv_getaddrinfo,
    (uv_loop_t * loop, uv_getaddrinfo_t *request, uv_getaddrinfo_cb done, const char *node,
        const char *service, const struct addrinfo *hints),
    (loop, request, done, node, service, hints), UV_ENOMEM)
FAILING(int, uv_write,
    (uv_write_t * request, uv_stream_t *stream, const uv_buf_t *buffers, unsigned count,
        uv_write_cb done),
    (request, stream, buffers, count, done), UV_ENOMEM)
FAILING(int, uv_shutdown, (uv_shutdown_t * request, uv_stream_t *stream, uv_shutdown_cb done),
    (request, stream, done), UV_ENOTCONN)
FAILING(int, uv_tcp_close_reset, (uv_tcp_t * tcp, uv_close_cb done), (tcp, done), UV_EINVAL)
FAILING(int, uv_fileno, (const uv_handle_t *handle, uv_os_fd_t *fd), (handle, fd), UV_EBADF)
FAILING_KNOWN(uv_accept)

int __real_uv_accept(uv_stream_t *server, uv_stream_t *client);
int __wrap_uv_accept(uv_stream_t *server, uv_stream_t *client);

/* Even where it fails libuv has taken the connection from the listener. */
int __wrap_uv_accept(uv_stream_t *server, uv_stream_t *client)
{
    int status = __real_uv_accept(server, client);
    return failing_now("uv_accept") ? UV_ENOMEM : status;
}

FAILING_KNOWN(uv_try_write)

int __real_uv_try_write(uv_stream_t *stream, const uv_buf_t *buffers, unsigned count);
int __wrap_uv_try_write(uv_stream_t *stream, const uv_buf_t *buffers, unsigned count);

/* A connection that takes no more has ended. */
int __wrap_uv_try_write(uv_stream_t *stream, const uv_buf_t *buffers, unsigned count)
{
    int fd;
    if (!failing_now("uv_try_write"))
        return __real_uv_try_write(stream, buffers, count);
    if (__real_uv_fileno((uv_handle_t *)stream, &fd) == 0)
        (void)shutdown(fd, SHUT_RDWR);
    return UV_EPIPE;
}
