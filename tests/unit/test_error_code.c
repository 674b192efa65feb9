/* Which error an answer names, in every dialect, and what is no code. */
#include "tests/unit/check.h"

#include "proxy/aws/error_code.h"

static const struct row {
    struct span header, body, code;
} rows[] = {
    /* X-Amzn-ErrorType goes before the body. */
    {TEXT("ExpiredTokenException"), TEXT(""), TEXT("ExpiredTokenException")},
    {TEXT("ExpiredTokenException:http://internal.amazon.com/coral/"), TEXT("{\"code\":\"Other\"}"),
        TEXT("ExpiredTokenException")},
    {TEXT("com.amazonaws.x#ExpiredToken:http://x"), TEXT(""), TEXT("ExpiredToken")},
    {TEXT(" AccessDenied "), TEXT("<Code>Other</Code>"), TEXT("AccessDenied")},
    /* XML: S3, the query protocol, EC2. */
    {TEXT(""), TEXT("<?xml version=\"1.0\"?>\n<Error><Code>ExpiredToken</Code></Error>"),
        TEXT("ExpiredToken")},
    {TEXT(""),
        TEXT("<ErrorResponse xmlns=\"x\"><Error><Type>Sender</Type><Code>ExpiredToken</Code>"
             "<Message>old</Message></Error></ErrorResponse>"),
        TEXT("ExpiredToken")},
    {TEXT(""),
        TEXT("<Response><Errors><Error><Code>AuthFailure</Code></Error></Errors></Response>"),
        TEXT("AuthFailure")},
    {TEXT(""), TEXT("<Error><Code> Spaced </Code></Error>"), TEXT("Spaced")},
    {TEXT(""), TEXT("<Error><Code></Code><Code>Second</Code></Error>"), TEXT("")},
    {TEXT(""), TEXT("<Error><Code>Unended</Error>"), TEXT("")},
    {TEXT(""), TEXT("<Error><Codex>A</Codex></Error>"), TEXT("")},
    {TEXT(""), TEXT("<Error><Code"), TEXT("")},
    {TEXT(""), TEXT("<"), TEXT("")},
    {TEXT(""), TEXT("<html>\"__type\":\"ExpiredToken\"</html>"), TEXT("")},
    /* JSON. */
    {TEXT(""), TEXT("{\"__type\":\"ExpiredTokenException\",\"message\":\"m\"}"),
        TEXT("ExpiredTokenException")},
    {TEXT(""), TEXT("{ \"message\" : \"m\" , \"__type\" :\r\n\t\"a.b#ExpiredTokenException\" }"),
        TEXT("ExpiredTokenException")},
    {TEXT(""), TEXT("{\"code\":\"ExpiredToken\"}"), TEXT("ExpiredToken")},
    {TEXT(""), TEXT("{\"Code\":\"ExpiredToken\"}"), TEXT("ExpiredToken")},
    {TEXT(""), TEXT("{\"code\":\"Second\",\"__type\":\"First\"}"), TEXT("First")},
    {TEXT(""), TEXT("{\"__type\":null,\"code\":\"ExpiredToken\"}"), TEXT("ExpiredToken")},
    {TEXT(""), TEXT("{\"__type\":\"\",\"code\":\"ExpiredToken\"}"), TEXT("ExpiredToken")},
    {TEXT(""), TEXT("{\"message\":\"ExpiredToken\"}"), TEXT("")},
    {TEXT(""), TEXT("{\"__type\":12}"), TEXT("")},
    {TEXT(""), TEXT("{\"__type\":\"Unended"), TEXT("Unended")},
    {TEXT(""), TEXT("{\"__type\""), TEXT("")},
    {TEXT(""), TEXT("{\"__type\":"), TEXT("")},
    {TEXT(""), TEXT("{\"__type\":\""), TEXT("")},
    {TEXT(""), TEXT("{}"), TEXT("")},
    /* CBOR: a map, of known length or not. */
    {TEXT(""),
        TEXT("\xa1\x66__type\x6c"
             "ExpiredToken"),
        TEXT("ExpiredToken")},
    {TEXT(""),
        TEXT("\xbf\x66__type\x6e"
             "a#ExpiredToken\xff"),
        TEXT("ExpiredToken")},
    {TEXT(""),
        TEXT("\xa1\x66__type\x78\x1d"
             "com.amazonaws.sd#ExpiredToken!"),
        TEXT("ExpiredToken")},
    {TEXT(""),
        TEXT("\xa2\x67message\x61m\x66__type\x6c"
             "ExpiredToken"),
        TEXT("ExpiredToken")},
    {TEXT(""),
        TEXT("\xa1\x66__type\x6c"
             "Expired"),
        TEXT("Expired")},
    {TEXT(""),
        TEXT("\xa1\x66__type\x78\xff"
             "Cut"),
        TEXT("Cut")},
    {TEXT(""), TEXT("\xa1\x66__type\x78"), TEXT("")},
    {TEXT(""), TEXT("\xa1\x66__type"), TEXT("")},
    {TEXT(""), TEXT("\xa1\x66__type\x18\x2a"), TEXT("")},
    {TEXT(""),
        TEXT("\xa1\x66__type\x79\x00\x01"
             "A"),
        TEXT("")},
    {TEXT(""),
        TEXT("\xa1\x66__type\x77"
             "amazonaws.#ExpiredToken"),
        TEXT("ExpiredToken")},
    /* Neither. */
    {TEXT(""), TEXT(""), TEXT("")},
    {TEXT(""), TEXT("ExpiredToken"), TEXT("")},
    {TEXT(""), TEXT("  "), TEXT("")},
    {TEXT(""), TEXT("\0\0"), TEXT("")},
};

