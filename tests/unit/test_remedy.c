/* What would make a refused request pass: every code in every dialect, answers without a body, and
 * regions that are none. */
#include "tests/unit/check.h"

#include "proxy/aws/error_code.h"
#include "proxy/aws/remedy.h"

static const struct known {
    struct span code;
    enum remedy remedy; /* of an answer of S3 that names a region */
} known[] = {
    {TEXT("ExpiredToken"), REMEDY_KEYS},
    {TEXT("ExpiredTokenException"), REMEDY_KEYS},
    {TEXT("TokenRefreshRequired"), REMEDY_KEYS},
    {TEXT("RequestTimeTooSkewed"), REMEDY_CLOCK},
    {TEXT("RequestInTheFuture"), REMEDY_CLOCK},
    {TEXT("RequestExpired"), REMEDY_CLOCK},
    {TEXT("PermanentRedirect"), REMEDY_REGION},
    {TEXT("TemporaryRedirect"), REMEDY_REGION},
    {TEXT("Redirect"), REMEDY_REGION},
    {TEXT("AuthorizationHeaderMalformed"), REMEDY_REGION},
    {TEXT("IncorrectEndpoint"), REMEDY_REGION},
    {TEXT("IllegalLocationConstraintException"), REMEDY_REGION},
    {TEXT("SlowDown"), REMEDY_PAUSE},
    {TEXT("ServiceUnavailable"), REMEDY_PAUSE},
    {TEXT("Throttling"), REMEDY_PAUSE},
    {TEXT("ThrottlingException"), REMEDY_PAUSE},
    {TEXT("ThrottledException"), REMEDY_PAUSE},
    {TEXT("RequestThrottled"), REMEDY_PAUSE},
    {TEXT("RequestThrottledException"), REMEDY_PAUSE},
    {TEXT("RequestLimitExceeded"), REMEDY_PAUSE},
    {TEXT("TooManyRequestsException"), REMEDY_PAUSE},
    {TEXT("ProvisionedThroughputExceededException"), REMEDY_PAUSE},
    {TEXT("PriorRequestNotComplete"), REMEDY_PAUSE},
    {TEXT("EC2ThrottledException"), REMEDY_PAUSE},
    {TEXT("BandwidthLimitExceeded"), REMEDY_PAUSE},
    {TEXT("TransactionInProgressException"), REMEDY_PAUSE},
    {TEXT("AccessDenied"), REMEDY_NONE},
    {TEXT("AccessDeniedException"), REMEDY_NONE},
    {TEXT("SignatureDoesNotMatch"), REMEDY_NONE},
    {TEXT("InvalidSignatureException"), REMEDY_NONE},
    {TEXT("InvalidAccessKeyId"), REMEDY_NONE},
    {TEXT("LimitExceededException"), REMEDY_NONE},
    {TEXT("NoSuchBucket"), REMEDY_NONE},
    {TEXT("RequestTimeout"), REMEDY_NONE},
    {TEXT("slowdown"), REMEDY_NONE},
    {TEXT("SlowDownNow"), REMEDY_NONE},
    {TEXT("Redirec"), REMEDY_NONE},
    {TEXT("expiredtoken"), REMEDY_NONE},
};

/* How a dialect says it: in the header, in the body before and after the code, or in both. */
static const struct dialect {
    const char *name;
    const char *header; /* what stands after the code there; NULL where it does not stand there */
    const char *before; /* NULL: no body */
    const char *after;
} dialects[] = {
    {"s3", NULL, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>",
        "</Code><Message>m</Message>"},
    {"s3, white space before", NULL, "\r\n  <Error>\n  <Code>", "</Code></Error>"},
    {"s3, white space within", NULL, "<Error><Code> ", "\t</Code></Error>"},
    {"query", NULL,
        "<ErrorResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><Error><Type>Sender"
        "</Type><Code>",
        "</Code><Message>m</Message></Error></ErrorResponse>"},
    {"ec2", NULL, "<Response><Errors><Error><Code>",
        "</Code><Message>m</Message></Error></Errors>"},
    {"json", NULL, "{\"__type\":\"", "\",\"message\":\"m\"}"},
    {"json, spaced", NULL, "\n {\"message\" : \"m\" ,\n \"__type\" :\t\"", "\"}"},
    {"json, namespace", NULL, "{\"__type\":\"com.amazonaws.dynamodb.v20120810#", "\"}"},
    {"json, with an address", NULL, "{\"__type\":\"", ":http://internal.amazon.com/coral/x/\"}"},
    {"json, both", NULL, "{\"__type\":\"com.amazon.coral#", ":http://internal.amazon.com/x/\"}"},
    {"rest-json, code", NULL, "{\"message\":\"m\",\"code\":\"", "\"}"},
    {"json, Error.Code", NULL, "{\"Error\":{\"Code\":\"", "\",\"Message\":\"m\"}}"},
    {"header", "", NULL, NULL},
    {"header and a body", "", "{\"message\":\"", "\"}"},
    {"header with an address", ":http://internal.amazon.com/coral/x/", "{}", ""},
    {"header, the body differs", "", "{\"__type\":\"Other", "\"}"},
    {"cbor", NULL, "\xa2\x66__type\x78", "gmessageam"},
    {"cbor, indefinite", NULL, "\xbfgmessageam\x66__type\x78", "\xff"},
};

