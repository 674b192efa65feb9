/* What becomes of a body: it streams, or it is held, because it must be hashed before the head can
 * go, or because it is short and can then be sent twice. */
#include <stdlib.h>

#include "proxy/aws/unsigned_payload.h"
#include "proxy/exchange/state.h"

enum {
    SHORT_BODY_BYTES =
        32 * 1024, /* held although it could stream: so a dead connection costs nothing */
    HELD_FIRST_BYTES = 16 * 1024, /* of a body of unknown length; it doubles */
};

#define SIGNED_CHUNKS "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"

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

static bool is_unsigned(const struct exchange *x)
{
    return unsigned_payload(x->route.service, x->head.method, x->route.path);
}

/* What the signature says of the body, where the head tells already: the client's own hash, or S3's
 * literals. */
static enum err known_hash(struct exchange *x, struct fault *fault)
{
    struct span given = head_value(&x->head, FIELD_X_AMZ_CONTENT_SHA256);
    bool streaming = span_starts_nocase(given, SPAN("STREAMING-"));
    bool passes = x->route.s3 && span_equal(given, SPAN("STREAMING-UNSIGNED-PAYLOAD-TRAILER"));
    bool trailers = span_equal(given, SPAN(SIGNED_CHUNKS "-TRAILER"));
    if (x->route.s3 && x->framing.kind != BODY_NONE
        && (trailers || span_equal(given, SPAN(SIGNED_CHUNKS))))
        return open_plan(x, trailers, fault);
    if (streaming && !passes)
        return fault_set(fault, ERR_NOT_IMPLEMENTED,
            "A body of chunks that are signed in this way (X-Amz-Content-Sha256) cannot be passed "
            "on, for its signatures are the client's. Let the client send it plain: over http:// "
            "most SDKs have a setting for unsigned payloads.");
    if (x->route.s3 && chunks_unannounced(&x->head, streaming))
        return fault_set(fault, ERR_BAD_REQUEST,
            "The body is aws-chunked, but X-Amz-Content-Sha256 does not say so in one way: S3 "
            "would store the chunks' envelope as the object.");
    if (is_hex_hash(given) || streaming)
        x->hash = given;
    else if (x->framing.kind == BODY_NONE)
        x->hash = SPAN(EMPTY_SHA256);
    else if (x->route.s3 || is_unsigned(x))
        x->hash = SPAN("UNSIGNED-PAYLOAD");
    return OK;
}

/* A body so short that it costs nothing to keep: then a dead connection costs nothing either. */
static bool is_short(const struct exchange *x)
{
    return x->framing.kind == BODY_LENGTH && x->framing.length <= SHORT_BODY_BYTES
        && x->framing.length <= x->proxy->options.max_body;
}

/* Whether what the request may do hangs on its body, and somebody asks. */
static bool is_guarded(const struct exchange *x)
{
    return x->proxy->options.guard && (!x->route.s3 || head_method_is(&x->head, SPAN("POST")));
}

/* Whether the body must be there whole before the head can go, or is there already. */
static bool must_hold(const struct exchange *x)
{
    bool chunked = x->framing.kind == BODY_CHUNKED;
    bool as_it_is = span_starts(x->hash, SPAN("STREAMING-")) || (!x->route.s3 && is_unsigned(x));
    bool here = is_short(x) && x->framing.length <= x->beside_head;
    if (is_guarded(x))
        return true;
    if (x->opens == OPENS_TO_CHUNKS)
        return false; /* its end waits until all is checked, and so does the object */
    if (x->opens == OPENS_TO_PLAIN)
        return here || x->opened_length == 0; /* a head alone would make an empty object */
    if (x->sum_kind && is_short(x))
        return true; /* its sum is a header, and it can be sent twice as it is */
    return x->access_open || x->hash.len == 0 || (chunked && !as_it_is) || here;
}

