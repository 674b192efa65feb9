#include "proxy/io/upstream.h"

#include <stdlib.h>

#include "proxy/io/memory.h"
#include "proxy/io/records.h"

enum { ATTEMPT_MIN_MS = 250 };

static void attempt(struct upstream *u);

static void enter(struct upstream *u, enum upstream_phase phase)
{
    u->phase = phase;
}

static struct upstream *upstream_of(struct stream *stream)
{
    return CONTAINER_OF(stream, struct upstream, stream);
}

static void drop(struct upstream *u)
{
    if (--u->pending > 0)
        return;
    u->owner->on_dropped(u);
    tls_finish(&u->tls);
    free(u);
}

static void on_timer_closed(uv_handle_t *handle)
{
    drop(CONTAINER_OF(handle, struct upstream, timer));
}

static void on_stream_closed(struct stream *stream)
{
    struct upstream *u = upstream_of(stream);
    if (u->closing) {
        drop(u);
        return;
    }
    u->pending--;
    attempt(u);
}

void upstream_close(struct upstream *u)
{
    if (u->closing)
        return;
    if (u->phase == UPSTREAM_READY && u->target.tls && !u->user) {
        records_begin(&u->tls, u->timer.loop);
        tls_end(&u->tls);
        records_flush(&u->tls, &u->stream);
    }
    u->closing = true;
    u->user = NULL;
    lookup_abandon(u->lookup);
    u->lookup = NULL;
    if (u->phase != UPSTREAM_RESOLVING)
        stream_close(&u->stream, false);
    uv_close((uv_handle_t *)&u->timer, on_timer_closed);
}

static void fail(struct upstream *u)
{
    upstream_close(u);
    u->owner->on_failed(u, &u->fault);
}

/* It ended by itself. Whoever has it hears so; before it is ready, the owner does. */
static void gone(struct upstream *u, bool whole)
{
    struct upstream_user *user = u->returned ? NULL : u->user;
    if (u->phase != UPSTREAM_READY) {
        fail(u);
        return;
    }
    upstream_close(u);
    if (user)
        user->on_gone(user, whole);
    else
        u->owner->on_lost(u);
}

static void ready(struct upstream *u)
{
    enter(u, UPSTREAM_READY);
    (void)uv_timer_stop(&u->timer);
    u->owner->on_ready(u);
}

/* Plain bytes for whoever has it; bytes that nobody asked for mean that it cannot be trusted any
 * more. */
static void deliver(struct upstream *u, struct span bytes)
{
    if (u->user && !u->returned) {
        u->user->on_bytes(u->user, bytes);
        return;
    }
    upstream_close(u);
    u->owner->on_lost(u);
}

static enum err read_secured(struct upstream *u)
{
    struct io_memory *memory = io_memory_of(u->timer.loop);
    size_t bytes = 0;
    do {
        records_begin(&u->tls, u->timer.loop);
        enum err err = tls_read(&u->tls, memory->plain, sizeof memory->plain, &bytes);
        records_flush(&u->tls, &u->stream);
        if (bytes > 0)
            deliver(u, (struct span){memory->plain, bytes});
        if (err)
            return err;
    } while (!u->closing && tls_has_more(&u->tls));
    return OK;
}

static void on_secured_bytes(struct upstream *u, struct span bytes)
{
    tls_feed(&u->tls, bytes);
    if (u->phase == UPSTREAM_SECURING) {
        records_begin(&u->tls, u->timer.loop);
        enum err err = tls_handshake(&u->tls, &u->fault);
        records_flush(&u->tls, &u->stream);
        if (err) {
            fail(u);
            return;
        }
        if (u->tls.established)
            ready(u);
    }
    if (u->phase != UPSTREAM_READY || u->closing)
        return;
    enum err err = read_secured(u);
    if (!u->closing && (err || u->tls.ended))
        gone(u, !err);
}

