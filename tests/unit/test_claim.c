/* Signatures that clients bring: which are proof, and which are not. Those that verify were made
 * with botocore 1.44.5 (SigV4Auth, S3SigV4Auth, S3SigV4QueryAuth, SigV4QueryAuth) for
 * ASIAIOSFODNN7EXAMPLE at 20150830T123600Z; each other row changes one thing. */
#include "tests/unit/check.h"

#include "proxy/aws/claim.h"

enum { NOW = 1440938160 };

#define SECRET    "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define BODY_HASH "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a" /* {} */
#define FORM      "AWS4-HMAC-SHA256 "
#define V1        " HTTP/1.1\r\nHost: localhost:2774\r\n"
#define DATE      "X-Amz-Date: 20150830T123600Z\r\n"
#define TOKEN     "X-Amz-Security-Token: SESSION/TOKEN+==\r\n"

#define DYNAMO                                                                          \
    "POST /dynamodb/" V1 "X-Amz-Target: DynamoDB_20120810.ListTables\r\nContent-Type: " \
    "application/x-amz-json-1.0\r\n" DATE TOKEN
#define DYNAMO_SIGNATURE  "744b527c9025ccbcf4b5242ad4f57546f5dd0d5eba58ba2b3c5339af57345e14"
#define DYNAMO_CREDENTIAL "ASIAIOSFODNN7EXAMPLE/20150830/eu-west-1/dynamodb/aws4_request"
#define DYNAMO_NAMES      "content-type;host;x-amz-date;x-amz-security-token;x-amz-target"
#define PROOF(credential, names, signature)                                       \
    "Authorization: " FORM "Credential=" credential ", SignedHeaders=" names ", " \
    "Signature=" signature "\r\n"
#define DYNAMO_PROOF PROOF(DYNAMO_CREDENTIAL, DYNAMO_NAMES, DYNAMO_SIGNATURE)

#define S3 \
    "GET /s3/bucket/a%20key?versionId=1" V1 DATE TOKEN "X-Amz-Content-SHA256: " EMPTY_SHA256 "\r\n"
#define S3_PROOF                                                     \
    PROOF("ASIAIOSFODNN7EXAMPLE/20150830/us-east-1/s3/aws4_request", \
        "host;x-amz-content-sha256;x-amz-date;x-amz-security-token", \
        "1e67db0921ac587db2936f2794a8c804f4d8869bc3c3f4c577ce9b9a47d767a2")

#define QUERY(service, expires, signature)                                                         \
    "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=ASIAIOSFODNN7EXAMPLE%2F20150830%2F" service \
    "%2Faws4_request&X-Amz-Date=20150830T123600Z&X-Amz-Expires=" expires                           \
    "&X-Amz-SignedHeaders=host&X-Amz-Security-Token=SESSION%2FTOKEN%2B%3D%3D"                      \
    "&X-Amz-Signature=" signature
#define S3_QUERY                   \
    QUERY("us-east-1%2Fs3", "600", \
        "ad5c7b0387e1406edec4b57386ea78ade9f53d01f7eeb0727384e79d7fc768da")
#define LAMBDA_QUERY                   \
    QUERY("eu-west-1%2Flambda", "600", \
        "f0888feda6b8811dcb021ea205f95d021dfd85a2728bbae213f2692a48d5a3f3")
/* The token of AWS IoT stands behind the signature, which does not cover it. */
#define BARE_QUERY(service)                                                                        \
    "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=ASIAIOSFODNN7EXAMPLE%2F20150830%2Feu-west-" \
    "1%2F" service "%2Faws4_request&X-Amz-Date=20150830T123600Z&X-Amz-Expires=600"                 \
    "&X-Amz-SignedHeaders=host&X-Amz-Signature="                                                   \
    "500117b2660e5ce49914f98cf93510a346b3d39ea02e3b9900816d3ba8dc73a6"
#define TOKEN_BEHIND "&X-Amz-Security-Token=SESSION%2FTOKEN%2B%3D%3D"

#define LAMBDA "GET /lambda/2015-03-31/functions/arn%3Aaws/?"

struct row {
    struct span head, body_hash;
    long later_s;
    enum claim_verdict verdict;
};

