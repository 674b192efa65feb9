#include "proxy/credentials/create_session.h"

enum err create_session_write(const struct route *bucket, const struct credentials *by,
    struct signer *signer, int64_t now_s, struct buf *out)
{
    struct scope scope = {amz_date_of(now_s), bucket->region, bucket->service};
    struct canonical canonical = {.method = SPAN("GET"),
        .path = SPAN("/"),
        .query = SPAN("session"),
        .style = PATH_ONCE,
        .payload_hash = SPAN(EMPTY_SHA256)};
    buf_text(out, "GET /?session HTTP/1.1\r\n");
    canonical_write(&canonical, out, SPAN("Host"), bucket->host);
    canonical_write(&canonical, out, SPAN("X-Amz-Date"), amz_date_span(&scope.date));
    canonical_write(&canonical, out, SPAN("X-Amz-Content-Sha256"), canonical.payload_hash);
    if (by->session_token.len > 0)
        canonical_write(&canonical, out, SPAN("X-Amz-Security-Token"), by->session_token);
    enum err err = signer_authorize(signer, by, &scope, &canonical, out);
    buf_text(out, "\r\n");
    return err || out->failed ? ERR_OUT_OF_MEMORY : OK;
}
