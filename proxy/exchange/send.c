/* The way to the server: the connection, the signed head, the body's bytes. */
#include "proxy/base/clock.h"
#include "proxy/exchange/state.h"

enum { HELD_PIECE_BYTES = 256 * 1024 }; /* of what is held, in one write */

static void write_to_client(struct exchange *x, struct span text)
{
    uv_buf_t buffer = stream_buffer(text);
    stream_write(&x->client->stream, &buffer, 1);
}

void send_invite(struct exchange *x)
{
    if (x->framing.expects_continue && !x->told_continue)
        write_to_client(x, SPAN("HTTP/1.1 100 Continue\r\n\r\n"));
    x->told_continue = true;
}

bool send_is_conditional_write(const struct head *head)
{
    bool reads = head_method_is(head, SPAN("GET")) || head_method_is(head, SPAN("HEAD"));
    for (size_t i = 0; !reads && i < head->count; i++)
        if (span_starts_nocase(head->fields[i].name, SPAN("If-"))
            || span_starts_nocase(head->fields[i].name, SPAN("x-amz-if-")))
            return true;
    return false;
}

/* A body that streams can only be sent once, so its connection must deserve trust. */
static enum pool_trust trust_needed(const struct exchange *x)
{
    if (x->lost)
        return POOL_FRESH;
    bool once = x->framing.kind != BODY_NONE && !x->held && !x->upload && !x->asks;
    bool conditional = send_is_conditional_write(steps_message(x).head);
    return once || conditional ? POOL_RECENT : POOL_ANY;
}

static void on_keys(struct credentials_wait *wait)
{
    send_connect(CONTAINER_OF(wait, struct exchange, wait));
}

/* Keys that were forgotten, or have ended, since the request was admitted are fetched first: once,
 * for what is not there then will not come. True also where the exchange has ended for that. */
static bool wait_for_keys(struct exchange *x)
{
    struct credentials_store *store = x->proxy->options.credentials;
    if (x->waited_again || credentials_current(store))
        return session_waits(x, on_keys);
    x->waited_again = true;
    x->wait.on_settled = on_keys;
    if (credentials_need(store, &x->wait))
        return false;
    exchange_enter(x, PHASE_CREDENTIALS);
    return true;
}

static void on_connected(struct exchange *x, struct upstream *upstream);

void send_connect(struct exchange *x)
{
    struct upstream *upstream = NULL;
    struct upstream_target target = {
        .server = x->route.server, .port = x->route.port, .tls = x->route.tls};
    if (!permit_admits(x))
        return;
    (void)proxy_used(x->proxy);
    if (x->upstream && pool_forgot(x->upstream))
        exchange_let_upstream_go(x); /* the restore may have been noticed by another */
    if (wait_for_keys(x))
        return;
    exchange_enter(x, PHASE_CONNECT);
    x->take_ns = exchange_clock(x);
    if (x->upstream)
        on_connected(x, x->upstream);
    else if (pool_take(x->proxy->pool, &target, trust_needed(x), &x->lease, &upstream) != OK)
        exchange_fail(x, pool_fault(x->proxy->pool));
    else if (upstream)
        on_connected(x, upstream);
}

/* What was begun before a restore is of no use after it. */
static void on_lease_ready(struct lease *lease, struct upstream *upstream)
{
    struct exchange *x = CONTAINER_OF(lease, struct exchange, lease);
    if (proxy_used(x->proxy)) {
        upstream_close(upstream);
        send_connect(x);
    } else if (wait_for_keys(x)) {
        upstream_return(upstream);
    } else {
        on_connected(x, upstream);
    }
}

static void on_lease_failed(struct lease *lease, const struct fault *fault)
{
    exchange_fail(CONTAINER_OF(lease, struct exchange, lease), fault);
}

bool send_complete(const struct exchange *x)
{
    return !x->holds || x->held_sent == steps_message(x).held.len;
}

/* What is held goes out as fast as the server takes it: what it does not take would be copied. */
static void send_held(struct exchange *x)
{
    while (!send_complete(x) && !upstream_blocked(x->upstream)) {
        struct span rest = span_from(steps_message(x).held, x->held_sent);
        uv_buf_t piece = stream_buffer(span_first(rest, HELD_PIECE_BYTES));
        x->held_sent += piece.len;
        x->sent += piece.len;
        upstream_write(x->upstream, &piece, 1);
    }
}

