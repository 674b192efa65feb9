/* What a client's own signature says of where it means to go, and the address does not. */
#include "tests/unit/check.h"

#include "proxy/aws/route.h"

#define HOME "us-east-1"

static const struct row {
    struct span target, service, region, operation;  /* the path, and the scope's parts */
    struct span host, path, signing, signing_region; /* host.len == 0: refused */
} rows[] = {
    /* the address says all */
    {TEXT("/s3.eu-west-1/b/k"), TEXT("s3"), TEXT("eu-north-1"), TEXT(""),
        TEXT("s3.eu-west-1.amazonaws.com"), TEXT("/b/k"), TEXT("s3"), TEXT("eu-west-1")},
    /* the region is the scope's */
    {TEXT("/s3/b/k"), TEXT("s3"), TEXT("eu-north-1"), TEXT(""), TEXT("s3.eu-north-1.amazonaws.com"),
        TEXT("/b/k"), TEXT("s3"), TEXT("eu-north-1")},
    {TEXT("/sqs/"), TEXT("sqs"), TEXT("cn-north-1"), TEXT(""),
        TEXT("sqs.cn-north-1.amazonaws.com.cn"), TEXT("/"), TEXT("sqs"), TEXT("cn-north-1")},
    {TEXT("/email/v2/email/identities"), TEXT("ses"), TEXT("eu-west-1"), TEXT(""),
        TEXT("email.eu-west-1.amazonaws.com"), TEXT("/v2/email/identities"), TEXT("ses"),
        TEXT("eu-west-1")},
    {TEXT("/iam/"), TEXT("iam"), TEXT("us-east-1"), TEXT(""), TEXT("iam.amazonaws.com"), TEXT("/"),
        TEXT("iam"), TEXT("us-east-1")},
    {TEXT("/s3/b/k"), TEXT("s3"), TEXT(""), TEXT(""), TEXT("s3." HOME ".amazonaws.com"),
        TEXT("/b/k"), TEXT("s3"), TEXT(HOME)},
    {TEXT("/s3/b/k"), TEXT("s3"), TEXT("evil.example"), TEXT(""), TEXT("s3." HOME ".amazonaws.com"),
        TEXT("/b/k"), TEXT("s3"), TEXT(HOME)},
    /* and so is the service */
    {TEXT("/"), TEXT("dynamodb"), TEXT("eu-west-1"), TEXT("DynamoDB_20120810.GetItem"),
        TEXT("dynamodb.eu-west-1.amazonaws.com"), TEXT("/"), TEXT("dynamodb"), TEXT("eu-west-1")},
    {TEXT("/"), TEXT("dynamodb"), TEXT("eu-west-1"), TEXT("DynamoDBStreams_20120810.GetRecords"),
        TEXT("streams.dynamodb.eu-west-1.amazonaws.com"), TEXT("/"), TEXT("dynamodb"),
        TEXT("eu-west-1")},
    {TEXT("/"), TEXT("sts"), TEXT("eu-west-1"), TEXT(""), TEXT("sts.eu-west-1.amazonaws.com"),
        TEXT("/"), TEXT("sts"), TEXT("eu-west-1")},
    {TEXT("/2015-03-31/functions/f/invocations"), TEXT("lambda"), TEXT("eu-west-1"), TEXT(""),
        TEXT("lambda.eu-west-1.amazonaws.com"), TEXT("/2015-03-31/functions/f/invocations"),
        TEXT("lambda"), TEXT("eu-west-1")},
    {TEXT("/service/Transcribe/operation/ListVocabularies"), TEXT("transcribe"), TEXT("eu-west-1"),
        TEXT(""), TEXT("transcribe.eu-west-1.amazonaws.com"),
        TEXT("/service/Transcribe/operation/ListVocabularies"), TEXT("transcribe"),
        TEXT("eu-west-1")},
    {TEXT("/bucket/key"), TEXT("s3"), TEXT("eu-west-1"), TEXT(""),
        TEXT("s3.eu-west-1.amazonaws.com"), TEXT("/bucket/key"), TEXT("s3"), TEXT("eu-west-1")},
    /* buckets with services' names */
    {TEXT("/logs/key"), TEXT("s3"), TEXT("eu-west-1"), TEXT(""), TEXT("s3.eu-west-1.amazonaws.com"),
        TEXT("/logs/key"), TEXT("s3"), TEXT("eu-west-1")},
    {TEXT("/sqs.eu-west-1/key"), TEXT("s3"), TEXT("eu-north-1"), TEXT(""),
        TEXT("s3.eu-north-1.amazonaws.com"), TEXT("/sqs.eu-west-1/key"), TEXT("s3"),
        TEXT("eu-north-1")},
    /* S3's kin share the address */
    {TEXT("/s3/b--use1-az4--x-s3/k"), TEXT("s3express"), TEXT("us-east-1"), TEXT(""),
        TEXT("b--use1-az4--x-s3.s3express-use1-az4.us-east-1.amazonaws.com"), TEXT("/k"),
        TEXT("s3express"), TEXT("us-east-1")},
    /* a scope that nobody knows changes nothing */
    {TEXT("/sqs/"), TEXT("nobody"), TEXT("eu-west-1"), TEXT(""),
        TEXT("sqs.eu-west-1.amazonaws.com"), TEXT("/"), TEXT("sqs"), TEXT("eu-west-1")},
    {TEXT("/bucket/key"), TEXT("nobody"), TEXT("eu-west-1"), TEXT(""), TEXT(""), TEXT(""), TEXT(""),
        TEXT("")},
    {TEXT("/bucket/key"), TEXT(""), TEXT("eu-west-1"), TEXT(""), TEXT(""), TEXT(""), TEXT(""),
        TEXT("")},
};

static void test_scopes(void **state)
{
    (void)state;
    const struct route_options options = {.region = SPAN(HOME)};
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct target target = {.path = rows[i].target};
        struct route_scope scope = {rows[i].service, rows[i].region, rows[i].operation};
        struct route route;
        struct fault fault = {OK, ""};
        enum err err = route_find(&options, &target, &scope, &route, &fault);
        CHECK_NUMBER(rows[i].target, err, rows[i].host.len ? OK : ERR_UNKNOWN_SERVICE);
        if (err)
            continue;
        CHECK_TEXT(rows[i].target, route.host, rows[i].host);
        CHECK_TEXT(rows[i].target, route.path, rows[i].path);
        CHECK_TEXT(rows[i].target, route.service, rows[i].signing);
        CHECK_TEXT(rows[i].target, route.region, rows[i].signing_region);
    }
}

/* A host that names a service is not asked what its caller signs for. */
static void test_hosts_stay(void **state)
{
    (void)state;
    const struct route_options options = {.region = SPAN(HOME)};
    struct target target = {.path = SPAN("/")};
    struct route_scope scope = {SPAN("s3"), SPAN("eu-west-1"), SPAN("")};
    struct route route;
    struct fault fault;
    assert_true(authority_parse(SPAN("sqs.eu-north-1.amazonaws.com"), &target.authority));
    assert_int_equal(route_find(&options, &target, &scope, &route, &fault), OK);
    CHECK_TEXT(SPAN("host"), route.host, SPAN("sqs.eu-north-1.amazonaws.com"));
    CHECK_TEXT(SPAN("region"), route.region, SPAN("eu-north-1"));
    assert_true(authority_parse(SPAN("evil.example"), &target.authority));
    assert_int_equal(route_find(&options, &target, &scope, &route, &fault), ERR_HOST_NOT_ALLOWED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scopes),
        cmocka_unit_test(test_hosts_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
