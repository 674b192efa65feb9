/* The whole life of a request, one function a phase:
 *
 *   HEAD ---> a page, or an error ----------------------------------------------> answered
 *     | (CREDENTIALS, where keys have to be fetched first)
 *     |---> HOLD (body hashed, or short) --> CONNECT --> SENT ------------------> answered
 *     |       '--> PARTS (long, its length unknown) <--> CONNECT, SENT ---------> answered
 *     '---> CONNECT --> [CONTINUE] --> STREAM (body flows through) --> SENT ----> answered
 *                                         '--> DISCARD (answered early) --------> answered
 *                          SENT --> SOCKET, where a WebSocket was asked for and agreed to
 *
 * Beside it runs the answer: AWAITED -> HEAD -> BODY -> WHOLE; an error that may have a remedy is
 * WEIGHED instead, and may lead back to CONNECT, by way of CREDENTIALS or PAUSE. Where both are
 * over the connections go on to the next exchange. The steps are pure functions of other rooms;
 * only here is waited and decided. */
#include "proxy/exchange/exchange.h"

#include <stdlib.h>

#include "proxy/exchange/state.h"

struct exchange *exchange_create(struct proxy *proxy, struct client *client)
{
    (void)proxy_used(proxy);
    struct exchange *x = proxy_take_spare(proxy);
    if (!x)
        x = malloc(sizeof *x);
    if (!x)
        return NULL;
    memset(x, 0, offsetof(struct exchange, claim));
    x->proxy = proxy;
    x->client = client;
    x->scan.skipped_line = client->skipped_line;
    list_append(&proxy->exchanges, &x->link);
    proxy->counters.in_flight++;
    proxy_need_tick(proxy);
    exchange_enter(x, PHASE_HEAD);
    return x;
}

void exchange_free(struct exchange *x)
{
    free(x);
}

bool exchange_can_reuse(const struct exchange *x)
{
    bool whole =
        x->answer == ANSWER_WHOLE || (x->answer == ANSWER_WEIGHED && body_whole(&x->answer_body));
    return x->phase == PHASE_SENT && whole && x->upstream && !upstream_blocked(x->upstream)
        && send_complete(x) && x->answer_framing.keep_alive && !x->odd;
}

void exchange_let_upstream_go(struct exchange *x)
{
    struct upstream *upstream = x->upstream;
    bool again = exchange_can_reuse(x);
    x->upstream = NULL;
    if (upstream && again)
        upstream_return(upstream);
    else if (upstream)
        upstream_close(upstream);
}

void exchange_close_access(struct exchange *x)
{
    if (x->access_open)
        x->proxy->unproven_bytes -= x->held_max;
    x->access_open = false;
}

/* Lets go of all but the client; x is not to be used any more, only recycled. */
static void release(struct exchange *x)
{
    struct proxy *proxy = x->proxy;
    struct upstream *upstream = x->upstream;
    bool again = exchange_can_reuse(x);
    parts_end(x);
    socket_end(x);
    pool_leave(&x->lease);
    credentials_leave(&x->wait);
    call_abandon(x->call);
    x->call = NULL;
    if (!x->left)
        exchange_record(x);
    job_end(x);
    exchange_close_access(x);
    proxy->held_bytes -= x->held_max;
    free(x->held);
    link_remove(&x->link);
    proxy->counters.in_flight--;
    proxy_keep_spare(proxy, x);
    if (upstream && again)
        upstream_return(upstream);
    else if (upstream)
        upstream_close(upstream);
    proxy_check_drained(proxy);
}

/* It is over for its client; what an upload has begun is not left behind. */
static void leave(struct exchange *x)
{
    x->client = NULL;
    if (!cleanup_begins(x))
        release(x);
}

void exchange_finish(struct exchange *x)
{
    struct client *client = x->client;
    bool keep = !x->close;
    leave(x);
    if (client)
        client_done(client, keep);
}

void exchange_break(struct exchange *x, bool reset)
{
    struct client *client = x->client;
    if (x->left && cleanup_again(x))
        return;
    x->broken = true;
    leave(x);
    if (client)
        client_break(client, reset);
}