static void on_server_drained(struct upstream_user *user)
{
    struct exchange *x = CONTAINER_OF(user, struct exchange, user);
    exchange_stir(x);
    if (x->holds)
        send_held(x);
    else if (x->client)
        client_wake(x->client);
}

void send_prepare(struct exchange *x)
{
    x->lease.on_ready = on_lease_ready;
    x->lease.on_failed = on_lease_failed;
    x->user.on_bytes = receive_bytes;
    x->user.on_drained = on_server_drained;
    x->user.on_gone = receive_end;
}

void send_begin(struct exchange *x)
{
    send_prepare(x);
    if (x->phase != PHASE_HOLD) {
        send_connect(x);
        return;
    }
    send_invite(x);
    client_wake(x->client); /* its bytes may be here already */
}

/* Whether the body goes on in chunks: as it came, or because how long it becomes is not known. */
static bool sends_chunks(const struct exchange *x)
{
    bool came_so = x->framing.kind == BODY_CHUNKED && !x->opens;
    return (came_so || x->opens == OPENS_TO_CHUNKS) && !x->holds;
}

static struct outgoing_body body_to_send(struct exchange *x)
{
    if (job_asks(x))
        return job_body(x);
    bool chunked = sends_chunks(x);
    bool writes = head_method_is(&x->head, SPAN("PUT")) || head_method_is(&x->head, SPAN("POST"))
        || head_method_is(&x->head, SPAN("PATCH"));
    struct outgoing_body body = {
        .chunked = chunked,
        .has_length = !chunked && (x->framing.kind != BODY_NONE || x->framing.has_length || writes),
        .length = x->holds ? steps_message(x).held.len
            : x->opens     ? x->opened_length
                           : x->framing.length,
        .opened = x->opens == OPENS_TO_PLAIN,
        .expect_continue = x->asks && !x->holds && x->held_bytes == 0,
        .hash = x->hash,
    };
    if (steps_now(x))
        steps_describe(x, &body);
    else
        sum_describe(x, &body);
    return body;
}

/* Signed last: the connection stands, and the head goes out in the same turn of the loop. */
static enum err write_head(struct exchange *x, struct buf *out, struct fault *fault)
{
    struct proxy *proxy = x->proxy;
    struct message message = steps_message(x);
    struct outgoing outgoing = {.head = message.head,
        .route = &x->route,
        .query = message.query,
        .signer = proxy->signer,
        .signer4a = proxy->signer4a,
        .body = body_to_send(x),
        .strip_query = x->claimed && x->claim.in_query && !steps_now(x)};
    enum err err = session_keys(x, &outgoing.credentials, fault);
    if (err)
        return err;
    struct buf scratch = buf_over(proxy->query_scratch, sizeof proxy->query_scratch);
    x->signed_ms = clock_wall_ms() + proxy->skew.offset_ms;
    if (x->socket)
        return socket_write_head(x, &outgoing, out, fault);
    if (job_sends_as_is(x))
        return job_write_as_is(x, out, fault);
    return outgoing_write(&outgoing, x->signed_ms / 1000, out, scratch, fault);
}

static void on_connected(struct exchange *x, struct upstream *upstream)
{
    struct fault fault;
    struct buf out = buf_over(x->proxy->scratch, sizeof x->proxy->scratch);
    x->reused = upstream->used || upstream == x->upstream;
    x->upstream = upstream;
    x->attempts++;
    x->ready_ns = exchange_clock(x);
    upstream_lend(upstream, &x->user);
    if (write_head(x, &out, &fault) != OK) {
        exchange_fail(x, &fault);
        return;
    }
    struct span held = span_first(steps_message(x).held, HELD_PIECE_BYTES);
    uv_buf_t buffers[] = {stream_buffer(buf_span(&out)), stream_buffer(held)};
    bool asks = x->asks && held.len == 0, sent = x->upload || x->socket || body_whole(&x->body);
    x->sent += held.len;
    x->held_sent = held.len;
    exchange_enter(x, sent ? PHASE_SENT : asks ? PHASE_CONTINUE : PHASE_STREAM);
    upstream_write(upstream, buffers, held.len > 0 ? 2 : 1);
    if (x->holds)
        send_held(x);
    if (x->phase == PHASE_STREAM)
        client_wake(x->client);
}

void send_continue(struct exchange *x)
{
    if (x->phase != PHASE_CONTINUE)
        return;
    exchange_enter(x, PHASE_STREAM);
    send_invite(x);
    client_wake(x->client);
}

