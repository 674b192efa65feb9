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
    if (request->signer4a)
        scope4a_write(&request->scope, &credential);
    else
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
    uri_add_parameter(query, SPAN("X-Amz-Algorithm"),
        request->signer4a ? SPAN("AWS4-ECDSA-P256-SHA256") : SPAN("AWS4-HMAC-SHA256"));
    add_credential(request, credentials, query);
    uri_add_parameter(query, SPAN("X-Amz-Date"), amz_date_span(&request->scope.date));
    add_expires(request->expires_s, query);
    uri_add_parameter(query, SPAN("X-Amz-SignedHeaders"), signed_headers);
    if (request->signer4a)
        uri_add_parameter(query, SPAN("X-Amz-Region-Set"), request->scope.region);
    if (credentials->session_token.len > 0)
        uri_add_parameter(query, SPAN("X-Amz-Security-Token"), credentials->session_token);
}

/* The signature of the canonical request, in hexadecimal. */
static enum err sign(struct signer *signer, const struct credentials *credentials,
    const struct presign *request, struct canonical *canonical, struct signature4a *signature)
{
    struct signature v4 = {.signed_headers = signature->names};
    if (request->signer4a)
        return signer4a_sign(request->signer4a, credentials, &request->scope, canonical, signature);
    enum err err = signer_sign(signer, credentials, &request->scope, canonical, &v4);
    if (!err)
        buf_add(&signature->hex, (struct span){v4.hex, sizeof v4.hex});
    return err;
}

enum err presign_query(struct signer *signer, const struct credentials *credentials,
    const struct presign *request, struct buf *out)
{
    char names[8192], hex[SIGN4A_MAX_HEX_BYTES];
    struct signature4a signature = {buf_over(names, sizeof names), buf_over(hex, sizeof hex)};
    struct buf query = buf_over(out->at + out->len, out->max - out->len);
    struct canonical canonical;
    if (request->expires_s < 1 || request->expires_s > PRESIGN_MAX_EXPIRES_S
        || request->count >= CANONICAL_MAX_FIELDS)
        return ERR_BAD_REQUEST;
    begin_canonical(request, &canonical);
    canonical_signed_headers(&canonical, &signature.names);
    add_parameters(request, credentials, buf_span(&signature.names), &query);
    if (out->failed || query.failed || signature.names.failed)
        return ERR_OUT_OF_MEMORY;
    canonical.query = buf_span(&query);
    signature.names.len = 0;
    enum err err = sign(signer, credentials, request, &canonical, &signature);
    if (err)
        return err;
    uri_add_parameter(&query, SPAN("X-Amz-Signature"), buf_span(&signature.hex));
    if (query.failed)
        return ERR_OUT_OF_MEMORY;
    out->len += query.len;
    return OK;
}
