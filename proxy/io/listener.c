#include "proxy/io/listener.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "proxy/base/log.h"
#include "proxy/http/target.h"

enum { BACKLOG = 511, PORT_TRIES = 8 };

bool listen_address_parse(struct span text, struct listen_address *address)
{
    struct authority authority;
    *address = (struct listen_address){.is_unix = span_starts(text, SPAN("unix:"))};
    if (address->is_unix) {
        address->host = span_from(text, 5);
        return address->host.len > 0 && address->host.len < LISTEN_UNIX_BYTES
            && address->host.at[0] == '/';
    }
    size_t colon = text.len;
    while (colon > 0 && text.at[colon - 1] != ':')
        colon--;
    uint64_t port;
    if (colon == 0 || !span_to_number(span_from(text, colon), 65535, &port)
        || !authority_parse(span_first(text, colon - 1), &authority) || authority.port != 0)
        return false;
    address->host = authority.host;
    address->port = (unsigned)port;
    address->localhost = span_equal_nocase(authority.host, SPAN("localhost"));
    char memory[64] = {0};
    struct sockaddr_storage ignored;
    memcpy(memory, authority.host.at, authority.host.len < 63 ? authority.host.len : 63);
    return address->localhost || uv_ip4_addr(memory, 0, (struct sockaddr_in *)&ignored) == 0
        || (authority.bracketed && uv_ip6_addr(memory, 0, (struct sockaddr_in6 *)&ignored) == 0);
}

bool listen_address_is_loopback(const struct listen_address *address)
{
    struct authority authority = {
        .host = address->host, .bracketed = span_equal(address->host, SPAN("::1"))};
    return address->is_unix || authority_is_loopback(&authority);
}

static void on_connection(uv_stream_t *server, int status)
{
    struct listener *listener = CONTAINER_OF(server, struct listener, uv.stream);
    if (status == 0)
        listener->waiting = !listener->listeners->on_client(listener->listeners, server);
}

bool listeners_have_port(const struct listeners *listeners, unsigned port)
{
    for (unsigned i = 0; i < listeners->count; i++)
        if (listeners->sockets[i].port == port)
            return true;
    return false;
}

bool listeners_retry(struct listeners *listeners)
{
    bool waiting = false;
    for (unsigned i = 0; i < listeners->count; i++) {
        struct listener *listener = &listeners->sockets[i];
        if (listener->waiting && !uv_is_closing(&listener->uv.handle))
            on_connection(&listener->uv.stream, 0);
        waiting = waiting || listener->waiting;
    }
    return waiting;
}

static void finish_closing(struct listeners *listeners)
{
    if (listeners->closing && listeners->open == 0)
        listeners->on_closed(listeners);
}

static void on_listener_closed(uv_handle_t *handle)
{
    struct listener *listener = CONTAINER_OF(handle, struct listener, uv.handle);
    listener->listeners->open--;
    finish_closing(listener->listeners);
}

static struct listener *add(struct listeners *listeners)
{
    if (listeners->count == LISTENERS_MAX)
        return NULL;
    struct listener *listener = &listeners->sockets[listeners->count++];
    listener->listeners = listeners;
    listeners->open++;
    return listener;
}

/* The one that was added last is no handle of libuv's yet: there is nothing to close. */
static int give_up(struct listeners *listeners, int status)
{
    listeners->count--;
    listeners->open--;
    return status;
}

/* 0, or libuv's error; what was opened is closed again. */
static int listen_tcp(struct listeners *listeners, const char *host, unsigned *port)
{
    struct sockaddr_storage address;
    struct listener *listener = add(listeners);
    int length = sizeof address;
    if (!listener)
        return UV_ENOBUFS;
    if (uv_ip4_addr(host, (int)*port, (struct sockaddr_in *)&address) != 0)
        (void)uv_ip6_addr(host, (int)*port, (struct sockaddr_in6 *)&address);
    int status = uv_tcp_init(listeners->loop, &listener->uv.tcp);
    if (status < 0)
        return give_up(listeners, status);
    status = uv_tcp_bind(&listener->uv.tcp, (struct sockaddr *)&address, 0);
    if (status == 0)
        status = uv_listen(&listener->uv.stream, BACKLOG, on_connection);
    if (status == 0)
        status = uv_tcp_getsockname(&listener->uv.tcp, (struct sockaddr *)&address, &length);
    if (status == 0)
        *port = listener->port = ntohs(
            ((struct sockaddr_in *)&address)->sin_port); /* at the same place in sockaddr_in6 */
    else
        uv_close(&listener->uv.handle, on_listener_closed);
    return status;
}