static const struct row rows[] = {
    {TEXT(DYNAMO DYNAMO_PROOF), TEXT(BODY_HASH), 0, CLAIM_VERIFIED},
    {TEXT(DYNAMO DYNAMO_PROOF), TEXT(""), 0, CLAIM_NEEDS_HASH},
    {TEXT(DYNAMO DYNAMO_PROOF), TEXT(EMPTY_SHA256), 0, CLAIM_WRONG},
    {TEXT(S3 S3_PROOF), TEXT(""), 0, CLAIM_VERIFIED},
    {TEXT("GET /s3/bucket/a%20key?versionId=1&" S3_QUERY V1), TEXT(""), 0, CLAIM_VERIFIED},
    {TEXT(LAMBDA LAMBDA_QUERY V1), TEXT(""), 0, CLAIM_NEEDS_HASH},
    {TEXT(LAMBDA LAMBDA_QUERY V1), TEXT(EMPTY_SHA256), 0, CLAIM_VERIFIED},

    {TEXT("GET /mqtt?" BARE_QUERY("iotdevicegateway") TOKEN_BEHIND V1), TEXT(EMPTY_SHA256), 0,
        CLAIM_VERIFIED},
    {TEXT("GET /mqtt?" BARE_QUERY("iotdevicegateway") V1), TEXT(EMPTY_SHA256), 0, CLAIM_VERIFIED},
    {TEXT("GET /mqtt?" BARE_QUERY("iotdevicegateway") "&a=b" V1), TEXT(EMPTY_SHA256), 0,
        CLAIM_WRONG},
    {TEXT("GET /mqtt?" BARE_QUERY("iotdata") TOKEN_BEHIND V1), TEXT(EMPTY_SHA256), 0, CLAIM_WRONG},

    /* Its form may vary: no spaces, spaces, another order. */
    {TEXT(DYNAMO "Authorization: " FORM "Credential=" DYNAMO_CREDENTIAL
                 ",SignedHeaders=" DYNAMO_NAMES ",Signature=" DYNAMO_SIGNATURE "\r\n"),
        TEXT(BODY_HASH), 0, CLAIM_VERIFIED},
    {TEXT(DYNAMO "Authorization: " FORM "Signature=" DYNAMO_SIGNATURE
                 " , Credential=" DYNAMO_CREDENTIAL ",SignedHeaders=" DYNAMO_NAMES "\r\n"),
        TEXT(BODY_HASH), 0, CLAIM_VERIFIED},

    /* Time: a quarter of an hour either way, and no longer than a presigned URL says. */
    {TEXT(S3 S3_PROOF), TEXT(""), 900, CLAIM_VERIFIED},
    {TEXT(S3 S3_PROOF), TEXT(""), -900, CLAIM_VERIFIED},
    {TEXT(S3 S3_PROOF), TEXT(""), 901, CLAIM_STALE},
    {TEXT(S3 S3_PROOF), TEXT(""), -901, CLAIM_STALE},
    {TEXT(LAMBDA LAMBDA_QUERY V1), TEXT(EMPTY_SHA256), 600, CLAIM_VERIFIED},
    {TEXT(LAMBDA LAMBDA_QUERY V1), TEXT(EMPTY_SHA256), 601, CLAIM_STALE},
    {TEXT(LAMBDA QUERY("eu-west-1%2Flambda", "604801", BODY_HASH) V1), TEXT(EMPTY_SHA256), 0,
        CLAIM_STALE},
    {TEXT(LAMBDA QUERY("eu-west-1%2Flambda", "", BODY_HASH) V1), TEXT(EMPTY_SHA256), 0,
        CLAIM_STALE},
    {TEXT(LAMBDA QUERY("eu-west-1%2Flambda", "86400", BODY_HASH) V1), TEXT(EMPTY_SHA256), 901,
        CLAIM_STALE},
    {TEXT("GET /" V1 "X-Amz-Date: 20150830T126000Z\r\n" DYNAMO_PROOF), TEXT(BODY_HASH), 0,
        CLAIM_STALE},
    {TEXT("GET /" V1 "X-Amz-Date: 20150831T000000Z\r\n" DYNAMO_PROOF), TEXT(BODY_HASH), 41040,
        CLAIM_STALE}, /* the date of its scope is another */
    {TEXT("GET /" V1 DYNAMO_PROOF), TEXT(BODY_HASH), 0, CLAIM_STALE},

    /* Another key's, whatever its signature. */
    {TEXT(DYNAMO PROOF("AKIAIOSFODNN7EXAMPLE/20150830/eu-west-1/dynamodb/aws4_request",
         DYNAMO_NAMES, DYNAMO_SIGNATURE)),
        TEXT(BODY_HASH), 0, CLAIM_OTHER_KEY},
    {TEXT(DYNAMO PROOF("ASIAIOSFODNN7EXAMPL/20150830/eu-west-1/dynamodb/aws4_request", DYNAMO_NAMES,
         DYNAMO_SIGNATURE)),
        TEXT(BODY_HASH), 0, CLAIM_OTHER_KEY},

    /* One thing of the request, or of the claim, is not what was signed. */
    {TEXT("GET /s3/bucket/another?versionId=1" V1 DATE TOKEN "X-Amz-Content-SHA256: " EMPTY_SHA256
          "\r\n" S3_PROOF),
        TEXT(""), 0, CLAIM_WRONG},
    {TEXT("GET /s3/bucket/a%20key?versionId=2" V1 DATE TOKEN "X-Amz-Content-SHA256: " EMPTY_SHA256
          "\r\n" S3_PROOF),
        TEXT(""), 0, CLAIM_WRONG},
    {TEXT("DELETE /s3/bucket/a%20key?versionId=1" V1 DATE TOKEN
          "X-Amz-Content-SHA256: " EMPTY_SHA256 "\r\n" S3_PROOF),
        TEXT(""), 0, CLAIM_WRONG},
    {TEXT("GET /s3/bucket/a%20key?versionId=1 HTTP/1.1\r\nHost: localhost:2775\r\n" DATE TOKEN
          "X-Amz-Content-SHA256: " EMPTY_SHA256 "\r\n" S3_PROOF),
        TEXT(""), 0, CLAIM_WRONG},
    {TEXT("GET /s3/bucket/a%20key?versionId=1" V1 DATE TOKEN
          "X-Amz-Content-SHA256: UNSIGNED-PAYLOAD\r\n" S3_PROOF),
        TEXT(""), 0, CLAIM_WRONG},
    {TEXT(DYNAMO PROOF("ASIAIOSFODNN7EXAMPLE/20150830/us-east-1/dynamodb/aws4_request",
         DYNAMO_NAMES, DYNAMO_SIGNATURE)),
        TEXT(BODY_HASH), 0, CLAIM_WRONG},
    {TEXT(DYNAMO PROOF("ASIAIOSFODNN7EXAMPLE/20150830/eu-west-1/lambda/aws4_request", DYNAMO_NAMES,
         DYNAMO_SIGNATURE)),
        TEXT(BODY_HASH), 0, CLAIM_WRONG},
    {TEXT(DYNAMO PROOF(DYNAMO_CREDENTIAL, DYNAMO_NAMES,
         "844b527c9025ccbcf4b5242ad4f57546f5dd0d5eba58ba2b3c5339af57345e14")),
        TEXT(BODY_HASH), 0, CLAIM_WRONG},
    {TEXT(DYNAMO PROOF(DYNAMO_CREDENTIAL, DYNAMO_NAMES,
         "744b527c9025ccbcf4b5242ad4f57546f5dd0d5eba58ba2b3c5339af57345e1")),
        TEXT(BODY_HASH), 0, CLAIM_WRONG},
    {TEXT(DYNAMO PROOF(DYNAMO_CREDENTIAL, DYNAMO_NAMES, "")), TEXT(BODY_HASH), 0, CLAIM_WRONG},

    /* What it must cover: the host, and every x-amz-* field. The first is right but for that. */
    {TEXT(S3 PROOF("ASIAIOSFODNN7EXAMPLE/20150830/us-east-1/s3/aws4_request",
         "x-amz-content-sha256;x-amz-date;x-amz-security-token",
         "28312eb6269454b015e72652afcbc5abd2400175d97eb919fb61fd03b2fa9a67")),
        TEXT(""), 0, CLAIM_WRONG},
    {TEXT(S3 "x-amz-meta-evil: 1\r\n" S3_PROOF), TEXT(""), 0, CLAIM_WRONG},
    {TEXT("GET /s3/bucket/a%20key?versionId=1&" S3_QUERY V1 "X-Amz-Acl: public-read\r\n"), TEXT(""),
        0, CLAIM_WRONG},
    {TEXT(S3 PROOF("ASIAIOSFODNN7EXAMPLE/20150830/us-east-1/s3/aws4_request",
         "host;range;x-amz-content-sha256;x-amz-date;x-amz-security-token", BODY_HASH)),
        TEXT(""), 0, CLAIM_WRONG},
    {TEXT(S3 PROOF("ASIAIOSFODNN7EXAMPLE/20150830/us-east-1/s3/aws4_request", "", BODY_HASH)),
        TEXT(""), 0, CLAIM_WRONG},

    /* Sent as to a proxy: its Host is what was signed, so it must be the target's. */
    {TEXT("GET http://localhost:2774/s3/bucket/a%20key?versionId=1" V1 DATE TOKEN
          "X-Amz-Content-SHA256: " EMPTY_SHA256 "\r\n" S3_PROOF),
        TEXT(""), 0, CLAIM_VERIFIED},
    {TEXT("GET http://s3.amazonaws.com/s3/bucket/a%20key?versionId=1" V1 DATE TOKEN
          "X-Amz-Content-SHA256: " EMPTY_SHA256 "\r\n" S3_PROOF),
        TEXT(""), 0, CLAIM_WRONG},

    /* What is no claim in form is a wrong one. */
    {TEXT("GET /" V1 DATE "Authorization: " FORM "nonsense\r\n"), TEXT(BODY_HASH), 0, CLAIM_WRONG},
    {TEXT(DYNAMO PROOF(
         "ASIAIOSFODNN7EXAMPLE/20150830/eu-west-1/dynamodb", DYNAMO_NAMES, DYNAMO_SIGNATURE)),
        TEXT(BODY_HASH), 0, CLAIM_WRONG},
    {TEXT(DYNAMO PROOF("ASIAIOSFODNN7EXAMPLE/20150830/eu-west-1/dynamodb/aws4_request/x",
         DYNAMO_NAMES, DYNAMO_SIGNATURE)),
        TEXT(BODY_HASH), 0, CLAIM_WRONG},
    {TEXT(DYNAMO PROOF("ASIAIOSFODNN7EXAMPLE/20150830/eu-west-1/dynamodb/aws3_request",
         DYNAMO_NAMES, DYNAMO_SIGNATURE)),
        TEXT(BODY_HASH), 0, CLAIM_WRONG},
    {TEXT("GET /?X-Amz-Algorithm=AWS4-HMAC-SHA256" V1), TEXT(BODY_HASH), 0, CLAIM_WRONG},
};

