/* How long a message is and whether its connection lives on: one reading, or a refusal. */
#include "tests/unit/check.h"

#include "proxy/http/framing.h"

static struct head head;
static struct fault fault;
static char memory[1024];

static void make_head(bool response, struct span first_line, struct span fields)
{
    struct buf text = buf_over(memory, sizeof memory);
    buf_add(&text, first_line);
    buf_text(&text, "\r\n");
    buf_add(&text, fields);
    buf_text(&text, "\r\n");
    enum err err = response ? head_parse_response(&head, memory, text.len, &fault)
                            : head_parse_request(&head, memory, text.len, &fault);
    CHECK_NUMBER(fields, err, OK);
}

struct request_row {
    struct span line, fields;
    enum err err;
    enum body_kind kind;
    uint64_t length;
    bool keep_alive, expects_continue;
};

#define V1 TEXT("POST / HTTP/1.1")
#define V0 TEXT("POST / HTTP/1.0")

static const struct request_row requests[] = {
    {V1, TEXT(""), OK, BODY_NONE, 0, true, false},
    {V0, TEXT(""), OK, BODY_NONE, 0, false, false},
    {V1, TEXT("Connection: close\r\n"), OK, BODY_NONE, 0, false, false},
    {V1, TEXT("Connection: x, CLOSE\r\n"), OK, BODY_NONE, 0, false, false},
    {V1, TEXT("Connection: keep-alive\r\nConnection: close\r\n"), OK, BODY_NONE, 0, false, false},
    {V0, TEXT("Connection: Keep-Alive\r\n"), OK, BODY_NONE, 0, true, false},
    {V0, TEXT("Connection: keep-alive, close\r\n"), OK, BODY_NONE, 0, false, false},
    {V1, TEXT("Content-Length: 5\r\n"), OK, BODY_LENGTH, 5, true, false},
    {V1, TEXT("Content-Length: 0\r\n"), OK, BODY_NONE, 0, true, false},
    {V1, TEXT("Content-Length: 007\r\n"), OK, BODY_LENGTH, 7, true, false},
    {V1, TEXT("Content-Length: 9223372036854775807\r\n"), OK, BODY_LENGTH, INT64_MAX, true, false},
    {V1, TEXT("Content-Length: 9223372036854775808\r\n"), ERR_BAD_REQUEST, BODY_NONE, 0, true,
        false},
    {V1, TEXT("Transfer-Encoding: chunked\r\n"), OK, BODY_CHUNKED, 0, true, false},
    {V1, TEXT("transfer-encoding: CHUNKED\r\n"), OK, BODY_CHUNKED, 0, true, false},
    {V0, TEXT("Transfer-Encoding: chunked\r\n"), ERR_BAD_REQUEST, BODY_NONE, 0, false, false},
    {V1, TEXT("Transfer-Encoding: gzip, chunked\r\n"), ERR_BAD_REQUEST, BODY_NONE, 0, true, false},
    {V1, TEXT("Content-Length: 5\r\nExpect: 100-continue\r\n"), OK, BODY_LENGTH, 5, true, true},
    {V1, TEXT("Transfer-Encoding: chunked\r\nExpect: 100-Continue\r\n"), OK, BODY_CHUNKED, 0, true,
        true},
    {V1, TEXT("Expect: 100-continue\r\n"), OK, BODY_NONE, 0, true, false},
    {V0, TEXT("Content-Length: 5\r\nExpect: 100-continue\r\n"), OK, BODY_LENGTH, 5, false, false},
    {V1, TEXT("Expect: something\r\n"), ERR_EXPECTATION_FAILED, BODY_NONE, 0, true, false},
    {V1, TEXT("Expect: 100-continue\r\nExpect: 100-continue\r\n"), ERR_EXPECTATION_FAILED,
        BODY_NONE, 0, true, false},
};

static void test_requests(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(requests); i++) {
        const struct request_row *row = &requests[i];
        struct framing framing;
        make_head(false, row->line, row->fields);
        CHECK_NUMBER(row->fields, framing_of_request(&head, &framing, &fault), row->err);
        if (row->err)
            continue;
        CHECK_NUMBER(row->fields, framing.kind, row->kind);
        CHECK_NUMBER(row->fields, framing.length, row->length);
        CHECK_NUMBER(row->fields, framing.keep_alive, row->keep_alive);
        CHECK_NUMBER(row->fields, framing.expects_continue, row->expects_continue);
        CHECK_NUMBER(row->fields, framing.has_length, head_count(&head, FIELD_CONTENT_LENGTH) > 0);
    }
}

