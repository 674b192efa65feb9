/* Who may use the proxy: a caller shows that it holds the function's own credentials, so that a
 * function made to fetch an attacker's URL is no way to the role. */
#pragma once

#include "proxy/aws/claim.h"
#include "proxy/credentials/credentials.h"

enum access {
    ACCESS_GRANTED,
    ACCESS_REFUSED,
    ACCESS_NEEDS_HASH,
    ACCESS_NEEDS_KEYS, /* it is signed by a session's key that may be the function's newest */
};

struct access_rules {
    bool token_required; /* COUNTERSIGN_AUTH */
    const struct credentials_store *credentials;
    struct signer *signer;
};

/* request: with its body_hash empty where it is not known yet; a signature that covers the body
 * then gives ACCESS_NEEDS_HASH. claim: of claim_find(), or NULL. On ACCESS_REFUSED, and on
 * ACCESS_NEEDS_KEYS for when there are no newer ones, the fault says how to be let in. */
enum access access_check(const struct access_rules *rules, const struct claim_request *request,
    const struct claim *claim, struct fault *fault);
