#include "proxy/exchange/outgoing.h"

#include "proxy/aws/claim.h"
#include "proxy/aws/presign.h"
#include "proxy/aws/uri.h"

static void write_field(struct buf *out, struct span name, struct span value)
{
    buf_add(out, name);
    buf_text(out, ": ");
    buf_add(out, value);
    buf_text(out, "\r\n");
}

/* S3 refuses a request with an x-amz-* field that is not signed; the others need no more than
 * these. */
static bool is_signed(const struct field *field)
{
    return field->id == FIELD_CONTENT_TYPE || field->id == FIELD_CONTENT_MD5
        || span_starts_nocase(field->name, SPAN("x-amz-"));
}

/* What told of chunks that are no more. */
static bool tells_of_chunks(const struct field *field)
{
    return span_equal_nocase(field->name, SPAN("X-Amz-Decoded-Content-Length"))
        || span_equal_nocase(field->name, SPAN("X-Amz-Trailer"));
}

/* Frames could not be told apart any more. */
static bool offers_extension(const struct field *field)
{
    return span_equal_nocase(field->name, SPAN("Sec-WebSocket-Extensions"));
}

/* "gzip,aws-chunked" goes on as "gzip", and "aws-chunked" not at all. */
static void write_encoding(struct buf *out, const struct field *field)
{
    struct span list = field->value, item;
    bool begun = false;
    while (span_next(&list, ',', &item)) {
        item = span_trim(item);
        if (item.len == 0 || span_equal_nocase(item, SPAN("aws-chunked")))
            continue;
        if (begun)
            buf_text(out, ", ");
        else
            buf_text(out, "Content-Encoding: ");
        buf_add(out, item);
        begun = true;
    }
    if (begun)
        buf_text(out, "\r\n");
}

/* Whether the body goes on in chunks of which the client knows nothing. */
static bool wraps(const struct outgoing_body *body)
{
    return body->checksum.len > 0 && body->checksum_value.len == 0;
}

static void write_checksum(
    const struct outgoing *o, struct buf *out, struct canonical *canonical, struct buf *number)
{
    if (o->body.checksum_value.len > 0)
        canonical_write(canonical, out, o->body.checksum, o->body.checksum_value);
    if (o->body.algorithm.len > 0)
        canonical_write(canonical, out, SPAN("X-Amz-Checksum-Algorithm"), o->body.algorithm);
    if (o->body.of_whole)
        canonical_write(canonical, out, SPAN("X-Amz-Checksum-Type"), SPAN("FULL_OBJECT"));
    if (!wraps(&o->body))
        return;
    buf_text(out, "Content-Encoding: ");
    for (size_t i = 0; i < o->head->count; i++)
        if (span_equal_nocase(o->head->fields[i].name, SPAN("Content-Encoding"))) {
            buf_add(out, o->head->fields[i].value);
            buf_text(out, ",");
        }
    buf_text(out, "aws-chunked\r\n");
    buf_number(number, o->body.decoded_length);
    canonical_write(canonical, out, SPAN("X-Amz-Decoded-Content-Length"), buf_span(number));
    canonical_write(canonical, out, SPAN("X-Amz-Trailer"), o->body.checksum);
}

/* What the client sent and the service should see, in its order. */
static void write_client_fields(
    const struct outgoing *o, struct buf *out, struct canonical *canonical)
{
    for (size_t i = 0; i < o->head->count; i++) {
        const struct field *field = &o->head->fields[i];
        if (!head_forwards(o->head, field) || (o->body.opened && tells_of_chunks(field))
            || (o->upgrades && offers_extension(field)))
            continue;
        bool encoding = span_equal_nocase(field->name, SPAN("Content-Encoding"));
        if (encoding && o->body.opened)
            write_encoding(out, field);
        if (encoding && (o->body.opened || wraps(&o->body)))
            continue;
        write_field(out, field->name, field->value);
        if (is_signed(field))
            canonical_add(canonical, field->name, field->value);
    }
}

static void write_framing(const struct outgoing_body *body, struct buf *out)
{
    if (body->chunked) {
        buf_text(out, "Transfer-Encoding: chunked\r\n");
    } else if (body->has_length) {
        buf_text(out, "Content-Length: ");
        buf_number(out, body->length);
        buf_text(out, "\r\n");
    }
    if (body->expect_continue)
        buf_text(out, "Expect: 100-continue\r\n");
}

static void write_request_line(const struct outgoing *o, struct span query, struct buf *out)
{
    buf_add(out, o->head->method);
    buf_char(out, ' ');
    buf_add(out, o->route->path);
    if (query.at) {
        buf_char(out, '?');
        buf_add(out, query);
    }
    buf_text(out, " HTTP/1.1\r\n");
}

/* The session of a directory bucket has a field of its own for its token. */
static void write_token(const struct outgoing *o, struct buf *out, struct canonical *canonical)
{
    struct span token = o->credentials->session_token;
    if (o->route->session)
        canonical_write(canonical, out, SPAN("X-Amz-S3session-Token"), token);
    else if (token.len > 0)
        canonical_write(canonical, out, SPAN("X-Amz-Security-Token"), token);
}

