#include "proxy/aws/sign4a.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>
#include <stdlib.h>

#define ALGORITHM "AWS4-ECDSA-P256-SHA256"

enum { KEY_BYTES = 32, KEY_ID_BYTES = 128 /* AWS's own limit */, SECRET_BYTES = 256 };

struct signer4a {
    struct signer *hasher;
    EVP_MD_CTX *context;
    EVP_PKEY *key; /* NULL until there is one */
    size_t key_id_bytes;
    char key_id[KEY_ID_BYTES];
    unsigned char point[SIGN4A_POINT_BYTES];
};

struct signer4a *signer4a_create(struct signer *hasher)
{
    struct signer4a *signer = calloc(1, sizeof *signer);
    if (!signer)
        return NULL;
    signer->hasher = hasher;
    signer->context = EVP_MD_CTX_new();
    if (signer->context)
        return signer;
    free(signer);
    return NULL;
}

void signer4a_forget(struct signer4a *signer)
{
    (void)EVP_MD_CTX_reset(signer->context); /* it refers to the key */
    EVP_PKEY_free(signer->key);              /* which cleanses it */
    signer->key = NULL;
}

void signer4a_destroy(struct signer4a *signer)
{
    if (!signer)
        return;
    signer4a_forget(signer);
    EVP_MD_CTX_free(signer->context);
    free(signer);
}

/* --- The key ---------------------------------------------------------------------------------- */

/* A step of NIST SP 800-108's counter mode, which here takes one step only: its number, the label,
 * a zero, the context (access key id and the number of the attempt), the length in bits. */
static bool candidate(
    struct span secret, struct span key_id, unsigned char attempt, unsigned char out[KEY_BYTES])
{
    char key_memory[5 + SECRET_BYTES], memory[64 + KEY_ID_BYTES];
    struct buf key = buf_over(key_memory, sizeof key_memory);
    struct buf input = buf_over(memory, sizeof memory);
    struct hmac_key prepared;
    buf_text(&key, "AWS4A");
    buf_add(&key, secret);
    buf_text(&input, "\0\0\0\1" ALGORITHM "\0");
    buf_add(&input, key_id);
    buf_char(&input, (char)attempt);
    buf_text(&input, "\0\0\1\0");
    hmac_prepare(&prepared, buf_span(&key));
    hmac(&prepared, buf_span(&input), out);
    OPENSSL_cleanse(&prepared, sizeof prepared);
    OPENSSL_cleanse(key_memory, sizeof key_memory);
    return !key.failed && !input.failed;
}

/* Whether number > n - 2, n being the order of P-256 (SEC 2, 2.4.2). Of a secret, so it takes the
 * same time for each. */
static bool too_large(const unsigned char number[KEY_BYTES])
{
    static const unsigned char most[KEY_BYTES] = {0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3,
        0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x4f};
    unsigned borrow = 0;
    for (size_t i = KEY_BYTES; i-- > 0;)
        borrow = (most[i] - number[i] - borrow) >> 8 & 1;
    return borrow;
}

static void add_one(unsigned char number[KEY_BYTES])
{
    unsigned carry = 1;
    for (size_t i = KEY_BYTES; i-- > 0;) {
        carry += number[i];
        number[i] = (unsigned char)carry;
        carry >>= 8;
    }
}

/* The private key, big-endian: the first candidate that is small enough, and one more. */
static bool derive(const struct credentials *credentials, unsigned char key[KEY_BYTES])
{
    for (unsigned char attempt = 1; attempt <= 254; attempt++) {
        if (!candidate(credentials->secret_access_key, credentials->access_key_id, attempt, key))
            return false;
        if (too_large(key))
            continue;
        add_one(key);
        return true;
    }
    return false;
}

/* The public half of a private key. */
static bool multiply(const BIGNUM *private_key, unsigned char out[SIGN4A_POINT_BYTES])
{
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    EC_POINT *point = group ? EC_POINT_new(group) : NULL;
    bool done = point && EC_POINT_mul(group, point, private_key, NULL, NULL, NULL)
        && EC_POINT_point2oct(
               group, point, POINT_CONVERSION_UNCOMPRESSED, out, SIGN4A_POINT_BYTES, NULL)
            == SIGN4A_POINT_BYTES;
    EC_POINT_free(point);
    EC_GROUP_free(group);
    return done;
}

static OSSL_PARAM *parameters(
    const BIGNUM *private_key, const unsigned char point[SIGN4A_POINT_BYTES])
{
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    OSSL_PARAM *made = NULL;
    if (builder
        && OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0)
        && OSSL_PARAM_BLD_push_octet_string(
            builder, OSSL_PKEY_PARAM_PUB_KEY, point, SIGN4A_POINT_BYTES)
        && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, private_key))
        made = OSSL_PARAM_BLD_to_param(builder);
    OSSL_PARAM_BLD_free(builder);
    return made;
}

