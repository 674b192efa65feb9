/* Operations beside S3's whose bodies need not be hashed, so that they stream.
 * Source: botocore 1.44.5, service models (authtype "v4-unsigned-body"; Apache-2.0); for VPC
 * Lattice, "SigV4 authenticated requests". Pure. */
#pragma once

#include "proxy/base/span.h"

/* service: the signing name; path: as on the wire. */
bool unsigned_payload(struct span service, struct span method, struct span path);