static struct head head;
static struct target target;
static char text[4096];

static void parse(struct span row)
{
    struct fault fault;
    struct buf out = buf_over(text, sizeof text);
    buf_add(&out, row);
    buf_text(&out, "\r\n");
    CHECK_NUMBER(row, head_parse_request(&head, text, out.len, &fault), OK);
    CHECK_NUMBER(row, target_of_request(&head, &target, &fault), OK);
}

static enum claim_verdict verify(const struct row *row, struct signer *signer)
{
    static struct claim claim;
    struct credentials credentials = {.access_key_id = SPAN("ASIAIOSFODNN7EXAMPLE"),
        .secret_access_key = SPAN(SECRET),
        .session_token = SPAN("SESSION/TOKEN+==")};
    struct claim_request request = {&head, &target, row->body_hash};
    parse(row->head);
    CHECK_NUMBER(row->head, claim_find(&head, &target, &claim), true);
    return claim_verify(&claim, &request, signer, &credentials, NOW + row->later_s);
}

static void test_verdicts(void **state)
{
    (void)state;
    struct signer *signer = signer_create();
    assert_non_null(signer);
    for (size_t i = 0; i < ROWS(rows); i++)
        CHECK_NUMBER(rows[i].head, verify(&rows[i], signer), rows[i].verdict);
    signer_destroy(signer);
}

