#include "proxy/pages/signing.h"

enum err page_lifetime(
    const struct page_signing *with, uint64_t asked_s, uint64_t *expires_s, struct fault *fault)
{
    int64_t left_s = with->credentials_end_ms / 1000 - with->now_ms / 1000;
    *expires_s = asked_s;
    if (with->credentials_end_ms == 0 || left_s >= (int64_t)asked_s)
        return OK;
    if (left_s <= 0)
        return fault_set(fault, ERR_NO_CREDENTIALS, "The credentials are ending now. Try again.");
    *expires_s = (uint64_t)left_s;
    return OK;
}

void page_write_lifetime(
    const struct page_signing *with, uint64_t asked_s, uint64_t expires_s, struct buf *out)
{
    char moment[25];
    clock_rfc3339((with->now_ms / 1000 + (int64_t)expires_s) * 1000, moment);
    buf_text(out, ",\n  \"expires\": ");
    buf_number(out, expires_s);
    buf_format(out, ",\n  \"expiresAt\": \"%s\"", moment);
    if (expires_s < asked_s)
        buf_text(out, ",\n  \"note\": \"It ends with the credentials, which end sooner.\"");
    else if (with->credentials_end_ms == 0)
        buf_text(out,
            ",\n  \"note\": \"It ends with the credentials where these end sooner; when that "
            "is they do not say.\"");
    buf_text(out, "\n}\n");
}
