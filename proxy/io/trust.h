/* Which roots a server's certificate may lead to. */
#pragma once

#include "proxy/base/err.h"

struct x509_store_st;

/* bundle: a PEM file whose certificates are the only roots. NULL: Amazon's own roots, compiled in;
 * and, only once a chain does not lead to them, the system's bundle, whose parsing takes longer
 * than everything else at start. Errors: UPSTREAM_TLS where the bundle cannot be read. */
MUST_USE enum err trust_setup(struct x509_store_st *store, const char *bundle, struct fault *fault);