static void test_no_claim(void **state)
{
    (void)state;
    static const struct span heads[] = {TEXT("GET /" V1), TEXT("GET /" V1 DATE TOKEN),
        TEXT("GET /" V1 "Authorization: Basic eDp5\r\n"),
        TEXT("GET /" V1 "Authorization: AWS AKIAIOSFODNN7EXAMPLE:c2ln\r\n"),
        TEXT("GET /" V1 "Authorization: AWS4-HMAC-SHA256\r\n"),
        TEXT("GET /" V1 "Authorization: AWS4-ECDSA-P256-SHA256 Credential=x\r\n"),
        TEXT("GET /?X-Amz-Signature=1&X-Amz-Credential=2" V1),
        TEXT("GET /?X-Amz-Algorithm=AWS4-ECDSA-P256-SHA256" V1),
        TEXT("GET /?xX-Amz-Algorithm=AWS4-HMAC-SHA256" V1), TEXT("GET /?X-Amz-Algorithm" V1)};
    for (size_t i = 0; i < ROWS(heads); i++) {
        static struct claim claim;
        parse(heads[i]);
        CHECK_NUMBER(heads[i], claim_find(&head, &target, &claim), false);
    }
}

static void test_parts(void **state)
{
    (void)state;
    static struct claim claim;
    parse(SPAN("GET /s3/bucket/a%20key?versionId=1&" S3_QUERY V1));
    assert_true(claim_find(&head, &target, &claim));
    assert_true(claim.in_query);
    CHECK_TEXT(SPAN("key"), claim.access_key_id, SPAN("ASIAIOSFODNN7EXAMPLE"));
    CHECK_TEXT(SPAN("date"), claim.date, SPAN("20150830"));
    CHECK_TEXT(SPAN("region"), claim.region, SPAN("us-east-1"));
    CHECK_TEXT(SPAN("service"), claim.service, SPAN("s3"));
    CHECK_TEXT(SPAN("names"), claim.signed_headers, SPAN("host"));
    CHECK_TEXT(SPAN("time"), claim.time, SPAN("20150830T123600Z"));
    CHECK_TEXT(SPAN("expires"), claim.expires, SPAN("600"));
    parse(SPAN(DYNAMO DYNAMO_PROOF));
    assert_true(claim_find(&head, &target, &claim));
    assert_false(claim.in_query);
    assert_null(claim.expires.at);
    CHECK_TEXT(SPAN("service"), claim.service, SPAN("dynamodb"));
    CHECK_TEXT(SPAN("names"), claim.signed_headers, SPAN(DYNAMO_NAMES));
}

