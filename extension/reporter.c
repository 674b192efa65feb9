#include "extension/reporter.h"

#include "proxy/base/clock.h"
#include "proxy/base/list.h"

enum { MINUTE_MS = 60 * 1000 };

void reporter_init(struct reporter *reporter, uv_loop_t *loop, const struct config *config,
    const struct proxy *proxy)
{
    *reporter = (struct reporter){.config = config, .proxy = proxy};
    (void)uv_timer_init(loop, &reporter->minute); /* cannot fail */
}

static void report(struct reporter *r)
{
    char memory[METRICS_LINE_BYTES];
    struct buf line = buf_over(memory, sizeof memory);
    if (!r->proxy || r->config->metrics.len == 0)
        return;
    struct metrics_facts facts = {.name_space = r->config->metrics,
        .function_name = r->config->proxy.function_name,
        .function_version = r->config->proxy.function_version,
        .totals = proxy_totals(r->proxy),
        .peak_memory_kib = metrics_peak_memory_kib()};
    if (metrics_write(&r->metrics, &facts, &line))
        log_record(buf_span(&line));
}

static void on_minute(uv_timer_t *timer)
{
    reporter_invocation(CONTAINER_OF(timer, struct reporter, minute), SPAN(""));
}

void reporter_start(struct reporter *r, bool by_minute)
{
    metrics_begin(&r->metrics, SPAN(""), clock_wall_ms());
    if (r->config->metrics.len > 0 && by_minute)
        (void)uv_timer_start(&r->minute, on_minute, MINUTE_MS, MINUTE_MS);
}

void reporter_invocation(struct reporter *r, struct span request_id)
{
    report(r);
    metrics_begin(&r->metrics, request_id, clock_wall_ms());
}

void reporter_close(struct reporter *r)
{
    report(r);
    uv_close((uv_handle_t *)&r->minute, NULL);
}