/* cbor: a text carries its length before it. */
static void write_body(struct buf *body, const struct dialect *dialect, struct span code)
{
    if (!dialect->before)
        return;
    struct span before = span_of(dialect->before);
    buf_add(body, before);
    if (span_ends(before, SPAN("\x78")) && code.len < 24)
        body->at[body->len - 1] = (char)(0x60 + code.len);
    else if (span_ends(before, SPAN("\x78")))
        buf_char(body, (char)code.len);
    buf_add(body, code);
    buf_add(body, span_of(dialect->after));
}

static void check_dialect(const struct known *row, const struct dialect *dialect)
{
    char memory[512], header_memory[128];
    struct buf body = buf_over(memory, sizeof memory),
               header = buf_over(header_memory, sizeof header_memory);
    write_body(&body, dialect, row->code);
    if (dialect->header) {
        buf_add(&header, row->code);
        buf_add(&header, span_of(dialect->header));
    }
    assert_false(body.failed || header.failed);
    char *copy = check_copy(buf_span(&body));
    struct refusal refusal = {.status = 403,
        .s3 = true,
        .error_type = buf_span(&header),
        .bucket_region = SPAN("eu-west-1"),
        .body = {copy, body.len}};
    struct span region = SPAN("");
    CHECK_TEXT(
        span_of(dialect->name), error_code_find(refusal.error_type, refusal.body), row->code);
    CHECK_NUMBER(row->code, remedy_of(&refusal, &region), row->remedy);
    CHECK_TEXT(row->code, region, row->remedy == REMEDY_REGION ? SPAN("eu-west-1") : SPAN(""));
    refusal.s3 = false;
    enum remedy elsewhere = row->remedy == REMEDY_REGION ? REMEDY_NONE : row->remedy;
    CHECK_NUMBER(row->code, remedy_of(&refusal, &region), elsewhere);
    free(copy);
}

static void test_codes(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(known); i++)
        for (size_t j = 0; j < ROWS(dialects); j++)
            check_dialect(&known[i], &dialects[j]);
}

static void test_statuses(void **state)
{
    (void)state;
    static const unsigned possible[] = {301, 307, 400, 401, 403, 429, 503, 509};
    size_t found = 0;
    for (unsigned status = 100; status < 1000; status++)
        if (remedy_possible(status))
            assert_int_equal(status, possible[found++]);
    assert_int_equal(found, ROWS(possible));
}

