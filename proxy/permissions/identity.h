/* Who the function is, as far as its credentials tell without a call: the kind of an access key id
 * by its first four characters, and the account that newer ids hold. Sources: IAM User Guide,
 * "Unique identifiers"; for the account, which AWS does not document, the analyses by WithSecure
 * Labs and T. Be'ery: characters 5 to 13 in base32, the 40 bits after the first. */
#pragma once

#include "proxy/aws/sign.h"

enum identity_kind {
    IDENTITY_NONE,
    IDENTITY_TEMPORARY, /* ASIA with its token: a role's session, or another of STS */
    IDENTITY_USER,      /* AKIA: an IAM user's or the root user's long-term key */
    IDENTITY_BROKEN,    /* key and token do not belong together */
    IDENTITY_OTHER,
};

struct identity {
    enum identity_kind kind;
    char account[13]; /* 12 digits, or empty where the id does not hold it */
    const char
        *warning; /* what is wrong and what to do (MistakenIdentity); NULL where all is well */
};

/* credentials: NULL where there are none. */
struct identity identity_of(const struct credentials *credentials);

/* In a few words: "a session of STS, as a role has it". */
const char *identity_kind_text(enum identity_kind kind);

/* What kind of key the id names, for a message to a stranger: "an IAM user's long-term key". */
const char *identity_key_text(struct span access_key_id);

/* Appends "AKIA...7XYZ" with an ellipsis: enough to know a key again, not enough to be one.
 * Anything that does not look like a key id is "an unknown key". */
void identity_mask(struct span access_key_id, struct buf *out);
