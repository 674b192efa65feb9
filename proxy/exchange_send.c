/* The way to the server: what becomes of the body, the connection, the signed head, the body's
 * bytes. */
#include <stdlib.h>

#include "proxy/base/clock.h"
#include "proxy/exchange_state.h"

enum {
    SHORT_BODY_BYTES =
        32 * 1024, /* held although it could stream: so a dead connection costs nothing */
    HELD_FIRST_BYTES = 16 * 1024, /* of a body of unknown length; it doubles */
    HELD_FACTOR = 4,              /* all held bodies together, in times of one's maximum */
};

static bool is_hex_hash(struct span text)
{
    for (size_t i = 0; i < text.len; i++)
        if (ascii_hex(text.at[i]) < 0)
            return false;
    return text.len == HASH_HEX_BYTES;
}

/* Whether the head speaks of an aws-chunked body that its hash field does not announce. */
static bool chunks_unannounced(const struct head *head, bool announced)
{
    const struct field *encoding = head_find_name(head, SPAN("Content-Encoding"));
    bool chunked = (encoding && field_list_has(encoding->value, SPAN("aws-chunked")))
        || head_find_name(head, SPAN("X-Amz-Decoded-Content-Length"));
    return (chunked && !announced) || head_count(head, FIELD_X_AMZ_CONTENT_SHA256) > 1;
}

/* What the signature says of the body, where the head tells already: the client's own hash, or S3's
 * literals. */
static enum err known_hash(struct exchange *x, struct fault *fault)
{
    struct span given = head_value(&x->head, FIELD_X_AMZ_CONTENT_SHA256);
    bool streaming = span_starts_nocase(given, SPAN("STREAMING-"));
    bool passes = x->route.s3 && span_equal(given, SPAN("STREAMING-UNSIGNED-PAYLOAD-TRAILER"));
    if (streaming && !passes)
        return fault_set(fault, ERR_NOT_IMPLEMENTED,
            "A body of signed chunks cannot be passed on yet, for its signatures are the "
            "client's. Let the client send it plain: over http:// most SDKs have a setting for "
            "unsigned payloads.");
    if (x->route.s3 && chunks_unannounced(&x->head, streaming))
        return fault_set(fault, ERR_BAD_REQUEST,
            "The body is aws-chunked, but X-Amz-Content-Sha256 does not say so in one way: S3 would "
            "store the chunks' envelope as the object.");
    if (is_hex_hash(given) || streaming)
        x->hash = given;
    else if (x->framing.kind == BODY_NONE)
        x->hash = SPAN(EMPTY_SHA256);
    else if (x->route.s3)
        x->hash = SPAN("UNSIGNED-PAYLOAD");
    return OK;
}

/* A body so short that it costs nothing to keep: then a dead connection costs nothing either. */
static bool is_short(const struct exchange *x)
{
    return x->framing.kind == BODY_LENGTH && x->framing.length <= SHORT_BODY_BYTES
        && x->framing.length <= x->proxy->options.max_body;
}

/* Whether the body must be there whole before the head can go, or is there already. */
static bool must_hold(const struct exchange *x)
{
    bool chunked = x->framing.kind == BODY_CHUNKED;
    bool encoded = span_starts(x->hash, SPAN("STREAMING-"));
    bool here = is_short(x) && x->framing.length <= x->beside_head;
    return x->access_open || x->hash.len == 0 || (chunked && !encoded) || here;
}

static enum err too_large(const struct exchange *x, struct fault *fault)
{
    if (x->route.s3 && x->framing.kind == BODY_CHUNKED)
        return fault_set(fault, ERR_LENGTH_REQUIRED,
            "A body of unknown length is held only up to %zu bytes (COUNTERSIGN_MAX_BODY). Send "
            "a Content-Length: then it streams, however long it is.",
            x->proxy->options.max_body);
    return fault_set(fault, ERR_BODY_TOO_LARGE,
        "This service needs the hash of the whole body before the first byte, and no more than "
        "%zu bytes are held for it (COUNTERSIGN_MAX_BODY). Raise it, or send the body's SHA-256 "
        "as X-Amz-Content-Sha256: then it streams.",
        x->proxy->options.max_body);
}

