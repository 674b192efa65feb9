/* Errors in the form that a service's SDK takes apart. */
#include "tests/unit/check.h"

#include "proxy/aws/dialect.h"

static void test_of_request(void **state)
{
    (void)state;
    static const struct {
        struct span content_type, protocols;
        enum dialect dialect;
    } rows[] = {
        {TEXT(""), TEXT(""), DIALECT_JSON},
        {TEXT(""), TEXT("rest-json"), DIALECT_JSON},
        {TEXT(""), TEXT("cbor,json"), DIALECT_JSON},
        {TEXT(""), TEXT("rest-xml"), DIALECT_QUERY},
        {TEXT("application/xml"), TEXT("rest-xml"), DIALECT_QUERY},
        {TEXT("text/plain"), TEXT("rest-xml"), DIALECT_QUERY},
        {TEXT(""), TEXT("query"), DIALECT_QUERY},
        {TEXT(""), TEXT("ec2"), DIALECT_EC2},
        {TEXT("application/x-amz-json-1.1"), TEXT("json,query"), DIALECT_JSON},
        {TEXT("application/x-www-form-urlencoded"), TEXT("json,query"), DIALECT_QUERY},
        {TEXT("application/x-www-form-urlencoded"), TEXT("ec2"), DIALECT_EC2},
        {TEXT("application/json"), TEXT(""), DIALECT_JSON},
        {TEXT("text/plain"), TEXT(""), DIALECT_JSON},
        {TEXT("application/x-www-form-urlencoded"), TEXT(""), DIALECT_QUERY},
        {TEXT("Application/X-WWW-Form-URLEncoded; charset=utf-8"), TEXT("query"), DIALECT_QUERY},
        {TEXT("application/cbor"), TEXT("cbor,json,query"), DIALECT_CBOR},
    };
    for (size_t i = 0; i < ROWS(rows); i++)
        CHECK_NUMBER(rows[i].content_type,
            dialect_of_request(rows[i].content_type, rows[i].protocols), rows[i].dialect);
    assert_int_equal(dialect_of_request((struct span){NULL, 0}, SPAN("")), DIALECT_JSON);
}

static void test_errors(void **state)
{
    (void)state;
    static const struct {
        enum dialect dialect;
        struct span content_type, code, message, body;
    } rows[] = {
        {DIALECT_JSON, TEXT("application/json"), TEXT("TooBusy"), TEXT("a \"b\" <c>"),
            TEXT("{\"__type\":\"TooBusy\",\"message\":\"a \\\"b\\\" <c>\"}\n")},
        {DIALECT_S3, TEXT("application/xml"), TEXT("TooBusy"), TEXT("a & <b>"),
            TEXT("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>TooBusy</Code>"
                 "<Message>a &amp; &lt;b&gt;</Message></Error>\n")},
        {DIALECT_QUERY, TEXT("text/xml"), TEXT("TooBusy"), TEXT("<b>"),
            TEXT("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ErrorResponse><Error>"
                 "<Type>Sender</Type><Code>TooBusy</Code><Message>&lt;b&gt;</Message></Error>"
                 "</ErrorResponse>\n")},
        {DIALECT_EC2, TEXT("text/xml"), TEXT("TooBusy"), TEXT("<b>"),
            TEXT("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error>"
                 "<Code>TooBusy</Code><Message>&lt;b&gt;</Message></Error></Errors></Response>\n")},
        {DIALECT_CBOR, TEXT("application/cbor"), TEXT("Code"), TEXT("why"),
            TEXT("\xa2\x79\x00\x06__type\x79\x00\x04"
                 "Code\x79\x00\x07message\x79\x00\x03why")},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        char memory[512];
        struct buf out = buf_over(memory, sizeof memory);
        dialect_write_error(&out, rows[i].dialect, rows[i].code, rows[i].message);
        CHECK_TEXT(rows[i].content_type, buf_span(&out), rows[i].body);
        CHECK_TEXT(rows[i].body, dialect_content_type(rows[i].dialect), rows[i].content_type);
    }
}

/* The length of CBOR's text is told in two bytes, whatever it is. */
static void test_cbor_length(void **state)
{
    (void)state;
    char memory[512], message[300];
    struct buf out = buf_over(memory, sizeof memory);
    memset(message, 'm', sizeof message);
    dialect_write_error(&out, DIALECT_CBOR, SPAN("C"), (struct span){message, sizeof message});
    assert_false(out.failed);
    CHECK_TEXT(SPAN("length"), span_first(span_from(buf_span(&out), out.len - 303), 3),
        SPAN("\x79\x01\x2c"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_of_request),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_cbor_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
