/* What a host of AWS says, which hosts are refused, and where a service path leads. */
#include "tests/unit/check.h"

#include "proxy/aws/host.h"

/* Source of the hosts that are signed for: botocore, endpoint rule sets and their tests
 * (Apache-2.0); at home in eu-central-1. No region: HOME. */
static const struct {
    struct span host, service, region;
} served[] = {
    {TEXT("s3.amazonaws.com"), TEXT("s3"), TEXT("us-east-1")},
    {TEXT("bucket.s3.amazonaws.com"), TEXT("s3"), TEXT("us-east-1")},
    {TEXT("s3.eu-west-1.amazonaws.com"), TEXT("s3"), TEXT("eu-west-1")},
    {TEXT("bucket.s3.eu-west-1.amazonaws.com"), TEXT("s3"), TEXT("eu-west-1")},
    {TEXT("bucket.with.dots.s3.eu-west-1.amazonaws.com"), TEXT("s3"), TEXT("eu-west-1")},
    {TEXT("bucket.s3.dualstack.eu-west-1.amazonaws.com"), TEXT("s3"), TEXT("eu-west-1")},
    {TEXT("bucket.s3-fips.us-gov-west-1.amazonaws.com"), TEXT("s3"), TEXT("us-gov-west-1")},
    {TEXT("bucket.s3-fips.dualstack.us-east-2.amazonaws.com"), TEXT("s3"), TEXT("us-east-2")},
    {TEXT("s3-eu-west-1.amazonaws.com"), TEXT("s3"), TEXT("eu-west-1")},
    {TEXT("bucket.s3-us-west-2.amazonaws.com"), TEXT("s3"), TEXT("us-west-2")},
    {TEXT("bucket.s3-accelerate.amazonaws.com"), TEXT("s3"), TEXT("")},
    {TEXT("bucket.s3-accelerate.dualstack.amazonaws.com"), TEXT("s3"), TEXT("")},
    {TEXT("ap-123456789012.s3-accesspoint.eu-west-1.amazonaws.com"), TEXT("s3"), TEXT("eu-west-1")},
    {TEXT("123456789012.s3-control.us-west-2.amazonaws.com"), TEXT("s3"), TEXT("us-west-2")},
    {TEXT("ol-123456789012.s3-object-lambda.us-east-1.amazonaws.com"), TEXT("s3-object-lambda"),
        TEXT("us-east-1")},
    {TEXT("bucket.vpce-1a2b-c3d4.s3.us-east-1.vpce.amazonaws.com"), TEXT("s3"), TEXT("us-east-1")},
    {TEXT("s3.cn-north-1.amazonaws.com.cn"), TEXT("s3"), TEXT("cn-north-1")},
    {TEXT("dynamodb.eu-west-1.amazonaws.com"), TEXT("dynamodb"), TEXT("eu-west-1")},
    {TEXT("dynamodb-fips.us-east-1.amazonaws.com"), TEXT("dynamodb"), TEXT("us-east-1")},
    {TEXT("lambda.eu-west-1.api.aws"), TEXT("lambda"), TEXT("eu-west-1")},
    {TEXT("transcribe.eu-west-1.amazonaws.com"), TEXT("transcribe"), TEXT("eu-west-1")},
    {TEXT("fips.transcribe.us-east-1.amazonaws.com"), TEXT("transcribe"), TEXT("us-east-1")},
    {TEXT("cn.transcribe.cn-north-1.amazonaws.com.cn"), TEXT("transcribe"), TEXT("cn-north-1")},
    {TEXT("transcribestreaming.eu-west-1.amazonaws.com"), TEXT("transcribe"), TEXT("eu-west-1")},
    {TEXT("transcribestreaming-fips.us-east-1.amazonaws.com"), TEXT("transcribe"),
        TEXT("us-east-1")},
    {TEXT("a1b2c3.execute-api.eu-west-1.amazonaws.com"), TEXT("execute-api"), TEXT("eu-west-1")},
    {TEXT("sts.amazonaws.com"), TEXT("sts"), TEXT("us-east-1")},
    {TEXT("sts.eu-west-1.amazonaws.com"), TEXT("sts"), TEXT("eu-west-1")},
    {TEXT("iam.amazonaws.com"), TEXT("iam"), TEXT("us-east-1")},
    {TEXT("route53.amazonaws.com"), TEXT("route53"), TEXT("us-east-1")},
    {TEXT("cloudfront.amazonaws.com"), TEXT("cloudfront"), TEXT("us-east-1")},
    {TEXT("organizations.amazonaws.com"), TEXT("organizations"), TEXT("us-east-1")},
};

