/* An answer in which AWS denies something: what, to whom, and by which kind of policy. Pure.
 * Sources: IAM User Guide, "Troubleshoot access denied error messages"; S3 User Guide,
 * "Troubleshoot access denied (403 Forbidden) errors"; EC2 API Reference, "Error codes". */
#pragma once

#include "proxy/base/buf.h"
#include "proxy/permissions/permission.h"

enum denial_policy {
    DENIAL_UNKNOWN, /* the answer does not say */
    DENIAL_IDENTITY,
    DENIAL_BOUNDARY,
    DENIAL_SESSION,
    DENIAL_RESOURCE,
    DENIAL_SERVICE_CONTROL,
    DENIAL_RESOURCE_CONTROL,
    DENIAL_VPC_ENDPOINT,
    DENIAL_TRUST,
    DENIAL_PUBLIC_ACCESS, /* S3 Block Public Access */
    DENIAL_GUARD,         /* not AWS: COUNTERSIGN_ALLOW */
    DENIAL_POLICIES,
};

enum { DENIAL_TEXT_BYTES = 6 * 1024, DENIAL_HINT_BYTES = 512 };

struct denial {
    enum denial_policy policy;
    bool explicitly;        /* a statement denies it; else none allows it */
    struct span code;       /* "AccessDenied"; may be empty */
    struct span who;        /* the ARN of the caller; this and the rest may be empty */
    struct span action;     /* may be another than the request's: S3 tells of KMS's denials */
    struct span resource;   /* as the message has it */
    struct span policy_arn; /* of the policy that denies it */
    struct span encoded;    /* for sts:DecodeAuthorizationMessage */
    size_t text_bytes;
    char text[DENIAL_TEXT_BYTES]; /* what the spans but code point into: so it is not copied */
};

/* An answer, with the whole of its body as far as it matters. */
struct denial_answer {
    int status;
    struct span error_type;  /* X-Amzn-ErrorType, may be empty */
    struct span query_error; /* X-Amzn-Query-Error, may be empty */
    struct span body;        /* may be empty: HEAD */
};

/* False where it is no denial of what the caller may do (other errors, an expired URL, a
 * signature). code points into the answer. */
bool denial_read(const struct denial_answer *answer, struct denial *denial);

/* What the guard denied. */
void denial_of_guard(const struct permission *permission, struct denial *denial);

/* The resource of what was denied. Where the action takes none, the condition that the request
 * fills, which no message tells. needed: what the request needs, or NULL. */
struct span denial_resource(const struct denial *denial, const struct permissions *needed);

/* Whether a statement in the role's policy can allow it, as far as the answer tells. */
bool denial_can_be_allowed(enum denial_policy policy, bool explicitly);

/* Why, and what to do, in one sentence each: "no identity-based policy allows it", "add ...". */
const char *denial_why(enum denial_policy policy, bool explicitly);
const char *denial_advice(enum denial_policy policy, bool explicitly);

/* Appends one line for X-Countersign-Hint: what was denied, why, what to do. Visible ASCII only, at
 * most DENIAL_HINT_BYTES. needed: what the request needs, where the answer does not name it; NULL.
 */
void denial_write_hint(
    struct buf *out, const struct denial *denial, const struct permissions *needed);
