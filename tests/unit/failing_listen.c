#include "tests/unit/failing.h"

#include <uv.h>

FAILING(int, uv_tcp_bind, (uv_tcp_t * tcp, const struct sockaddr *address, unsigned flags),
    (tcp, address, flags), UV_EADDRNOTAVAIL)
FAILING(int, uv_pipe_bind, (uv_pipe_t * pipe, const char *path), (pipe, path), UV_EACCES)
FAILING(int, uv_listen, (uv_stream_t * stream, int backlog, uv_connection_cb on_connection),
    (stream, backlog, on_connection), UV_EADDRINUSE)
FAILING(int, uv_tcp_getsockname, (const uv_tcp_t *tcp, struct sockaddr *address, int *length),
    (tcp, address, length), UV_ENOBUFS)
