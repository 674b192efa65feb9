/* Heads of answers to the client: the server's written anew, trailers, and the proxy's own. */
#include "tests/unit/check.h"

#include "proxy/exchange/answer.h"

static struct head head;
static struct fault fault;
static char memory[4096], written[8192];

static const struct relay_row {
    struct span head;
    bool to_head;
    struct answer_connection connection;
    struct span sent;
} relays[] = {
    {TEXT("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nETag: \"e\"\r\nX-Amz-Request-Id: R\r\n\r\n"),
        false, {false, 1, {NULL, 0}},
        TEXT("HTTP/1.1 200 OK\r\nETag: \"e\"\r\nX-Amz-Request-Id: R\r\nContent-Length: 5\r\n\r\n")},
    {TEXT("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), false, {true, 1, {NULL, 0}},
        TEXT("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")},
    {TEXT("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"), false, {false, 0, {NULL, 0}},
        TEXT("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\n")},
    /* What is between two neighbours stays there, and what Connection names. */
    {TEXT("HTTP/1.1 200 OK\r\nConnection: keep-alive, X-Gone\r\nKeep-Alive: timeout=5\r\n"
          "X-Gone: 1\r\nx-gone: 2\r\nX-Kept: 3\r\nProxy-Authenticate: Basic\r\nUpgrade: h2c\r\n"
          "Trailer: A\r\nTE: x\r\nTransfer-Encoding: chunked\r\n\r\n"),
        false, {false, 1, {NULL, 0}},
        TEXT("HTTP/1.1 200 OK\r\nX-Kept: 3\r\nTransfer-Encoding: chunked\r\n\r\n")},
    {TEXT("HTTP/1.1 200 OK\r\nConnection: close, ETag, Content-Type, x-amz-meta-a\r\n"
          "ETag: \"e\"\r\nContent-Type: text/plain\r\nx-amz-meta-a: 1\r\n"
          "Content-Length: 1\r\n\r\n"),
        false, {false, 1, {NULL, 0}},
        TEXT("HTTP/1.1 200 OK\r\nETag: \"e\"\r\nContent-Type: text/plain\r\nx-amz-meta-a: 1\r\n"
             "Content-Length: 1\r\n\r\n")},
    /* The proxy's own mark cannot be a server's. */
    {TEXT("HTTP/1.1 200 OK\r\nX-Countersign-Error: Fake\r\nContent-Length: 1\r\n\r\n"), false,
        {false, 1, {NULL, 0}}, TEXT("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n")},
    /* A body until the connection closes becomes one that the client can tell the end of. */
    {TEXT("HTTP/1.1 200 OK\r\n\r\n"), false, {false, 1, {NULL, 0}},
        TEXT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")},
    {TEXT("HTTP/1.1 200 OK\r\n\r\n"), false, {true, 0, {NULL, 0}},
        TEXT("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")},
    {TEXT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), false, {true, 0, {NULL, 0}},
        TEXT("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")},
    /* No body, with and without the length it would have. */
    {TEXT("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"), true, {false, 1, {NULL, 0}},
        TEXT("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")},
    {TEXT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), true, {false, 1, {NULL, 0}},
        TEXT("HTTP/1.1 200 OK\r\n\r\n")},
    {TEXT("HTTP/1.1 304 Not Modified\r\nETag: \"e\"\r\n\r\n"), false, {false, 1, {NULL, 0}},
        TEXT("HTTP/1.1 304 Not Modified\r\nETag: \"e\"\r\n\r\n")},
    {TEXT("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"), false, {false, 1, {NULL, 0}},
        TEXT("HTTP/1.1 204 No Content\r\n\r\n")},
    {TEXT("HTTP/1.1 100 Continue\r\n\r\n"), false, {true, 1, {NULL, 0}},
        TEXT("HTTP/1.1 100 Continue\r\n\r\n")},
    {TEXT("HTTP/1.1 103 Early Hints\r\nLink: </s>\r\n\r\n"), false, {false, 0, {NULL, 0}},
        TEXT("HTTP/1.1 103 Early Hints\r\nLink: </s>\r\n\r\n")},
    /* The reason is the server's; the version is this proxy's. */
    {TEXT("HTTP/1.0 503 Slow Down\r\nContent-Length: 0\r\n\r\n"), false, {false, 1, {NULL, 0}},
        TEXT("HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\n\r\n")},
    {TEXT("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n"), false, {false, 1, {NULL, 0}},
        TEXT("HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n")},
};

