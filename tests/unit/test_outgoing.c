/* The request as it goes to AWS, byte for byte. The signatures were computed once with botocore
 * 1.44.5 (SigV4Auth, S3SigV4Auth) for the same request, time and credentials. */
#include "tests/unit/check.h"

#include "proxy/exchange/outgoing.h"

enum { NOW = 1440938160 }; /* 20150830T123600Z */

#define BODY_HASH "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a" /* {} */

static const struct credentials session = {.access_key_id = TEXT("ASIAIOSFODNN7EXAMPLE"),
    .secret_access_key = TEXT("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
    .session_token = TEXT("SESSION/TOKEN+==")};
static const struct credentials user = {.access_key_id = TEXT("AKIAIOSFODNN7EXAMPLE"),
    .secret_access_key = TEXT("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")};

static const struct row {
    const struct credentials *credentials;
    struct span request;
    struct span service, region, path, query, host;
    bool s3, strip_query;
    struct outgoing_body body;
    struct span sent;
} rows[] = {
    /* A body with its hash; what is the client's own proof or for one hop only stays behind. */
    {&session,
        TEXT("POST /dynamodb/ HTTP/1.1\r\nHost: localhost:2774\r\nConnection: X-Gone\r\n"
             "X-Amz-Target: DynamoDB_20120810.ListTables\r\nX-Gone: 1\r\nTE: trailers\r\n"
             "Content-Length: 2\r\nUser-Agent: test\r\nAuthorization: AWS4-HMAC-SHA256 x\r\n"
             "X-Countersign-Token: t\r\nX-Amz-Date: 20000101T000000Z\r\n"
             "X-Amz-Security-Token: another\r\nX-Amz-Content-Sha256: another\r\n"
             "Content-Type: application/x-amz-json-1.0\r\nExpect: 100-continue\r\n\r\n"),
        TEXT("dynamodb"), TEXT("eu-west-1"), TEXT("/"), TEXT(""),
        TEXT("dynamodb.eu-west-1.amazonaws.com"), false, false,
        {.has_length = true, .length = 2, .hash = TEXT(BODY_HASH)},
        TEXT("POST / HTTP/1.1\r\nHost: dynamodb.eu-west-1.amazonaws.com\r\n"
             "X-Amz-Target: DynamoDB_20120810.ListTables\r\nUser-Agent: test\r\n"
             "Content-Type: application/x-amz-json-1.0\r\nContent-Length: 2\r\n"
             "X-Amz-Date: 20150830T123600Z\r\nX-Amz-Content-Sha256: " BODY_HASH "\r\n"
             "X-Amz-Security-Token: SESSION/TOKEN+==\r\n"
             "Authorization: AWS4-HMAC-SHA256 Credential=ASIAIOSFODNN7EXAMPLE"
             "/20150830/eu-west-1/dynamodb/aws4_request, SignedHeaders=content-type;host;"
             "x-amz-content-sha256;x-amz-date;x-amz-security-token;x-amz-target, Signature="
             "faf5811112007b12124348268e8f285c64dfcb56f6ac4c3db7badcb58ceb1c81\r\n\r\n")},
    /* S3: the path is signed as it is, the body is not; it streams. */
    {&session,
        TEXT("PUT /s3/x HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
             "Content-MD5: 1B2M2Y8AsgTpgAmY7PhCfg==\r\nx-amz-meta-b: two  words\r\n"
             "If-None-Match: *\r\nTransfer-Encoding: chunked\r\n\r\n"),
        TEXT("s3"), TEXT("eu-west-1"), TEXT("/bucket/a%20b//c"),
        TEXT("x-id=PutObject&partNumber=1"), TEXT("s3.eu-west-1.amazonaws.com"), true, false,
        {.chunked = true, .expect_continue = true, .hash = TEXT("UNSIGNED-PAYLOAD")},
        TEXT("PUT /bucket/a%20b//c?x-id=PutObject&partNumber=1 HTTP/1.1\r\n"
             "Host: s3.eu-west-1.amazonaws.com\r\nContent-Type: text/plain\r\n"
             "Content-MD5: 1B2M2Y8AsgTpgAmY7PhCfg==\r\nx-amz-meta-b: two  words\r\n"
             "If-None-Match: *\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n"
             "X-Amz-Date: 20150830T123600Z\r\nX-Amz-Content-Sha256: UNSIGNED-PAYLOAD\r\n"
             "X-Amz-Security-Token: SESSION/TOKEN+==\r\n"
             "Authorization: AWS4-HMAC-SHA256 Credential=ASIAIOSFODNN7EXAMPLE"
             "/20150830/eu-west-1/s3/aws4_request, SignedHeaders=content-md5;content-type;host;"
             "x-amz-content-sha256;x-amz-date;x-amz-meta-b;x-amz-security-token, Signature="
             "8c37e07f6b8acf243dcead939c70a8e35941d6af70dc0a14d029dccdc682b38e\r\n\r\n")},
    /* No token, no body, a path that is encoded twice, and a presigned URL's remains. */
    {&user, TEXT("GET /lambda/x HTTP/1.0\r\nHost: localhost\r\n\r\n"), TEXT("lambda"),
        TEXT("eu-west-1"), TEXT("/2015-03-31/functions/arn%3Aaws%3Alambda"),
        TEXT("b=2&X-Amz-Algorithm=AWS4-HMAC-SHA256&a=1&X-Amz-Signature=0"),
        TEXT("lambda.eu-west-1.amazonaws.com"), false, true, {.hash = TEXT(EMPTY_SHA256)},
        TEXT("GET /2015-03-31/functions/arn%3Aaws%3Alambda?b=2&a=1 HTTP/1.1\r\n"
             "Host: lambda.eu-west-1.amazonaws.com\r\nX-Amz-Date: 20150830T123600Z\r\n"
             "X-Amz-Content-Sha256: " EMPTY_SHA256 "\r\n"
             "Authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE"
             "/20150830/eu-west-1/lambda/aws4_request, SignedHeaders=host;x-amz-content-sha256;"
             "x-amz-date, Signature="
             "867d213255a4694ede82eaf94eb10610b06c5c6492acdbb8e79b2758ce781987\r\n\r\n")},
};

static char request[8192], sent[96 * 1024], scratch[96 * 1024];
static struct head head;
static struct fault fault;

/* The row's request, sent into out. */
static enum err send(const struct row *row, struct signer *signer, struct buf *out)
{
    struct buf text = buf_over(request, sizeof request);
    struct route route = {.kind = ROUTE_SERVICE,
        .path = row->path,
        .query = row->query.len > 0 ? row->query : (struct span){NULL, 0},
        .service = row->service,
        .region = row->region,
        .host = row->host,
        .s3 = row->s3};
    buf_add(&text, row->request);
    CHECK_NUMBER(row->request, head_parse_request(&head, request, text.len, &fault), OK);
    struct outgoing outgoing = {.head = &head,
        .route = &route,
        .query = route.query,
        .credentials = row->credentials,
        .signer = signer,
        .strip_query = row->strip_query,
        .body = row->body};
    return outgoing_write(&outgoing, NOW, out, buf_over(scratch, sizeof scratch), &fault);
}

static int set_up(void **state)
{
    *state = signer_create();
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    signer_destroy(*state);
    return 0;
}

static void test_bytes(void **state)
{
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct buf out = buf_over(sent, sizeof sent);
        CHECK_NUMBER(rows[i].request, send(&rows[i], *state, &out), OK);
        CHECK_TEXT(rows[i].request, buf_span(&out), rows[i].sent);
    }
}