static void on_bytes(struct stream *stream, struct span bytes)
{
    struct upstream *u = upstream_of(stream);
    u->in_read = true;
    if (u->target.tls)
        on_secured_bytes(u, bytes);
    else
        deliver(u, bytes);
    u->in_read = false;
    if (u->returned && !u->closing) {
        u->returned = false;
        u->user = NULL;
        stream_read(&u->stream, true);
        u->owner->on_free(u);
    }
}

static void on_event(struct stream *stream, enum stream_event event)
{
    struct upstream *u = upstream_of(stream);
    bool securing = u->phase == UPSTREAM_SECURING;
    if (u->phase != UPSTREAM_READY)
        (void)fault_set(&u->fault, securing ? ERR_UPSTREAM_TLS : ERR_UPSTREAM_CONNECT,
            "The server %.*s closed the connection before it was ready%s.",
            SPAN_ARGS(u->target.server),
            securing ? ", during the TLS handshake; does it speak TLS at this port?" : "");
    gone(u, event == STREAM_END && !u->target.tls);
}

static void on_drained(struct stream *stream)
{
    struct upstream *u = upstream_of(stream);
    if (u->user)
        u->user->on_drained(u->user);
}

static void secure(struct upstream *u)
{
    enter(u, UPSTREAM_SECURING);
    if (tls_begin(&u->tls, u->tls_client, u->target.server, u->session) != OK) {
        (void)fault_set(
            &u->fault, ERR_OUT_OF_MEMORY, "There is not enough memory for another connection.");
        fail(u);
        return;
    }
    tls_set_user(&u->tls, u);
    on_secured_bytes(u, SPAN(""));
}

static void on_connect(uv_connect_t *request, int status)
{
    struct upstream *u = CONTAINER_OF(request, struct upstream, connect);
    if (status == UV_ECANCELED)
        return;
    if (status < 0) {
        (void)fault_set(&u->fault, ERR_UPSTREAM_CONNECT, "The server %.*s cannot be reached: %s.",
            SPAN_ARGS(u->target.server), uv_strerror(status));
        stream_close(&u->stream, false); /* then the next address */
        return;
    }
    (void)uv_tcp_nodelay(&u->stream.uv.tcp, 1);
    stream_read(&u->stream, true);
    if (u->target.tls)
        secure(u);
    else
        ready(u);
}

static void on_slice(uv_timer_t *timer)
{
    struct upstream *u = CONTAINER_OF(timer, struct upstream, timer);
    unsigned slice_ms = slice_of(u->share_ms);
    u->left_ms -= slice_ms;
    u->share_ms -= slice_ms;
    if (u->share_ms > 0) {
        (void)uv_timer_start(timer, on_slice, slice_of(u->share_ms), 0);
        return;
    }
    (void)fault_set(&u->fault, ERR_UPSTREAM_TIMEOUT,
        "The server %.*s could not be reached and secured in time (%u ms).",
        SPAN_ARGS(u->target.server), u->target.timeout_ms);
    if (u->phase == UPSTREAM_CONNECTING && u->next_address < u->addresses.count && u->left_ms > 0)
        stream_close(&u->stream, false);
    else
        fail(u);
}

/* What is left of the time is shared by the addresses that are left, so that a dead one does not
 * use it up. */
static void arm_timer(struct upstream *u, size_t addresses_left)
{
    unsigned share = u->left_ms / (addresses_left ? (unsigned)addresses_left : 1);
    if (share < ATTEMPT_MIN_MS && u->left_ms > ATTEMPT_MIN_MS)
        share = ATTEMPT_MIN_MS;
    u->share_ms = share;
    (void)uv_timer_start(&u->timer, on_slice, slice_of(share), 0);
}

/* Connects to the next address. A socket that has failed cannot be used again, so each has its own.
 */