static const struct span upgrade = TEXT("Connection: Upgrade\r\nUpgrade: websocket\r\n");

/* By SigV4, or by SigV4A, whose scope has no region but a field for a set of them. */
static enum err sign(const struct outgoing *o, const struct scope *scope,
    struct canonical *canonical, struct buf *out)
{
    if (!o->route->sigv4a)
        return signer_authorize(o->signer, o->credentials, scope, canonical, out);
    canonical_write(canonical, out, SPAN("X-Amz-Region-Set"), scope->region);
    return signer4a_authorize(o->signer4a, o->credentials, scope, canonical, out);
}

/* Not by an initialiser, which would clear the room of 140 fields each time. */
static void begin_canonical(const struct outgoing *o, struct span query, struct canonical *c)
{
    c->method = o->head->method;
    c->path = o->route->path;
    c->query = query;
    c->left_out = SPAN("");
    c->style = o->route->s3 ? PATH_ONCE : PATH_TWICE;
    c->payload_hash = o->body.hash;
    c->count = 0;
}

enum err outgoing_write(const struct outgoing *o, int64_t now_s, struct buf *out,
    struct buf scratch, struct fault *fault)
{
    struct span query = o->query;
    if (query.at && o->strip_query) {
        claim_strip_query(query, &scratch);
        query = scratch.len > 0 ? buf_span(&scratch) : (struct span){NULL, 0};
    }
    char memory[24];
    struct buf decoded = buf_over(memory, sizeof memory);
    struct scope scope = {amz_date_of(now_s), o->route->region, o->route->service};
    struct canonical canonical;
    begin_canonical(o, query, &canonical);
    write_request_line(o, query, out);
    canonical_write(&canonical, out, SPAN("Host"), o->route->host);
    write_client_fields(o, out, &canonical);
    write_checksum(o, out, &canonical, &decoded);
    write_framing(&o->body, out);
    if (o->upgrades)
        buf_add(out, upgrade);
    canonical_write(&canonical, out, SPAN("X-Amz-Date"), amz_date_span(&scope.date));
    canonical_write(&canonical, out, SPAN("X-Amz-Content-Sha256"), o->body.hash);
    write_token(o, out, &canonical);
    enum err err = sign(o, &scope, &canonical, out);
    buf_text(out, "\r\n");
    if (err == ERR_BAD_REQUEST)
        return fault_set(
            fault, err, "The query has more than %d parameters.", CANONICAL_MAX_PARAMETERS);
    if (err)
        return fault_set(fault, err, "There is not enough memory to sign the request.");
    return out->failed
        ? fault_set(fault, ERR_HEAD_TOO_LARGE, "The head is too large once it is signed.")
        : OK;
}

static enum err end_upgrade(
    const struct outgoing *o, struct span query, struct buf *out, struct fault *fault)
{
    struct canonical unsigned_fields = {.count = 0};
    write_request_line(o, query, out);
    write_field(out, SPAN("Host"), o->route->host);
    write_client_fields(o, out, &unsigned_fields);
    buf_add(out, upgrade);
    buf_text(out, "\r\n");
    return out->failed
        ? fault_set(fault, ERR_HEAD_TOO_LARGE, "The head is too large once it is signed.")
        : OK;
}

enum err outgoing_write_signed(const struct outgoing *o, struct buf *out, struct fault *fault)
{
    return end_upgrade(o, o->query, out, fault);
}

enum err outgoing_write_presigned(const struct outgoing *o, int64_t now_s,
    struct outgoing_query *signs, struct buf *out, struct fault *fault)
{
    struct buf scratch = signs->scratch;
    struct credentials keys = *o->credentials;
    struct presign request = {.method = o->head->method,
        .host = o->route->host,
        .path = o->route->path,
        .style = o->route->s3 ? PATH_ONCE : PATH_TWICE,
        .payload_hash = SPAN(EMPTY_SHA256),
        .scope = {amz_date_of(now_s), o->route->region, o->route->service},
        .expires_s = signs->expires_s};
    if (o->query.at)
        claim_strip_query(o->query, &scratch);
    request.query = buf_span(&scratch);
    struct buf query = buf_over(scratch.at + scratch.len, scratch.max - scratch.len);
    if (signs->token_last)
        keys.session_token.len = 0;
    if (presign_query(o->signer, &keys, &request, &query) != OK || query.len < HASH_HEX_BYTES)
        return fault_set(fault, ERR_BAD_REQUEST, "The query is too long to be signed.");
    memcpy(signs->seed, query.at + query.len - HASH_HEX_BYTES, HASH_HEX_BYTES);
    if (signs->token_last && o->credentials->session_token.len > 0)
        uri_add_parameter(&query, SPAN("X-Amz-Security-Token"), o->credentials->session_token);
    if (query.failed)
        return fault_set(fault, ERR_HEAD_TOO_LARGE, "The head is too large once it is signed.");
    return end_upgrade(o, buf_span(&query), out, fault);
}
