/* Message heads taken apart: what is read, and what is refused although some reader would take it.
 */
#include "tests/unit/check.h"

#include "proxy/http/head.h"

static struct head head;
static struct fault fault;

/* Parses a copy of just its size; the spans point into the copy, so it stays until the next. */
static enum err parse(struct span text, bool response)
{
    static char *copy;
    free(copy);
    copy = check_copy(text);
    return response ? head_parse_response(&head, copy, text.len, &fault)
                    : head_parse_request(&head, copy, text.len, &fault);
}

static int forget(void **state)
{
    (void)state;
    enum err err = parse(SPAN(""), false);
    return err == OK;
}

static void test_request(void **state)
{
    (void)state;
    struct span text = SPAN("PUT /b/k?x=1 HTTP/1.1\r\nHost: h\r\nX-A:\r\nx-b: 1 , 2 \t\r\n"
                            "HOST: i\r\nX-U: \xc3\xbc\r\n\r\n");
    assert_int_equal(parse(text, false), OK);
    CHECK_TEXT(text, head.method, SPAN("PUT"));
    CHECK_TEXT(text, head.target, SPAN("/b/k?x=1"));
    assert_int_equal(head.minor, 1);
    assert_int_equal(head.count, 5);
    CHECK_TEXT(text, head.fields[0].name, SPAN("Host"));
    CHECK_TEXT(text, head.fields[0].value, SPAN("h"));
    assert_int_equal(head.fields[0].id, FIELD_HOST);
    CHECK_TEXT(text, head.fields[1].name, SPAN("X-A"));
    CHECK_TEXT(text, head.fields[1].value, SPAN(""));
    CHECK_TEXT(text, head.fields[2].value, SPAN("1 , 2"));
    CHECK_TEXT(text, head.fields[4].value, SPAN("\xc3\xbc"));
    assert_int_equal(head_count(&head, FIELD_HOST), 2);
    assert_ptr_equal(head_find(&head, FIELD_HOST), &head.fields[0]);
    assert_ptr_equal(head_find_name(&head, SPAN("X-B")), &head.fields[2]);
    assert_null(head_find(&head, FIELD_EXPECT));
    assert_null(head_find_name(&head, SPAN("x")));
    assert_null(head_value(&head, FIELD_EXPECT).at);
    CHECK_TEXT(text, head_value(&head, FIELD_HOST), SPAN("h"));
    assert_true(head_method_is(&head, SPAN("PUT")));
    assert_false(head_method_is(&head, SPAN("put")));
}

struct row {
    struct span text;
    enum err err;
};

#define END " HTTP/1.1\r\nHost: h\r\n\r\n"