static void attempt(struct upstream *u)
{
    if (u->next_address == u->addresses.count) {
        enter(u, UPSTREAM_RESOLVING); /* no stream is open */
        fail(u);
        return;
    }
    struct sockaddr *address = (struct sockaddr *)&u->addresses.at[u->next_address];
    arm_timer(u, u->addresses.count - u->next_address++);
    enter(u, UPSTREAM_CONNECTING);
    int status = stream_init_tcp(&u->stream, u->timer.loop);
    if (status < 0) {
        enter(u, UPSTREAM_RESOLVING);
    } else {
        u->pending++;
        status = uv_tcp_connect(&u->connect, &u->stream.uv.tcp, address, on_connect);
    }
    if (status == 0)
        return;
    (void)fault_set(&u->fault, ERR_UPSTREAM_CONNECT, "The server %.*s cannot be reached: %s.",
        SPAN_ARGS(u->target.server), uv_strerror(status));
    if (u->phase == UPSTREAM_CONNECTING)
        stream_close(&u->stream, false);
    else
        fail(u);
}

static void on_resolved(void *owner, int status, const struct addresses *addresses)
{
    struct upstream *u = owner;
    u->lookup = NULL;
    if (status < 0) {
        (void)fault_set(&u->fault, ERR_UPSTREAM_CONNECT, "The name %.*s cannot be resolved: %s.",
            SPAN_ARGS(u->target.server), uv_strerror(status));
        fail(u);
        return;
    }
    u->addresses = *addresses;
    u->owner->on_resolved(u, addresses);
    attempt(u);
}

/* Known addresses are tried from the timer, so that nothing is told from within upstream_open(). */
static void on_begin(uv_timer_t *timer)
{
    attempt(CONTAINER_OF(timer, struct upstream, timer));
}

static void begin(struct upstream *u, const struct addresses *known)
{
    uv_loop_t *loop = u->timer.loop;
    u->left_ms = u->target.timeout_ms;
    arm_timer(u, 1);
    if (known)
        u->addresses = *known;
    else if (!addresses_literal(u->target.server, u->target.port, &u->addresses))
        u->lookup = lookup_start(loop, u->target.server, u->target.port, on_resolved, u);
    if (u->lookup)
        return;
    (void)fault_set(
        &u->fault, ERR_OUT_OF_MEMORY, "There is not enough memory to look up a server.");
    (void)uv_timer_start(&u->timer, on_begin, 0, 0);
}

struct upstream *upstream_open(const struct upstream_setup *setup)
{
    struct upstream *u = calloc(1, sizeof *u);
    if (!u || uv_timer_init(setup->loop, &u->timer) < 0) {
        free(u);
        return NULL;
    }
    u->pending = 1;
    u->owner = setup->owner;
    u->origin = setup->origin;
    u->target = setup->target;
    u->tls_client = setup->tls_client;
    u->session = setup->session;
    u->stream.hears_out = true;
    u->stream.on_bytes = on_bytes;
    u->stream.on_event = on_event;
    u->stream.on_drained = on_drained;
    u->stream.on_closed = on_stream_closed;
    begin(u, setup->addresses);
    return u;
}

void upstream_lend(struct upstream *u, struct upstream_user *user)
{
    u->user = user;
    stream_read(&u->stream, true);
}

void upstream_return(struct upstream *u)
{
    u->used = true;
    if (u->in_read) {
        u->returned = true;
        return;
    }
    u->user = NULL;
    stream_read(&u->stream, true);
    u->owner->on_free(u);
}

void upstream_write(struct upstream *u, const uv_buf_t *buffers, unsigned count)
{
    if (u->closing)
        return;
    if (!u->target.tls) {
        stream_write(&u->stream, buffers, count);
        return;
    }
    records_begin(&u->tls, u->timer.loop);
    records_write(&u->tls, &u->stream, buffers, count);
    records_flush(&u->tls, &u->stream);
}

bool upstream_usable(struct upstream *u)
{
    return stream_catch_up(&u->stream) && !u->closing;
}

void upstream_rest(struct upstream *u)
{
    if (u->target.tls)
        tls_rest(&u->tls);
}