static const struct row {
    const char *name;
    unsigned status;
    bool s3;
    enum remedy remedy;
    struct span type, named, body, region;
} rows[] = {
    /* Answers to HEAD have no body. */
    {"HEAD 301", 301, true, REMEDY_REGION, TEXT(""), TEXT("eu-west-1"), TEXT(""),
        TEXT("eu-west-1")},
    {"HEAD 307", 307, true, REMEDY_REGION, TEXT(""), TEXT("eu-west-1"), TEXT(""),
        TEXT("eu-west-1")},
    {"HEAD 400", 400, true, REMEDY_REGION, TEXT(""), TEXT("eu-west-1"), TEXT(""),
        TEXT("eu-west-1")},
    {"HEAD 403", 403, true, REMEDY_CLOCK, TEXT(""), TEXT("eu-west-1"), TEXT(""), TEXT("")},
    {"HEAD 401", 401, true, REMEDY_NONE, TEXT(""), TEXT("eu-west-1"), TEXT(""), TEXT("")},
    {"HEAD 503", 503, true, REMEDY_PAUSE, TEXT(""), TEXT("eu-west-1"), TEXT(""), TEXT("")},
    {"HEAD 429", 429, true, REMEDY_PAUSE, TEXT(""), TEXT(""), TEXT(""), TEXT("")},
    {"HEAD 301, no region", 301, true, REMEDY_NONE, TEXT(""), TEXT(""), TEXT(""), TEXT("")},
    {"HEAD 301 elsewhere", 301, false, REMEDY_NONE, TEXT(""), TEXT("eu-west-1"), TEXT(""),
        TEXT("")},
    {"HEAD 400 elsewhere", 400, false, REMEDY_NONE, TEXT(""), TEXT("eu-west-1"), TEXT(""),
        TEXT("")},

    /* Where the region stands. */
    {"Region", 400, true, REMEDY_REGION, TEXT(""), TEXT(""),
        TEXT("<Error><Code>AuthorizationHeaderMalformed</Code><Message>expecting 'x'</Message>"
             "<Region>ap-south-1</Region></Error>"),
        TEXT("ap-south-1")},
    {"the header wins", 301, true, REMEDY_REGION, TEXT(""), TEXT("eu-west-1"),
        TEXT("<Error><Code>PermanentRedirect</Code><Region>ap-south-1</Region></Error>"),
        TEXT("eu-west-1")},
    {"neither", 301, true, REMEDY_NONE, TEXT(""), TEXT(""),
        TEXT("<Error><Code>PermanentRedirect</Code><Endpoint>b.s3-eu-west-1.amazonaws.com"
             "</Endpoint></Error>"),
        TEXT("")},
    {"another code", 400, true, REMEDY_NONE, TEXT(""), TEXT("eu-west-1"),
        TEXT("<Error><Code>InvalidRequest</Code><Region>ap-south-1</Region></Error>"), TEXT("")},
    {"denied, with its region", 403, true, REMEDY_NONE, TEXT(""), TEXT("eu-west-1"),
        TEXT("<Error><Code>AccessDenied</Code></Error>"), TEXT("")},
    {"a body without a code", 301, true, REMEDY_NONE, TEXT(""), TEXT("eu-west-1"),
        TEXT("<html>moved</html>"), TEXT("")},

    /* Regions that are none. */
    {"none: a host", 301, true, REMEDY_NONE, TEXT(""), TEXT("evil.example"), TEXT(""), TEXT("")},
    {"none: CR LF", 301, true, REMEDY_NONE, TEXT(""), TEXT("eu-west-1\r\nx: y"), TEXT(""),
        TEXT("")},
    {"none: a label more", 301, true, REMEDY_NONE, TEXT(""), TEXT("eu-west-1.evil"), TEXT(""),
        TEXT("")},
    {"none: a path", 301, true, REMEDY_NONE, TEXT(""), TEXT("eu-west-1/../x"), TEXT(""), TEXT("")},
    {"none: NUL", 301, true, REMEDY_NONE, TEXT(""), TEXT("eu-west-1\x00"), TEXT(""), TEXT("")},
    {"none: capitals", 301, true, REMEDY_NONE, TEXT(""), TEXT("EU-WEST-1"), TEXT(""), TEXT("")},
    {"none: EU", 301, true, REMEDY_NONE, TEXT(""), TEXT("EU"), TEXT(""), TEXT("")},
    {"none: in the element", 301, true, REMEDY_NONE, TEXT(""), TEXT(""),
        TEXT("<Error><Code>PermanentRedirect</Code><Region>x&#10;y</Region></Error>"), TEXT("")},
    {"none: markup", 301, true, REMEDY_NONE, TEXT(""), TEXT(""),
        TEXT("<Error><Code>PermanentRedirect</Code><Region><a>eu-west-1</a></Region></Error>"),
        TEXT("")},
    {"none: no end", 301, true, REMEDY_NONE, TEXT(""), TEXT(""),
        TEXT("<Error><Code>PermanentRedirect</Code><Region>eu-west-1"), TEXT("")},
    {"another partition's", 301, true, REMEDY_REGION, TEXT(""), TEXT("cn-north-1"), TEXT(""),
        TEXT("cn-north-1")},

    /* The clock, by the text. */
    {"late, json", 403, false, REMEDY_CLOCK, TEXT(""), TEXT(""),
        TEXT("{\"__type\":\"InvalidSignatureException\",\"message\":\"Signature expired: "
             "20261125T000000Z is now earlier than 20261125T020000Z\"}"),
        TEXT("")},
    {"early, json by header", 400, false, REMEDY_CLOCK, TEXT("InvalidSignatureException"), TEXT(""),
        TEXT("{\"message\":\"Signature not yet current: 20261125T000000Z is still later\"}"),
        TEXT("")},
    {"late, query", 403, false, REMEDY_CLOCK, TEXT(""), TEXT(""),
        TEXT("<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>Signature expired: "
             "20261125T000000Z is now earlier</Message></Error></ErrorResponse>"),
        TEXT("")},
    {"early, query", 403, false, REMEDY_CLOCK, TEXT(""), TEXT(""),
        TEXT("<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>Signature not yet "
             "current</Message></Error></ErrorResponse>"),
        TEXT("")},
    {"wrong, json", 403, false, REMEDY_NONE, TEXT(""), TEXT(""),
        TEXT("{\"__type\":\"InvalidSignatureException\",\"message\":\"The request signature we "
             "calculated does not match the signature you provided.\"}"),
        TEXT("")},
    {"wrong, s3", 403, true, REMEDY_NONE, TEXT(""), TEXT("eu-west-1"),
        TEXT("<Error><Code>SignatureDoesNotMatch</Code><Message>The request signature we "
             "calculated does not match</Message></Error>"),
        TEXT("")},
    {"another code says it", 403, false, REMEDY_NONE, TEXT(""), TEXT(""),
        TEXT("{\"__type\":\"AccessDeniedException\",\"message\":\"Signature expired\"}"), TEXT("")},
    {"wrong, without a body", 403, false, REMEDY_NONE, TEXT("InvalidSignatureException"), TEXT(""),
        TEXT(""), TEXT("")},

    /* Throttled, by the status. */
    {"429", 429, false, REMEDY_PAUSE, TEXT(""), TEXT(""), TEXT("{}"), TEXT("")},
    {"503", 503, false, REMEDY_PAUSE, TEXT(""), TEXT(""), TEXT("busy"), TEXT("")},
    {"509", 509, false, REMEDY_NONE, TEXT(""), TEXT(""), TEXT("busy"), TEXT("")},

    /* Junk. */
    {"nothing", 400, false, REMEDY_NONE, TEXT(""), TEXT(""), TEXT(""), TEXT("")},
    {"a bracket", 400, true, REMEDY_NONE, TEXT(""), TEXT(""), TEXT("<"), TEXT("")},
    {"a brace", 400, true, REMEDY_NONE, TEXT(""), TEXT(""), TEXT("{"), TEXT("")},
    {"a name without a value", 400, true, REMEDY_NONE, TEXT(""), TEXT(""), TEXT("{\"__type\""),
        TEXT("")},
    {"a number", 400, true, REMEDY_NONE, TEXT(""), TEXT(""), TEXT("{\"__type\":503}"), TEXT("")},
    {"no closing tag", 400, true, REMEDY_NONE, TEXT(""), TEXT(""), TEXT("<Code>SlowDown"),
        TEXT("")},
    {"the end before the start", 400, true, REMEDY_NONE, TEXT(""), TEXT(""),
        TEXT("<x></Code>SlowDown<Code>"), TEXT("")},
    {"cbor that ends", 400, true, REMEDY_NONE, TEXT(""), TEXT(""), TEXT("\xa1\x66__type"),
        TEXT("")},
    {"cbor that ends early", 400, true, REMEDY_NONE, TEXT(""), TEXT(""),
        TEXT("\xa1\x66__type\x78\xffSlowDown.."), TEXT("")},
    {"cbor, a number", 400, true, REMEDY_NONE, TEXT(""), TEXT(""), TEXT("\xa1\x66__type\x01"),
        TEXT("")},
    {"only marks", 400, true, REMEDY_NONE, TEXT("#:"), TEXT(""), TEXT(""), TEXT("")},
};

