/* An S3 host and path taken apart: which bucket is meant, and the same host in another region.
 * Pure, no allocation.
 * Source: Amazon S3 User Guide, "Methods for accessing a general purpose bucket"; S3 API Reference,
 * "Amazon S3 endpoints". */
#pragma once

#include "proxy/base/buf.h"

struct s3_host {
    struct span bucket; /* in the host; len == 0: it is the path's first segment */
    struct span family; /* "s3", "s3-fips" */
    bool dualstack;
    struct span suffix; /* the partition's, without a dot before */
};

/* host: lower case, without port. home: the region of the environment. False where the host is no
 * regional S3 host of buckets: access points, accelerate, control and VPC endpoints have no other
 * region to go to. */
bool s3_host_parse(struct span host, struct span home, struct s3_host *parsed);

/* Whether there is such a host in the region, as far as is known: FIPS endpoints are in few. */
bool s3_host_exists(const struct s3_host *host, struct span region);

/* Appends the host of the same bucket in a region. */
void s3_host_write(const struct s3_host *host, struct span region, struct buf *out);

/* The bucket of a path-style path, as it stands there; len == 0 where there is none. */
struct span s3_path_bucket(struct span path);
