/* The line of metrics: what it counts from, when there is none, and that it is the same to the
 * byte. */
#include "tests/unit/check.h"

#include "extension/metrics.h"

#define DEFINITIONS                                                                                \
    "\"CloudWatchMetrics\":[{\"Namespace\":\"My App\",\"Dimensions\":[[\"FunctionName\"]],"        \
    "\"Metrics\":[{\"Name\":\"Requests\",\"Unit\":\"Count\"},{\"Name\":\"Errors\",\"Unit\":"       \
    "\"Count\"},{\"Name\":\"BytesSent\",\"Unit\":\"Bytes\"},{\"Name\":\"BytesReceived\",\"Unit\":" \
    "\"Bytes\"},{\"Name\":\"UpstreamTime\",\"Unit\":\"Milliseconds\"},{\"Name\":"                  \
    "\"NewConnections\",\"Unit\":\"Count\"},{\"Name\":\"PeakMemory\",\"Unit\":\"Kilobytes\"}]}]}"

static const struct row {
    const char *name;
    int64_t since_ms; /* 0: nothing has begun */
    struct span id, function_name, function_version;
    struct proxy_totals before, totals;
    struct span expected; /* what stands around the definitions; empty for no line */
} rows[] = {
    {.name = "nothing has begun", .id = TEXT("id"), .totals = {.requests = 1}},
    {.name = "a minute without a request", .since_ms = 1, .totals = {.connections = 1}},
    {.name = "the same, not the first",
        .since_ms = 1,
        .before = {.requests = 7, .bytes_sent = 1},
        .totals = {.requests = 7, .bytes_sent = 2}},
    {.name = "a minute with one",
        .since_ms = 1764061200123,
        .totals = {1, 0, 2, 3, 4, 1, 0},
        .expected = TEXT("1764061200123,|,\"FunctionName\":\"none\",\"FunctionVersion\":\"\","
                         "\"Requests\":1,\"Errors\":0,\"BytesSent\":2,\"BytesReceived\":3,"
                         "\"UpstreamTime\":4,\"NewConnections\":1,\"PeakMemory\":5}")},
    {.name = "an invocation",
        .since_ms = 1764061200123,
        .id = TEXT("3da1f2dc"),
        .function_name = TEXT("voice"),
        .function_version = TEXT("$LATEST"),
        .before = {10, 1, 100, 1000, 10000, 5, 3},
        .totals = {13, 2, 300, 1000, 10007, 5, 3},
        .expected = TEXT("1764061200123,|,\"FunctionName\":\"voice\",\"FunctionVersion\":"
                         "\"$LATEST\",\"requestId\":\"3da1f2dc\",\"Requests\":3,\"Errors\":1,"
                         "\"BytesSent\":200,\"BytesReceived\":0,\"UpstreamTime\":7,"
                         "\"NewConnections\":0,\"PeakMemory\":5}")},
    {.name = "an invocation without a request",
        .since_ms = 1,
        .id = TEXT("\"\\\x01"),
        .function_name = TEXT("f"),
        .before = {9, 9, 9, 9, 9, 9, 9},
        .totals = {9, 9, 9, 9, 9, 9, 9},
        .expected = TEXT("1,|,\"FunctionName\":\"f\",\"FunctionVersion\":\"\",\"requestId\":"
                         "\"\\\"\\\\\\u0001\",\"Requests\":0,\"Errors\":0,\"BytesSent\":0,"
                         "\"BytesReceived\":0,\"UpstreamTime\":0,\"NewConnections\":0,"
                         "\"PeakMemory\":5}")},
    {.name = "numbers of all digits",
        .since_ms = INT64_MAX,
        .id = TEXT("i"),
        .totals = {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, 0},
        .expected = TEXT("9223372036854775807,|,\"FunctionName\":\"none\",\"FunctionVersion\":\"\","
                         "\"requestId\":\"i\",\"Requests\":18446744073709551615,"
                         "\"Errors\":18446744073709551615,\"BytesSent\":18446744073709551615,"
                         "\"BytesReceived\":18446744073709551615,"
                         "\"UpstreamTime\":18446744073709551615,"
                         "\"NewConnections\":18446744073709551615,\"PeakMemory\":5}")},
};

static struct metrics_facts facts_of(const struct row *row)
{
    return (struct metrics_facts){.name_space = SPAN("My App"),
        .function_name = row->function_name,
        .function_version = row->function_version,
        .totals = row->totals,
        .peak_memory_kib = 5};
}

static void expect(const struct row *row, struct buf *line)
{
    struct span rest = row->expected, head, tail;
    if (rest.len == 0)
        return;
    assert_true(span_next(&rest, '|', &head));
    assert_true(span_next(&rest, '|', &tail));
    buf_text(line, "{\"_aws\":{\"Timestamp\":");
    buf_add(line, head);
    buf_text(line, DEFINITIONS);
    buf_add(line, tail);
}

