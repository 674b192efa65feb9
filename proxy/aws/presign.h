/* Presigned URLs: SigV4 or SigV4A in the query, so that whoever holds the URL may make the request
 * until it expires. Also the form of the login tokens of RDS and its kin. In: a request, for how
 * long, and with whose key. Out: its query, signed. Source: Signature Version 4, "Add the signature
 * to the request" (query string); Amazon S3 API Reference, "Authenticating requests: using query
 * parameters". Pure. */
#pragma once

#include "proxy/aws/sign4a.h"

enum { PRESIGN_MAX_EXPIRES_S = 7 * 24 * 3600 };

struct presign {
    struct span method;
    struct span
        host; /* with its port, where that is not the scheme's own; the URL must have it so */
    struct span path;  /* as on the wire */
    struct span query; /* as on the wire, without "?", and without a signature of its own */
    enum path_style style;
    struct span payload_hash;  /* UNSIGNED-PAYLOAD for S3; EMPTY_SHA256 for tokens */
    struct scope scope;        /* its date is the moment from which expires_s counts */
    struct signer4a *signer4a; /* SigV4A signs, and the scope's region is a set; NULL: SigV4 */
    uint64_t expires_s;        /* 1 to PRESIGN_MAX_EXPIRES_S; keys that end sooner end it sooner */
    const struct canonical_field *fields; /* that the request must then have too */
    size_t count;
};

/* Appends the query: the request's own parameters, X-Amz-Algorithm to X-Amz-Security-Token in the
 * order of AWS's SDKs, and X-Amz-Signature last. What is in out before stays.
 * Errors: BAD_REQUEST (expires_s, or too many parameters), OUT_OF_MEMORY (out is too small). */
MUST_USE enum err presign_query(struct signer *signer, const struct credentials *credentials,
    const struct presign *request, struct buf *out);
