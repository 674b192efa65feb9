/* Requests for the proxy's own pages: answered here and now, but for what STS is asked. */
#include <stdlib.h>

#include "proxy/base/clock.h"
#include "proxy/exchange/state.h"
#include "proxy/pages/job_page.h"
#include "proxy/pages/permissions_page.h"
#include "proxy/pages/presign_page.h"
#include "proxy/pages/token_page.h"

/* Whether /-/identity is to ask STS. */
static bool asks_to_verify(const struct exchange *x)
{
    struct span query = x->route.query, parameter;
    while (span_next(&query, '&', &parameter))
        if (span_equal(span_first(parameter, span_find(parameter, '=')), SPAN("verify")))
            return true;
    return false;
}

/* The page that is asked for, or NULL with the fault. */
static const struct page *find_page(struct exchange *x, struct fault *fault)
{
    const struct page *page = page_find(x->route.path);
    if (!page)
        (void)fault_set(fault, ERR_NOT_FOUND,
            "The proxy has no such page. There are /-/ (for a browser), /-/health, /-/identity, "
            "/-/policy, /-/denied, /-/metrics, /-/presign, /-/transcribe (audio, by POST; "
            "jobs, behind a further slash) and /-/token/KIND, for rds, dsql, elasticache, memorydb "
            "and msk.");
    else if (!head_method_is(&x->head, SPAN("GET")) && !head_method_is(&x->head, SPAN("HEAD")))
        (void)fault_set(fault, ERR_METHOD_NOT_ALLOWED, "This page answers GET only.");
    else
        return page;
    return NULL;
}

bool page_wants_text(const struct exchange *x)
{
    const struct field *accept = head_find_name(&x->head, SPAN("Accept"));
    return accept && span_starts_nocase(accept->value, SPAN("text/plain"));
}

/* The URL is for where the request would go, so it is routed as one. */
static enum err write_presigned(
    struct exchange *x, const struct page_signing *with, struct buf *body, struct fault *fault)
{
    struct proxy *proxy = x->proxy;
    struct presign_ask ask;
    struct route route;
    if (presign_parse(x->route.query, &ask, fault) != OK)
        return fault->err;
    ask.target.method = ask.method;
    if (route_find(&proxy->route, &ask.target, NULL, &route, fault) != OK)
        return fault->err;
    if (route.kind != ROUTE_SERVICE)
        return fault_set(
            fault, ERR_BAD_REQUEST, "The parameter url must be a service's, not a page's.");
    if (route.session)
        return fault_set(fault, ERR_BAD_REQUEST,
            "A URL of a directory bucket would be signed by a session of at most five minutes, "
            "and is not offered: send the request itself to the proxy.");
    place_route(proxy, &route);
    if (permit_url(x, &ask, &route, fault) != OK)
        return fault->err;
    return presign_write(&ask, &route, with, body, fault);
}

static enum err write_token(
    struct exchange *x, const struct page_signing *with, struct buf *body, struct fault *fault)
{
    struct token_ask ask;
    enum err err =
        token_parse(token_kind(x->route.path), x->route.query, x->proxy->route.region, &ask, fault);
    if (!err)
        err = permit_login(x, &ask.login, fault);
    return err ? err : token_write(&ask, with, body, fault);
}

static enum err write_signed(
    struct exchange *x, const struct page *page, struct buf *body, struct fault *fault)
{
    struct proxy *proxy = x->proxy;
    struct credentials_store *store = proxy->options.credentials;
    struct page_signing with = {.signer = proxy->signer,
        .signer4a = proxy->signer4a,
        .credentials = credentials_current(store),
        .credentials_end_ms = credentials_facts(store).expires_ms,
        .now_ms = clock_wall_ms() + proxy->skew.offset_ms,
        .bare = page_wants_text(x)};
    if (!with.credentials)
        return fault_set(fault, ERR_NO_CREDENTIALS, "%s", credentials_missing(store));
    return page->signs == PAGE_SIGNS_URL ? write_presigned(x, &with, body, fault)
                                         : write_token(x, &with, body, fault);
}

