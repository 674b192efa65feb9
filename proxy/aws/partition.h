/* AWS's partitions: the DNS suffixes under which a host is AWS's own, and which regions belong
 * where. */
#pragma once

#include "proxy/base/span.h"

struct partition {
    struct span name;
    struct span dns;    /* suffix of plain and FIPS hosts: amazonaws.com */
    struct span dual;   /* suffix of dual-stack hosts: api.aws */
    struct span global; /* the region that signs where a host names none */
    struct span region; /* what its regions begin with; empty for the first partition, which has all
                           the others */
};

/* Whether it looks like a region: "eu-west-1", "us-gov-east-1", "eusc-de-east-1". */
bool region_shaped(struct span label);

/* Never NULL: a region of no other partition is one of the first, `aws`. */
const struct partition *partition_of_region(struct span region);

/* The partition whose suffix the host ends in, after a dot; *labels is what stands to the left of
 * that dot. home: the region of the environment, which decides where partitions share a suffix and
 * the host names no region. NULL where the host is not AWS's. Beside `dns` and `dual` there are
 * suffixes of single services, "on.aws" for one, and a host may be no more than such a one. host:
 * lower case, without port and final dot. */
const struct partition *partition_of_host(struct span host, struct span home, struct span *labels);
