/* The services of AWS: what their hosts begin with, how they are signed for, and what they speak.
 * Pure, no allocation; the spans point into tables that live as long as the program. */
#pragma once

#include "proxy/base/nearest.h"

struct service {
    struct span prefix;  /* what its hosts begin with, its endpoint prefix: "email" */
    struct span name;    /* the SDKs' and the CLI's: "sesv2"; no two have the same */
    struct span signing; /* the name in the credential scope: "ses" */
    struct span iam;     /* what the names of its IAM actions begin with */
    struct span
        protocols; /* by commas, preferred first: cbor, json, query, ec2, rest-json, rest-xml */
    struct span target; /* X-Amz-Target up to its last dot, or of cbor the name in the path */
    struct span auth;   /* by commas, in order of preference: sigv4, sigv4a, bearer, v2 */
    struct span hosts;  /* where they are not all PREFIX.REGION.SUFFIX: see service_rows.def */
};

/* The foremost service of an endpoint prefix. */
bool service_by_prefix(struct span prefix, struct service *service);

/* A service by any of its names, however it is written: "Cost Explorer", cost_explorer and CE
 * alike. It is looked for as an endpoint prefix, then as an SDK's name or service id, then as a
 * signing name; of several services that sign by the same name the first by prefix is meant. */
bool service_by_name(struct span name, struct service *service);

/* A service that signs by this name, as it is written: the one that service_by_name() has, where
 * that is one, else the first by prefix. */
bool service_by_signing(struct span signing, struct service *service);

/* Of the services that sign by this name the one whose operations are named so: by X-Amz-Target up
 * to its last dot, or by the path of cbor. Where target is empty, or nobody's: as
 * service_by_signing(). */
bool service_by_target(struct span signing, struct span target, struct service *service);

/* The names that are nearest to one by which no service is known. */
void service_nearest(struct span typed, struct nearest *nearest);
