/* A signature that a client brought along, in the Authorization header or in the query: what it
 * claims, and whether it was made with the role's own key, as proof that the caller holds it.
 * Source: Signature Version 4, "Add the signature to the request". */
#pragma once

#include "proxy/aws/sign.h"
#include "proxy/http/target.h"

enum { CLAIM_MAX_AGE_S = 15 * 60 };

struct claim {
    bool in_query;
    struct span access_key_id;
    struct span date; /* of the scope: 8 digits */
    struct span region;
    struct span service;
    struct span signed_headers;
    struct span signature;
    struct span time;    /* X-Amz-Date */
    struct span expires; /* X-Amz-Expires; at == NULL in a header claim */
    char memory[512];    /* the credential, decoded, of a query claim */
};

enum claim_verdict {
    CLAIM_VERIFIED,
    CLAIM_NEEDS_HASH, /* it covers the body's hash, which is not known yet */
    CLAIM_OTHER_KEY,
    CLAIM_STALE,
    CLAIM_WRONG,
};

/* Whether the request brings a SigV4 signature; fills the claim. Malformed ones are claims too,
 * with empty parts, and verify as CLAIM_WRONG. */
bool claim_find(const struct head *head, const struct target *target, struct claim *claim);

/* The request that brings it. */
struct claim_request {
    const struct head *head;
    const struct target *target;
    struct span body_hash; /* hex SHA-256 of the body; len == 0 where it is not known */
};

/* now_s: seconds since 1970. Compared in constant time. */
enum claim_verdict claim_verify(const struct claim *claim, const struct claim_request *request,
    struct signer *signer, const struct credentials *credentials, int64_t now_s);

/* Appends the query without a presigned URL's own parameters. */
void claim_strip_query(struct span query, struct buf *out);
