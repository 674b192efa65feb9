/* Where the names of services lead. */
#include "tests/unit/check.h"

#include "proxy/aws/service_host.h"

/* Source: botocore 1.44.5, endpoint rule sets (Apache-2.0). */
enum { PLAIN, DUAL, FIPS, BOTH };

static const struct {
    struct span name, region;
    int variant;
    struct span host, signing, signing_region;
} rows[] = {
    {TEXT("s3"), TEXT("eu-west-1"), PLAIN, TEXT("s3.eu-west-1.amazonaws.com"), TEXT("s3"),
        TEXT("eu-west-1")},
    {TEXT("s3"), TEXT("eu-west-1"), DUAL, TEXT("s3.dualstack.eu-west-1.amazonaws.com"), TEXT("s3"),
        TEXT("eu-west-1")},
    {TEXT("s3"), TEXT("us-east-2"), BOTH, TEXT("s3-fips.dualstack.us-east-2.amazonaws.com"),
        TEXT("s3"), TEXT("us-east-2")},
    {TEXT("s3"), TEXT("cn-north-1"), PLAIN, TEXT("s3.cn-north-1.amazonaws.com.cn"), TEXT("s3"),
        TEXT("cn-north-1")},
    {TEXT("s3-control"), TEXT("us-east-2"), BOTH,
        TEXT("s3-control-fips.dualstack.us-east-2.amazonaws.com"), TEXT("s3"), TEXT("us-east-2")},
    {TEXT("s3express-control"), TEXT("us-east-2"), DUAL,
        TEXT("s3express-control.dualstack.us-east-2.amazonaws.com"), TEXT("s3express"),
        TEXT("us-east-2")},
    {TEXT("dynamodb"), TEXT("eu-west-1"), PLAIN, TEXT("dynamodb.eu-west-1.amazonaws.com"),
        TEXT("dynamodb"), TEXT("eu-west-1")},
    {TEXT("lambda"), TEXT("eu-west-1"), DUAL, TEXT("lambda.eu-west-1.api.aws"), TEXT("lambda"),
        TEXT("eu-west-1")},
    {TEXT("lambda"), TEXT("us-east-1"), FIPS, TEXT("lambda-fips.us-east-1.amazonaws.com"),
        TEXT("lambda"), TEXT("us-east-1")},
    {TEXT("sts"), TEXT("eu-west-1"), PLAIN, TEXT("sts.eu-west-1.amazonaws.com"), TEXT("sts"),
        TEXT("eu-west-1")},
    {TEXT("sqs"), TEXT("us-gov-west-1"), FIPS, TEXT("sqs.us-gov-west-1.amazonaws.com"), TEXT("sqs"),
        TEXT("us-gov-west-1")},

    /* Global services. */
    {TEXT("iam"), TEXT("eu-west-1"), PLAIN, TEXT("iam.amazonaws.com"), TEXT("iam"),
        TEXT("us-east-1")},
    {TEXT("iam"), TEXT("cn-northwest-1"), PLAIN, TEXT("iam.cn-north-1.amazonaws.com.cn"),
        TEXT("iam"), TEXT("cn-north-1")},
    {TEXT("iam"), TEXT("us-gov-east-1"), FIPS, TEXT("iam.us-gov.amazonaws.com"), TEXT("iam"),
        TEXT("us-gov-west-1")},
    {TEXT("organizations"), TEXT("eu-west-1"), PLAIN, TEXT("organizations.us-east-1.amazonaws.com"),
        TEXT("organizations"), TEXT("us-east-1")},
    {TEXT("networkmanager"), TEXT("eu-west-1"), PLAIN,
        TEXT("networkmanager.us-west-2.amazonaws.com"), TEXT("networkmanager"), TEXT("us-west-2")},
    {TEXT("partnercentral-channel"), TEXT("eu-west-1"), PLAIN,
        TEXT("partnercentral-channel.global.api.aws"), TEXT("partnercentral-channel"),
        TEXT("us-east-1")},
    {TEXT("cost-optimization-hub"), TEXT("us-east-1"), PLAIN,
        TEXT("cost-optimization-hub.us-east-1.amazonaws.com"), TEXT("cost-optimization-hub"),
        TEXT("us-east-1")},

    /* Templates of their own. */
    {TEXT("transcribe"), TEXT("us-east-1"), FIPS, TEXT("fips.transcribe.us-east-1.amazonaws.com"),
        TEXT("transcribe"), TEXT("us-east-1")},
    {TEXT("transcribe"), TEXT("cn-north-1"), PLAIN,
        TEXT("cn.transcribe.cn-north-1.amazonaws.com.cn"), TEXT("transcribe"), TEXT("cn-north-1")},
    {TEXT("dsql"), TEXT("eu-west-1"), PLAIN, TEXT("dsql.eu-west-1.api.aws"), TEXT("dsql"),
        TEXT("eu-west-1")},
    {TEXT("runtime.lex"), TEXT("us-east-1"), FIPS, TEXT("runtime-fips.lex.us-east-1.amazonaws.com"),
        TEXT("lex"), TEXT("us-east-1")},
    {TEXT("cognito-idp"), TEXT("us-east-1"), BOTH, TEXT("cognito-idp-fips.us-east-1.amazonaws.com"),
        TEXT("cognito-idp"), TEXT("us-east-1")},
    {TEXT("sdb"), TEXT("us-east-1"), PLAIN, TEXT("sdb.amazonaws.com"), TEXT("sdb"),
        TEXT("us-east-1")},
    {TEXT("geo-routes"), TEXT("us-gov-west-1"), PLAIN,
        TEXT("routes.geo.us-gov-west-1.us-gov.amazonaws.com"), TEXT("geo-routes"),
        TEXT("us-gov-west-1")},

    /* By any name, however it is written. */
    {TEXT("ce"), TEXT("eu-west-1"), PLAIN, TEXT("ce.us-east-1.amazonaws.com"), TEXT("ce"),
        TEXT("us-east-1")},
    {TEXT("Cost Explorer"), TEXT("eu-west-1"), PLAIN, TEXT("ce.us-east-1.amazonaws.com"),
        TEXT("ce"), TEXT("us-east-1")},
    {TEXT("Cost%20Explorer"), TEXT("eu-west-1"), PLAIN, TEXT("ce.us-east-1.amazonaws.com"),
        TEXT("ce"), TEXT("us-east-1")},
    {TEXT("cost_explorer"), TEXT("eu-west-1"), PLAIN, TEXT("ce.us-east-1.amazonaws.com"),
        TEXT("ce"), TEXT("us-east-1")},
    {TEXT("COST-EXPLORER"), TEXT("eu-west-1"), PLAIN, TEXT("ce.us-east-1.amazonaws.com"),
        TEXT("ce"), TEXT("us-east-1")},
    {TEXT("stepfunctions"), TEXT("eu-west-1"), PLAIN, TEXT("states.eu-west-1.amazonaws.com"),
        TEXT("states"), TEXT("eu-west-1")},
    {TEXT("SFN"), TEXT("eu-west-1"), PLAIN, TEXT("states.eu-west-1.amazonaws.com"), TEXT("states"),
        TEXT("eu-west-1")},
    {TEXT("EventBridge"), TEXT("eu-west-1"), PLAIN, TEXT("events.eu-west-1.amazonaws.com"),
        TEXT("events"), TEXT("eu-west-1")},
    {TEXT("cloudwatch"), TEXT("eu-west-1"), PLAIN, TEXT("monitoring.eu-west-1.amazonaws.com"),
        TEXT("monitoring"), TEXT("eu-west-1")},
    {TEXT("monitoring"), TEXT("eu-west-1"), PLAIN, TEXT("monitoring.eu-west-1.amazonaws.com"),
        TEXT("monitoring"), TEXT("eu-west-1")},
    {TEXT("sesv2"), TEXT("eu-west-1"), PLAIN, TEXT("email.eu-west-1.amazonaws.com"), TEXT("ses"),
        TEXT("eu-west-1")},
    {TEXT("mobiletargeting"), TEXT("eu-west-1"), PLAIN, TEXT("pinpoint.eu-west-1.amazonaws.com"),
        TEXT("mobiletargeting"), TEXT("eu-west-1")},
    {TEXT("elasticloadbalancing"), TEXT("eu-west-1"), PLAIN,
        TEXT("elasticloadbalancing.eu-west-1.amazonaws.com"), TEXT("elasticloadbalancing"),
        TEXT("eu-west-1")},
    {TEXT("elb"), TEXT("eu-west-1"), PLAIN, TEXT("elasticloadbalancing.eu-west-1.amazonaws.com"),
        TEXT("elasticloadbalancing"), TEXT("eu-west-1")},

    /* Of several that a name could mean: by prefix, then by an SDK's name, then by signing name. */
    {TEXT("bedrock"), TEXT("eu-west-1"), PLAIN, TEXT("bedrock.eu-west-1.amazonaws.com"),
        TEXT("bedrock"), TEXT("eu-west-1")},
    {TEXT("bedrock-runtime"), TEXT("eu-west-1"), PLAIN,
        TEXT("bedrock-runtime.eu-west-1.amazonaws.com"), TEXT("bedrock"), TEXT("eu-west-1")},
    {TEXT("sagemaker"), TEXT("eu-west-1"), PLAIN, TEXT("api.sagemaker.eu-west-1.amazonaws.com"),
        TEXT("sagemaker"), TEXT("eu-west-1")},
    {TEXT("SageMaker Runtime"), TEXT("eu-west-1"), PLAIN,
        TEXT("runtime.sagemaker.eu-west-1.amazonaws.com"), TEXT("sagemaker"), TEXT("eu-west-1")},
    {TEXT("sso"), TEXT("eu-west-1"), PLAIN, TEXT("sso.eu-west-1.amazonaws.com"), TEXT("sso"),
        TEXT("eu-west-1")},
    {TEXT("lex"), TEXT("eu-west-1"), PLAIN, TEXT("models-v2-lex.eu-west-1.amazonaws.com"),
        TEXT("lex"), TEXT("eu-west-1")},

    /* Labels that are no service's prefix. */
    {TEXT("transcribestreaming"), TEXT("us-east-1"), FIPS,
        TEXT("transcribestreaming-fips.us-east-1.amazonaws.com"), TEXT("transcribe"),
        TEXT("us-east-1")},
    {TEXT("execute-api"), TEXT("eu-west-1"), PLAIN, TEXT("execute-api.eu-west-1.amazonaws.com"),
        TEXT("execute-api"), TEXT("eu-west-1")},
};