/* NULL where it cannot be made. */
static EVP_PKEY *make_key(const BIGNUM *private_key, const unsigned char point[SIGN4A_POINT_BYTES])
{
    OSSL_PARAM *with = parameters(private_key, point);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    EVP_PKEY *key = NULL;
    if (with && context && EVP_PKEY_fromdata_init(context) > 0)
        (void)EVP_PKEY_fromdata(context, &key, EVP_PKEY_KEYPAIR, with);
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(with); /* the number in it is of secure memory, and cleansed */
    return key;
}

static EVP_PKEY *new_key(
    const struct credentials *credentials, unsigned char point[SIGN4A_POINT_BYTES])
{
    unsigned char bytes[KEY_BYTES];
    BIGNUM *number = BN_secure_new();
    EVP_PKEY *key = NULL;
    if (number && derive(credentials, bytes) && BN_bin2bn(bytes, sizeof bytes, number)
        && multiply(number, point))
        key = make_key(number, point);
    BN_clear_free(number);
    OPENSSL_cleanse(bytes, sizeof bytes);
    return key;
}

static bool ready_key(struct signer4a *signer, const struct credentials *credentials)
{
    struct span key_id = credentials->access_key_id;
    if (signer->key && span_equal((struct span){signer->key_id, signer->key_id_bytes}, key_id))
        return true;
    signer4a_forget(signer);
    if (key_id.len > KEY_ID_BYTES)
        return false;
    signer->key = new_key(credentials, signer->point);
    signer->key_id_bytes = key_id.len;
    if (key_id.len > 0)
        memcpy(signer->key_id, key_id.at, key_id.len);
    return signer->key != NULL;
}

enum err signer4a_public_key(struct signer4a *signer, const struct credentials *credentials,
    unsigned char point[SIGN4A_POINT_BYTES])
{
    if (!ready_key(signer, credentials))
        return ERR_OUT_OF_MEMORY;
    memcpy(point, signer->point, sizeof signer->point);
    return OK;
}

/* --- Signing ---------------------------------------------------------------------------------- */

void scope4a_write(const struct scope *scope, struct buf *out)
{
    buf_add(out, span_first(amz_date_span(&scope->date), 8));
    buf_char(out, '/');
    buf_add(out, scope->service);
    buf_text(out, "/aws4_request");
}

void signer4a_string_to_sign(
    const struct scope *scope, const char hash_hex[HASH_HEX_BYTES], struct buf *out)
{
    buf_text(out, ALGORITHM "\n");
    buf_add(out, amz_date_span(&scope->date));
    buf_char(out, '\n');
    scope4a_write(scope, out);
    buf_char(out, '\n');
    buf_add(out, (struct span){hash_hex, HASH_HEX_BYTES});
}

enum err signer4a_signature(struct signer4a *signer, const struct credentials *credentials,
    struct span string_to_sign, struct buf *out)
{
    unsigned char der[SIGN4A_MAX_HEX_BYTES / 2];
    size_t len = sizeof der;
    if (!ready_key(signer, credentials)
        || EVP_DigestSignInit_ex(signer->context, NULL, "SHA256", NULL, NULL, signer->key, NULL)
            <= 0
        || EVP_DigestSign(signer->context, der, &len, (const unsigned char *)string_to_sign.at,
               string_to_sign.len)
            <= 0)
        return ERR_OUT_OF_MEMORY;
    buf_hex(out, der, len);
    return out->failed ? ERR_OUT_OF_MEMORY : OK;
}

enum err signer4a_sign(struct signer4a *signer, const struct credentials *credentials,
    const struct scope *scope, struct canonical *canonical, struct signature4a *signature)
{
    char memory[512], hash_hex[HASH_HEX_BYTES];
    struct buf to_sign = buf_over(memory, sizeof memory);
    enum err err = signer_hash_canonical(signer->hasher, canonical, &signature->names, hash_hex);
    if (err)
        return err;
    signer4a_string_to_sign(scope, hash_hex, &to_sign);
    if (to_sign.failed)
        return ERR_OUT_OF_MEMORY;
    return signer4a_signature(signer, credentials, buf_span(&to_sign), &signature->hex);
}

enum err signer4a_authorize(struct signer4a *signer, const struct credentials *credentials,
    const struct scope *scope, struct canonical *canonical, struct buf *out)
{
    char names[8192], hex[SIGN4A_MAX_HEX_BYTES];
    struct signature4a signature = {buf_over(names, sizeof names), buf_over(hex, sizeof hex)};
    enum err err = signer4a_sign(signer, credentials, scope, canonical, &signature);
    if (err)
        return err;
    buf_text(out, "Authorization: " ALGORITHM " Credential=");
    buf_add(out, credentials->access_key_id);
    buf_char(out, '/');
    scope4a_write(scope, out);
    buf_text(out, ", SignedHeaders=");
    buf_add(out, buf_span(&signature.names));
    buf_text(out, ", Signature=");
    buf_add(out, buf_span(&signature.hex));
    buf_text(out, "\r\n");
    return out->failed ? ERR_OUT_OF_MEMORY : OK;
}
