/* Requests for the proxy's own pages: answered here and now, nothing goes upstream. */
#include "proxy/exchange_state.h"

/* The page that is asked for, or NULL with the fault. */
static const struct page *find_page(struct exchange *x, struct fault *fault)
{
    struct span query = x->route.query, parameter;
    const struct page *page = page_find(x->route.path);
    bool verify = false;
    while (span_next(&query, '&', &parameter))
        verify =
            verify || span_equal(span_first(parameter, span_find(parameter, '=')), SPAN("verify"));
    if (!page || verify) {
        (void)fault_set(fault, ERR_NOT_FOUND,
            "The proxy has no such page. There are /-/health, /-/identity (without ?verify in this "
            "version) and /-/metrics.");
        return NULL;
    }
    if (head_method_is(&x->head, SPAN("GET")) || head_method_is(&x->head, SPAN("HEAD")))
        return page;
    (void)fault_set(fault, ERR_METHOD_NOT_ALLOWED, "This page answers GET only.");
    return NULL;
}

static void write_page(struct exchange *x, const struct page *page)
{
    struct proxy *proxy = x->proxy;
    const struct proxy_options *options = &proxy->options;
    struct pool_stats stats = pool_stats(proxy->pool);
    proxy->counters.clients = (unsigned)proxy->client_count;
    proxy->counters.upstream_open = stats.open;
    proxy->counters.upstream_opened = stats.opened;
    struct page_facts facts = {&proxy->counters, options->credentials, options->function_name,
        options->function_version, options->route.region};
    struct buf body = buf_over(proxy->query_scratch, sizeof proxy->query_scratch);
    struct buf out = buf_over(proxy->scratch, sizeof proxy->scratch);
    page->write(&facts, &body);
    struct answer_own own = {.status = 200,
        .content_type = page->content_type,
        .body = buf_span(&body),
        .to_head = head_method_is(&x->head, SPAN("HEAD"))};
    x->close = !x->framing.keep_alive || !body_whole(&x->body);
    answer_write(&out, &own, (struct answer_connection){.close = x->close, .minor = x->head.minor});
    x->status = 200;
    uv_buf_t buffer = stream_buffer(buf_span(&out));
    stream_write(&x->client->stream, &buffer, 1);
    exchange_finish(x);
}

void page_serve(struct exchange *x)
{
    struct fault fault;
    const struct page *page = find_page(x, &fault);
    enum admission admission =
        page && page->needs_token ? exchange_admit(x, page->needs_keys, &fault) : ADMITTED;
    if (admission == ADMISSION_WAITS)
        return;
    enum err err = admission == ADMITTED ? OK : fault.err;
    if (!err && x->access_open)
        err = fault_set(&fault, ERR_TOKEN_REQUIRED, "A signed request for a page has no body.");
    if (!page || err)
        exchange_fail(x, &fault);
    else
        write_page(x, page);
}
