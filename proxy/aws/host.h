/* What an AWS host name says: which service signs there, and in which region.
 * Only names that are AWS's own interfaces are signed for; a name under AWS's suffixes may also be
 * a customer's machine, and a signature sent there would give the session token away. Pure, no
 * allocation. */
#pragma once

#include "proxy/aws/canonical.h"
#include "proxy/aws/partition.h"

enum host_kind {
    HOST_STRANGER, /* not under AWS's suffixes */
    HOST_CUSTOMER, /* under them, but not known to be an interface of AWS */
    HOST_SERVICE,
};

struct aws_host {
    struct span service; /* the signing name */
    struct span region;  /* len == 0: the region at home; with sigv4a a set of regions */
    bool sigv4a;         /* signed by SigV4A */
    bool session; /* a directory bucket's own host: signed with its session, which is asked for */
};

/* host: lower case, without port and final dot; the answer's spans point into it or into tables.
 * home: the region of the environment. */
enum host_kind host_identify(struct span host, struct span home, struct aws_host *identity);

/* Which hosts the service path leads to. */
struct host_variant {
    bool dualstack;
    bool fips;
};

/* Appends the host of a service, named by its endpoint prefix, in a region; *signing and *region
 * become what to sign with (they differ from what was named for a global service). False where the
 * name cannot be a service's. */
bool host_of_service(
    struct buf *out, struct span service, struct host_variant variant, struct aws_host *identity);

/* How a service's canonical path is made: S3 and its kin sign it as it is (botocore:
 * disableDoubleEncoding). */
enum path_style service_path_style(struct span service);
