#include "proxy/aws/presign.h"

#include "proxy/aws/uri.h"

static void begin_canonical(const struct presign *request, struct canonical *canonical)
{
    *canonical = (struct canonical){.method = request->method,
        .path = request->path,
        .style = request->style,
        .payload_hash = request->payload_hash};
    canonical_add(canonical, SPAN("host"), request->host);
    for (size_t i = 0; i < request->count; i++)
        canonical_add(canonical, request->fields[i].name, request->fields[i].value);
}

static void add_credential(
    const struct presign *request, const struct credentials *credentials, struct buf *query)
{
    char memory[512];
    struct buf credential = buf_over(memory, sizeof memory);
    buf_add(&credential, credentials->access_key_id);
    buf_char(&credential, '/');
    scope_write(&request->scope, &credential);
    query->failed = query->failed || credential.failed;
    uri_add_parameter(query, SPAN("X-Amz-Credential"), buf_span(&credential));
}

static void add_expires(uint64_t expires_s, struct buf *query)
{
    char memory[20];
    struct buf number = buf_over(memory, sizeof memory);
    buf_number(&number, expires_s);
    uri_add_parameter(query, SPAN("X-Amz-Expires"), buf_span(&number));
}

/* All but the signature. */
static void add_parameters(const struct presign *request, const struct credentials *credentials,
    struct span signed_headers, struct buf *query)
{
    buf_add(query, request->query);
    uri_add_parameter(query, SPAN("X-Amz-Algorithm"), SPAN("AWS4-HMAC-SHA256"));
    add_credential(request, credentials, query);
    uri_add_parameter(query, SPAN("X-Amz-Date"), amz_date_span(&request->scope.date));
    add_expires(request->expires_s, query);
    uri_add_parameter(query, SPAN("X-Amz-SignedHeaders"), signed_headers);
    if (credentials->session_token.len > 0)
        uri_add_parameter(query, SPAN("X-Amz-Security-Token"), credentials->session_token);
}

enum err presign_query(struct signer *signer, const struct credentials *credentials,
    const struct presign *request, struct buf *out)
{
    char names[8192];
    struct signature signature = {.signed_headers = buf_over(names, sizeof names)};
    struct buf query = buf_over(out->at + out->len, out->max - out->len);
    struct canonical canonical;
    if (request->expires_s < 1 || request->expires_s > PRESIGN_MAX_EXPIRES_S
        || request->count >= CANONICAL_MAX_FIELDS)
        return ERR_BAD_REQUEST;
    begin_canonical(request, &canonical);
    canonical_signed_headers(&canonical, &signature.signed_headers);
    add_parameters(request, credentials, buf_span(&signature.signed_headers), &query);
    if (out->failed || query.failed || signature.signed_headers.failed)
        return ERR_OUT_OF_MEMORY;
    canonical.query = buf_span(&query);
    signature.signed_headers.len = 0;
    enum err err = signer_sign(signer, credentials, &request->scope, &canonical, &signature);
    if (err)
        return err;
    uri_add_parameter(
        &query, SPAN("X-Amz-Signature"), (struct span){signature.hex, sizeof signature.hex});
    if (query.failed)
        return ERR_OUT_OF_MEMORY;
    out->len += query.len;
    return OK;
}
