#include "proxy/pages/pages.h"

#include "proxy/aws/partition.h"
#include "proxy/pages/token_page.h"
#include "proxy/permissions/identity.h"

static void write_health(const struct page_facts *facts, struct buf *out)
{
    (void)facts;
    buf_text(out, "{\"status\":\"ok\"}\n");
}

/* "name":"value", or "name":null. */
static void write_member(struct buf *out, const char *name, struct span value)
{
    buf_format(out, ",\n  \"%s\": ", name);
    if (value.len == 0) {
        buf_text(out, "null");
        return;
    }
    buf_char(out, '"');
    buf_json(out, value);
    buf_char(out, '"');
}

static void write_warning(struct buf *out, const char *code, const char *message)
{
    buf_format(out, "{\"code\": \"%s\", \"message\": \"", code);
    buf_json(out, span_of(message));
    buf_text(out, "\"}");
}

static void write_warnings(struct buf *out, const struct identity *identity, const char *missing)
{
    buf_text(out, ",\n  \"warnings\": [");
    if (missing)
        write_warning(out, "NoCredentials", missing);
    else if (identity->warning)
        write_warning(out, "MistakenIdentity", identity->warning);
    buf_text(out, "]\n}\n");
}

/* "arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION" -> "SESSION" */
static struct span session_of(struct span arn)
{
    struct span part;
    if (!span_next(&arn, '/', &part) || !span_ends(part, SPAN(":assumed-role"))
        || !span_next(&arn, '/', &part))
        return (struct span){NULL, 0};
    return arn;
}

/* What cannot be known without a call to AWS is null: role, session and expiry of keys from the
 * environment. */
static void write_identity(const struct page_facts *facts, struct buf *out)
{
    const struct credentials *credentials = credentials_current(facts->credentials);
    struct credentials_facts known = credentials_facts(facts->credentials);
    struct identity identity = identity_of(credentials);
    char memory[64], expires[25];
    struct buf key = buf_over(memory, sizeof memory);
    struct span none = {NULL, 0};
    if (credentials)
        identity_mask(credentials->access_key_id, &key);
    clock_rfc3339(known.expires_ms, expires);
    buf_text(out, "{\n  \"kind\": \"");
    buf_json(out, span_of(identity_kind_text(identity.kind)));
    buf_char(out, '"');
    write_member(out, "accessKeyId", buf_span(&key));
    write_member(out, "source", credentials ? span_of(source_text(known.source)) : none);
    write_member(out, "account", span_of(identity.account));
    write_member(out, "role", known.role);
    write_member(out, "session", session_of(known.role));
    write_member(out, "expires", known.expires_ms > 0 ? (struct span){expires, 24} : none);
    write_member(
        out, "partition", facts->region.len > 0 ? partition_of_region(facts->region)->name : none);
    write_member(out, "region", facts->region);
    write_member(out, "function", facts->function_name);
    write_member(out, "functionVersion", facts->function_version);
    write_warnings(out, &identity, credentials ? NULL : credentials_missing(facts->credentials));
}

static void write_metric(
    struct buf *out, const char *name, const char *type, const char *help, uint64_t value)
{
    buf_format(out, "# HELP countersign_%s %s\n# TYPE countersign_%s %s\ncountersign_%s ", name,
        help, name, type, name);
    buf_number(out, value);
    buf_char(out, '\n');
}

static void write_family(struct buf *out, const char *name, const char *help)
{
    buf_format(out, "# HELP countersign_%s %s\n# TYPE countersign_%s counter\n", name, help, name);
}

static void write_metrics(const struct page_facts *facts, struct buf *out)
{
    static const char *const classes[] = {"broken", "1xx", "2xx", "3xx", "4xx", "5xx"};
    const struct counters *c = facts->counters;
    write_family(out, "requests_total", "Exchanges that have ended, by the status the client saw.");
    for (size_t i = 0; i < 6; i++)
        buf_format(out, "countersign_requests_total{status=\"%s\"} %llu\n", classes[i],
            (unsigned long long)c->statuses[i]);
    write_family(out, "errors_total", "Errors that the proxy itself made, by code.");
    for (int err = OK + 1; err < ERR_COUNT; err++)
        if (c->errors[err] > 0)
            buf_format(out, "countersign_errors_total{code=\"%s\"} %llu\n", err_code((enum err)err),
                (unsigned long long)c->errors[err]);
    write_metric(
        out, "sent_bytes_total", "counter", "Bytes of bodies sent to servers.", c->bytes_sent);
    write_metric(out, "received_bytes_total", "counter", "Bytes of bodies received from servers.",
        c->bytes_received);
    write_metric(out, "sent_again_total", "counter", "Requests sent a second time.", c->sent_again);
    write_metric(out, "upstream_connections_total", "counter", "Connections opened to servers.",
        c->upstream_opened);
    write_metric(
        out, "upstream_connections", "gauge", "Connections to servers now.", c->upstream_open);
    write_metric(out, "client_connections", "gauge", "Connections of clients now.", c->clients);
    write_metric(out, "in_flight", "gauge", "Exchanges under way.", c->in_flight);
}

#define TEXT(literal)                   \
    {                                   \
        "" literal, sizeof(literal) - 1 \
    }
static const struct page pages[] = {
    {TEXT("/-/health"), false, false, PAGE_SIGNS_NOTHING, TEXT("application/json"), write_health},
    {TEXT("/-/identity"), true, true, PAGE_SIGNS_NOTHING, TEXT("application/json"), write_identity},
    {TEXT("/-/metrics"), true, false, PAGE_SIGNS_NOTHING,
        TEXT("text/plain; version=0.0.4; charset=utf-8"), write_metrics},
    {TEXT("/-/presign"), true, true, PAGE_SIGNS_URL, TEXT("application/json"), NULL},
};
static const struct page token_page = {
    TEXT("/-/token/KIND"), true, true, PAGE_SIGNS_TOKEN, TEXT("application/json"), NULL};

const struct page *page_find(struct span path)
{
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        if (span_equal(pages[i].path, path))
            return &pages[i];
    return token_kind(path) == LOGIN_NONE ? NULL : &token_page;
}