/* A signature sent there would give the session token away. */
static const struct {
    struct span host;
    enum host_kind kind;
} refused[] = {
    {TEXT(""), HOST_STRANGER},
    {TEXT("example.com"), HOST_STRANGER},
    {TEXT("amazonaws.com"), HOST_STRANGER},
    {TEXT("s3.amazonaws.com.evil.example"), HOST_STRANGER},
    {TEXT("s3.evilamazonaws.com"), HOST_STRANGER},
    {TEXT("s3-amazonaws.com"), HOST_STRANGER},
    {TEXT("s3.amazonaws.com.co"), HOST_STRANGER},
    {TEXT("s3.eu-west-1.amazonaws.com."), HOST_STRANGER},
    {TEXT("169.254.169.254"), HOST_STRANGER},
    {TEXT("localhost"), HOST_STRANGER},
    {TEXT("ec2-1-2-3-4.compute-1.amazonaws.com"), HOST_CUSTOMER},
    {TEXT("ec2-1-2-3-4.eu-west-1.compute.amazonaws.com"), HOST_CUSTOMER},
    {TEXT("my-lb-123.eu-west-1.elb.amazonaws.com"), HOST_CUSTOMER},
    {TEXT("my-lb-123.elb.us-east-2.amazonaws.com"), HOST_CUSTOMER},
    {TEXT("db.abcdefg.eu-west-1.rds.amazonaws.com"), HOST_CUSTOMER},
    {TEXT("cluster.abcdefg.eu-west-1.redshift.amazonaws.com"), HOST_CUSTOMER},
    {TEXT("node.abcdef.0001.euw1.cache.amazonaws.com"), HOST_CUSTOMER},
    {TEXT("b-1234.mq.eu-west-1.amazonaws.com"), HOST_CUSTOMER},
    {TEXT("b-1.cluster.abc.c2.kafka.eu-west-1.amazonaws.com"), HOST_CUSTOMER},
    {TEXT("bucket.s3-website.eu-central-1.amazonaws.com"), HOST_CUSTOMER},
    {TEXT("bucket.s3-website-us-east-1.amazonaws.com"), HOST_CUSTOMER},
    {TEXT("email-smtp.eu-west-1.amazonaws.com"), HOST_CUSTOMER},
    {TEXT("git-codecommit.eu-west-1.amazonaws.com"), HOST_CUSTOMER},
    {TEXT("eu-west-1.amazonaws.com"), HOST_CUSTOMER},
    {TEXT("unknown.amazonaws.com"), HOST_CUSTOMER},
    {TEXT("evil.dynamodb.eu-west-1.amazonaws.com"), HOST_CUSTOMER},
    {TEXT("-x.eu-west-1.amazonaws.com"), HOST_CUSTOMER},
    {TEXT("x-.eu-west-1.amazonaws.com"), HOST_CUSTOMER},
    {TEXT("a_b.eu-west-1.amazonaws.com"), HOST_CUSTOMER},
    {TEXT(".eu-west-1.amazonaws.com"), HOST_CUSTOMER},
    {TEXT("s3-accesspoint.amazonaws.com"), HOST_CUSTOMER},
    {TEXT("vpce-1a2b-c3d4.vpce-svc-5e6f.eu-west-1.vpce.amazonaws.com"), HOST_CUSTOMER},
    {TEXT("vpce-1a2b-c3d4.eu-west-1.vpce.amazonaws.com"), HOST_CUSTOMER},
    {TEXT("vpce-svc-5e6f.eu-west-1.vpce.amazonaws.com"), HOST_CUSTOMER},
    {TEXT("x.iam.amazonaws.com"), HOST_CUSTOMER},
};

