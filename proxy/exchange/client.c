#include "proxy/exchange/client.h"

#include <stdlib.h>

#include "proxy/exchange/answer.h"
#include "proxy/exchange/core.h"
#include "proxy/exchange/exchange.h"

enum {
    LINGER_MS = 2000,
    OVER_LIMIT_MAX = 64, /* clients that are told TooBusy at one time */
};

static struct client *client_of(struct stream *stream)
{
    return CONTAINER_OF(stream, struct client, stream);
}

static void on_closed(struct stream *stream)
{
    struct client *c = client_of(stream);
    struct proxy *proxy = c->proxy;
    link_remove(&c->link);
    proxy->client_count--;
    free(c->ahead);
    free(c);
    proxy_check_drained(proxy);
}

static void close_client(struct client *c, bool reset)
{
    struct exchange *exchange = c->exchange;
    c->exchange = NULL;
    stream_close(&c->stream, reset);
    if (exchange)
        exchange_client_gone(exchange);
}

static bool open_for_input(const struct client *c)
{
    return !c->stream.closing && c->linger_ticks == 0;
}

/* One empty line may stand before a request (RFC 9112, 2.2); alone it needs no exchange. */
static bool skip_line(struct client *c, struct span *bytes)
{
    if (c->skipped_line || !span_starts(*bytes, SPAN("\r\n")))
        return false;
    c->skipped_line = true;
    *bytes = span_from(*bytes, 2);
    return true;
}

static void linger(struct client *c);

static void tell_out_of_memory(struct client *c)
{
    struct proxy *proxy = c->proxy;
    struct fault fault = {ERR_OUT_OF_MEMORY, "There is not enough memory for another request."};
    struct buf out = buf_over(proxy->scratch, sizeof proxy->scratch);
    struct answer_connection connection = {.close = true, .minor = 1};
    answer_write_error(&out, &fault, DIALECT_JSON, false, connection);
    uv_buf_t buffer = stream_buffer(buf_span(&out));
    stream_write(&c->stream, &buffer, 1);
    linger(c);
}

/* Hands bytes to the exchange under way, and to the next ones, as far as they are wanted; what is
 * left comes back. */
static struct span feed(struct client *c, struct span bytes)
{
    c->feeding = true;
    while (bytes.len > 0 && open_for_input(c)) {
        if (!c->exchange && stream_blocked(&c->stream))
            break; /* it asks faster than it reads the answers */
        if (!c->exchange && skip_line(c, &bytes))
            continue;
        if (!c->exchange)
            c->exchange = exchange_create(c->proxy, c);
        if (!c->exchange) {
            tell_out_of_memory(c);
            break;
        }
        c->skipped_line = false;
        struct exchange *exchange = c->exchange;
        size_t taken = exchange_take(exchange, bytes);
        bytes = span_from(bytes, taken);
        if (taken == 0 && c->exchange == exchange)
            break;
    }
    c->feeding = false;
    return bytes;
}

/* Keeps the bytes that the exchange does not want yet; reading stops meanwhile, so one read is all
 * there can be. */
static void keep_ahead(struct client *c, struct span bytes)
{
    if (bytes.len == 0 || !open_for_input(c))
        return;
    c->ahead = malloc(bytes.len);
    if (!c->ahead) {
        close_client(c, true);
        return;
    }
    memcpy(c->ahead, bytes.at, bytes.len);
    c->ahead_at = 0;
    c->ahead_bytes = bytes.len;
    stream_read(&c->stream, false);
}

/* The client has ended its half, and all that came before is used. */
static void settle_end(struct client *c)
{
    if (!c->ended || !open_for_input(c) || c->ahead)
        return;
    if (c->exchange)
        exchange_client_ended(c->exchange);
    else if (stream_blocked(&c->stream))
        linger(c);
    else
        close_client(c, false);
}

static void on_bytes(struct stream *stream, struct span bytes)
{
    struct client *c = client_of(stream);
    if (open_for_input(c))
        keep_ahead(c, feed(c, bytes));
}

static void on_event(struct stream *stream, enum stream_event event)
{
    struct client *c = client_of(stream);
    bool lingers = c->linger_ticks > 0;
    c->ended = true;
    if (event == STREAM_BROKEN || (lingers && !stream_blocked(&c->stream))) {
        close_client(c, false);
        return;
    }
    settle_end(c);
}

static void on_drained(struct stream *stream)
{
    struct client *c = client_of(stream);
    if (c->linger_ticks > 0)
        c->linger_ticks = LINGER_MS / TICK_MS;
    else if (c->exchange)
        exchange_client_drained(c->exchange);
    else
        client_wake(c);
}

