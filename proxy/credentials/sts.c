#include "proxy/credentials/sts.h"

#include "proxy/aws/uri.h"

#define CONTENT_TYPE "application/x-www-form-urlencoded; charset=utf-8"

/* An hour is what a role that was assumed by a role gets at most. */
static void write_body(const struct sts_request *request, struct buf *body)
{
    bool web = request->web_identity_token.len > 0;
    if (request->role.len == 0) {
        buf_text(body, "Action=GetCallerIdentity&Version=2011-06-15");
        return;
    }
    uri_add_parameter(
        body, SPAN("Action"), web ? SPAN("AssumeRoleWithWebIdentity") : SPAN("AssumeRole"));
    uri_add_parameter(body, SPAN("Version"), SPAN("2011-06-15"));
    uri_add_parameter(body, SPAN("DurationSeconds"), SPAN("3600"));
    uri_add_parameter(body, SPAN("RoleArn"), request->role);
    uri_add_parameter(body, SPAN("RoleSessionName"), request->session);
    if (web)
        uri_add_parameter(body, SPAN("WebIdentityToken"), request->web_identity_token);
}

static enum err sign(const struct credentials *by, struct signer *signer, const struct scope *scope,
    struct canonical *canonical, struct buf *out)
{
    canonical_write(canonical, out, SPAN("X-Amz-Date"), amz_date_span(&scope->date));
    if (by->session_token.len > 0)
        canonical_write(canonical, out, SPAN("X-Amz-Security-Token"), by->session_token);
    return signer_authorize(signer, by, scope, canonical, out);
}

static enum err write_request(const struct sts_request *request, struct sts_means *means,
    const struct route *to, const struct scope *scope, struct buf *out)
{
    char hash[HASH_HEX_BYTES];
    struct span body = buf_span(&means->body);
    struct canonical canonical = {.method = SPAN("POST"),
        .path = to->path,
        .style = PATH_TWICE,
        .payload_hash = {hash, sizeof hash}};
    enum err err = OK;
    hash_hex(body, hash);
    buf_text(out, "POST ");
    buf_add(out, to->path);
    buf_text(out, " HTTP/1.1\r\n");
    canonical_write(&canonical, out, SPAN("Host"), to->host);
    canonical_write(&canonical, out, SPAN("Content-Type"), SPAN(CONTENT_TYPE));
    buf_text(out, "Content-Length: ");
    buf_number(out, body.len);
    buf_text(out, "\r\n");
    if (!err && request->web_identity_token.len == 0)
        err = sign(request->by, means->signer, scope, &canonical, out);
    buf_text(out, "\r\n");
    buf_add(out, body);
    return err || out->failed || means->body.failed ? ERR_OUT_OF_MEMORY : OK;
}

enum err sts_write(const struct sts_request *request, struct sts_means *means, struct route *to,
    struct buf *out, struct fault *fault)
{
    enum err err = route_of_service(means->route, SPAN("sts"), to, fault);
    if (err)
        return err;
    struct scope scope = {amz_date_of(means->now_s), to->region, to->service};
    write_body(request, &means->body);
    if (write_request(request, means, to, &scope, out) == OK)
        return OK;
    return fault_set(fault, ERR_OUT_OF_MEMORY, "there is not enough memory for the request to STS");
}