/* Heads as this file gets them: llhttp refuses some of these before, so they are made by hand. */
static void test_made_by_hand(void **state)
{
    (void)state;
    static const struct {
        struct field fields[2];
        enum err err;
    } rows[] = {
        {{{TEXT("A"), TEXT("1"), FIELD_CONTENT_LENGTH},
             {TEXT("B"), TEXT("chunked"), FIELD_TRANSFER_ENCODING}},
            ERR_BAD_REQUEST},
        {{{TEXT("A"), TEXT("1"), FIELD_CONTENT_LENGTH},
             {TEXT("B"), TEXT("1"), FIELD_CONTENT_LENGTH}},
            ERR_BAD_REQUEST},
        {{{TEXT("A"), TEXT("chunked"), FIELD_TRANSFER_ENCODING},
             {TEXT("B"), TEXT("chunked"), FIELD_TRANSFER_ENCODING}},
            ERR_BAD_REQUEST},
        {{{TEXT("A"), TEXT(""), FIELD_CONTENT_LENGTH}, {TEXT("B"), TEXT(""), FIELD_OTHER}},
            ERR_BAD_REQUEST},
        {{{TEXT("A"), TEXT("1,1"), FIELD_CONTENT_LENGTH}, {TEXT("B"), TEXT(""), FIELD_OTHER}},
            ERR_BAD_REQUEST},
        {{{TEXT("A"), TEXT("+1"), FIELD_CONTENT_LENGTH}, {TEXT("B"), TEXT(""), FIELD_OTHER}},
            ERR_BAD_REQUEST},
        {{{TEXT("A"), TEXT("0x1"), FIELD_CONTENT_LENGTH}, {TEXT("B"), TEXT(""), FIELD_OTHER}},
            ERR_BAD_REQUEST},
        {{{TEXT("A"), TEXT("chunked,"), FIELD_TRANSFER_ENCODING},
             {TEXT("B"), TEXT(""), FIELD_OTHER}},
            ERR_BAD_REQUEST},
        {{{TEXT("A"), TEXT("xchunked"), FIELD_TRANSFER_ENCODING},
             {TEXT("B"), TEXT(""), FIELD_OTHER}},
            ERR_BAD_REQUEST},
        {{{TEXT("A"), TEXT(""), FIELD_TRANSFER_ENCODING}, {TEXT("B"), TEXT(""), FIELD_OTHER}},
            ERR_BAD_REQUEST},
        {{{TEXT("A"), TEXT("1"), FIELD_CONTENT_LENGTH}, {TEXT("B"), TEXT("1"), FIELD_OTHER}}, OK},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct framing framing;
        make_head(false, SPAN("POST / HTTP/1.1"), SPAN("A: a\r\nB: b\r\n"));
        memcpy(head.fields, rows[i].fields, sizeof rows[i].fields);
        CHECK_NUMBER(
            rows[i].fields[0].value, framing_of_request(&head, &framing, &fault), rows[i].err);
    }
}

struct response_row {
    struct span line, fields;
    bool to_head;
    enum err err;
    enum body_kind kind;
    uint64_t length;
    bool keep_alive;
};

static const struct response_row responses[] = {
    {TEXT("HTTP/1.1 200 OK"), TEXT("Content-Length: 5\r\n"), false, OK, BODY_LENGTH, 5, true},
    {TEXT("HTTP/1.1 200 OK"), TEXT("Content-Length: 0\r\n"), false, OK, BODY_NONE, 0, true},
    {TEXT("HTTP/1.1 200 OK"), TEXT("Content-Length: 5\r\n"), true, OK, BODY_NONE, 5, true},
    {TEXT("HTTP/1.1 200 OK"), TEXT("Transfer-Encoding: chunked\r\n"), false, OK, BODY_CHUNKED, 0,
        true},
    {TEXT("HTTP/1.1 200 OK"), TEXT("Transfer-Encoding: chunked\r\n"), true, OK, BODY_NONE, 0, true},
    {TEXT("HTTP/1.1 200 OK"), TEXT(""), false, OK, BODY_UNTIL_CLOSE, 0, false},
    {TEXT("HTTP/1.1 200 OK"), TEXT("Connection: keep-alive\r\n"), false, OK, BODY_UNTIL_CLOSE, 0,
        false},
    {TEXT("HTTP/1.1 200 OK"), TEXT(""), true, OK, BODY_NONE, 0, true},
    {TEXT("HTTP/1.0 200 OK"), TEXT("Content-Length: 5\r\n"), false, OK, BODY_LENGTH, 5, false},
    {TEXT("HTTP/1.1 304 Not Modified"), TEXT("Content-Length: 5\r\n"), false, OK, BODY_NONE, 5,
        true},
    {TEXT("HTTP/1.1 304 Not Modified"), TEXT(""), false, OK, BODY_NONE, 0, true},
    {TEXT("HTTP/1.1 204 No Content"), TEXT(""), false, OK, BODY_NONE, 0, true},
    {TEXT("HTTP/1.1 204 No Content"), TEXT("Content-Length: 0\r\n"), false, OK, BODY_NONE, 0, true},
    {TEXT("HTTP/1.1 204 No Content"), TEXT("Content-Length: 5\r\n"), false, ERR_UPSTREAM_PROTOCOL,
        BODY_NONE, 0, false},
    {TEXT("HTTP/1.1 204 No Content"), TEXT("Transfer-Encoding: chunked\r\n"), false,
        ERR_UPSTREAM_PROTOCOL, BODY_NONE, 0, false},
    {TEXT("HTTP/1.1 100 Continue"), TEXT(""), false, OK, BODY_NONE, 0, true},
    {TEXT("HTTP/1.1 103 Early Hints"), TEXT("Content-Length: 5\r\n"), false, ERR_UPSTREAM_PROTOCOL,
        BODY_NONE, 0, false},
    {TEXT("HTTP/1.1 200 OK"), TEXT("Transfer-Encoding: gzip\r\n"), false, ERR_UPSTREAM_PROTOCOL,
        BODY_NONE, 0, false},
    {TEXT("HTTP/1.0 200 OK"), TEXT("Transfer-Encoding: chunked\r\n"), false, ERR_UPSTREAM_PROTOCOL,
        BODY_NONE, 0, false},
};

static void test_responses(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(responses); i++) {
        const struct response_row *row = &responses[i];
        struct framing framing;
        make_head(true, row->line, row->fields);
        CHECK_NUMBER(
            row->fields, framing_of_response(&head, row->to_head, &framing, &fault), row->err);
        if (row->err)
            continue;
        CHECK_NUMBER(row->fields, framing.kind, row->kind);
        CHECK_NUMBER(row->fields, framing.length, row->length);
        CHECK_NUMBER(row->fields, framing.keep_alive, row->keep_alive);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_made_by_hand),
        cmocka_unit_test(test_responses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