static const struct row requests[] = {
    {TEXT("GET /" END), OK},
    {TEXT("GET / HTTP/1.0\r\n\r\n"), OK},
    {TEXT("PATCH /" END), OK},
    {TEXT("OPTIONS *" END), OK},
    {TEXT("CONNECT h:443" END), OK},
    {TEXT("TRACE /" END), OK},
    {TEXT("GET http://h/a?b" END), OK},
    {TEXT("GET / HTTP/1.1\r\nContent-Length: 5 \t\r\n\r\n"), OK},
    {TEXT("GET / HTTP/1.1\r\nContent-Length:\t 5\r\n\r\n"), OK},
    {TEXT("GET / HTTP/1.1\r\nX: a:b\r\n\r\n"), OK},
    {TEXT(""), ERR_BAD_REQUEST},
    {TEXT("GET /"), ERR_BAD_REQUEST},
    {TEXT("GET / HTTP/1.1\r\n"), ERR_BAD_REQUEST},
    {TEXT("GET  /" END), ERR_BAD_REQUEST},
    {TEXT("GET /  HTTP/1.1\r\nHost: h\r\n\r\n"), ERR_BAD_REQUEST},
    {TEXT("GET / HTTP/1.1 \r\nHost: h\r\n\r\n"), ERR_BAD_REQUEST},
    {TEXT("GET /a b" END), ERR_BAD_REQUEST},
    {TEXT("GET /\tb" END), ERR_BAD_REQUEST},
    {TEXT("GET /a#b" END), ERR_BAD_REQUEST},
    {TEXT("GET /\xc3\xbc" END), ERR_BAD_REQUEST},
    {TEXT("GET / HTTP/2.0\r\n\r\n"), ERR_BAD_REQUEST},
    {TEXT("GET / HTTP/1.2\r\n\r\n"), ERR_BAD_REQUEST},
    {TEXT("GET / HTTP/0.9\r\n\r\n"), ERR_BAD_REQUEST},
    {TEXT("GET / HTTP/1.10\r\n\r\n"), ERR_BAD_REQUEST},
    {TEXT("GET / http/1.1\r\n\r\n"), ERR_BAD_REQUEST},
    {TEXT("GET / ICE/1.0\r\n\r\n"), ERR_BAD_REQUEST},
    {TEXT("SOURCE / ICE/1.0\r\n\r\n"), ERR_BAD_REQUEST},
    {TEXT("DESCRIBE / RTSP/1.0\r\n\r\n"), ERR_BAD_REQUEST},
    {TEXT("GET / RTSP/1.0\r\n\r\n"), ERR_BAD_REQUEST},
    {TEXT("GET\r\n\r\n"), ERR_BAD_REQUEST},
    {TEXT("GET /\r\n\r\n"), ERR_BAD_REQUEST},
    {TEXT("get /" END), ERR_BAD_REQUEST},
    {TEXT("PROPFIND /" END), ERR_BAD_REQUEST},
    {TEXT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), ERR_BAD_REQUEST},
    {TEXT("GET / HTTP/1.1\r\nA : b\r\n\r\n"), ERR_BAD_REQUEST},
    {TEXT("GET / HTTP/1.1\r\nA b: c\r\n\r\n"), ERR_BAD_REQUEST},
    {TEXT("GET / HTTP/1.1\r\n: b\r\n\r\n"), ERR_BAD_REQUEST},
    {TEXT("GET / HTTP/1.1\r\nA\r\n\r\n"), ERR_BAD_REQUEST},
    {TEXT("GET / HTTP/1.1\r\nA(b): c\r\n\r\n"), ERR_BAD_REQUEST},
    {TEXT("GET / HTTP/1.1\r\n\xc3\xbc: c\r\n\r\n"), ERR_BAD_REQUEST},
    {TEXT("GET / HTTP/1.1\r\nContent-Length: +5\r\n\r\n"), ERR_BAD_REQUEST},
    {TEXT("GET / HTTP/1.1\r\nContent-Length: 5 5\r\n\r\n"), ERR_BAD_REQUEST},
    {TEXT("GET / HTTP/1.1\r\nContent-Length: 5,5\r\n\r\n"), ERR_BAD_REQUEST},
    {TEXT("GET / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n"), ERR_BAD_REQUEST},
    {TEXT("POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"),
        ERR_BAD_REQUEST},
};

static const struct row responses[] = {
    {TEXT("HTTP/1.1 200 OK\r\n\r\n"), OK},
    {TEXT("HTTP/1.0 404 Not Found\r\nA: b\r\n\r\n"), OK},
    {TEXT("HTTP/1.1 200 \r\n\r\n"), OK},
    {TEXT("HTTP/1.1 200\r\n\r\n"), OK},
    {TEXT("HTTP/1.1 599 \xc3\xbc\r\n\r\n"), OK},
    {TEXT("HTTP/1.1 100 Continue\r\n\r\n"), OK},
    {TEXT("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"), OK},
    {TEXT(""), ERR_UPSTREAM_PROTOCOL},
    {TEXT("HTTP/1.1 099 X\r\n\r\n"), ERR_UPSTREAM_PROTOCOL},
    {TEXT("HTTP/1.1 600 X\r\n\r\n"), ERR_UPSTREAM_PROTOCOL},
    {TEXT("HTTP/1.1 20 X\r\n\r\n"), ERR_UPSTREAM_PROTOCOL},
    {TEXT("HTTP/1.1 2000 X\r\n\r\n"), ERR_UPSTREAM_PROTOCOL},
    {TEXT("HTTP/1.1  200 X\r\n\r\n"), ERR_UPSTREAM_PROTOCOL},
    {TEXT("HTTP/1.1 200X\r\n\r\n"), ERR_UPSTREAM_PROTOCOL},
    {TEXT("HTTP/2 200 OK\r\n\r\n"), ERR_UPSTREAM_PROTOCOL},
    {TEXT("HTTP/1.2 200 OK\r\n\r\n"), ERR_UPSTREAM_PROTOCOL},
    {TEXT("RTSP/1.0 200 OK\r\n\r\n"), ERR_UPSTREAM_PROTOCOL},
    {TEXT("ICY 200 OK\r\n\r\n"), ERR_UPSTREAM_PROTOCOL},
    {TEXT("GET / HTTP/1.1\r\n\r\n"), ERR_UPSTREAM_PROTOCOL},
    {TEXT("HTTP/1.1 200 OK\r\nA : b\r\n\r\n"), ERR_UPSTREAM_PROTOCOL},
    {TEXT("HTTP/1.1 200 OK\r\n"), ERR_UPSTREAM_PROTOCOL},
};

static void check_rows(const struct row *rows, size_t count, bool response)
{
    for (size_t i = 0; i < count; i++) {
        fault.err = OK;
        CHECK_NUMBER(rows[i].text, parse(rows[i].text, response), rows[i].err);
        CHECK_NUMBER(rows[i].text, fault.err, rows[i].err);
    }
}

