#include "proxy/io/call.h"

#include <openssl/crypto.h>
#include <stdlib.h>

struct call {
    struct lease lease;
    struct upstream_user user;
    struct upstream *upstream;
    struct pool *pool;
    struct upstream_target target;
    uv_timer_t timer; /* its start, then its deadline; the only handle of its own */
    unsigned left_ms; /* by slices */
    bool closing;
    void (*on_done)(void *owner, struct reply *reply, const struct fault *fault);
    void *owner;
    struct reply reply;
    char server[256];
    size_t text_bytes;
    char text[];
};

static void on_timer_closed(uv_handle_t *handle)
{
    struct call *call = CONTAINER_OF(handle, struct call, timer);
    OPENSSL_cleanse(call->reply.bytes, call->reply.head_bytes + call->reply.body_bytes);
    OPENSSL_cleanse(call->text, call->text_bytes);
    free(call);
}

/* Its memory stays until the loop turns. */
static void close_call(struct call *call)
{
    if (call->closing)
        return;
    call->closing = true;
    pool_leave(&call->lease);
    if (call->upstream)
        upstream_close(call->upstream);
    uv_close((uv_handle_t *)&call->timer, on_timer_closed);
}

void call_abandon(struct call *call)
{
    if (!call)
        return;
    call->owner = NULL;
    close_call(call);
}

static void tell(struct call *call, struct reply *reply, const struct fault *fault)
{
    void *owner = call->owner;
    call->owner = NULL;
    close_call(call);
    if (owner)
        call->on_done(owner, reply, fault);
}

static void fail(struct call *call, enum err err, const char *why)
{
    struct fault fault;
    (void)fault_set(
        &fault, err, "The server %.*s cannot be used: %s.", SPAN_ARGS(call->target.server), why);
    tell(call, NULL, &fault);
}

static void on_lease_failed(struct lease *lease, const struct fault *fault)
{
    tell(CONTAINER_OF(lease, struct call, lease), NULL, fault);
}

/* What the loop's memory held of the answer is wiped at once: the next connection reads into it. */
static void on_bytes(struct upstream_user *user, struct span bytes)
{
    struct call *call = CONTAINER_OF(user, struct call, user);
    const char *wrong = reply_take(&call->reply, bytes);
    OPENSSL_cleanse(stream_buffer(bytes).base, bytes.len);
    if (wrong)
        fail(call, ERR_UPSTREAM_PROTOCOL, wrong);
    else if (reply_whole(&call->reply))
        tell(call, &call->reply, NULL);
}

static void on_drained(struct upstream_user *user)
{
    (void)user;
}

static void on_gone(struct upstream_user *user, bool whole)
{
    struct call *call = CONTAINER_OF(user, struct call, user);
    call->upstream = NULL;
    if (whole && reply_end(&call->reply))
        tell(call, &call->reply, NULL);
    else
        fail(call, ERR_UPSTREAM_RESET, "it closed the connection without a whole answer");
}

static void on_ready(struct lease *lease, struct upstream *upstream)
{
    struct call *call = CONTAINER_OF(lease, struct call, lease);
    uv_buf_t buffer = uv_buf_init(call->text, (unsigned)call->text_bytes);
    call->upstream = upstream;
    upstream_lend(upstream, &call->user);
    upstream_write(upstream, &buffer, 1);
}

static void on_slice(uv_timer_t *timer)
{
    struct call *call = CONTAINER_OF(timer, struct call, timer);
    call->left_ms -= slice_of(call->left_ms);
    if (call->left_ms > 0)
        (void)uv_timer_start(timer, on_slice, slice_of(call->left_ms), 0);
    else
        fail(call, ERR_UPSTREAM_TIMEOUT, "it did not answer in time");
}

static void on_start(uv_timer_t *timer)
{
    struct call *call = CONTAINER_OF(timer, struct call, timer);
    struct upstream *upstream = NULL;
    (void)uv_timer_start(timer, on_slice, slice_of(call->left_ms), 0);
    if (pool_take(call->pool, &call->target, POOL_FRESH, &call->lease, &upstream) != OK)
        tell(call, NULL, pool_fault(call->pool));
    else if (upstream)
        on_ready(&call->lease, upstream);
}

struct call *call_start(struct pool *pool, const struct call_request *request,
    void (*on_done)(void *owner, struct reply *reply, const struct fault *fault), void *owner)
{
    struct span server = request->target.server, text = request->text;
    struct call *call =
        server.len < sizeof call->server ? calloc(1, sizeof *call + text.len) : NULL;
    if (!call || uv_timer_init(pool_loop(pool), &call->timer) < 0) {
        free(call);
        return NULL;
    }
    memcpy(call->server, server.at, server.len);
    memcpy(call->text, text.at, call->text_bytes = text.len);
    call->pool = pool;
    call->target = request->target;
    call->target.server.at = call->server;
    call->left_ms = request->timeout_ms;
    call->on_done = on_done;
    call->owner = owner;
    call->lease.on_ready = on_ready;
    call->lease.on_failed = on_lease_failed;
    call->user = (struct upstream_user){on_bytes, on_drained, on_gone};
    reply_begin(&call->reply);
    (void)uv_timer_start(&call->timer, on_start, 0, 0);
    return call;
}
