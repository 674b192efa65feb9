/* Requests to STS: which of the role's identities becomes which, and which it is.
 * Source: STS API Reference, AssumeRole, AssumeRoleWithWebIdentity and GetCallerIdentity. Pure but
 * for its tables. */
#pragma once

#include "proxy/aws/route.h"
#include "proxy/aws/sign.h"

struct sts_request {
    struct span role;               /* ARN; len == 0: GetCallerIdentity, which asks who `by` is */
    struct span session;            /* RoleSessionName */
    struct span web_identity_token; /* len > 0: AssumeRoleWithWebIdentity, which is not signed */
    const struct credentials *by;   /* else AssumeRole, signed by these */
};

struct sts_means {
    const struct route_options *route;
    struct signer *signer;
    int64_t now_s;   /* seconds since 1970 */
    struct buf body; /* empty memory for the request's body */
};

/* Appends the whole request, and says in *to where it goes: the region's own endpoint, or the one
 * that the options name; its spans point into *to itself. Errors: BAD_REQUEST (no region),
 * OUT_OF_MEMORY (also where a buffer is too small). */
MUST_USE enum err sts_write(const struct sts_request *request, struct sts_means *means,
    struct route *to, struct buf *out, struct fault *fault);
