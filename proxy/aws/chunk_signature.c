#include "proxy/aws/chunk_signature.h"

#include <openssl/crypto.h>

#include "proxy/http/aws_chunked.h"
#include "proxy/http/body.h"

void chunk_chain_init(
    struct chunk_chain *chain, const struct scope *scope, const char seed[HASH_HEX_BYTES])
{
    hash_begin(&chain->content);
    chain->scope = *scope;
    memcpy(chain->previous, seed, sizeof chain->previous);
}

void chunk_chain_add(struct chunk_chain *chain, struct span content)
{
    hash_add(&chain->content, content);
}

/* What the strings to sign of chunks and trailers have in common. */
static void begin_string(struct chunk_chain *chain, struct span algorithm, struct buf *out)
{
    scope_begin_string(&chain->scope, algorithm, out);
    buf_add(out, (struct span){chain->previous, sizeof chain->previous});
    buf_char(out, '\n');
}

static enum err sign(struct chunk_chain *chain, const struct chunk_signer *by,
    const struct buf *string_to_sign, char hex[HASH_HEX_BYTES])
{
    if (string_to_sign->failed)
        return ERR_OUT_OF_MEMORY;
    enum err err =
        signer_signature(by->signer, by->credentials, &chain->scope, buf_span(string_to_sign), hex);
    if (!err)
        memcpy(chain->previous, hex, sizeof chain->previous);
    return err;
}

enum err chunk_chain_sign(
    struct chunk_chain *chain, const struct chunk_signer *by, char hex[HASH_HEX_BYTES])
{
    char memory[512], hash[HASH_HEX_BYTES];
    struct buf string = buf_over(memory, sizeof memory);
    hash_end(&chain->content, hash);
    begin_string(chain, SPAN("AWS4-HMAC-SHA256-PAYLOAD"), &string);
    buf_text(&string, EMPTY_SHA256 "\n");
    buf_add(&string, (struct span){hash, sizeof hash});
    return sign(chain, by, &string, hex);
}

/* The trailer with the least name above the last one's; false where there is none. */
static bool next_by_name(struct span trailers, struct field *last)
{
    struct field trailer, least = {.name = {NULL, 0}};
    while (body_next_trailer(&trailers, &trailer)) {
        bool is_left = span_compare_nocase(trailer.name, last->name) > 0;
        if (is_left && (!least.name.at || span_compare_nocase(trailer.name, least.name) < 0))
            least = trailer;
    }
    *last = least;
    return least.name.at != NULL;
}

/* As the fields of a canonical request: names in lower case, sorted. */
static void canonical_trailers(struct span trailers, struct buf *out)
{
    struct field trailer = {.name = {NULL, 0}};
    while (next_by_name(trailers, &trailer)) {
        buf_lower(out, trailer.name);
        buf_char(out, ':');
        buf_add(out, trailer.value);
        buf_char(out, '\n');
    }
}

enum err chunk_chain_sign_trailers(struct chunk_chain *chain, const struct chunk_signer *by,
    struct span trailers, char hex[HASH_HEX_BYTES])
{
    char memory[512], canonical_memory[AWS_CHUNKED_TRAILER_BYTES], hash[HASH_HEX_BYTES];
    struct buf string = buf_over(memory, sizeof memory);
    struct buf canonical = buf_over(canonical_memory, sizeof canonical_memory);
    canonical_trailers(trailers, &canonical);
    if (canonical.failed)
        return ERR_OUT_OF_MEMORY;
    hash_hex(buf_span(&canonical), hash);
    begin_string(chain, SPAN("AWS4-HMAC-SHA256-TRAILER"), &string);
    buf_add(&string, (struct span){hash, sizeof hash});
    return sign(chain, by, &string, hex);
}

bool signature_equal(const char hex[HASH_HEX_BYTES], struct span given)
{
    return given.len == HASH_HEX_BYTES && CRYPTO_memcmp(hex, given.at, HASH_HEX_BYTES) == 0;
}
