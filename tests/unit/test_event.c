/* What Lambda's Extensions API says. The shapes are those of the Lambda Developer Guide and of the
 * runtime interface emulator. */
#include "tests/unit/check.h"

#include "extension/event.h"

static const struct {
    struct span json;
    bool good;
    enum event_kind kind;
    long long deadline_ms;
    struct span request_id, reason;
} rows[] = {
    {TEXT("{\"eventType\":\"INVOKE\",\"deadlineMs\":1795424400123,"
          "\"requestId\":\"3da1f2dc-3222-475e-9205-e2e6c6318895\","
          "\"invokedFunctionArn\":\"arn:aws:lambda:eu-west-1:123456789012:function:f\","
          "\"tracing\":{\"type\":\"X-Amzn-Trace-Id\",\"value\":\"Root=1-5f35ae12-0;Sampled=1\"}}"),
        true, EVENT_INVOKE, 1795424400123, TEXT("3da1f2dc-3222-475e-9205-e2e6c6318895"), TEXT("")},
    {TEXT("{\"eventType\":\"INVOKE\",\"deadlineMs\":1,\"requestId\":\"r\"}"), true, EVENT_INVOKE, 1,
        TEXT("r"), TEXT("")},
    {TEXT("{\"eventType\":\"SHUTDOWN\",\"shutdownReason\":\"SPINDOWN\",\"deadlineMs\":676051}"),
        true, EVENT_SHUTDOWN, 676051, TEXT(""), TEXT("SPINDOWN")},
    {TEXT("{\"eventType\":\"SHUTDOWN\",\"shutdownReason\":\"spindown\",\"deadlineMs\":676051}"),
        true, EVENT_SHUTDOWN, 676051, TEXT(""), TEXT("spindown")},
    {TEXT("{\"eventType\":\"SHUTDOWN\",\"shutdownReason\":\"TIMEOUT\"}"), true, EVENT_SHUTDOWN, 0,
        TEXT(""), TEXT("TIMEOUT")},
    {TEXT("{\"eventType\":\"SHUTDOWN\",\"shutdownReason\":\"failure\"}"), true, EVENT_SHUTDOWN, 0,
        TEXT(""), TEXT("failure")},
    {TEXT("{\"eventType\":\"SHUTDOWN\",\"shutdownReason\":\"SandboxTerminated\"}"), true,
        EVENT_SHUTDOWN, 0, TEXT(""), TEXT("SandboxTerminated")},
    {TEXT("{\"eventType\":\"SHUTDOWN\"}"), true, EVENT_SHUTDOWN, 0, TEXT(""), TEXT("")},
    {TEXT(" {\n\t\"eventType\" : \"SHUTDOWN\" }\n"), true, EVENT_SHUTDOWN, 0, TEXT(""), TEXT("")},
    {TEXT("{\"eventType\":\"RESTORE\",\"deadlineMs\":7}"), true, EVENT_OTHER, 7, TEXT(""),
        TEXT("")},
    {TEXT("{\"eventType\":\"invoke\"}"), true, EVENT_OTHER, 0, TEXT(""), TEXT("")},
    {TEXT("{\"eventType\":\"\"}"), true, EVENT_OTHER, 0, TEXT(""), TEXT("")},
    {TEXT("{\"eventType\":\"INVOKE\",\"new\":[{\"a\":null}],\"requestId\":\"r\"}"), true,
        EVENT_INVOKE, 0, TEXT("r"), TEXT("")},
    {TEXT("{\"eventType\":\"INVOKE\",\"requestId\":\"\\u00fc\\n\"}"), true, EVENT_INVOKE, 0,
        TEXT("\xc3\xbc\n"), TEXT("")},
    /* Values of other types count as missing. */
    {TEXT("{\"eventType\":\"INVOKE\",\"deadlineMs\":\"7\",\"requestId\":5,\"shutdownReason\":{}}"),
        true, EVENT_INVOKE, 0, TEXT(""), TEXT("")},
    {TEXT("{\"eventType\":\"INVOKE\",\"deadlineMs\":null,\"requestId\":null}"), true, EVENT_INVOKE,
        0, TEXT(""), TEXT("")},
    {TEXT("{\"eventType\":\"INVOKE\",\"deadlineMs\":-5}"), true, EVENT_INVOKE, 0, TEXT(""),
        TEXT("")},
    {TEXT("{\"eventType\":\"INVOKE\",\"deadlineMs\":7.9}"), true, EVENT_INVOKE, 7, TEXT(""),
        TEXT("")},
    {TEXT("{\"eventType\":\"INVOKE\",\"deadlineMs\":1e300}"), true, EVENT_INVOKE, 0, TEXT(""),
        TEXT("")},
    {TEXT("{\"eventType\":\"INVOKE\",\"deadlineMs\":1e999}"), true, EVENT_INVOKE, 0, TEXT(""),
        TEXT("")},
    {TEXT("{\"eventType\":\"INVOKE\",\"deadlineMs\":9007199254740991}"), true, EVENT_INVOKE,
        9007199254740991, TEXT(""), TEXT("")},

    {TEXT(""), false, EVENT_OTHER, 0, TEXT(""), TEXT("")},
    {TEXT("{}"), false, EVENT_OTHER, 0, TEXT(""), TEXT("")},
    {TEXT("null"), false, EVENT_OTHER, 0, TEXT(""), TEXT("")},
    {TEXT("[\"eventType\"]"), false, EVENT_OTHER, 0, TEXT(""), TEXT("")},
    {TEXT("\"INVOKE\""), false, EVENT_OTHER, 0, TEXT(""), TEXT("")},
    {TEXT("{\"eventType\":7}"), false, EVENT_OTHER, 0, TEXT(""), TEXT("")},
    {TEXT("{\"eventType\":null}"), false, EVENT_OTHER, 0, TEXT(""), TEXT("")},
    {TEXT("{\"EventType\":\"INVOKE\"}"), false, EVENT_OTHER, 0, TEXT(""), TEXT("")},
    {TEXT("{\"a\":{\"eventType\":\"INVOKE\"}}"), false, EVENT_OTHER, 0, TEXT(""), TEXT("")},
    {TEXT("{\"eventType\":\"INVOKE\""), false, EVENT_OTHER, 0, TEXT(""), TEXT("")},
    {TEXT("{\"eventType\":\"INVOKE"), false, EVENT_OTHER, 0, TEXT(""), TEXT("")},
    {TEXT("<html>502 Bad Gateway</html>"), false, EVENT_OTHER, 0, TEXT(""), TEXT("")},
    {TEXT("\xff\xfe"), false, EVENT_OTHER, 0, TEXT(""), TEXT("")},
};

