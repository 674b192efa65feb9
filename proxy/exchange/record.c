/* What is told of an exchange that has ended: counters, and a line for each at DEBUG. */
#include "proxy/exchange/state.h"

static uint64_t us_between(uint64_t from_ns, uint64_t to_ns)
{
    return from_ns && to_ns > from_ns ? (to_ns - from_ns) / 1000 : 0;
}

static void count_service(struct counters *counters, struct span name)
{
    for (size_t i = 0; i < SERVICES_COUNTED && name.len > 0 && name.len <= SERVICE_NAME_BYTES;
         i++) {
        struct service_counter *counter = &counters->services[i];
        if (counter->name_bytes == 0)
            memcpy(counter->name, name.at, counter->name_bytes = name.len);
        if (span_equal(name, (struct span){counter->name, counter->name_bytes})) {
            counter->requests++;
            return;
        }
    }
}

void exchange_count(const struct exchange *x)
{
    count_service(&x->proxy->counters, x->route.service);
}

void exchange_record(const struct exchange *x)
{
    struct counters *counters = &x->proxy->counters;
    counters->exchanges++;
    count_service(counters, x->route.service);
    counters->statuses[x->broken ? 0 : x->status / 100 % 6]++;
    counters->bytes_sent += x->sent;
    counters->bytes_received += x->received;
    if (x->err)
        counters->errors[x->err]++;
    if (!exchange_times(x))
        return;
    uint64_t now = uv_hrtime();
    counters->upstream_us += us_between(x->ready_ns, now);
    if (!log_enabled(LOG_DEBUG))
        return;
    const struct log_value values[] = {
        {.name = "method", .text = x->head_ns ? x->head.method : SPAN("-")},
        {.name = "service", .text = x->route.service.len > 0 ? x->route.service : SPAN("-")},
        {.name = "region", .text = x->route.region.len > 0 ? x->route.region : SPAN("-")},
        {.name = "status", .number = (unsigned)x->status},
        {.name = "error", .text = x->err ? span_of(err_code(x->err)) : SPAN("-")},
        {.name = "sent", .number = x->sent},
        {.name = "received", .number = x->received},
        {.name = "queue_ms", .number = us_between(x->head_ns, x->take_ns), .thousandths = true},
        {.name = "connect_ms", .number = us_between(x->take_ns, x->ready_ns), .thousandths = true},
        {.name = "first_byte_ms",
            .number = us_between(x->ready_ns, x->first_ns),
            .thousandths = true},
        {.name = "whole_ms", .number = us_between(x->head_ns, now), .thousandths = true},
    };
    log_values(LOG_DEBUG, "exchange", values, sizeof values / sizeof *values);
}