static struct span written(
    struct buf *out, const struct service *service, int variant, struct aws_host *identity)
{
    bool dual = variant == DUAL || variant == BOTH, fips = variant == FIPS || variant == BOTH;
    service_host_write(
        out, service, (struct host_variant){.dualstack = dual, .fips = fips}, identity);
    return buf_span(out);
}

static void test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        char memory[256];
        struct buf out = buf_over(memory, sizeof memory);
        struct aws_host identity = {.region = rows[i].region};
        struct service service;
        CHECK_NUMBER(rows[i].name, service_host_find(rows[i].name, &service), true);
        CHECK_TEXT(rows[i].name, written(&out, &service, rows[i].variant, &identity), rows[i].host);
        CHECK_TEXT(rows[i].host, identity.service, rows[i].signing);
        CHECK_TEXT(rows[i].host, identity.region, rows[i].signing_region);
    }
}

/* What leads to a host is what that host says, so both addresses sign alike. */
static void test_there_and_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct aws_host identity;
        CHECK_NUMBER(rows[i].host,
            host_identify(rows[i].host, SPAN("/"), rows[i].region, &identity), HOST_SERVICE);
        CHECK_TEXT(rows[i].host, identity.service, rows[i].signing);
        CHECK_TEXT(rows[i].host, identity.region, rows[i].signing_region);
    }
}