static enum err write_body(
    struct exchange *x, const struct page *page, struct buf *body, struct fault *fault)
{
    struct proxy *proxy = x->proxy;
    const struct proxy_options *options = &proxy->options;
    struct pool_stats stats = pool_stats(proxy->pool);
    if (page->signs)
        return write_signed(x, page, body, fault);
    proxy->counters.clients = (unsigned)proxy->client_count;
    proxy->counters.upstream_open = stats.open;
    proxy->counters.upstream_opened = stats.opened;
    struct identity identity;
    struct page_facts facts = {.counters = &proxy->counters,
        .credentials = options->credentials,
        .function_name = options->function_name,
        .function_version = options->function_version,
        .region = options->route.region,
        .account = self_account(proxy, &identity),
        .caller = proxy_caller(proxy),
        .signs = self_signs(proxy)};
    page->write(&facts, body);
    return OK;
}

void page_fail(struct exchange *x, const struct fault *fault)
{
    struct counters *counters = &x->proxy->counters;
    counters->pages[err_status(fault->err) / 100 % 6]++;
    counters->page_errors[fault->err]++;
    exchange_fail(x, fault);
}

static enum err write_listed(struct exchange *x, const struct page *page, struct span *type,
    struct buf *body, struct fault *fault)
{
    enum policy_format format;
    if (page->lists == PAGE_LISTS_DENIED)
        return denied_page_write(x->proxy->denied, body, fault);
    if (policy_page_parse(x->route.query, &format, fault) != OK)
        return fault->err;
    *type = policy_page_type(format);
    return policy_page_write(x->proxy->recorder, format, body, fault);
}

/* Head and body go out as they are: together they may be longer than one buffer. */
static void send_page(
    struct exchange *x, const struct page *page, struct span type, const struct buf *body)
{
    struct proxy *proxy = x->proxy;
    struct buf out = buf_over(proxy->scratch, sizeof proxy->scratch);
    bool bare = head_method_is(&x->head, SPAN("HEAD"));
    struct answer_own own = {.status = 200,
        .content_type = type,
        .extra = page_fields(page),
        .body = buf_span(body),
        .to_head = true};
    x->close = !x->framing.keep_alive || !body_whole(&x->body);
    answer_write(&out, &own, (struct answer_connection){.close = x->close, .minor = x->head.minor});
    x->status = 200;
    x->proxy->counters.pages[2]++;
    uv_buf_t buffers[] = {stream_buffer(buf_span(&out)), stream_buffer(buf_span(body))};
    stream_write(&x->client->stream, buffers, bare ? 1 : 2);
    exchange_finish(x);
}

static void write_page(struct exchange *x, const struct page *page)
{
    enum { LISTED_BYTES = 1024 * 1024 }; /* a record with all that the formats add to it */
    struct proxy *proxy = x->proxy;
    struct fault fault = {OK, ""};
    char *memory = page->lists ? malloc(LISTED_BYTES) : NULL;
    struct buf body = memory ? buf_over(memory, LISTED_BYTES)
                             : buf_over(proxy->query_scratch, sizeof proxy->query_scratch);
    struct span type = page->signs && page_wants_text(x) ? SPAN("text/plain") : page->content_type;
    enum err err = page->lists ? write_listed(x, page, &type, &body, &fault)
                               : write_body(x, page, &body, &fault);
    if (err)
        page_fail(x, &fault);
    else
        send_page(x, page, type, &body);
    free(memory);
}

void page_serve(struct exchange *x)
{
    struct fault fault;
    if (span_equal(x->route.path, SPAN("/-/transcribe"))) {
        audio_serve(x);
        return;
    }
    if (job_page_is(x->route.path)) {
        job_serve(x);
        return;
    }
    const struct page *page = find_page(x, &fault);
    enum admission admission =
        page && page->needs_token ? exchange_admit(x, page->needs_keys, &fault) : ADMITTED;
    if (admission == ADMISSION_WAITS)
        return;
    enum err err = admission == ADMITTED ? OK : fault.err;
    if (!err && x->access_open)
        err = fault_set(&fault, ERR_TOKEN_REQUIRED, "A signed request for a page has no body.");
    if (!page || err)
        page_fail(x, &fault);
    else if (page->verifies && asks_to_verify(x))
        verify_begin(x);
    else
        write_page(x, page);
}

void page_verified(struct exchange *x)
{
    write_page(x, page_find(x->route.path));
}