static void test_codes(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        char *header = check_copy(rows[i].header), *body = check_copy(rows[i].body);
        struct span code = error_code_find(
            (struct span){header, rows[i].header.len}, (struct span){body, rows[i].body.len});
        CHECK_TEXT(rows[i].body.len > 0 ? rows[i].body : rows[i].header, code, rows[i].code);
        free(header);
        free(body);
    }
}

static void test_expired(void **state)
{
    (void)state;
    static const struct {
        struct span code;
        bool expired;
    } codes[] = {
        {TEXT("ExpiredToken"), true},
        {TEXT("ExpiredTokenException"), true},
        {TEXT(""), false},
        {TEXT("expiredtoken"), false},
        {TEXT("ExpiredTokenX"), false},
        {TEXT("InvalidToken"), false},
        {TEXT("AccessDenied"), false},
        {TEXT("RequestTimeTooSkewed"), false},
    };
    for (size_t i = 0; i < ROWS(codes); i++)
        CHECK_NUMBER(codes[i].code, error_code_is_expired(codes[i].code), codes[i].expired);
}

static void test_shown(void **state)
{
    (void)state;
#define C64 "CodeCodeCodeCodeCodeCodeCodeCodeCodeCodeCodeCodeCodeCodeCodeCode"
    static const struct {
        struct span code, shown;
    } codes[] = {
        {TEXT("AccessDenied"), TEXT("AccessDenied")},
        {TEXT("Client.Unauthorized2"), TEXT("Client.Unauthorized2")},
        {TEXT(""), TEXT("")},
        {TEXT(C64), TEXT(C64)},
        {TEXT(C64 "x"), TEXT("")},
        {TEXT("Access Denied"), TEXT("")},
        {TEXT("Access\nDenied"), TEXT("")},
        {TEXT("a\0b"), TEXT("")},
        {TEXT("a%sb"), TEXT("")},
        {TEXT("<b>"), TEXT("")},
        {TEXT("a\x1b[2J"), TEXT("")},
        {TEXT("\xc3\xb6"), TEXT("")},
    };
    for (size_t i = 0; i < ROWS(codes); i++)
        CHECK_TEXT(codes[i].code, error_code_shown(codes[i].code), codes[i].shown);
}

static void test_xml_text(void **state)
{
    (void)state;
    static const struct {
        struct span xml, name, text;
    } texts[] = {
        {TEXT("<A>x</A>"), TEXT("A"), TEXT("x")},
        {TEXT("<A></A>"), TEXT("A"), TEXT("")},
        {TEXT("<A>x</A><A>y</A>"), TEXT("A"), TEXT("x")},
        {TEXT("<A><B>x</B></A>"), TEXT("A"), TEXT("<B>x</B>")},
        {TEXT("<AB>x</AB><A>y</A>"), TEXT("A"), TEXT("y")},
        {TEXT("</A><A>y</A>"), TEXT("A"), TEXT("y")},
        {TEXT("<A b=\"c\">x</A>"), TEXT("A"), TEXT("")},
        {TEXT("<A>x</B>"), TEXT("A"), TEXT("")},
        {TEXT("<A/>"), TEXT("A"), TEXT("")},
        {TEXT(""), TEXT("A"), TEXT("")},
        {TEXT("<NNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNN>x"),
            TEXT("NNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNN"), TEXT("")},
    };
    for (size_t i = 0; i < ROWS(texts); i++) {
        char *copy = check_copy(texts[i].xml);
        struct span xml = {copy, texts[i].xml.len};
        CHECK_TEXT(texts[i].xml, xml_text(xml, texts[i].name), texts[i].text);
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_codes),
        cmocka_unit_test(test_expired),
        cmocka_unit_test(test_shown),
        cmocka_unit_test(test_xml_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