/* Makes room for held bytes; existing ones stay. */
static enum err hold_room(struct exchange *x, size_t bytes, struct fault *fault)
{
    struct proxy *proxy = x->proxy;
    size_t more = bytes - x->held_max;
    if (bytes > proxy->options.max_body)
        return too_large(x, fault);
    bool full = proxy->held_bytes + more > proxy->options.max_body * HELD_FACTOR;
    if (full || (x->access_open && proxy->unproven_bytes + more > proxy->options.max_body))
        return fault_set(fault, ERR_TOO_BUSY,
            "Too many bodies are held at once (COUNTERSIGN_MAX_BODY). Try again.");
    char *held = realloc(x->held, bytes);
    if (!held)
        return fault_set(
            fault, ERR_OUT_OF_MEMORY, "There is not enough memory to hold the request's body.");
    x->held = held;
    x->held_max = bytes;
    proxy->held_bytes += more;
    proxy->unproven_bytes += x->access_open ? more : 0;
    return OK;
}

enum err send_plan(struct exchange *x, struct fault *fault)
{
    enum err err = known_hash(x, fault);
    bool chunked = x->framing.kind == BODY_CHUNKED;
    x->holds = !err && x->framing.kind != BODY_NONE && must_hold(x);
    x->copies = !x->holds && is_short(x);
    if (err || (!x->holds && !x->copies))
        return err;
    if (!chunked && x->framing.length > x->proxy->options.max_body)
        return too_large(x, fault);
    bool grows = chunked || x->access_open; /* room as bytes come, not as they are promised */
    err = hold_room(x, grows ? 1 : (size_t)x->framing.length, fault);
    if (err && x->copies) {
        x->copies = false; /* no room to keep it: it streams, and can be sent once */
        return OK;
    }
    if (!err && x->holds)
        exchange_enter(x, PHASE_HOLD);
    return err;
}

static void write_to_client(struct exchange *x, struct span text)
{
    uv_buf_t buffer = stream_buffer(text);
    stream_write(&x->client->stream, &buffer, 1);
}

static void tell_continue(struct exchange *x)
{
    if (x->framing.expects_continue && !x->told_continue)
        write_to_client(x, SPAN("HTTP/1.1 100 Continue\r\n\r\n"));
    x->told_continue = true;
}

/* A write that depends on the state it changes: sent twice, it would find its own work and fail. */
static bool conditional_write(const struct head *head)
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
    if (x->attempts > 0)
        return POOL_FRESH;
    bool once = x->framing.kind != BODY_NONE && !x->held && !x->framing.expects_continue;
    return once || conditional_write(&x->head) ? POOL_RECENT : POOL_ANY;
}

static void on_connected(struct exchange *x, struct upstream *upstream);

static void connect_upstream(struct exchange *x)
{
    struct upstream *upstream = NULL;
    struct upstream_target target = {
        .server = x->route.server, .port = x->route.port, .tls = x->route.tls};
    exchange_enter(x, PHASE_CONNECT);
    x->take_ns = exchange_clock();
    if (pool_take(x->proxy->pool, &target, trust_needed(x), &x->lease, &upstream) != OK)
        exchange_fail(x, pool_fault(x->proxy->pool));
    else if (upstream)
        on_connected(x, upstream);
}

static void on_lease_ready(struct lease *lease, struct upstream *upstream)
{
    on_connected(CONTAINER_OF(lease, struct exchange, lease), upstream);
}

static void on_lease_failed(struct lease *lease, const struct fault *fault)
{
    exchange_fail(CONTAINER_OF(lease, struct exchange, lease), fault);
}

static void on_server_drained(struct upstream_user *user)
{
    struct exchange *x = CONTAINER_OF(user, struct exchange, user);
    exchange_stir(x);
    client_wake(x->client);
}

