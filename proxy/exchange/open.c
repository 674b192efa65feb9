/* An upload that its client has signed chunk by chunk: those signatures are for the client's head,
 * and S3 gets another. So the chunks are opened: their signatures checked where the key is the
 * function's own, their content sent on plain, or, where there are trailers, in chunks without
 * signatures. Nothing makes the object whole before all of it is checked. */
#include "proxy/aws/chunk_signature.h"
#include "proxy/exchange/state.h"

static const struct credentials *key_of(const struct exchange *x)
{
    return credentials_of_caller(x->proxy->options.credentials, x->claim.access_key_id);
}

/* The signature in the head is the first link. */
static void begin_chain(struct exchange *x)
{
    struct scope scope = {.region = x->claim.region, .service = x->claim.service};
    if (!x->claimed || x->claim.in_query || !key_of(x) || x->claim.signature.len != HASH_HEX_BYTES
        || x->claim.time.len != sizeof scope.date.text - 1)
        return; /* somebody else's key: it shows nothing either way */
    memcpy(scope.date.text, x->claim.time.at, x->claim.time.len);
    x->checks = true;
    chunk_chain_init(&x->chain, &scope, x->claim.signature.at);
}

enum err open_plan(struct exchange *x, bool trailers, struct fault *fault)
{
    const struct field *length = head_find_name(&x->head, SPAN("X-Amz-Decoded-Content-Length"));
    struct aws_chunked_form form = {.is_signed = true, .has_trailers = trailers};
    if (!length || !span_to_number(length->value, INT64_MAX, &x->opened_length))
        return fault_set(fault, ERR_LENGTH_REQUIRED,
            "A body of signed chunks needs X-Amz-Decoded-Content-Length, the length of what is in "
            "them.");
    x->opens = trailers ? OPENS_TO_CHUNKS : OPENS_TO_PLAIN;
    x->hash = trailers ? SPAN("STREAMING-UNSIGNED-PAYLOAD-TRAILER") : SPAN("UNSIGNED-PAYLOAD");
    aws_chunked_begin(&x->chunked, form, x->opened_length);
    begin_chain(x);
    return OK;
}

static enum err wrong(struct fault *fault)
{
    return fault_set(fault, ERR_BAD_REQUEST,
        "A chunk of the upload is not what its signature says: it was changed on its way, or "
        "signed with another secret. Nothing was stored.");
}

static enum err key_gone(struct fault *fault)
{
    return fault_set(fault, ERR_NO_CREDENTIALS,
        "The keys that the upload is signed with have ended, or were replaced twice, while it "
        "came, so its chunks can be checked no further. Nothing was stored. Send it again, signed "
        "with the newest keys.");
}

static enum err check(struct exchange *x, struct span trailers, struct fault *fault)
{
    char expected[HASH_HEX_BYTES];
    const struct credentials *key = key_of(x);
    struct chunk_signer by = {x->proxy->signer, key};
    if (!x->checks)
        return OK;
    if (!key)
        return key_gone(fault);
    enum err err = trailers.at ? chunk_chain_sign_trailers(&x->chain, &by, trailers, expected)
                               : chunk_chain_sign(&x->chain, &by, expected);
    if (err)
        return fault_set(
            fault, err, "There is not enough memory to check the upload's signatures.");
    return signature_equal(expected, aws_chunked_signature(&x->chunked)) ? OK : wrong(fault);
}

/* The line end behind a chunk goes out with what follows it: alone it would cost a write. */
static void end_chunk(struct exchange *x, struct buf *out)
{
    if (x->after_chunk)
        buf_add(out, AWS_CHUNKED_AFTER);
    x->after_chunk = false;
}

/* Content of a chunk, with the chunk's own size before it where it goes on in chunks. */
static enum err give(struct exchange *x, struct span piece, open_sink *sink, struct fault *fault)
{
    char memory[AWS_CHUNKED_LINE_BYTES];
    struct buf line = buf_over(memory, sizeof memory);
    enum err err = OK;
    if (x->checks)
        chunk_chain_add(&x->chain, piece);
    if (x->opens == OPENS_TO_CHUNKS && !x->in_chunk) {
        end_chunk(x, &line);
        aws_chunked_write_size(&line, piece.len + x->chunked.chunk_left);
        err = sink(x, buf_span(&line), fault);
    }
    x->in_chunk = true;
    bool last =
        x->opens == OPENS_TO_PLAIN && x->chunked.total_left == 0 && x->chunked.chunk_left == 0;
    if (last) { /* the byte that would make the object whole waits until all is checked */
        x->last_byte = piece.at[piece.len - 1];
        piece.len--;
    }
    return err || piece.len == 0 ? err : sink(x, piece, fault);
}

static enum err on_chunk(struct exchange *x, struct fault *fault)
{
    x->after_chunk = x->after_chunk || x->in_chunk;
    x->in_chunk = false;
    return check(x, (struct span){NULL, 0}, fault);
}

static enum err on_end(struct exchange *x, open_sink *sink, struct fault *fault)
{
    char memory[AWS_CHUNKED_TRAILER_BYTES + 16];
    struct buf end = buf_over(memory, sizeof memory);
    struct span trailers = aws_chunked_trailers(&x->chunked);
    if (x->opens == OPENS_TO_PLAIN)
        return OK; /* its last byte waits for the body's end: more may follow */
    enum err err = check(x, trailers, fault);
    end_chunk(x, &end);
    aws_chunked_write_end(&end, trailers);
    return err ? err : sink(x, buf_span(&end), fault);
}

enum err open_take(struct exchange *x, struct span bytes, open_sink *sink, struct fault *fault)
{
    struct span piece;
    enum err err = OK;
    for (;;) {
        enum aws_chunked_step step = aws_chunked_next(&x->chunked, &bytes, &piece);
        switch (step) {
        case AWS_CHUNKED_PIECE:
            err = give(x, piece, sink, fault);
            break;
        case AWS_CHUNKED_CHUNK:
            err = on_chunk(x, fault);
            break;
        case AWS_CHUNKED_END:
            return on_end(x, sink, fault);
        case AWS_CHUNKED_BAD:
            return fault_set(fault, ERR_BAD_REQUEST,
                "The upload's chunks cannot be read in one way only: %s. Nothing was stored.",
                x->chunked.why);
        case AWS_CHUNKED_MORE:
        default:
            return OK;
        }
        if (err)
            return err;
    }
}

enum err open_end(struct exchange *x, open_sink *sink, struct fault *fault)
{
    if (!aws_chunked_whole(&x->chunked))
        return fault_set(
            fault, ERR_BAD_REQUEST, "The upload ends before its last chunk. Nothing was stored.");
    bool waits = x->opens == OPENS_TO_PLAIN && x->opened_length > 0;
    return waits ? sink(x, (struct span){&x->last_byte, 1}, fault) : OK;
}
