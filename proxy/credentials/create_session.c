#include "proxy/credentials/create_session.h"

static void field(struct buf *out, struct canonical *canonical, struct span name, struct span value)
{
    buf_add(out, name);
    buf_text(out, ": ");
    buf_add(out, value);
    buf_text(out, "\r\n");
    canonical_add(canonical, name, value);
}

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
    field(out, &canonical, SPAN("Host"), bucket->host);
    field(out, &canonical, SPAN("X-Amz-Date"), amz_date_span(&scope.date));
    field(out, &canonical, SPAN("X-Amz-Content-Sha256"), canonical.payload_hash);
    if (by->session_token.len > 0)
        field(out, &canonical, SPAN("X-Amz-Security-Token"), by->session_token);
    enum err err = signer_authorize(signer, by, &scope, &canonical, out);
    buf_text(out, "\r\n");
    return err || out->failed ? ERR_OUT_OF_MEMORY : OK;
}