/* Content goes on under the framing that the server was told; chunks are written anew. */
static enum err stream_content(struct exchange *x, struct span piece, struct fault *fault)
{
    (void)fault;
    char size[20];
    uv_buf_t content = stream_buffer(piece), line, end;
    if (x->copies) {
        memcpy(
            x->held + x->held_bytes, piece.at, piece.len); /* there is room for the whole length */
        x->held_bytes += piece.len;
    }
    x->body_begun = !x->copies;
    x->sent += piece.len;
    if (!sends_chunks(x)) {
        upstream_write(x->upstream, &content, 1);
        return OK;
    }
    struct buf b = buf_over(size, sizeof size);
    buf_format(&b, "%zx\r\n", piece.len);
    line = stream_buffer(buf_span(&b));
    end = stream_buffer(SPAN("\r\n"));
    upstream_write(x->upstream, (const uv_buf_t[]){line, content, end}, 3);
    return OK;
}

static enum err stream_piece(struct exchange *x, struct span piece, struct fault *fault)
{
    if (x->opens)
        return open_take(x, piece, stream_content, fault);
    return x->sum_kind ? sum_take(x, piece, stream_content, fault)
                       : stream_content(x, piece, fault);
}

/* The last chunk, and those trailers that may stand there (RFC 9110, 6.5.1). */
static void stream_end_of_chunks(struct exchange *x)
{
    char memory[BODY_TRAILER_BYTES + 16];
    struct buf b = buf_over(memory, sizeof memory);
    buf_text(&b, "0\r\n");
    answer_write_trailers(&b, body_trailers(&x->body), true);
    buf_text(&b, "\r\n");
    uv_buf_t buffer = stream_buffer(buf_span(&b));
    x->body_begun = true;
    upstream_write(x->upstream, &buffer, 1);
}

/* What stands behind the content. */
static enum err end_body(struct exchange *x, struct fault *fault)
{
    enum err err = x->opens ? open_end(x, stream_content, fault)
        : x->sum_kind       ? sum_end(x, stream_content, fault)
                            : OK;
    if (!err && sends_chunks(x))
        stream_end_of_chunks(x);
    return err;
}

static void take_streamed(struct exchange *x, struct span *bytes)
{
    struct fault fault;
    struct span piece;
    enum body_step step;
    if (x->phase == PHASE_CONTINUE) {
        x->told_continue = true; /* it has not waited, so need not be told */
        exchange_enter(x, PHASE_STREAM);
    }
    enum err err = OK;
    while (!err && (step = body_next(&x->body, bytes, &piece)) == BODY_PIECE)
        err = stream_piece(x, piece, &fault);
    bool whole = !err && (step == BODY_END || body_whole(&x->body));
    if (!err && step == BODY_BAD)
        err = hold_bad_body(x, &fault);
    if (whole)
        err = end_body(x, &fault);
    if (err) {
        exchange_fail(x, &fault);
        return;
    }
    if (whole)
        exchange_enter(x, PHASE_SENT);
    else if (upstream_blocked(x->upstream))
        client_pause(x->client);
}

size_t send_take(struct exchange *x, struct span bytes)
{
    struct span left = bytes;
    if (x->upload)
        parts_fill(x, &left);
    else if (x->phase == PHASE_HOLD)
        hold_take(x, &left);
    else
        take_streamed(x, &left);
    return bytes.len - left.len;
}

bool send_repeatable(const struct exchange *x)
{
    return !x->body_begun; /* what has come of one that is kept is sent anew, the rest follows */
}

void send_afresh(struct exchange *x)
{
    x->held_sent = 0;
    x->interim = 0;
    x->server_continues = false;
    x->answer_head_bytes = x->weighed_bytes = 0;
    x->answer_scan = (struct scan){.skipped_line = true};
    x->answer = ANSWER_AWAITED;
    send_connect(x);
}

void send_repeat(struct exchange *x)
{
    x->proxy->counters.sent_again++;
    x->sent = x->upload ? x->sent - x->held_sent : 0;
    send_afresh(x);
}

bool send_again(struct exchange *x)
{
    bool unanswered = x->answer == ANSWER_AWAITED && x->answer_head_bytes == 0 && x->interim == 0;
    bool conditional = send_is_conditional_write(steps_message(x).head);
    bool repeatable = x->reused && unanswered && !x->lost && !x->body_begun && !conditional;
    if (x->left || (!repeatable && !steps_repeat(x)))
        return false;
    x->lost = true;
    send_repeat(x);
    return true;
}