static void test_no_service(void **state)
{
    (void)state;
    static const struct span names[] = {TEXT(""), TEXT("-s3"), TEXT("s3-"), TEXT("s3 "),
        TEXT(" s3"), TEXT("a_b"), TEXT("a%2eb"), TEXT("%73%33"), TEXT("evil.example"),
        TEXT("s3-website"), TEXT("compute-1"), TEXT("cache"), TEXT("a:b"), TEXT("a@b"),
        TEXT("s3\0"), TEXT("acm -"), TEXT("no-service"),
        TEXT("0123456789012345678901234567890123456789012345678901234567890123")};
    for (size_t i = 0; i < ROWS(names); i++) {
        struct service service;
        CHECK_NUMBER(names[i], service_host_find(names[i], &service), false);
    }
}

/* A service that is younger than the tables: its name is a label, and what signs there too. */
static void test_younger(void **state)
{
    (void)state;
    static const struct span no_labels[] = {TEXT(""), TEXT("-x"), TEXT("x-"), TEXT("New"),
        TEXT("a_b"), TEXT("a.b"), TEXT("evil.example"), TEXT("s3-website"), TEXT("compute-1"),
        TEXT("elb"), TEXT("vpce-svc-1a2b"), TEXT("email-smtp"), TEXT("vpce"), TEXT("us-gov"),
        TEXT("dualstack"), TEXT("global"), TEXT("fips"), TEXT("new-fips"), TEXT("eu-west-1"),
        TEXT("0123456789012345678901234567890123456789012345678901234567890123")};
    char memory[256];
    struct buf out = buf_over(memory, sizeof memory);
    struct aws_host identity = {.region = SPAN("eu-west-1")};
    struct service service;
    for (size_t i = 0; i < ROWS(no_labels); i++)
        CHECK_NUMBER(no_labels[i], service_host_assume(no_labels[i], &service), false);
    assert_true(service_host_assume(SPAN("brand-new"), &service));
    CHECK_TEXT(SPAN("host"), written(&out, &service, PLAIN, &identity),
        SPAN("brand-new.eu-west-1.amazonaws.com"));
    CHECK_TEXT(SPAN("signing"), identity.service, SPAN("brand-new"));
    CHECK_TEXT(SPAN("region"), identity.region, SPAN("eu-west-1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_no_service),
        cmocka_unit_test(test_younger),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
