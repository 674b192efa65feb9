#include "proxy/aws/login_token.h"

#include "proxy/aws/uri.h"

enum { QUERY_BYTES = 3 * LOGIN_USER_MAX + 128, URL_BYTES = 24 * 1024, HTTPS = 443 };

/* What the request says that stands behind a token. */
struct form {
    struct span name;    /* in the page's path */
    struct span service; /* that signs */
    struct span action;
    struct span user; /* the parameter that names the user; empty where none does */
};

static const struct form forms[] = {
    [LOGIN_RDS] = {TEXT("rds"), TEXT("rds-db"), TEXT("connect"), TEXT("DBUser")},
    [LOGIN_DSQL] = {TEXT("dsql"), TEXT("dsql"), TEXT("DbConnect"), TEXT("")},
    [LOGIN_ELASTICACHE] = {TEXT("elasticache"), TEXT("elasticache"), TEXT("connect"), TEXT("User")},
    [LOGIN_MEMORYDB] = {TEXT("memorydb"), TEXT("memorydb"), TEXT("connect"), TEXT("User")},
    [LOGIN_MSK] = {TEXT("msk"), TEXT("kafka-cluster"), TEXT("kafka-cluster:Connect"), TEXT("")},
};

enum login_kind login_kind_of(struct span name)
{
    int kind = 0;
    while (kind < LOGIN_NONE && !span_equal(forms[kind].name, name))
        kind++;
    return (enum login_kind)kind;
}

static void add_query(const struct login *login, struct buf *query)
{
    const struct form *form = &forms[login->kind];
    bool admin = login->kind == LOGIN_DSQL && span_equal(login->user, SPAN("admin"));
    uri_add_parameter(query, SPAN("Action"), admin ? SPAN("DbConnectAdmin") : form->action);
    if (form->user.len > 0)
        uri_add_parameter(query, form->user, login->user);
    if (login->serverless)
        uri_add_parameter(query, SPAN("ResourceType"), SPAN("ServerlessCache"));
}

/* As it stands in the token. */
static void add_host(const struct login *login, struct buf *host)
{
    if (login->kind == LOGIN_MSK) {
        buf_text(host, "kafka.");
        buf_add(host, login->region);
        buf_text(host, ".amazonaws.com"); /* in every partition */
    } else {
        buf_add(host, login->host);
    }
    if (login->kind == LOGIN_RDS) {
        buf_char(host, ':');
        buf_number(host, login->port);
    }
}

/* As it is signed: as a client of HTTPS would write it in Host. */
static void add_signed_host(const struct login *login, struct span host, struct buf *out)
{
    bool usual = login->kind == LOGIN_RDS && login->port == HTTPS;
    buf_lower(out, usual ? login->host : host);
}

/* HOST/?QUERY, signed. */
static enum err add_url(
    const struct login *login, const struct login_signing *with, struct buf *out)
{
    char memory[QUERY_BYTES], host_memory[LOGIN_HOST_MAX + 8], signed_memory[LOGIN_HOST_MAX + 8];
    struct buf query = buf_over(memory, sizeof memory);
    struct buf host = buf_over(host_memory, sizeof host_memory);
    struct buf signed_host = buf_over(signed_memory, sizeof signed_memory);
    add_query(login, &query);
    add_host(login, &host);
    add_signed_host(login, buf_span(&host), &signed_host);
    if (query.failed || host.failed)
        return ERR_OUT_OF_MEMORY;
    struct presign request = {.method = SPAN("GET"),
        .host = buf_span(&signed_host),
        .path = SPAN("/"),
        .query = buf_span(&query),
        .style = PATH_TWICE,
        .payload_hash = SPAN(EMPTY_SHA256),
        .scope = {with->date, login->region, forms[login->kind].service},
        .expires_s = with->expires_s};
    buf_add(out, buf_span(&host));
    buf_text(out, "/?");
    return presign_query(with->signer, with->credentials, &request, out);
}

/* MSK takes the whole URL in base64url, with the client's name behind the signature. */
static enum err add_wrapped(
    const struct login *login, const struct login_signing *with, struct buf *out)
{
    char memory[URL_BYTES];
    struct buf url = buf_over(memory, sizeof memory);
    buf_text(&url, "https://");
    enum err err = add_url(login, with, &url);
    buf_text(&url, "&User-Agent=countersign");
    if (err || url.failed)
        return err ? err : ERR_OUT_OF_MEMORY;
    buf_base64url(out, (const unsigned char *)url.at, url.len);
    return out->failed ? ERR_OUT_OF_MEMORY : OK;
}

enum err login_token(const struct login *login, const struct login_signing *with, struct buf *out)
{
    if (with->expires_s > LOGIN_EXPIRES_S)
        return ERR_BAD_REQUEST;
    return login->kind == LOGIN_MSK ? add_wrapped(login, with, out) : add_url(login, with, out);
}
