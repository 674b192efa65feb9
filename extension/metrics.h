/* One line of CloudWatch's embedded metric format: what the proxy did in one invocation, from its
 * counters before and after.
 * Source: Amazon CloudWatch User Guide, "Specification: Embedded metric format". */
#pragma once

#include "proxy/base/buf.h"
#include "proxy/proxy.h"

enum { METRICS_LINE_BYTES = 4096, METRICS_ID_BYTES = 64 };

struct metrics {
    struct proxy_totals before;
    int64_t since_ms; /* Unix time; 0: nothing has begun */
    size_t id_bytes;
    char id[METRICS_ID_BYTES]; /* of the invocation; empty for a minute without one */
};

struct metrics_facts {
    struct span name_space; /* may stand in JSON as it is */
    struct span function_name, function_version;
    struct proxy_totals totals;
    uint64_t peak_memory_kib;
};

/* An invocation begins, or a minute. id is cut at METRICS_ID_BYTES. */
void metrics_begin(struct metrics *metrics, struct span id, int64_t now_ms);

/* Appends the line, without a line feed, for what has gone on since it began; the next counts from
 * here. False, and nothing appended, where there is nothing to tell: a minute without a request. */
bool metrics_write(struct metrics *metrics, const struct metrics_facts *facts, struct buf *line);

/* The most memory that the process has used; 0 where the system does not say. */
uint64_t metrics_peak_memory_kib(void);
