/* Where an S3 path leads at AWS: a bucket's name goes into the host where that is wished or has to
 * be, and an ARN is resolved to the host of its access point. Pure, no allocation.
 * Source: botocore 1.44.5, endpoint rule set of s3 (Apache-2.0); Amazon S3 User Guide, "Virtual
 * hosting of general purpose buckets" and "Regional and Zonal endpoints for directory buckets". */
#pragma once

#include "proxy/aws/service_host.h"
#include "proxy/base/err.h"

struct s3_request {
    struct span method;
    struct span path; /* as on the wire, without the service's prefix */
    struct span query;
    struct span region; /* of the prefix, else of the environment; never empty */
    struct host_variant variant;
    bool virtual_hosts; /* a bucket whose name can be a label goes into the host */
};

struct s3_address {
    struct span host; /* len == 0: the region's own, and all else is as it was */
    struct span path; /* what is left of it */
    struct aws_host identity;
};

/* Decides; what has to be written is appended to memory, into which the spans point then.
 * Errors: BAD_REQUEST, where an ARN is malformed or of another partition, or asks for what its
 * service does not have (FIPS, dual-stack). */
MUST_USE enum err s3_address_find(const struct s3_request *request, struct buf *memory,
    struct s3_address *address, struct fault *fault);

/* Whether a request to a directory bucket's own host is signed with the bucket's session: all are,
 * but the one that asks for a session. */
bool s3_signed_by_session(struct span query);