/* After these nobody can tell where the next request would begin. */
static bool ends_connection(const struct exchange *x, enum err err)
{
    bool unread = !x->head_ns || !body_whole(&x->body) || client_leaves(x->client);
    bool tunnel = err == ERR_METHOD_NOT_ALLOWED && x->route.kind != ROUTE_OWN_PAGE;
    return unread || tunnel || !x->framing.keep_alive || err == ERR_BAD_REQUEST
        || err == ERR_REQUEST_TIMEOUT;
}

static enum dialect dialect_of(const struct exchange *x)
{
    struct service service = {.protocols = SPAN("")};
    if (x->route.s3 && !x->job)
        return DIALECT_S3;
    if (!x->head_ns || x->job)
        return DIALECT_JSON;
    (void)service_by_prefix(x->route.prefix, &service);
    return dialect_of_request(head_value(&x->head, FIELD_CONTENT_TYPE), service.protocols);
}

void exchange_fail(struct exchange *x, const struct fault *fault)
{
    struct proxy *proxy = x->proxy;
    x->err = fault->err;
    if (x->answer_begun || !x->client) {
        exchange_break(x, x->answer_how == ANSWER_UNTIL_CLOSE);
        return;
    }
    struct buf out = buf_over(proxy->scratch, sizeof proxy->scratch);
    x->close = x->close || ends_connection(x, fault->err);
    job_hint(x);
    struct answer_connection connection = {
        .close = x->close, .minor = x->head_ns ? x->head.minor : 1, .extra = x->hint};
    bool to_head = x->head_ns && head_method_is(&x->head, SPAN("HEAD"));
    answer_write_error(&out, fault, dialect_of(x), to_head, connection);
    x->status = err_status(fault->err);
    uv_buf_t buffer = stream_buffer(buf_span(&out));
    stream_write(&x->client->stream, &buffer, 1);
    exchange_finish(x);
}

/* What has come of the head, without the empty line that may stand before it. */
static struct span head_bytes_of(const struct exchange *x)
{
    struct span bytes = {x->head_memory, x->head_bytes};
    return span_from(bytes, span_starts(bytes, SPAN("\r\n")) ? 2 : 0);
}

/* A signature that the client brings along tells where it means to go; whether it is good is found
 * out later. */
static enum err find_route(struct exchange *x, struct fault *fault)
{
    struct route_scope scope = {.target = head_value(&x->head, FIELD_X_AMZ_TARGET)};
    x->claimed = claim_find(&x->head, &x->target, &x->claim);
    if (x->claimed) {
        scope.service = x->claim.service;
        scope.region = x->claim.region;
    }
    return route_find(&x->proxy->route, &x->target, &scope, &x->route, fault);
}

/* parse, decide: what is asked, and where it goes. */
static enum err understand(struct exchange *x, struct fault *fault)
{
    struct span head = head_bytes_of(x);
    enum err err =
        head_parse_request(&x->head, x->head_memory + x->head_bytes - head.len, head.len, fault);
    if (err)
        return err;
    x->head_ns = exchange_clock(x);
    err = framing_of_request(&x->head, &x->framing, fault);
    body_begin(&x->body, &x->framing);
    if (!err)
        err = target_of_request(&x->head, &x->target, fault);
    if (!err)
        err = find_route(x, fault);
    if (!err)
        route_take_account(&x->route, head_value_of(&x->head, SPAN("X-Amz-Account-Id")));
    if (!err)
        place_route(x->proxy, &x->route);
    session_plan(x);
    return err;
}

void exchange_understood(struct exchange *x)
{
    struct fault fault;
    if (x->route.kind == ROUTE_OWN_PAGE) {
        page_serve(x);
        return;
    }
    enum admission admission = exchange_admit(x, true, &fault);
    if (admission == ADMISSION_WAITS)
        return;
    enum err err = admission == NOT_ADMITTED ? fault.err : send_plan(x, &fault);
    if (!err)
        err = socket_plan(x, &fault);
    if (err)
        exchange_fail(x, &fault);
    else
        send_begin(x);
}