static void test_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        char memory[METRICS_LINE_BYTES], expected_memory[METRICS_LINE_BYTES];
        struct buf line = buf_over(memory, sizeof memory),
                   expected = buf_over(expected_memory, sizeof expected_memory);
        struct metrics metrics = {.before = rows[i].before};
        struct metrics_facts facts = facts_of(&rows[i]);
        struct span name = span_of(rows[i].name);
        expect(&rows[i], &expected);
        metrics_begin(&metrics, rows[i].id, rows[i].since_ms);
        CHECK_NUMBER(name, metrics_write(&metrics, &facts, &line), rows[i].expected.len > 0);
        CHECK_TEXT(name, buf_span(&line), buf_span(&expected));
    }
}

static bool holds(struct buf *line, const char *text)
{
    buf_char(line, '\0');
    return !line->failed && strstr(line->at, text);
}

/* The next line counts from where the last one ended, and only once it has begun. */
static void test_counts_on(void **state)
{
    char memory[2 * METRICS_LINE_BYTES];
    struct buf line = buf_over(memory, sizeof memory);
    struct metrics metrics = {.since_ms = 0};
    struct metrics_facts facts = {.name_space = SPAN("N"), .totals = {.requests = 3}};
    (void)state;
    metrics_begin(&metrics, SPAN("a"), 1);
    assert_true(metrics_write(&metrics, &facts, &line));
    assert_false(metrics_write(&metrics, &facts, &line));
    facts.totals.requests = 8;
    metrics_begin(&metrics, SPAN("b"), 2);
    line.len = 0;
    assert_true(metrics_write(&metrics, &facts, &line));
    assert_true(holds(&line, "\"requestId\":\"b\",\"Requests\":5,"));
}

/* Where nothing was told, what was counted meanwhile is told later. */
static void test_nothing_is_lost(void **state)
{
    char memory[METRICS_LINE_BYTES];
    struct buf line = buf_over(memory, sizeof memory);
    struct metrics metrics = {.since_ms = 0};
    struct metrics_facts facts = {.name_space = SPAN("N"), .totals = {.connections = 2}};
    (void)state;
    metrics_begin(&metrics, SPAN(""), 1);
    assert_false(metrics_write(&metrics, &facts, &line));
    metrics_begin(&metrics, SPAN("a"), 2);
    assert_true(metrics_write(&metrics, &facts, &line));
    assert_true(holds(&line, "\"NewConnections\":2,"));
}

static void test_long_identifier(void **state)
{
    char memory[METRICS_LINE_BYTES], id[METRICS_ID_BYTES + 1];
    struct buf line = buf_over(memory, sizeof memory);
    struct metrics metrics = {.since_ms = 0};
    struct metrics_facts facts = {.name_space = SPAN("N")};
    (void)state;
    memset(id, 'x', sizeof id);
    metrics_begin(&metrics, (struct span){id, sizeof id}, 1);
    assert_int_equal(metrics.id_bytes, METRICS_ID_BYTES);
    assert_true(metrics_write(&metrics, &facts, &line));
    metrics_begin(&metrics, SPAN(""), 1);
    assert_int_equal(metrics.id_bytes, 0);
}

/* A line that is cut would be none. */
static void test_no_room(void **state)
{
    char memory[METRICS_LINE_BYTES];
    struct metrics_facts facts = {.name_space = SPAN("N")};
    (void)state;
    struct buf whole = buf_over(memory, sizeof memory);
    struct metrics first = {.since_ms = 1, .id_bytes = 1, .id = "a"};
    assert_true(metrics_write(&first, &facts, &whole));
    size_t needed = whole.len;
    for (size_t bytes = 1; bytes <= needed; bytes++) {
        struct buf line = buf_over(memory, bytes);
        struct metrics metrics = {.since_ms = 1, .id_bytes = 1, .id = "a"};
        CHECK_NUMBER(SPAN("written"), metrics_write(&metrics, &facts, &line), bytes >= needed);
    }
}

/* The longest that the configuration lets through is far from the line's end. */
static void test_longest(void **state)
{
    char memory[METRICS_LINE_BYTES], name[255];
    struct buf line = buf_over(memory, sizeof memory);
    struct metrics metrics = {.since_ms = 0};
    struct span longest = {name, sizeof name};
    struct metrics_facts facts = {.name_space = longest,
        .function_name = span_first(longest, 140),
        .function_version = span_first(longest, 140),
        .totals = {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX,
            UINT64_MAX},
        .peak_memory_kib = UINT64_MAX};
    (void)state;
    memset(name, '#', sizeof name);
    metrics_begin(&metrics, longest, INT64_MAX);
    assert_true(metrics_write(&metrics, &facts, &line));
    assert_true(line.len < METRICS_LINE_BYTES / 2);
}

static void test_peak_memory(void **state)
{
    (void)state;
    assert_true(metrics_peak_memory_kib() > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line),
        cmocka_unit_test(test_counts_on),
        cmocka_unit_test(test_nothing_is_lost),
        cmocka_unit_test(test_long_identifier),
        cmocka_unit_test(test_no_room),
        cmocka_unit_test(test_longest),
        cmocka_unit_test(test_peak_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