void send_begin(struct exchange *x)
{
    x->lease.on_ready = on_lease_ready;
    x->lease.on_failed = on_lease_failed;
    x->user.on_bytes = receive_bytes;
    x->user.on_drained = on_server_drained;
    x->user.on_gone = receive_end;
    if (x->phase == PHASE_HOLD)
        tell_continue(x);
    else
        connect_upstream(x);
}

static struct outgoing_body body_to_send(const struct exchange *x)
{
    bool chunked = x->framing.kind == BODY_CHUNKED && !x->holds;
    bool writes = head_method_is(&x->head, SPAN("PUT")) || head_method_is(&x->head, SPAN("POST"))
        || head_method_is(&x->head, SPAN("PATCH"));
    return (struct outgoing_body){
        .chunked = chunked,
        .has_length = !chunked && (x->framing.kind != BODY_NONE || x->framing.has_length || writes),
        .length = x->holds ? x->held_bytes : x->framing.length,
        .expect_continue = x->framing.expects_continue && !x->holds && x->held_bytes == 0,
        .hash = x->hash,
    };
}

/* Signed last: the connection stands, and the head goes out in the same turn of the loop. */
static enum err write_head(struct exchange *x, struct buf *out, struct fault *fault)
{
    struct proxy *proxy = x->proxy;
    struct outgoing outgoing = {.head = &x->head,
        .route = &x->route,
        .signer = proxy->signer,
        .credentials = credentials_current(proxy->options.credentials),
        .body = body_to_send(x),
        .strip_query = x->claimed && x->claim.in_query};
    if (!outgoing.credentials)
        return fault_set(
            fault, ERR_NO_CREDENTIALS, "%s", credentials_missing(proxy->options.credentials));
    struct buf scratch = buf_over(proxy->query_scratch, sizeof proxy->query_scratch);
    return outgoing_write(&outgoing, clock_wall_ms() / 1000, out, scratch, fault);
}

static void on_connected(struct exchange *x, struct upstream *upstream)
{
    struct fault fault;
    struct buf out = buf_over(x->proxy->scratch, sizeof x->proxy->scratch);
    x->upstream = upstream;
    x->reused = upstream->used;
    x->attempts++;
    x->ready_ns = exchange_clock();
    upstream_lend(upstream, &x->user);
    if (write_head(x, &out, &fault) != OK) {
        exchange_fail(x, &fault);
        return;
    }
    uv_buf_t buffers[] = {
        stream_buffer(buf_span(&out)), uv_buf_init(x->held, (unsigned)x->held_bytes)};
    x->sent += x->held_bytes;
    bool asks = x->framing.expects_continue && x->held_bytes == 0;
    exchange_enter(x, body_whole(&x->body) ? PHASE_SENT : asks ? PHASE_CONTINUE : PHASE_STREAM);
    upstream_write(upstream, buffers, x->held_bytes > 0 ? 2 : 1);
    if (x->phase == PHASE_STREAM)
        client_wake(x->client);
}

void send_continue(struct exchange *x)
{
    if (x->phase != PHASE_CONTINUE)
        return;
    exchange_enter(x, PHASE_STREAM);
    tell_continue(x);
    client_wake(x->client);
}

static enum err hold_piece(struct exchange *x, struct span piece, struct fault *fault)
{
    size_t needed = x->held_bytes + piece.len;
    if (needed > x->held_max) {
        size_t doubled = x->held_max * 2 > HELD_FIRST_BYTES ? x->held_max * 2 : HELD_FIRST_BYTES;
        size_t most = x->proxy->options.max_body;
        size_t wanted = doubled > most ? most : doubled;
        enum err err = hold_room(x, needed > wanted ? needed : wanted, fault);
        if (err)
            return err;
    }
    memcpy(x->held + x->held_bytes, piece.at, piece.len);
    x->held_bytes += piece.len;
    return OK;
}

