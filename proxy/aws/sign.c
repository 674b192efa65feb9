#include "proxy/aws/sign.h"

#include <openssl/crypto.h>
#include <stdlib.h>

enum {
    KEYS = 16,
    NAME_BYTES = 64,
    KEY_ID_BYTES = 128, /* AWS's own limit */
    TEXT_BYTES = 384 * 1024,
    SCRATCH_BYTES = 256 * 1024
};

struct signing_key {
    char date[8];
    char region[NAME_BYTES], service[NAME_BYTES], key_id[KEY_ID_BYTES];
    size_t region_bytes, service_bytes, key_id_bytes;
    struct hmac_key key;
};

struct signer {
    size_t keys; /* ever made; the newest KEYS of them are kept */
    struct signing_key kept[KEYS];
    char text[TEXT_BYTES]; /* a canonical request; its pages are touched as far as it reaches */
    char scratch[SCRATCH_BYTES]; /* its query, while it is sorted */
};

struct signer *signer_create(void)
{
    return calloc(1, sizeof(struct signer));
}

void signer_destroy(struct signer *signer)
{
    if (!signer)
        return;
    OPENSSL_cleanse(signer, sizeof *signer);
    free(signer);
}

void signer_forget(struct signer *signer)
{
    OPENSSL_cleanse(signer->kept, sizeof signer->kept);
    signer->keys = 0;
}

void scope_write(const struct scope *scope, struct buf *out)
{
    buf_add(out, span_first(amz_date_span(&scope->date), 8));
    buf_char(out, '/');
    buf_add(out, scope->region);
    buf_char(out, '/');
    buf_add(out, scope->service);
    buf_text(out, "/aws4_request");
}

void scope_begin_string(const struct scope *scope, struct span algorithm, struct buf *out)
{
    buf_add(out, algorithm);
    buf_char(out, '\n');
    buf_add(out, amz_date_span(&scope->date));
    buf_char(out, '\n');
    scope_write(scope, out);
    buf_char(out, '\n');
}

void scope_write_string_to_sign(
    const struct scope *scope, const char canonical_hash[HASH_HEX_BYTES], struct buf *out)
{
    scope_begin_string(scope, SPAN("AWS4-HMAC-SHA256"), out);
    buf_add(out, (struct span){canonical_hash, HASH_HEX_BYTES});
}

static bool is_for(const struct signing_key *key, struct span key_id, const struct scope *scope)
{
    return memcmp(key->date, scope->date.text, sizeof key->date) == 0
        && span_equal((struct span){key->key_id, key->key_id_bytes}, key_id)
        && span_equal((struct span){key->region, key->region_bytes}, scope->region)
        && span_equal((struct span){key->service, key->service_bytes}, scope->service);
}

/* One step of the derivation: the key becomes HMAC(key, message). */
static void derive_step(struct hmac_key *key, struct span message)
{
    unsigned char derived[HASH_BYTES];
    hmac(key, message, derived);
    hmac_prepare(key, (struct span){(const char *)derived, sizeof derived});
    OPENSSL_cleanse(derived, sizeof derived);
}

/* kSigning = HMAC(HMAC(HMAC(HMAC("AWS4" + secret, date), region), service), "aws4_request");
 * false where the secret is longer than any. */
static bool derive(struct span secret, const struct scope *scope, struct hmac_key *key)
{
    char first[4 + 256];
    struct buf b = buf_over(first, sizeof first);
    buf_text(&b, "AWS4");
    buf_add(&b, secret);
    hmac_prepare(key, buf_span(&b));
    derive_step(key, span_first(amz_date_span(&scope->date), 8));
    derive_step(key, scope->region);
    derive_step(key, scope->service);
    derive_step(key, SPAN("aws4_request"));
    OPENSSL_cleanse(first, sizeof first);
    return !b.failed;
}

static size_t copy_name(char *to, struct span name)
{
    if (name.len > 0)
        memcpy(to, name.at, name.len);
    return name.len;
}

static const struct signing_key *signing_key(
    struct signer *s, const struct credentials *credentials, const struct scope *scope)
{
    struct span key_id = credentials->access_key_id;
    size_t kept = s->keys < KEYS ? s->keys : KEYS;
    for (size_t i = 0; i < kept; i++)
        if (is_for(&s->kept[i], key_id, scope))
            return &s->kept[i];
    struct signing_key *key = &s->kept[s->keys % KEYS];
    if (scope->region.len > NAME_BYTES || scope->service.len > NAME_BYTES
        || key_id.len > KEY_ID_BYTES)
        return NULL;
    key->region_bytes = key->service_bytes = 0; /* until it is whole it is for no scope */
    if (!derive(credentials->secret_access_key, scope, &key->key))
        return NULL;
    memcpy(key->date, scope->date.text, sizeof key->date);
    key->region_bytes = copy_name(key->region, scope->region);
    key->service_bytes = copy_name(key->service, scope->service);
    key->key_id_bytes = copy_name(key->key_id, key_id);
    s->keys++;
    return key;
}

enum err signer_signature(struct signer *signer, const struct credentials *credentials,
    const struct scope *scope, struct span string_to_sign, char hex[HASH_HEX_BYTES])
{
    unsigned char signature[HASH_BYTES];
    struct buf text = buf_over(hex, HASH_HEX_BYTES);
    const struct signing_key *key = signing_key(signer, credentials, scope);
    if (!key)
        return ERR_OUT_OF_MEMORY;
    hmac(&key->key, string_to_sign, signature);
    buf_hex(&text, signature, sizeof signature);
    return OK;
}

enum err signer_hash_canonical(struct signer *signer, struct canonical *canonical,
    struct buf *signed_headers, char hex[HASH_HEX_BYTES])
{
    struct buf text = buf_over(signer->text, sizeof signer->text);
    struct buf scratch = buf_over(signer->scratch, sizeof signer->scratch);
    if (!canonical_request(canonical, &text, signed_headers, scratch))
        return ERR_BAD_REQUEST;
    if (text.failed || signed_headers->failed)
        return ERR_OUT_OF_MEMORY;
    hash_hex(buf_span(&text), hex);
    return OK;
}

enum err signer_sign(struct signer *signer, const struct credentials *credentials,
    const struct scope *scope, struct canonical *canonical, struct signature *signature)
{
    char memory[512], hash_hex[HASH_HEX_BYTES];
    struct buf to_sign = buf_over(memory, sizeof memory);
    enum err err = signer_hash_canonical(signer, canonical, &signature->signed_headers, hash_hex);
    if (err)
        return err;
    scope_write_string_to_sign(scope, hash_hex, &to_sign);
    if (to_sign.failed)
        return ERR_OUT_OF_MEMORY;
    return signer_signature(signer, credentials, scope, buf_span(&to_sign), signature->hex);
}

enum err signer_authorize(struct signer *signer, const struct credentials *credentials,
    const struct scope *scope, struct canonical *canonical, struct buf *out)
{
    char names[8192];
    struct signature signature = {.signed_headers = buf_over(names, sizeof names)};
    enum err err = signer_sign(signer, credentials, scope, canonical, &signature);
    if (err)
        return err;
    buf_text(out, "Authorization: AWS4-HMAC-SHA256 Credential=");
    buf_add(out, credentials->access_key_id);
    buf_char(out, '/');
    scope_write(scope, out);
    buf_text(out, ", SignedHeaders=");
    buf_add(out, buf_span(&signature.signed_headers));
    buf_text(out, ", Signature=");
    buf_add(out, (struct span){signature.hex, sizeof signature.hex});
    buf_text(out, "\r\n");
    return OK;
}