static void test_requests(void **state)
{
    (void)state;
    check_rows(requests, ROWS(requests), false);
}

static void test_responses(void **state)
{
    (void)state;
    check_rows(responses, ROWS(responses), true);
}

static void test_response(void **state)
{
    (void)state;
    assert_int_equal(parse(SPAN("HTTP/1.0 503 Slow Down\r\nA: b \r\n\r\n"), true), OK);
    assert_int_equal(head.status, 503);
    assert_int_equal(head.minor, 0);
    assert_int_equal(head.count, 1);
    CHECK_TEXT(SPAN("reason"), head.reason, SPAN("Slow Down"));
    CHECK_TEXT(SPAN("value"), head.fields[0].value, SPAN("b"));
}

/* A struct that is used again holds nothing of what it held. */
static void test_used_again(void **state)
{
    (void)state;
    assert_int_equal(parse(SPAN("GET / HTTP/1.1\r\nA: b\r\n\r\n"), false), OK);
    assert_int_equal(parse(SPAN("HTTP/1.0 204\r\n\r\n"), true), OK);
    assert_int_equal(head.count, 0);
    assert_int_equal(head.method.len, 0);
    assert_int_equal(head.reason.len, 0);
    assert_int_equal(parse(SPAN("PUT /x HTTP/1.0\r\n\r\n"), false), OK);
    assert_int_equal(head.status, 0);
}

static enum err parse_with_fields(size_t fields, bool response)
{
    char memory[4096];
    struct buf text = buf_over(memory, sizeof memory);
    if (response)
        buf_text(&text, "HTTP/1.1 200 OK\r\n");
    else
        buf_text(&text, "GET / HTTP/1.1\r\n");
    for (size_t i = 0; i < fields; i++)
        buf_format(&text, "F%zu: %zu\r\n", i, i);
    buf_text(&text, "\r\n");
    assert_false(text.failed);
    return parse(buf_span(&text), response);
}

static void test_field_limit(void **state)
{
    (void)state;
    assert_int_equal(parse_with_fields(HEAD_MAX_FIELDS, false), OK);
    assert_int_equal(head.count, HEAD_MAX_FIELDS);
    CHECK_TEXT(SPAN("last"), head.fields[HEAD_MAX_FIELDS - 1].value, SPAN("127"));
    assert_int_equal(parse_with_fields(HEAD_MAX_FIELDS + 1, false), ERR_HEAD_TOO_LARGE);
    assert_int_equal(parse_with_fields(HEAD_MAX_FIELDS, true), OK);
    assert_int_equal(parse_with_fields(HEAD_MAX_FIELDS + 1, true), ERR_UPSTREAM_PROTOCOL);
}

/* Connection takes away what it names, but not what the message means nothing without. */
static void test_forwards(void **state)
{
    (void)state;
    static const struct {
        struct span name;
        bool forwards;
    } rows[] = {{TEXT("X-Custom"), true}, {TEXT("X-Named"), false}, {TEXT("x-other"), false},
        {TEXT("Range"), true}, {TEXT("X-Amz-Target"), true}, {TEXT("Content-Type"), true},
        {TEXT("If-Match"), true}, {TEXT("Connection"), false}, {TEXT("Keep-Alive"), false},
        {TEXT("TE"), false}, {TEXT("Trailer"), false}, {TEXT("Upgrade"), false},
        {TEXT("Transfer-Encoding"), false}, {TEXT("Proxy-Authorization"), false},
        {TEXT("Proxy-Connection"), false}, {TEXT("Content-Length"), false}, {TEXT("Expect"), false},
        {TEXT("Host"), false}, {TEXT("Authorization"), false}, {TEXT("X-Amz-Date"), false},
        {TEXT("X-Amz-Security-Token"), false}, {TEXT("X-Amz-Content-Sha256"), false},
        {TEXT("X-Countersign-Token"), false}, {TEXT("HTTP2-Settings"), false}};
    assert_int_equal(parse(SPAN("GET / HTTP/1.1\r\nConnection: close, x-named ,Range\r\n"
                                "Connection: X-OTHER,Content-Type, x-amz-target, if-match\r\n\r\n"),
                         false),
        OK);
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct field field = {
            .name = rows[i].name, .value = SPAN("v"), .id = field_identify(rows[i].name)};
        CHECK_NUMBER(rows[i].name, head_forwards(&head, &field), rows[i].forwards);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request),
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_responses),
        cmocka_unit_test(test_response),
        cmocka_unit_test(test_used_again),
        cmocka_unit_test(test_field_limit),
        cmocka_unit_test_teardown(test_forwards, forget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