/* The held body is whole: its hash is known, and with it whether a signature that covers it is the
 * role's. */
static enum err on_held(struct exchange *x, struct fault *fault)
{
    struct span body = {x->held, x->held_bytes};
    if (signer_hash(x->proxy->signer, body, x->hash_hex) != OK)
        return fault_set(
            fault, ERR_OUT_OF_MEMORY, "There is not enough memory to hash the request's body.");
    struct span hash = {x->hash_hex, sizeof x->hash_hex};
    if (x->hash.len == 0)
        x->hash = hash;
    if (!x->access_open)
        return OK;
    struct claim_request request = {&x->head, &x->target, hash};
    exchange_close_access(x);
    enum access access = access_check(&x->proxy->access, &request, &x->claim, fault);
    return access == ACCESS_GRANTED ? OK : fault->err;
}

static enum err bad_body(const struct exchange *x, struct fault *fault)
{
    return fault_set(fault, ERR_BAD_REQUEST,
        "The request's body is not what its head promised: %s.", x->body.why);
}

static void take_held(struct exchange *x, struct span *bytes)
{
    struct fault fault;
    struct span piece;
    enum body_step step;
    enum err err = OK;
    while (!err && (step = body_next(&x->body, bytes, &piece)) == BODY_PIECE)
        err = hold_piece(x, piece, &fault);
    if (!err && step == BODY_BAD)
        err = bad_body(x, &fault);
    if (!err && x->body.left > x->proxy->options.max_body - x->held_bytes)
        err = too_large(x, &fault); /* a chunk's size tells it before its bytes come */
    if (!err && step == BODY_END)
        err = on_held(x, &fault);
    if (err)
        exchange_fail(x, &fault);
    else if (step == BODY_END)
        connect_upstream(x);
}

/* Content goes on under the framing that the server was told; chunks are written anew. */
static void stream_piece(struct exchange *x, struct span piece)
{
    char size[20];
    uv_buf_t content = stream_buffer(piece), line, end;
    if (x->copies) {
        memcpy(
            x->held + x->held_bytes, piece.at, piece.len); /* there is room for the whole length */
        x->held_bytes += piece.len;
    }
    x->body_begun = !x->copies;
    x->sent += piece.len;
    if (x->framing.kind != BODY_CHUNKED) {
        upstream_write(x->upstream, &content, 1);
        return;
    }
    struct buf b = buf_over(size, sizeof size);
    buf_format(&b, "%zx\r\n", piece.len);
    line = stream_buffer(buf_span(&b));
    end = stream_buffer(SPAN("\r\n"));
    upstream_write(x->upstream, (const uv_buf_t[]){line, content, end}, 3);
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
    upstream_write(x->upstream, &buffer, 1);
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
    while ((step = body_next(&x->body, bytes, &piece)) == BODY_PIECE)
        stream_piece(x, piece);
    if (step == BODY_BAD) {
        (void)bad_body(x, &fault);
        exchange_fail(x, &fault);
        return;
    }
    if (step == BODY_END || body_whole(&x->body)) {
        if (x->framing.kind == BODY_CHUNKED)
            stream_end_of_chunks(x);
        exchange_enter(x, PHASE_SENT);
    } else if (upstream_blocked(x->upstream)) {
        client_pause(x->client);
    }
}

size_t send_take(struct exchange *x, struct span bytes)
{
    struct span left = bytes;
    if (x->phase == PHASE_HOLD)
        take_held(x, &left);
    else
        take_streamed(x, &left);
    return bytes.len - left.len;
}

bool send_again(struct exchange *x)
{
    bool unanswered = x->answer == ANSWER_AWAITED && x->answer_head_bytes == 0 && x->interim == 0;
    bool repeatable = !x->body_begun && !conditional_write(&x->head);
    if (!x->reused || x->attempts != 1 || !unanswered || !repeatable)
        return false;
    x->proxy->counters.sent_again++;
    x->sent = 0;
    connect_upstream(x);
    return true;
}
