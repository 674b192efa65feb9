/* MistakenIdentity: signs that requests are signed with keys that are not those of the function's
 * own role, as far as they can be seen without a call; each in one sentence, with what to do.
 * Pure.
 * Sources: Lambda Developer Guide, "Defined runtime environment variables" (the role's keys),
 * "Activating Lambda SnapStart" (an endpoint in their place), "Lambda Extensions API" (accountId);
 * a session of the role is named as the function is. */
#pragma once

#include "proxy/permissions/caller.h"
#include "proxy/permissions/identity.h"

enum { MISTAKEN_MOST = 3, MISTAKEN_BYTES = 640, FOREIGN_KEY_BYTES = 24 };

/* Requests that a client signed with a key of AWS's form that is not the function's. */
struct foreign_keys {
    uint64_t requests;
    char last[FOREIGN_KEY_BYTES]; /* masked: "AKIA...7XYZ", or empty */
    const char *kind;             /* of that key, in words */
};

/* All as far as it is known; zeroed it tells nothing. */
struct mistaken_signs {
    const struct credentials *credentials; /* the environment's, else those in use */
    const struct caller *caller;           /* who STS says that the keys in use are */
    bool assumes;                          /* a further role is assumed with them, on purpose */
    bool beside_endpoint; /* the environment has keys though Lambda has offered an endpoint */
    struct span function_name, account; /* of the function, as Lambda tells */
    const char *shared_file; /* the variable that leads SDKs to a file of keys: "AWS_PROFILE" */
    const struct foreign_keys *foreign;
};

struct mistaken {
    size_t count; /* of the warnings; the first is about the proxy's own keys, if one is */
    char text[MISTAKEN_MOST][MISTAKEN_BYTES];
};

void mistaken_find(const struct mistaken_signs *signs, struct mistaken *mistaken);
