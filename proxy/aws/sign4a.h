/* SigV4A: a signature good for several regions, by a key pair that is derived from the secret key
 * (ECDSA on P-256). S3's multi-region access points and a few other services ask for it.
 * In: as for sign.h. The scope's region is the region set ("*", "us-east-1,eu-west-1"); it does not
 * stand in the scope, but in a field X-Amz-Region-Set of the request, which the caller adds to the
 * canonical request as it adds X-Amz-Date. Out: the Authorization field.
 * Source: AWS IAM User Guide, "Signature Version 4A"; awslabs/aws-c-auth, source/key_derivation.c,
 * for the key; AWS's test vectors in tests/sigv4.
 * A signature takes a random number, from OpenSSL's generator: after a restore from a snapshot that
 * must have been seeded anew, for two signatures with one number give the key away.
 * The derived key lives here only and is cleansed when it goes. Not for two threads at once. */
#pragma once

#include "proxy/aws/sign.h"

struct signer4a;

enum {
    SIGN4A_MAX_HEX_BYTES = 2 * 72, /* the longest DER of two numbers of 32 bytes, in hexadecimal */
    SIGN4A_POINT_BYTES = 65,       /* 4, x, y */
};

struct signature4a {
    struct buf names; /* "host;x-amz-date" */
    struct buf hex;
};

/* NULL where there is no memory. hasher makes the canonical requests; it must outlive the signer.
 */
struct signer4a *signer4a_create(struct signer *hasher);
void signer4a_destroy(struct signer4a *signer);

/* Drops the derived key: the credentials have changed. */
void signer4a_forget(struct signer4a *signer);

/* Appends DATE/SERVICE/aws4_request. */
void scope4a_write(const struct scope *scope, struct buf *out);

/* Appends "AWS4-ECDSA-P256-SHA256\nDATE\nSCOPE\nHASH"; the canonical request's hash in hexadecimal.
 */
void signer4a_string_to_sign(
    const struct scope *scope, const char hash_hex[HASH_HEX_BYTES], struct buf *out);

/* Appends the signature of a string to sign: DER, in hexadecimal; another one in every call. The
 * key is derived at the first call for an access key and kept until there is another.
 * Errors: OUT_OF_MEMORY. */
MUST_USE enum err signer4a_signature(struct signer4a *signer, const struct credentials *credentials,
    struct span string_to_sign, struct buf *out);

/* From canonical request to signature: appends the list of signed headers to names and the
 * signature in hexadecimal. Sorts canonical's fields. Errors: as signer4a_authorize(). */
MUST_USE enum err signer4a_sign(struct signer4a *signer, const struct credentials *credentials,
    const struct scope *scope, struct canonical *canonical, struct signature4a *signature);

/* All stages: appends an Authorization field with its CRLF. Sorts canonical's fields.
 * Errors: BAD_REQUEST (too many parameters), OUT_OF_MEMORY. */
MUST_USE enum err signer4a_authorize(struct signer4a *signer, const struct credentials *credentials,
    const struct scope *scope, struct canonical *canonical, struct buf *out);

/* The public half of the derived key. Errors: OUT_OF_MEMORY. */
MUST_USE enum err signer4a_public_key(struct signer4a *signer,
    const struct credentials *credentials, unsigned char point[SIGN4A_POINT_BYTES]);
