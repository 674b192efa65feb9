/* An ARN at the beginning of an S3 path, in place of a bucket's name: it takes one segment or
 * several, and may be percent-encoded in whole or in part, as the client likes.
 * Source: Amazon S3 User Guide, "Referencing access points with ARNs, access point aliases, or
 * virtual-hosted-style URIs"; botocore 1.44.5, endpoint rule set of s3 (Apache-2.0). Pure. */
#pragma once

#include "proxy/base/buf.h"

enum { S3_ARN_RESOURCES = 4 };

struct s3_arn {
    struct span partition, service, region, account;
    struct span resource[S3_ARN_RESOURCES]; /* "accesspoint", NAME */
    size_t resources;
    struct span rest; /* of the path; empty, or it begins with "/" */
};

/* Whether the path's first segment begins as an ARN does; no bucket's name can. */
bool s3_arn_begins(struct span path);

/* Takes an ARN with two resource parts, or with four where its service is s3-outposts, which are
 * parted by ":" or "/". Its text is decoded into memory, into which the spans point. False where it
 * has too few parts or too many; its parts are not looked at. */
bool s3_arn_parse(struct span path, struct buf *memory, struct s3_arn *arn);
