#include "extension/metrics.h"

#include <stdio.h>
#include <stdlib.h>

void metrics_begin(struct metrics *m, struct span id, int64_t now_ms)
{
    id = span_first(id, sizeof m->id);
    m->since_ms = now_ms;
    m->id_bytes = id.len;
    if (id.len > 0)
        memcpy(m->id, id.at, id.len);
}

/* foreign: a metric is paid for, so this one is defined only where there is something to count. */
static void write_definitions(
    const struct metrics *m, struct span name_space, bool foreign, struct buf *line)
{
    static const char *const metrics[][2] = {{"Requests", "Count"}, {"Errors", "Count"},
        {"BytesSent", "Bytes"}, {"BytesReceived", "Bytes"}, {"UpstreamTime", "Milliseconds"},
        {"NewConnections", "Count"}, {"PeakMemory", "Kilobytes"}, {"ForeignSignatures", "Count"}};
    size_t count = sizeof metrics / sizeof *metrics - !foreign;
    buf_text(line, "{\"_aws\":{\"Timestamp\":");
    buf_number(line, (uint64_t)m->since_ms);
    buf_text(line, ",\"CloudWatchMetrics\":[{\"Namespace\":\"");
    buf_json(line, name_space);
    buf_text(line, "\",\"Dimensions\":[[\"FunctionName\"]],\"Metrics\":[");
    for (size_t i = 0; i < count; i++)
        buf_format(line, "%s{\"Name\":\"%s\",\"Unit\":\"%s\"}", i ? "," : "", metrics[i][0],
            metrics[i][1]);
    buf_text(line, "]}]}");
}

static void write_text(struct buf *line, const char *name, struct span value)
{
    buf_format(line, ",\"%s\":\"", name);
    buf_json(line, value);
    buf_char(line, '"');
}

static void write_number(struct buf *line, const char *name, uint64_t value)
{
    buf_format(line, ",\"%s\":", name);
    buf_number(line, value);
}

/* The function is the only dimension: each further one, an invocation's id above all, would be a
 * metric of its own to pay for. */
bool metrics_write(struct metrics *m, const struct metrics_facts *facts, struct buf *line)
{
    const struct proxy_totals *now = &facts->totals, *then = &m->before;
    bool foreign = now->foreign > then->foreign;
    bool nothing = m->since_ms == 0 || (m->id_bytes == 0 && now->requests == then->requests);
    if (nothing)
        return false;
    write_definitions(m, facts->name_space, foreign, line);
    write_text(
        line, "FunctionName", facts->function_name.len > 0 ? facts->function_name : SPAN("none"));
    write_text(line, "FunctionVersion", facts->function_version);
    if (m->id_bytes > 0)
        write_text(line, "requestId", (struct span){m->id, m->id_bytes});
    write_number(line, "Requests", now->requests - then->requests);
    write_number(line, "Errors", now->errors - then->errors);
    write_number(line, "BytesSent", now->bytes_sent - then->bytes_sent);
    write_number(line, "BytesReceived", now->bytes_received - then->bytes_received);
    write_number(line, "UpstreamTime", now->upstream_ms - then->upstream_ms);
    write_number(line, "NewConnections", now->connections - then->connections);
    write_number(line, "PeakMemory", facts->peak_memory_kib);
    if (foreign)
        write_number(line, "ForeignSignatures", now->foreign - then->foreign);
    buf_char(line, '}');
    m->before = *now;
    m->since_ms = 0;
    return !line->failed;
}

uint64_t metrics_peak_memory_kib(void)
{
    char line[128];
    unsigned long long kib = 0;
    FILE *file = fopen("/proc/self/status", "re");
    while (file && kib == 0 && fgets(line, sizeof line, file))
        if (span_starts(span_of(line), SPAN("VmHWM:")))
            kib = strtoull(line + sizeof "VmHWM:" - 1, NULL, 10);
    if (file)
        (void)fclose(file);
    return kib;
}
