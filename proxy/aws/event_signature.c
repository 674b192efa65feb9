#include "proxy/aws/event_signature.h"

#include "proxy/http/event_stream.h"

enum { RAW_BYTES = HASH_HEX_BYTES / 2 };

void event_chain_init(
    struct event_chain *chain, const struct scope *scope, const char seed[HASH_HEX_BYTES])
{
    chain->scope = *scope;
    memcpy(chain->previous, seed, sizeof chain->previous);
}

/* Appends a line break and the hash. */
static void add_hash(struct span content, struct buf *out)
{
    char hex[HASH_HEX_BYTES];
    hash_hex(content, hex);
    buf_char(out, '\n');
    buf_add(out, (struct span){hex, sizeof hex});
}

static enum err sign(const struct event_chain *chain, const struct chunk_signer *by,
    const struct event_stream_header *date, struct span payload, char hex[HASH_HEX_BYTES])
{
    char memory[512], date_memory[32];
    struct buf string = buf_over(memory, sizeof memory);
    struct buf headers = buf_over(date_memory, sizeof date_memory);
    event_stream_write_header(&headers, date);
    scope_begin_string(&chain->scope, SPAN("AWS4-HMAC-SHA256-PAYLOAD"), &string);
    buf_add(&string, (struct span){chain->previous, sizeof chain->previous});
    add_hash(buf_span(&headers), &string);
    add_hash(payload, &string);
    if (string.failed)
        return ERR_OUT_OF_MEMORY;
    return signer_signature(by->signer, by->credentials, &chain->scope, buf_span(&string), hex);
}

static void to_raw(const char hex[HASH_HEX_BYTES], char raw[RAW_BYTES])
{
    for (size_t i = 0; i < RAW_BYTES; i++)
        raw[i] = (char)(ascii_hex(hex[2 * i]) << 4 | ascii_hex(hex[2 * i + 1]));
}

enum err event_signature_write(struct event_chain *chain, const struct chunk_signer *by,
    int64_t now_ms, struct span inner, struct buf *out)
{
    struct event_stream_header date = {
        .name = SPAN(":date"), .type = EVENT_STREAM_TIMESTAMP, .number = now_ms};
    struct event_stream_writer writer;
    char hex[HASH_HEX_BYTES], raw[RAW_BYTES];
    chain->scope.date = amz_date_of(now_ms / 1000);
    enum err err = sign(chain, by, &date, inner, hex);
    if (err)
        return err;
    to_raw(hex, raw);
    struct event_stream_header signature = {
        .name = SPAN(":chunk-signature"), .type = EVENT_STREAM_BYTES, .value = {raw, sizeof raw}};
    event_stream_begin(&writer, out);
    event_stream_add(&writer, &date);
    event_stream_add(&writer, &signature);
    event_stream_begin_payload(&writer);
    buf_add(out, inner);
    event_stream_end(&writer);
    if (out->failed)
        return ERR_OUT_OF_MEMORY;
    memcpy(chain->previous, hex, sizeof chain->previous);
    return OK;
}