static void check_row(const struct row *row)
{
    char *copy = check_copy(row->body);
    struct refusal refusal = {.status = row->status,
        .s3 = row->s3,
        .error_type = row->type,
        .bucket_region = row->named,
        .body = {copy, row->body.len}};
    struct span region = SPAN("");
    CHECK_NUMBER(span_of(row->name), remedy_of(&refusal, &region), row->remedy);
    CHECK_TEXT(span_of(row->name), region, row->region);
    free(copy);
}

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++)
        check_row(&rows[i]);
}

/* A region of 1 MB, well shaped or not, is found and judged without a copy of it. */
static void test_long_regions(void **state)
{
    (void)state;
    enum { LONG = 1 << 20 };
    char *memory = malloc(LONG);
    assert_non_null(memory);
    memset(memory, 'a', LONG);
    struct refusal refusal = {.status = 301, .s3 = true, .bucket_region = {memory, LONG}};
    struct span region = SPAN("");
    assert_int_equal(remedy_of(&refusal, &region), REMEDY_NONE);
    assert_int_equal(region.len, 0);
    refusal.bucket_region = (struct span){NULL, 0};
    memcpy(memory, "<Code>Redirect</Code><Region>", 29);
    refusal.body = (struct span){memory, LONG};
    assert_int_equal(remedy_of(&refusal, &region), REMEDY_NONE);
    free(memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_codes),
        cmocka_unit_test(test_statuses),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_long_regions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
