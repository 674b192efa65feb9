/* Which IAM actions a request needs, and on which resources: as far as its head, and its body where
 * that is held, tell. Pure, no allocation.
 * Sources: botocore 1.44.5 service models (Apache-2.0); AWS's Service Authorization Reference and
 * Amazon S3 User Guide, "Required permissions for Amazon S3 API operations". */
#pragma once

#include "proxy/http/head.h"
#include "proxy/permissions/permission.h"

/* All as the service sees it; spans may be empty. */
struct needed_request {
    struct span method;
    struct span path;        /* as on the wire, begins with "/" */
    struct span query;       /* without "?" */
    const struct head *head; /* its fields only */
    struct span host;        /* small letters, without port */
    struct span signing;     /* the service that it is signed for: "s3" */
    struct span region;
    struct span partition; /* "aws" */
    struct span account;   /* 12 digits; empty: an ARN that needs it has "*" in its place */
    struct span content_type;
    struct span body; /* all of it, or empty */
};

/* False, and an empty operation, where the request is none that is known, or where two readers
 * could take it for two. True with count == 0: the operation needs no permission. What is needed
 * only in cases that the request does not show (the tags of what is copied, that a missing key
 * answers 404) is left out. out: not to be moved, for its spans point into it. */
bool permissions_of(const struct needed_request *request, struct permissions *out);