/* Hands on what waits; false where some of it still does. The memory is nobody's meanwhile, for the
 * exchange may end the connection. */
static bool feed_ahead(struct client *c)
{
    char *memory = c->ahead;
    c->ahead = NULL;
    struct span left = feed(c, (struct span){memory + c->ahead_at, c->ahead_bytes - c->ahead_at});
    if (left.len == 0 || !open_for_input(c)) {
        free(memory);
        return true;
    }
    c->ahead = memory;
    c->ahead_at = c->ahead_bytes - left.len;
    return false;
}

void client_wake(struct client *c)
{
    if (c->feeding || (c->ahead && !feed_ahead(c)) || !open_for_input(c))
        return;
    if (!c->ended && !(c->exchange && exchange_is_full(c->exchange)))
        stream_read(&c->stream, true);
    settle_end(c);
}

void client_pause(struct client *c)
{
    stream_read(&c->stream, false);
}

/* Ends our half, then throws away what still comes: closing at once would reset the connection, and
 * the client would lose the answer (RFC 9112, 9.6). */
static void linger(struct client *c)
{
    free(c->ahead);
    c->ahead = NULL;
    unsigned ms = stream_blocked(&c->stream) ? c->proxy->options.timeout_ms : LINGER_MS;
    c->linger_ticks = ms / TICK_MS + 1;
    if (!c->ended)
        stream_read(&c->stream, true);
    stream_end(&c->stream);
    proxy_need_tick(c->proxy);
}

void client_done(struct client *c, bool keep)
{
    c->exchange = NULL;
    if (c->stream.closing)
        return;
    if (!keep || client_leaves(c))
        linger(c);
    else
        client_wake(c);
}

void client_break(struct client *c, bool reset)
{
    c->exchange = NULL;
    stream_close(&c->stream, reset);
}

bool client_leaves(const struct client *c)
{
    return c->over_limit || c->proxy->draining;
}

bool client_idle(const struct client *c)
{
    return (!c->exchange || !exchange_has_request(c->exchange)) && c->linger_ticks == 0
        && !c->stream.closing && !stream_blocked(&c->stream);
}

void client_tick(struct client *c)
{
    if (c->stream.closing)
        return;
    if (c->linger_ticks == 0) {
        if (!c->stream.reading && stream_is_dead(&c->stream))
            close_client(c, true); /* nobody reads it now, so nobody else would notice */
        return;
    }
    bool done = c->ended && !stream_blocked(&c->stream);
    if (done || --c->linger_ticks == 0) {
        c->linger_ticks = 1;
        close_client(c, false);
    }
}

static struct client *oldest_without_need(const struct proxy *proxy)
{
    for (struct link *at = proxy->clients.next; at != &proxy->clients; at = at->next) {
        struct client *c = CONTAINER_OF(at, struct client, link);
        if (!c->exchange && !c->stream.closing && !stream_blocked(&c->stream))
            return c;
    }
    return NULL;
}

/* One too many: one that waits for nothing, or has had its last answer, makes room; else the new
 * one will be told. */
static bool admit(struct proxy *proxy, struct client *c)
{
    if (proxy->client_count < proxy->options.max_connections)
        return true;
    struct client *idle = oldest_without_need(proxy);
    if (idle)
        close_client(idle, false);
    else
        c->over_limit = true;
    return idle || proxy->client_count < proxy->options.max_connections + OVER_LIMIT_MAX;
}

bool client_accept(struct proxy *proxy, uv_stream_t *server)
{
    struct client *c = calloc(1, sizeof *c);
    if (!c)
        return false;
    c->proxy = proxy;
    c->stream.on_bytes = on_bytes;
    c->stream.on_event = on_event;
    c->stream.on_drained = on_drained;
    c->stream.on_closed = on_closed;
    bool pipe = server->type == UV_NAMED_PIPE;
    int status = pipe ? stream_init_pipe(&c->stream, server->loop)
                      : stream_init_tcp(&c->stream, server->loop);
    if (status < 0) {
        free(c);
        return false;
    }
    bool admitted = admit(proxy, c);
    list_append(&proxy->clients, &c->link);
    proxy->client_count++;
    if (uv_accept(server, &c->stream.uv.stream) < 0 || !admitted || proxy->draining) {
        stream_close(&c->stream, true);
        return true;
    }
    if (!pipe)
        (void)uv_tcp_nodelay(&c->stream.uv.tcp, 1);
    stream_read(&c->stream, true);
    return true;
}