static void announce(const char *host, unsigned port)
{
    bool v6 = strchr(host, ':') != NULL;
    log_line(LOG_INFO, "listening on %s%s%s:%u", v6 ? "[" : "", host, v6 ? "]" : "", port);
}

/* Both families on one port. With port 0 the second may find the first's port taken: then another
 * is tried. */
static int listen_localhost(struct listeners *listeners, unsigned wanted, unsigned *port)
{
    int status = 0;
    for (int tries = 0; tries < PORT_TRIES; tries++) {
        *port = wanted;
        status = listen_tcp(listeners, "127.0.0.1", port);
        if (status < 0)
            return status;
        int v6 = listen_tcp(listeners, "::1", port);
        if (v6 != UV_EADDRINUSE) {
            announce("127.0.0.1", *port);
            if (v6 == 0)
                announce("::1", *port);
            return 0;
        }
        struct listener *first = &listeners->sockets[listeners->count - 2];
        uv_close(&first->uv.handle, on_listener_closed);
        status = v6;
        if (wanted != 0)
            break;
    }
    return status;
}

/* A socket's file that nobody answers at is left from an earlier run. */
static void remove_stale(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct stat found;
    if (lstat(path, &found) < 0 || !S_ISSOCK(found.st_mode))
        return;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    memcpy(address.sun_path, path, strlen(path));
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) < 0
        && errno == ECONNREFUSED)
        (void)unlink(path);
    if (fd >= 0)
        (void)close(fd);
}

static int listen_unix(struct listeners *listeners, struct span path)
{
    struct listener *listener = add(listeners);
    if (!listener)
        return UV_ENOBUFS;
    memcpy(listener->path, path.at, path.len);
    remove_stale(listener->path);
    int status = uv_pipe_init(listeners->loop, &listener->uv.pipe, 0);
    if (status < 0)
        return give_up(listeners, status);
    status = uv_pipe_bind(&listener->uv.pipe, listener->path);
    if (status == 0)
        status = uv_listen(&listener->uv.stream, BACKLOG, on_connection);
    if (status == 0)
        log_line(LOG_INFO, "listening on unix:%s", listener->path);
    else
        uv_close(&listener->uv.handle, on_listener_closed);
    return status;
}

static int listen_at(struct listeners *listeners, const struct listen_address *address)
{
    char host[64] = {0};
    unsigned port = address->port;
    int status;
    if (address->is_unix)
        return listen_unix(listeners, address->host);
    if (address->localhost) {
        status = listen_localhost(listeners, address->port, &port);
    } else {
        memcpy(host, address->host.at,
            address->host.len < sizeof host ? address->host.len : sizeof host - 1);
        status = listen_tcp(listeners, host, &port);
        if (status == 0)
            announce(host, port);
    }
    if (status == 0 && listeners->port == 0)
        listeners->port = port;
    return status;
}

enum err listeners_open(
    struct listeners *listeners, uv_loop_t *loop, struct span list, struct fault *fault)
{
    struct span item;
    struct listen_address address;
    listeners->loop = loop;
    while (span_next(&list, ',', &item)) {
        item = span_trim(item);
        int status =
            listen_address_parse(item, &address) ? listen_at(listeners, &address) : UV_EINVAL;
        if (status < 0)
            return fault_set(fault, ERR_UPSTREAM_CONNECT,
                "Cannot listen on %.*s: %s. Is another program there? COUNTERSIGN_LISTEN names "
                "the address.",
                SPAN_ARGS(item), uv_strerror(status));
    }
    return OK;
}

void listeners_close(struct listeners *listeners)
{
    listeners->closing = true;
    for (unsigned i = 0; i < listeners->count; i++)
        if (!uv_is_closing(&listeners->sockets[i].uv.handle))
            uv_close(&listeners->sockets[i].uv.handle, on_listener_closed);
    finish_closing(listeners);
}