/* Where all of the query was a presigned URL's own there is no "?" either. */
static void test_query_all_stripped(void **state)
{
    struct row row = rows[2];
    struct buf out = buf_over(sent, sizeof sent);
    row.query = SPAN("X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=0");
    assert_int_equal(send(&row, *state, &out), OK);
    assert_true(
        span_starts(buf_span(&out), SPAN("GET /2015-03-31/functions/arn%3Aaws%3Alambda H")));
}

/* Whatever room is lacking: an error, and nothing is written past it. */
static void test_no_room(void **state)
{
    for (size_t room = 0; room < rows[0].sent.len; room += 7) {
        char *memory = malloc(room ? room : 1);
        struct buf out = buf_over(memory, room);
        assert_int_equal(send(&rows[0], *state, &out), ERR_HEAD_TOO_LARGE);
        assert_int_equal(fault.err, ERR_HEAD_TOO_LARGE);
        free(memory);
    }
}

static void test_too_many_parameters(void **state)
{
    char query[2 * CANONICAL_MAX_PARAMETERS + 1];
    struct row row = rows[2];
    struct buf out = buf_over(sent, sizeof sent);
    for (size_t i = 0; i < sizeof query; i++)
        query[i] = i % 2 ? '&' : 'a';
    row.query = (struct span){query, sizeof query};
    assert_int_equal(send(&row, *state, &out), ERR_BAD_REQUEST);
    assert_int_equal(fault.err, ERR_BAD_REQUEST);
}

/* A Content-Length of 0 is sent where it is asked for, and none where it is not. */
static void test_length_zero(void **state)
{
    struct row row = rows[2];
    struct buf out = buf_over(sent, sizeof sent);
    row.body.has_length = true;
    assert_int_equal(send(&row, *state, &out), OK);
    sent[out.len] = '\0';
    assert_non_null(strstr(sent, "\r\nContent-Length: 0\r\n"));
    assert_null(strstr(sent, "Transfer-Encoding"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_query_all_stripped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_room, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_too_many_parameters, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_length_zero, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
