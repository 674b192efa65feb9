/* Reports what the proxy does (COUNTERSIGN_METRICS): a line an invocation, told when the next one
 * begins or all ends; where invocations are not heard of, a line a minute. */
#pragma once

#include "extension/config.h"
#include "extension/metrics.h"

struct reporter {
    const struct config *config;
    const struct proxy *proxy; /* NULL where there is none */
    struct metrics metrics;
    uv_timer_t minute;
};

void reporter_init(struct reporter *reporter, uv_loop_t *loop, const struct config *config,
    const struct proxy *proxy);

/* From now on; by_minute: invocations are not heard of. */
void reporter_start(struct reporter *reporter, bool by_minute);

void reporter_invocation(struct reporter *reporter, struct span request_id);

/* The last line; the timer closes in the loop. */
void reporter_close(struct reporter *reporter);