static void test_relay(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(relays); i++) {
        const struct relay_row *row = &relays[i];
        struct framing framing;
        struct buf text = buf_over(memory, sizeof memory), out = buf_over(written, sizeof written);
        buf_add(&text, row->head);
        CHECK_NUMBER(row->head, head_parse_response(&head, memory, text.len, &fault), OK);
        CHECK_NUMBER(row->head, framing_of_response(&head, row->to_head, &framing, &fault), OK);
        enum answer_framing how = answer_framing_for(&framing, row->connection.minor);
        answer_relay(&out, &head, &framing, how, row->connection);
        CHECK_TEXT(row->head, buf_span(&out), row->sent);
    }
}

static void test_framing_for(void **state)
{
    (void)state;
    static const struct {
        struct framing framing;
        enum answer_framing now, in_1_0;
    } rows[] = {
        {{.kind = BODY_NONE}, ANSWER_BARE, ANSWER_BARE},
        {{.kind = BODY_NONE, .has_length = true}, ANSWER_LENGTH, ANSWER_LENGTH},
        {{.kind = BODY_LENGTH, .has_length = true, .length = 5}, ANSWER_LENGTH, ANSWER_LENGTH},
        {{.kind = BODY_CHUNKED}, ANSWER_CHUNKED, ANSWER_UNTIL_CLOSE},
        {{.kind = BODY_UNTIL_CLOSE}, ANSWER_CHUNKED, ANSWER_UNTIL_CLOSE},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        assert_int_equal(answer_framing_for(&rows[i].framing, 1), rows[i].now);
        assert_int_equal(answer_framing_for(&rows[i].framing, 0), rows[i].in_1_0);
    }
}

static const struct {
    struct span trailers, in_request, in_answer;
} trailer_rows[] = {
    {TEXT(""), TEXT(""), TEXT("")},
    {TEXT("X-Checksum:abc \r\nGrpc-Status: 0\r\n"), TEXT("X-Checksum: abc\r\nGrpc-Status: 0\r\n"),
        TEXT("X-Checksum: abc\r\nGrpc-Status: 0\r\n")},
    {TEXT("x-amz-checksum-crc32c: sOO8/Q==\r\n"), TEXT(""),
        TEXT("x-amz-checksum-crc32c: sOO8/Q==\r\n")},
    {TEXT("Content-Length: 5\r\nTransfer-Encoding: chunked\r\nConnection: close\r\nHost: h\r\n"
          "Trailer: a\r\nUpgrade: x\r\nTE: x\r\nKeep-Alive: 5\r\n"),
        TEXT(""), TEXT("")},
    {TEXT("Authorization: x\r\nProxy-Authorization: x\r\nX-Countersign-Token: x\r\n"
          "X-Amz-Date: x\r\nX-Amz-Security-Token: x\r\nX-Amz-Content-Sha256: x\r\n"),
        TEXT(""), TEXT("")},
    {TEXT("Content-Type: x\r\nContent-Encoding: x\r\nContent-Range: x\r\nSet-Cookie: x\r\n"
          "Location: x\r\nCache-Control: x\r\nIf-Match: x\r\nIF-RANGE: x\r\nExpect: x\r\n"
          "Max-Forwards: 1\r\nDate: x\r\nAge: 1\r\nVary: x\r\nRetry-After: 1\r\nExpires: x\r\n"
          "Warning: x\r\nWWW-Authenticate: x\r\n"),
        TEXT(""), TEXT("")},
    {TEXT("Range: x\r\nCookie: x\r\nAccept: x\r\nX-Amz-Acl: public-read\r\nA: 1\r\n"),
        TEXT("A: 1\r\n"),
        TEXT("Range: x\r\nCookie: x\r\nAccept: x\r\nX-Amz-Acl: public-read\r\nA: 1\r\n")},
};

static void test_trailers(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(trailer_rows); i++) {
        struct span row = trailer_rows[i].trailers;
        struct buf out = buf_over(written, sizeof written);
        answer_write_trailers(&out, row, true);
        CHECK_TEXT(row, buf_span(&out), trailer_rows[i].in_request);
        out = buf_over(written, sizeof written);
        answer_write_trailers(&out, row, false);
        CHECK_TEXT(row, buf_span(&out), trailer_rows[i].in_answer);
    }
}

#define OWN "\r\nCache-Control: no-store\r\n"

