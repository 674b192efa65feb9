/* What a request needs of a policy: IAM actions, each on a resource. */
#pragma once

#include "proxy/base/span.h"

/* "s3:GetObject" on "arn:aws:s3:::bucket/key"; "*" where the action takes no resource, or where the
 * request does not tell which. Resources are written as a policy writes them: a "*" or "?" stands
 * for what the request does not tell, and those that a name itself holds are "${*}" and "${?}"; so
 * is "${" itself "${$}{" (IAM User Guide, "Variables and tags": special characters). */
struct permission {
    struct span action;
    struct span resource;
};

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