static void test_served(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(served); i++) {
        struct span row = served[i].host;
        struct aws_host identity;
        char *copy = check_copy(row);
        CHECK_NUMBER(row,
            host_identify((struct span){copy, row.len}, SPAN("eu-central-1"), &identity),
            HOST_SERVICE);
        CHECK_TEXT(row, identity.service, served[i].service);
        CHECK_TEXT(row, identity.region, served[i].region);
        free(copy);
    }
}

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(refused); i++) {
        struct aws_host identity = {.service = SPAN("untouched")};
        CHECK_NUMBER(refused[i].host,
            host_identify(refused[i].host, SPAN("eu-central-1"), &identity), refused[i].kind);
        CHECK_TEXT(refused[i].host, identity.service, SPAN("untouched"));
    }
}

/* A host without a region signs in the global region of the partition at home. */
static void test_at_home(void **state)
{
    (void)state;
    static const struct {
        struct span host, home, region;
    } rows[] = {
        {TEXT("sts.amazonaws.com"), TEXT("us-gov-east-1"), TEXT("us-gov-west-1")},
        {TEXT("s3.amazonaws.com"), TEXT("us-gov-east-1"), TEXT("us-gov-west-1")},
        {TEXT("s3.amazonaws.com"), TEXT("cn-north-1"), TEXT("us-east-1")},
        {TEXT("iam.amazonaws.com"), TEXT(""), TEXT("us-east-1")},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct aws_host identity;
        CHECK_NUMBER(
            rows[i].host, host_identify(rows[i].host, rows[i].home, &identity), HOST_SERVICE);
        CHECK_TEXT(rows[i].home, identity.region, rows[i].region);
    }
}

static const struct {
    struct span service, region;
    bool dualstack, fips;
    struct span host, signing, signing_region;
} paths[] = {
    {TEXT("s3"), TEXT("eu-west-1"), false, false, TEXT("s3.eu-west-1.amazonaws.com"), TEXT("s3"),
        TEXT("eu-west-1")},
    {TEXT("s3"), TEXT("eu-west-1"), true, false, TEXT("s3.dualstack.eu-west-1.amazonaws.com"),
        TEXT("s3"), TEXT("eu-west-1")},
    {TEXT("s3"), TEXT("us-east-2"), true, true, TEXT("s3-fips.dualstack.us-east-2.amazonaws.com"),
        TEXT("s3"), TEXT("us-east-2")},
    {TEXT("s3"), TEXT("cn-north-1"), false, false, TEXT("s3.cn-north-1.amazonaws.com.cn"),
        TEXT("s3"), TEXT("cn-north-1")},
    {TEXT("dynamodb"), TEXT("eu-west-1"), false, false, TEXT("dynamodb.eu-west-1.amazonaws.com"),
        TEXT("dynamodb"), TEXT("eu-west-1")},
    {TEXT("lambda"), TEXT("eu-west-1"), true, false, TEXT("lambda.eu-west-1.api.aws"),
        TEXT("lambda"), TEXT("eu-west-1")},
    {TEXT("lambda"), TEXT("us-east-1"), false, true, TEXT("lambda-fips.us-east-1.amazonaws.com"),
        TEXT("lambda"), TEXT("us-east-1")},
    {TEXT("sts"), TEXT("eu-west-1"), false, false, TEXT("sts.eu-west-1.amazonaws.com"), TEXT("sts"),
        TEXT("eu-west-1")},
    {TEXT("iam"), TEXT("eu-west-1"), false, false, TEXT("iam.amazonaws.com"), TEXT("iam"),
        TEXT("us-east-1")},
    {TEXT("transcribe"), TEXT("eu-west-1"), false, false,
        TEXT("transcribe.eu-west-1.amazonaws.com"), TEXT("transcribe"), TEXT("eu-west-1")},
    {TEXT("transcribe"), TEXT("us-east-1"), false, true,
        TEXT("fips.transcribe.us-east-1.amazonaws.com"), TEXT("transcribe"), TEXT("us-east-1")},
    {TEXT("transcribe"), TEXT("cn-north-1"), false, false,
        TEXT("cn.transcribe.cn-north-1.amazonaws.com.cn"), TEXT("transcribe"), TEXT("cn-north-1")},
    {TEXT("transcribestreaming"), TEXT("us-east-1"), false, true,
        TEXT("transcribestreaming-fips.us-east-1.amazonaws.com"), TEXT("transcribe"),
        TEXT("us-east-1")},
};