static void on_head(struct exchange *x)
{
    struct fault fault;
    enum err err = understand(x, &fault);
    if (!err && x->client->over_limit)
        err = fault_set(&fault, ERR_TOO_BUSY,
            "All connections of the proxy are in use (COUNTERSIGN_MAX_CONNECTIONS). Close those "
            "that you do not need.");
    if (!err && x->proxy->draining)
        err = fault_set(
            &fault, ERR_SHUTTING_DOWN, "The proxy is shutting down with its environment.");
    if (err)
        exchange_fail(x, &fault);
    else
        exchange_understood(x);
}

static size_t take_head(struct exchange *x, struct span bytes)
{
    struct fault fault;
    size_t taken = 0;
    enum scan_verdict verdict = scan_head(&x->scan, bytes, &taken);
    if (taken > sizeof x->head_memory - x->head_bytes) {
        (void)fault_set(&fault, ERR_HEAD_TOO_LARGE, "The request's head is larger than %d KiB.",
            HEAD_MAX_BYTES / 1024);
        exchange_fail(x, &fault);
        return taken;
    }
    memcpy(x->head_memory + x->head_bytes, bytes.at, taken);
    x->head_bytes += taken;
    const char *why = verdict == SCAN_BAD ? x->scan.why : NULL;
    if (!why && !scan_request_line_plausible(head_bytes_of(x)))
        why = "its first line is not METHOD, target and HTTP version";
    if (why) {
        (void)fault_set(&fault, ERR_BAD_REQUEST,
            "This is not a request that can be read in one way only: %s.", why);
        exchange_fail(x, &fault);
    } else if (verdict == SCAN_COMPLETE) {
        x->beside_head = bytes.len - taken;
        on_head(x);
    }
    return taken;
}

size_t exchange_take(struct exchange *x, struct span bytes)
{
    if (x->upload && x->phase != PHASE_DISCARD)
        return send_take(x, bytes);
    switch (x->phase) {
    case PHASE_HEAD:
        return take_head(x, bytes);
    case PHASE_HOLD:
    case PHASE_CONTINUE:
    case PHASE_STREAM:
        if (x->phase == PHASE_CONTINUE && (x->keeps_back || x->answer == ANSWER_WEIGHED))
            return 0; /* the body stays with the client until S3 wants it */
        exchange_stir(x);
        return send_take(x, bytes);
    case PHASE_DISCARD:
        return bytes.len;
    case PHASE_AUDIO:
    case PHASE_SOCKET:
        return socket_take_client(x, bytes);
    case PHASE_PARTS:
    case PHASE_VERIFY:
    case PHASE_CREDENTIALS:
    case PHASE_CONNECT:
    case PHASE_SENT:
    case PHASE_PAUSE:
    case PHASE_JOB:
    default:
        return 0;
    }
}

bool exchange_has_request(const struct exchange *x)
{
    return x->phase != PHASE_HEAD;
}

bool exchange_is_full(const struct exchange *x)
{
    if (x->upload && x->phase != PHASE_DISCARD)
        return parts_full(x);
    bool streams = x->phase == PHASE_STREAM || x->phase == PHASE_SOCKET;
    return streams && x->upstream && upstream_blocked(x->upstream);
}

void exchange_client_ended(struct exchange *x)
{
    if (x->phase == PHASE_SOCKET) {
        socket_client_ended(x);
        return;
    }
    if (x->phase == PHASE_JOB)
        exchange_hurry(x);
    bool whole = x->phase == PHASE_DISCARD || (x->head_ns && body_whole(&x->body));
    if (!whole)
        exchange_break(x, false);
}

void exchange_client_gone(struct exchange *x)
{
    x->client = NULL;
    if (x->phase == PHASE_SOCKET)
        socket_leave(x);
    exchange_break(x, true);
}

void exchange_client_drained(struct exchange *x)
{
    if (x->phase != PHASE_PAUSE && x->phase != PHASE_JOB)
        exchange_stir(x);
    if (x->upstream)
        upstream_read(x->upstream, true);
}

bool exchange_uploads(const struct exchange *x)
{
    return cleanup_due(x);
}

void exchange_abort(struct exchange *x)
{
    if (x->upload)
        cleanup_give_up(x);
    exchange_break(x, true);
}
