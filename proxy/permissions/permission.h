/* What a request needs of a policy: IAM actions, each on a resource. */
#pragma once

#include "proxy/base/span.h"

/* "s3:GetObject" on "arn:aws:s3:::bucket/key"; "*" where the action takes no resource, or where the
 * request does not tell which; a condition (condition.h) where a policy can limit what takes none.
 * A star at the end stands for all that begins so, wherever the request does not tell the rest, but
 * for a literal resource, whose own name ends in it. Elsewhere a star is one. */
struct permission {
    struct span action;
    struct span resource;
    bool literal;
};

static inline bool permission_is_folded(const struct permission *permission)
{
    return !permission->literal && span_ends(permission->resource, SPAN("*"));
}

enum { PERMISSIONS_MAX = 12, PERMISSIONS_TEXT_BYTES = 8 * 1024 };

/* All that one request needs. */
struct permissions {
    struct span operation; /* "GetObject"; len == 0 where the request is no known operation */
    size_t count;
    struct permission needed[PERMISSIONS_MAX];
    bool wants_body; /* the body would tell more, and was not there */
    size_t text_bytes;
    char text[PERMISSIONS_TEXT_BYTES]; /* what the spans point into, where it is no table */
};
