/* SigV4 itself: string to sign, signing key, signature. A signer keeps the derived keys of the last
 * scopes, each good for its access key, date, region and service, and the memory that a canonical
 * request needs.
 * Source: Signature Version 4, "Create a string to sign" and "Calculate the signature".
 * Signing keys live here only and leave by OPENSSL_cleanse. Not for use by two threads at once. */
#pragma once

#include "proxy/aws/canonical.h"
#include "proxy/aws/hash.h"
#include "proxy/base/clock.h"
#include "proxy/base/err.h"

struct credentials {
    struct span access_key_id;
    struct span secret_access_key;
    struct span session_token; /* len == 0 where there is none */
};

/* What a signature is good for: DATE/REGION/SERVICE/aws4_request. */
struct scope {
    struct amz_date date;
    struct span region;
    struct span service;
};

struct signer;

/* NULL where memory is not to be had. */
struct signer *signer_create(void);
void signer_destroy(struct signer *signer);

/* Drops all derived keys: the credentials have changed. */
void signer_forget(struct signer *signer);

/* Appends "AWS4-HMAC-SHA256\nDATE\nSCOPE\nHASH" of the canonical request. */
void scope_write_string_to_sign(
    const struct scope *scope, const char canonical_hash[HASH_HEX_BYTES], struct buf *out);

/* The signature of a string to sign. Errors: OUT_OF_MEMORY where the secret or a name is longer
 * than any of AWS's. */
MUST_USE enum err signer_signature(struct signer *signer, const struct credentials *credentials,
    const struct scope *scope, struct span string_to_sign, char hex[HASH_HEX_BYTES]);

struct signature {
    char hex[HASH_HEX_BYTES];
    struct buf signed_headers; /* "host;x-amz-date"; over the caller's memory */
};

/* The first stage alone, for other algorithms: the canonical request's SHA-256, and its list of
 * signed headers appended. Sorts canonical's fields. Errors: as signer_sign(). */
MUST_USE enum err signer_hash_canonical(struct signer *signer, struct canonical *canonical,
    struct buf *signed_headers, char hex[HASH_HEX_BYTES]);

/* All three stages: canonical request to signature. Sorts canonical's fields.
 * Errors: BAD_REQUEST (too many parameters), OUT_OF_MEMORY. */
MUST_USE enum err signer_sign(struct signer *signer, const struct credentials *credentials,
    const struct scope *scope, struct canonical *canonical, struct signature *signature);

/* The same, appended as an Authorization field with its CRLF. */
MUST_USE enum err signer_authorize(struct signer *signer, const struct credentials *credentials,
    const struct scope *scope, struct canonical *canonical, struct buf *out);

/* Appends DATE/REGION/SERVICE/aws4_request. */
void scope_write(const struct scope *scope, struct buf *out);

/* Appends what every string to sign begins with: ALGORITHM, the date and the scope, a line each. */
void scope_begin_string(const struct scope *scope, struct span algorithm, struct buf *out);
