#include "proxy/http/reply.h"

static const char not_http[] = "its answer is not HTTP";

void reply_begin(struct reply *r)
{
    memset(r, 0, offsetof(struct reply, bytes));
    r->scan.skipped_line = true; /* no empty line may stand before an answer */
}

static const char *on_head(struct reply *r)
{
    struct fault fault;
    if (head_parse_response(&r->head, r->bytes, r->head_bytes, &fault) != OK
        || framing_of_response(&r->head, false, &r->framing, &fault) != OK)
        return not_http;
    if (r->head.status < 200) {
        reply_begin(r);
        return NULL;
    }
    body_begin(&r->body, &r->framing);
    r->in_body = true;
    return NULL;
}

static const char *take_head(struct reply *r, struct span *bytes)
{
    size_t taken = 0;
    enum scan_verdict verdict = scan_head(&r->scan, *bytes, &taken);
    if (verdict == SCAN_BAD || taken > HEAD_MAX_BYTES - r->head_bytes)
        return not_http;
    memcpy(r->bytes + r->head_bytes, bytes->at, taken);
    r->head_bytes += taken;
    *bytes = span_from(*bytes, taken);
    return verdict == SCAN_COMPLETE ? on_head(r) : NULL;
}

static const char *take_body(struct reply *r, struct span *bytes)
{
    struct span piece;
    enum body_step step;
    while ((step = body_next(&r->body, bytes, &piece)) == BODY_PIECE) {
        if (piece.len > sizeof r->bytes - r->head_bytes - r->body_bytes)
            return "its answer is too long";
        memcpy(r->bytes + r->head_bytes + r->body_bytes, piece.at, piece.len);
        r->body_bytes += piece.len;
    }
    return step == BODY_BAD ? not_http : NULL;
}

const char *reply_take(struct reply *r, struct span bytes)
{
    const char *wrong = NULL;
    while (!wrong && bytes.len > 0 && !r->in_body)
        wrong = take_head(r, &bytes);
    return !wrong && r->in_body ? take_body(r, &bytes) : wrong;
}

bool reply_whole(const struct reply *r)
{
    return r->in_body && body_whole(&r->body);
}

bool reply_end(struct reply *r)
{
    return r->in_body && (r->body.kind == BODY_UNTIL_CLOSE || body_whole(&r->body));
}

unsigned reply_status(const struct reply *r)
{
    return r->in_body ? r->head.status : 0;
}

struct span reply_content(const struct reply *r)
{
    return (struct span){r->bytes + r->head_bytes, r->body_bytes};
}
