#include "proxy/pages/pages.h"

#include "proxy/pages/console.h"
#include "proxy/pages/identity_page.h"
#include "proxy/pages/token_page.h"

static void write_health(const struct page_facts *facts, struct buf *out)
{
    (void)facts;
    buf_text(out, "{\"status\":\"ok\"}\n");
}

static void write_console(const struct page_facts *facts, struct buf *out)
{
    (void)facts;
    buf_add(out, (struct span){console_html, console_html_bytes});
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

static void write_statuses(
    struct buf *out, const char *name, const char *help, const uint64_t statuses[6])
{
    static const char *const classes[] = {"broken", "1xx", "2xx", "3xx", "4xx", "5xx"};
    write_family(out, name, help);
    for (size_t i = 0; i < 6; i++)
        buf_format(out, "countersign_%s{status=\"%s\"} %llu\n", name, classes[i],
            (unsigned long long)statuses[i]);
}

static void write_errors(
    struct buf *out, const char *name, const char *help, const uint64_t errors[ERR_COUNT])
{
    write_family(out, name, help);
    for (int err = OK + 1; err < ERR_COUNT; err++)
        if (errors[err] > 0)
            buf_format(out, "countersign_%s{code=\"%s\"} %llu\n", name, err_code((enum err)err),
                (unsigned long long)errors[err]);
}

static void write_services(struct buf *out, const struct service_counter *services)
{
    write_family(out, "service_requests_total", "Of them, those to the first 32 services.");
    for (size_t i = 0; i < SERVICES_COUNTED && services[i].name_bytes > 0; i++)
        buf_format(out, "countersign_service_requests_total{service=\"%.*s\"} %llu\n",
            (int)services[i].name_bytes, services[i].name,
            (unsigned long long)services[i].requests);
}

static void write_metrics(const struct page_facts *facts, struct buf *out)
{
    const struct counters *c = facts->counters;
    struct mistaken mistaken;
    write_statuses(out, "requests_total",
        "Exchanges that have ended, by the status the client saw.", c->statuses);
    write_statuses(
        out, "page_requests_total", "Of them, those for the proxy's own pages.", c->pages);
    write_services(out, c->services);
    write_errors(out, "errors_total", "Errors that the proxy itself made, by code.", c->errors);
    write_errors(
        out, "page_errors_total", "Of them, those for the proxy's own pages.", c->page_errors);
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
    write_metric(out, "foreign_signatures_total", "counter",
        "Requests signed by their client with a key that is not the function's.",
        facts->signs.foreign->requests);
    mistaken_find(&facts->signs, &mistaken);
    write_metric(out, "mistaken_identity", "gauge",
        "Signs that the keys are not those of the function's role.", mistaken.count);
    write_metric(out, "in_flight", "gauge", "Exchanges under way.", c->in_flight);
}

static const struct page pages[] = {
    {TEXT("/-/health"), false, false, false, PAGE_SIGNS_NOTHING, PAGE_LISTS_NOTHING,
        TEXT("application/json"), write_health},
    {TEXT("/-/identity"), true, true, true, PAGE_SIGNS_NOTHING, PAGE_LISTS_NOTHING,
        TEXT("application/json"), identity_write},
    {TEXT("/-/metrics"), true, false, false, PAGE_SIGNS_NOTHING, PAGE_LISTS_NOTHING,
        TEXT("text/plain; version=0.0.4; charset=utf-8"), write_metrics},
    {TEXT("/-/presign"), true, true, false, PAGE_SIGNS_URL, PAGE_LISTS_NOTHING,
        TEXT("application/json"), NULL},
    {TEXT("/-/policy"), true, false, false, PAGE_SIGNS_NOTHING, PAGE_LISTS_POLICY,
        TEXT("application/json"), NULL},
    {TEXT("/-/denied"), true, false, false, PAGE_SIGNS_NOTHING, PAGE_LISTS_DENIED,
        TEXT("application/json"), NULL},
};
static const struct page console_page = {TEXT("/-/"), true, false, false, PAGE_SIGNS_NOTHING,
    PAGE_LISTS_NOTHING, TEXT("text/html; charset=utf-8"), write_console};
static const struct page token_page = {TEXT("/-/token/KIND"), true, true, false, PAGE_SIGNS_TOKEN,
    PAGE_LISTS_NOTHING, TEXT("application/json"), NULL};

const struct page *page_find(struct span path)
{
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        if (span_equal(pages[i].path, path))
            return &pages[i];
    if (span_equal(path, console_page.path) || span_equal(path, SPAN("/-")))
        return &console_page;
    return token_kind(path) == LOGIN_NONE ? NULL : &token_page;
}

struct span page_fields(const struct page *page)
{
    return page == &console_page ? console_fields : SPAN("X-Content-Type-Options: nosniff\r\n");
}