/* A credential that is longer than there is room for is no credential. */
static void test_long_credential(void **state)
{
    (void)state;
    static struct claim claim;
    char memory[3000];
    struct buf row = buf_over(memory, sizeof memory);
    buf_text(&row, "GET /?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=");
    for (int i = 0; i < 2000; i++)
        buf_char(&row, 'A');
    buf_text(&row, "%2F20150830%2Fr%2Fs%2Faws4_request" V1);
    parse(buf_span(&row));
    assert_true(claim_find(&head, &target, &claim));
    assert_int_equal(claim.access_key_id.len, 0);
}

static void test_strip_query(void **state)
{
    (void)state;
    static const struct {
        struct span query, stripped;
    } queries[] = {
        {TEXT(""), TEXT("")},
        {TEXT("a=1&b"), TEXT("a=1&b")},
        {TEXT(S3_QUERY), TEXT("")},
        {TEXT("a=%41&" S3_QUERY "&b"), TEXT("a=%41&b")},
        {TEXT("X-Amz-Date=1&X-Amz-Dates=2&x-amz-date=3"), TEXT("X-Amz-Dates=2&x-amz-date=3")},
        {TEXT("X-Amz-Expires&a"), TEXT("a")},
        {TEXT("x-id=GetObject&X-Amz-Security-Token=x"), TEXT("x-id=GetObject")},
    };
    for (size_t i = 0; i < ROWS(queries); i++) {
        char memory[512];
        struct buf out = buf_over(memory, sizeof memory);
        claim_strip_query(queries[i].query, &out);
        CHECK_TEXT(queries[i].query, buf_span(&out), queries[i].stripped);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_no_claim),
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_long_credential),
        cmocka_unit_test(test_strip_query),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