static enum err too_large(const struct exchange *x, struct fault *fault)
{
    if (x->splits)
        return parts_too_long(fault);
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
    bool full = proxy->held_bytes + more > proxy->options.max_held;
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

/* Whether the signature needs the body's hash, or that of its caller does. */
static bool is_hashed(const struct exchange *x)
{
    return x->hash.len == 0 || x->access_open;
}

/* A body that comes with its head, or right behind it, is hashed at once when it is whole. */
static void begin_hash(struct exchange *x)
{
    bool whole_soon = x->framing.kind == BODY_LENGTH && is_short(x);
    x->hashes = is_hashed(x) && !whole_soon;
    if (x->hashes)
        hash_begin(&x->content_hash);
}

/* What becomes of the body, and whether the server is asked for its leave, by the client's wish or
 * by ours. */
static void plan_way(struct exchange *x)
{
    bool body = x->framing.kind != BODY_NONE;
    x->splits = parts_plan(x);
    sum_plan(x);
    x->holds = body && must_hold(x);
    x->copies = !x->holds && is_short(x) && x->opens != OPENS_TO_CHUNKS;
    x->keeps_back = body && !x->holds && !x->copies && place_asks(x);
    x->asks = x->framing.expects_continue || x->keeps_back;
}

/* Room for what is held: as bytes come, where they are not promised, or by nobody we know. */
static enum err plan_room(struct exchange *x, struct fault *fault)
{
    bool chunked = x->framing.kind == BODY_CHUNKED;
    if (!chunked && x->framing.length > x->proxy->options.max_body)
        return too_large(x, fault);
    return hold_room(x, chunked || x->access_open ? 1 : (size_t)x->framing.length, fault);
}

enum err send_plan(struct exchange *x, struct fault *fault)
{
    enum err err = known_hash(x, fault);
    if (err)
        return err;
    plan_way(x);
    if (!x->holds) {
        /* without room to keep it, it streams all the same, and can be sent once */
        x->copies = x->copies && plan_room(x, fault) == OK;
        return OK;
    }
    err = plan_room(x, fault);
    if (err)
        return err;
    begin_hash(x);
    exchange_enter(x, PHASE_HOLD);
    return OK;
}

static enum err hold_content(struct exchange *x, struct span piece, struct fault *fault)
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
    if (x->hashes)
        hash_add(&x->content_hash, piece);
    return OK;
}

static enum err hold_piece(struct exchange *x, struct span piece, struct fault *fault)
{
    return x->opens ? open_take(x, piece, hold_content, fault) : hold_content(x, piece, fault);
}

/* The held body is whole: its hash is known, and with it whether a signature that covers it is the
 * role's. */
static enum err on_held(struct exchange *x, struct fault *fault)
{
    struct span body = {x->held, x->held_bytes};
    if (!is_hashed(x))
        return OK;
    if (x->hashes)
        hash_end(&x->content_hash, x->hash_hex);
    else
        hash_hex(body, x->hash_hex);
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

enum err hold_bad_body(const struct exchange *x, struct fault *fault)
{
    return fault_set(fault, ERR_BAD_REQUEST,
        "The request's body is not what its head promised: %s.", x->body.why);
}

static uint64_t most_to_come(const struct exchange *x)
{
    return x->splits ? multipart_most_bytes() : x->proxy->options.max_body - x->held_bytes;
}

void hold_take(struct exchange *x, struct span *bytes)
{
    struct fault fault;
    struct span piece;
    enum body_step step;
    enum err err = OK;
    if (x->splits && parts_due(x, bytes->len)) {
        parts_begin(x, bytes);
        return;
    }
    while (!err && (step = body_next(&x->body, bytes, &piece)) == BODY_PIECE)
        err = hold_piece(x, piece, &fault);
    if (!err && step == BODY_BAD)
        err = hold_bad_body(x, &fault);
    if (!err && x->body.left > most_to_come(x))
        err = too_large(x, &fault); /* a chunk's size tells it before its bytes come */
    if (!err && step == BODY_END && x->opens)
        err = open_end(x, hold_content, &fault);
    if (!err && step == BODY_END)
        err = on_held(x, &fault);
    if (err)
        exchange_fail(x, &fault);
    else if (step == BODY_END)
        send_connect(x);
}
