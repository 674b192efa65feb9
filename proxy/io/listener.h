/* The sockets on which clients come in. */
#pragma once

#include <uv.h>

#include "proxy/base/err.h"
#include "proxy/base/list.h"
#include "proxy/base/span.h"

enum { LISTEN_UNIX_BYTES = 108, LISTENERS_MAX = 24 };

/* Where to listen: "host:port" or "unix:/path". */
struct listen_address {
    bool is_unix;
    bool localhost;   /* 127.0.0.1 and, where the machine has it, ::1 */
    struct span host; /* an address, without brackets; or the socket's path */
    unsigned port;
};

/* False where it is none of the two forms; host must be an address or "localhost". */
bool listen_address_parse(struct span text, struct listen_address *address);

/* Whether only this machine can reach it. */
bool listen_address_is_loopback(const struct listen_address *address);

struct listeners;

struct listener {
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    } uv;
    struct listeners *listeners;
    unsigned port; /* 0 for a Unix socket */
    bool waiting;  /* a connection is there that on_client could not take */
    char path[LISTEN_UNIX_BYTES];
};

struct listeners {
    uv_loop_t *loop;
    struct listener sockets[LISTENERS_MAX];
    unsigned count; /* of them in use, or closed again */
    unsigned open;  /* handles that are not yet closed */
    unsigned port;  /* of the first TCP listener, as it is in the end */
    bool (*on_client)(struct listeners *listeners, uv_stream_t *server);
    void (*on_closed)(struct listeners *listeners); /* after listeners_close() */
    bool closing;
};

/* list: addresses parted by commas. on_client and on_closed must be set; on_client calls
 * uv_accept() on server. Logs each one at INFO. Errors: UPSTREAM_CONNECT in lack of a better, with
 * words for whoever started the program. */
MUST_USE enum err listeners_open(
    struct listeners *listeners, uv_loop_t *loop, struct span list, struct fault *fault);

bool listeners_have_port(const struct listeners *listeners, unsigned port);

/* Tries those again that on_client could not take; true while there still are some. */
bool listeners_retry(struct listeners *listeners);

/* Closes them all; on_closed follows, also where none was open. */
void listeners_close(struct listeners *listeners);