static void test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct span row = rows[i].json;
        struct event event;
        char *copy = check_copy(row);
        CHECK_NUMBER(row, event_parse((struct span){copy, row.len}, &event), rows[i].good);
        free(copy);
        CHECK_NUMBER(row, event.kind, rows[i].kind);
        CHECK_NUMBER(row, event.deadline_ms, rows[i].deadline_ms);
        CHECK_TEXT(row, span_of(event.request_id), rows[i].request_id);
        CHECK_TEXT(row, span_of(event.reason), rows[i].reason);
    }
}

/* Cut, never unterminated. */
static void test_long_texts(void **state)
{
    (void)state;
    for (size_t len = 30; len <= 70; len++) {
        char memory[512], word[71] = "";
        struct buf json = buf_over(memory, sizeof memory);
        struct event event;
        memset(word, 'w', len);
        buf_format(&json,
            "{\"eventType\":\"INVOKE\",\"requestId\":\"%s\",\"shutdownReason\":\"%s\"}", word,
            word);
        assert_true(event_parse(buf_span(&json), &event));
        assert_int_equal(strlen(event.request_id), len < 64 ? len : 64);
        assert_int_equal(strlen(event.reason), len < 32 ? len : 32);
    }
}

static void test_deep_nesting(void **state)
{
    (void)state;
    static char memory[64 * 1024];
    struct buf json = buf_over(memory, sizeof memory);
    struct event event;
    buf_text(&json, "{\"eventType\":\"INVOKE\",\"a\":");
    while (json.len < sizeof memory)
        buf_char(&json, '[');
    assert_false(event_parse(buf_span(&json), &event));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_long_texts),
        cmocka_unit_test(test_deep_nesting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
