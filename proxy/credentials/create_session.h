/* The request for a session of a directory bucket. Pure but for the signer.
 * Source: S3 API Reference, CreateSession; botocore 1.44.5, S3ExpressIdentityResolver (Apache-2.0).
 */
#pragma once

#include "proxy/aws/route.h"
#include "proxy/aws/sign.h"

/* Appends the whole request to out: GET /?session to the bucket's own host, signed by the role's
 * keys. The answer is read by issued_from_sts(), for it has the same form. Errors: OUT_OF_MEMORY
 * (also where the buffer is too small). */
MUST_USE enum err create_session_write(const struct route *bucket, const struct credentials *by,
    struct signer *signer, int64_t now_s, struct buf *out);
