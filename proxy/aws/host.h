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
    struct span prefix;  /* the endpoint prefix, where the host begins with one that is known */
    struct span region;  /* len == 0: the region at home; with sigv4a a set of regions */
    bool sigv4a;         /* signed by SigV4A */
    bool session; /* a directory bucket's own host: signed with its session, which is asked for */
};

/* host: lower case, without port and final dot; path: the request's, for a few services share a
 * host; the answer's spans point into the host or into tables. home: the region of the environment.
 */
enum host_kind host_identify(
    struct span host, struct span path, struct span home, struct aws_host *identity);

/* Whether a label that no table knows can be a service's: small letters, digits and inner dashes,
 * and nothing by which hosts tell a region, a variant or an endpoint in a network. */
bool host_label_of_service(struct span label);

/* How a service's canonical path is made: S3 and its kin sign it as it is (botocore:
 * disableDoubleEncoding). */
enum path_style service_path_style(struct span service);
