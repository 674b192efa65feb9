/* What the pages that sign have in common: with what, and for how long it holds. */
#pragma once

#include "proxy/aws/sign4a.h"

struct page_signing {
    struct signer *signer;
    struct signer4a *signer4a;
    const struct credentials *credentials;
    int64_t credentials_end_ms; /* Unix time; 0: not known */
    int64_t now_ms;
    bool bare; /* what is signed alone, not JSON */
};

/* For how long it holds: what is asked, but not longer than the credentials live.
 * Errors: NO_CREDENTIALS (they have ended). */
MUST_USE enum err page_lifetime(
    const struct page_signing *with, uint64_t asked_s, uint64_t *expires_s, struct fault *fault);

/* Appends that as the last members of the answer, with why it is not longer. */
void page_write_lifetime(
    const struct page_signing *with, uint64_t asked_s, uint64_t expires_s, struct buf *out);
