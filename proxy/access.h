/* Who may use the proxy: a caller shows that it holds the function's own credentials, so that a function made to
 * fetch an attacker's URL is no way to the role. */
#pragma once

#include "proxy/aws/claim.h"
#include "proxy/aws/route.h"
#include "proxy/credentials/credentials.h"

enum access { ACCESS_GRANTED, ACCESS_REFUSED, ACCESS_NEEDS_HASH };

struct access_rules {
    bool token_required; /* COUNTERSIGN_AUTH */
    const struct route_options *route;
    const struct credentials_store *credentials;
    struct signer *signer;
};

struct access_request {
    const struct head *head;
    const struct target *target;
    const struct claim *claim; /* of claim_find(), or NULL */
};

/* body_hash: hex SHA-256 of the body, len == 0 where it is not known yet: then a signature that covers it gives
 * ACCESS_NEEDS_HASH. On ACCESS_REFUSED the fault says how to be let in. */
enum access access_check(const struct access_rules *rules, const struct access_request *request,
    struct span body_hash, struct fault *fault);