static void test_of_service(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(paths); i++) {
        char memory[256];
        struct buf out = buf_over(memory, sizeof memory);
        struct aws_host identity = {.region = paths[i].region};
        struct host_variant variant = {paths[i].dualstack, paths[i].fips};
        CHECK_NUMBER(paths[i].host, host_of_service(&out, paths[i].service, variant, &identity), 1);
        CHECK_TEXT(paths[i].host, buf_span(&out), paths[i].host);
        CHECK_TEXT(paths[i].host, identity.service, paths[i].signing);
        CHECK_TEXT(paths[i].host, identity.region, paths[i].signing_region);
    }
}

/* What leads to a host is what that host says, so both addresses sign alike. */
static void test_there_and_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(paths); i++) {
        struct aws_host identity;
        CHECK_NUMBER(
            paths[i].host, host_identify(paths[i].host, paths[i].region, &identity), HOST_SERVICE);
        CHECK_TEXT(paths[i].host, identity.service, paths[i].signing);
        CHECK_TEXT(paths[i].host, identity.region, paths[i].signing_region);
    }
}

static void test_no_service(void **state)
{
    (void)state;
    static const struct span rows[] = {TEXT(""), TEXT("-s3"), TEXT("s3-"), TEXT("S3"), TEXT("a_b"),
        TEXT("a%2eb"), TEXT("evil.example"), TEXT("s3-website"), TEXT("compute-1"), TEXT("elb"),
        TEXT("a:b"), TEXT("a@b"),
        TEXT("0123456789012345678901234567890123456789012345678901234567890123")};
    for (size_t i = 0; i < ROWS(rows); i++) {
        char memory[256];
        struct buf out = buf_over(memory, sizeof memory);
        struct aws_host identity = {.region = SPAN("eu-west-1")};
        struct host_variant variant = {false, false};
        CHECK_NUMBER(rows[i], host_of_service(&out, rows[i], variant, &identity), false);
    }
}

static void test_path_style(void **state)
{
    (void)state;
    static const struct span once[] = {
        TEXT("s3"), TEXT("s3-outposts"), TEXT("s3-object-lambda"), TEXT("s3express")};
    static const struct span twice[] = {
        TEXT("dynamodb"), TEXT("s"), TEXT("s3x"), TEXT("S3"), TEXT(""), TEXT("s3vectors")};
    for (size_t i = 0; i < ROWS(once); i++)
        CHECK_NUMBER(once[i], service_path_style(once[i]), PATH_ONCE);
    for (size_t i = 0; i < ROWS(twice); i++)
        CHECK_NUMBER(twice[i], service_path_style(twice[i]), PATH_TWICE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_served),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_at_home),
        cmocka_unit_test(test_of_service),
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_no_service),
        cmocka_unit_test(test_path_style),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