static void test_own(void **state)
{
    (void)state;
    struct answer_own own = {.status = 200,
        .content_type = SPAN("application/json"),
        .extra = SPAN("X-Extra: 1\r\n"),
        .body = SPAN("{}")};
    struct answer_connection stays = {false, 1, {NULL, 0}}, ends = {true, 1, {NULL, 0}};
    struct buf out = buf_over(written, sizeof written);
    answer_write(&out, &own, stays);
    CHECK_TEXT(SPAN("own"), buf_span(&out),
        SPAN("HTTP/1.1 200 OK\r\nContent-Type: application/json" OWN
             "Content-Length: 2\r\nX-Extra: 1\r\n\r\n{}"));
    own.to_head = true;
    own.error = SPAN("NotFound");
    own.status = 404;
    out = buf_over(written, sizeof written);
    answer_write(&out, &own, ends);
    CHECK_TEXT(SPAN("own"), buf_span(&out),
        SPAN("HTTP/1.1 404 Not Found\r\nContent-Type: application/json" OWN
             "Content-Length: 2\r\nX-Countersign-Error: NotFound\r\nX-Extra: 1\r\n"
             "Connection: close\r\n\r\n"));
}

static void test_errors(void **state)
{
    (void)state;
    static const struct {
        struct fault fault;
        enum dialect dialect;
        struct span sent;
    } rows[] = {
        {{ERR_TOKEN_REQUIRED, "why"}, DIALECT_JSON,
            TEXT("HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json" OWN
                 "Content-Length: 43\r\nX-Countersign-Error: TokenRequired\r\n"
                 "WWW-Authenticate: Basic realm=\"countersign\"\r\n"
                 "X-Amzn-ErrorType: TokenRequired\r\n\r\n"
                 "{\"__type\":\"TokenRequired\",\"message\":\"why\"}\n")},
        {{ERR_TOO_BUSY, "<why>"}, DIALECT_S3,
            TEXT("HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/xml" OWN
                 "Content-Length: 105\r\nX-Countersign-Error: TooBusy\r\nRetry-After: 1\r\n\r\n"
                 "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>TooBusy</Code>"
                 "<Message>&lt;why&gt;</Message></Error>\n")},
        {{ERR_METHOD_NOT_ALLOWED, "a"}, DIALECT_JSON,
            TEXT("HTTP/1.1 405 Method Not Allowed\r\nContent-Type: application/json" OWN
                 "Content-Length: 44\r\nX-Countersign-Error: MethodNotAllowed\r\n"
                 "Allow: GET, HEAD\r\nX-Amzn-ErrorType: MethodNotAllowed\r\n\r\n"
                 "{\"__type\":\"MethodNotAllowed\",\"message\":\"a\"}\n")},
        {{ERR_NOT_FOUND, ""}, DIALECT_CBOR,
            TEXT("HTTP/1.1 404 Not Found\r\nContent-Type: application/cbor" OWN
                 "Content-Length: 34\r\nX-Countersign-Error: NotFound\r\n"
                 "Smithy-Protocol: rpc-v2-cbor\r\n\r\n\xa2\x79\x00\x06__type\x79\x00\x08NotFound"
                 "\x79\x00\x07message\x79\x00\x00")},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct answer_connection stays = {false, 1, {NULL, 0}};
        struct buf out = buf_over(written, sizeof written);
        answer_write_error(&out, &rows[i].fault, rows[i].dialect, false, stays);
        CHECK_TEXT(span_of(rows[i].fault.text), buf_span(&out), rows[i].sent);
    }
}

/* The longest text, all of it escaped, still makes a whole answer in every dialect. */
static void test_longest_error(void **state)
{
    (void)state;
    struct fault longest = {.err = ERR_BAD_REQUEST};
    memset(longest.text, '"', sizeof longest.text - 1);
    for (int dialect = DIALECT_JSON; dialect <= DIALECT_CBOR; dialect++) {
        struct answer_connection stays = {false, 1, {NULL, 0}};
        struct buf out = buf_over(written, sizeof written);
        answer_write_error(&out, &longest, (enum dialect)dialect, false, stays);
        assert_false(out.failed);
        assert_true(out.len > sizeof longest.text);
        assert_true(dialect != DIALECT_JSON || span_ends(buf_span(&out), SPAN("\\\"\"}\n")));
        assert_true(dialect != DIALECT_S3 || span_ends(buf_span(&out), SPAN("</Error>\n")));
    }
}

/* Each status that the table of errors knows has its words. */
static void test_reasons(void **state)
{
    (void)state;
    for (int err = 0; err < ERR_COUNT; err++)
        assert_true(strlen(answer_reason(err_status((enum err)err))) > 0);
    assert_string_equal(answer_reason(299), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_relay),
        cmocka_unit_test(test_framing_for),
        cmocka_unit_test(test_trailers),
        cmocka_unit_test(test_own),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_longest_error),
        cmocka_unit_test(test_reasons),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
