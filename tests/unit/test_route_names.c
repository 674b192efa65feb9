/* Routes by the names of services: how a path may name one, and which endpoint is meant for it. */
#include "tests/unit/routes.h"

static const struct {
    struct span target, service, region, path, host;
} named[] = {
    {TEXT("/S3/b/k"), TEXT("s3"), TEXT("eu-west-1"), TEXT("/b/k"),
        TEXT("s3.eu-west-1.amazonaws.com")},
    {TEXT("/Cost%20Explorer/"), TEXT("ce"), TEXT("us-east-1"), TEXT("/"),
        TEXT("ce.us-east-1.amazonaws.com")},
    {TEXT("/cost_explorer"), TEXT("ce"), TEXT("us-east-1"), TEXT("/"),
        TEXT("ce.us-east-1.amazonaws.com")},
    {TEXT("/ses/v2/email"), TEXT("ses"), TEXT("eu-west-1"), TEXT("/v2/email"),
        TEXT("email.eu-west-1.amazonaws.com")},
    {TEXT("/runtime.sagemaker/endpoints/e/invocations"), TEXT("sagemaker"), TEXT("eu-west-1"),
        TEXT("/endpoints/e/invocations"), TEXT("runtime.sagemaker.eu-west-1.amazonaws.com")},
    {TEXT("/api.ecr.us-east-2/"), TEXT("ecr"), TEXT("us-east-2"), TEXT("/"),
        TEXT("api.ecr.us-east-2.amazonaws.com")},
    {TEXT("/ecr.us-east-2/"), TEXT("ecr"), TEXT("us-east-2"), TEXT("/"),
        TEXT("api.ecr.us-east-2.amazonaws.com")},
    {TEXT("/iam.cn-north-1/"), TEXT("iam"), TEXT("cn-north-1"), TEXT("/"),
        TEXT("iam.cn-north-1.amazonaws.com.cn")},
    {TEXT("/brand-new.us-east-2/x"), TEXT("brand-new"), TEXT("us-east-2"), TEXT("/x"),
        TEXT("brand-new.us-east-2.amazonaws.com")},
};

static void test_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(named); i++) {
        static struct route route;
        struct fault fault;
        CHECK_NUMBER(
            named[i].target, find(&plain, SPAN("localhost"), named[i].target, &route, &fault), OK);
        CHECK_TEXT(named[i].target, route.service, named[i].service);
        CHECK_TEXT(named[i].target, route.region, named[i].region);
        CHECK_TEXT(named[i].target, route.path, named[i].path);
        CHECK_TEXT(named[i].target, route.host, named[i].host);
        CHECK_TEXT(named[i].target, route.server, named[i].host);
    }
}

/* What is meant is told where it can be guessed. */
static void test_unknown(void **state)
{
    (void)state;
    static const struct {
        struct span target;
        const char *nearest;
    } rows[] = {
        {TEXT("/dynamdb/"), "dynamodb"},
        {TEXT("/brand-new/"), "nearest"},
        {TEXT("/s3-websit.eu-west-1/"), NULL},
        {TEXT("/s3-website.eu-west-1/"), "nearest"},
        {TEXT("/compute-1.us-east-1/"), "nearest"},
        {TEXT("/vpce-svc-1a2b.us-east-1/"), "nearest"},
        {TEXT("/Brand-New.us-east-1/"), "nearest"},
        {TEXT("/evil.example.us-east-1/"), "nearest"},
        {TEXT("/eu-west-1/"), "nearest"},
        {TEXT("/.eu-west-1/"), "nearest"},
        {TEXT("/s3.eu-west-1.eu-west-1/"), "nearest"},
        {TEXT("/license-manager-user-subscriptionz-and-much-more-than-a-label-can-hold-in-it/"),
            "license-manager-user-subscriptions"},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        static struct route route;
        struct fault fault = {.text = ""};
        enum err err = find(&plain, SPAN("localhost"), rows[i].target, &route, &fault);
        CHECK_NUMBER(rows[i].target, err, rows[i].nearest ? ERR_UNKNOWN_SERVICE : OK);
        if (rows[i].nearest)
            assert_non_null(strstr(fault.text, rows[i].nearest));
        if (rows[i].nearest) /* the whole of it fits */
            assert_non_null(strstr(fault.text, "under /-/."));
    }
}

static const struct endpoint some[] = {
    ENDPOINT("ses", "ses.example", 1, false),
    ENDPOINT("rds", "rds.example", 2, false),
    ENDPOINT("docdb", "docdb.example", 3, false),
    ENDPOINT("cloudwatch", "watch.example", 4, false),
    ENDPOINT("bedrock-runtime", "runtime.example", 5, false),
    ENDPOINT("bedrock", "bedrock.example", 6, false),
    ENDPOINT("brand-new", "new.example", 7, false),
};
static const struct route_options with_some = {
    .region = TEXT("eu-west-1"), .endpoints = ROWS(some), .endpoint = some};

static void test_endpoints(void **state)
{
    (void)state;
    static const struct {
        struct span host, target, server, service;
    } rows[] = {
        {L, TEXT("/sesv2/"), TEXT("ses.example"), TEXT("ses")},
        {L, TEXT("/email/"), TEXT("ses.example"), TEXT("ses")},
        {L, TEXT("/mailmanager/"), TEXT("ses.example"), TEXT("ses")},
        {TEXT("email.eu-west-1.amazonaws.com"), TEXT("/"), TEXT("ses.example"), TEXT("ses")},
        {L, TEXT("/rds/"), TEXT("rds.example"), TEXT("rds")},
        {L, TEXT("/neptune/"), TEXT("rds.example"), TEXT("rds")},
        {L, TEXT("/docdb/"), TEXT("docdb.example"), TEXT("rds")},
        {TEXT("rds.eu-west-1.amazonaws.com"), TEXT("/"), TEXT("rds.example"), TEXT("rds")},
        {L, TEXT("/monitoring/"), TEXT("watch.example"), TEXT("monitoring")},
        {TEXT("monitoring.eu-west-1.amazonaws.com"), TEXT("/"), TEXT("watch.example"),
            TEXT("monitoring")},
        {L, TEXT("/Bedrock%20Runtime/"), TEXT("runtime.example"), TEXT("bedrock")},
        {L, TEXT("/bedrock-agent/"), TEXT("bedrock.example"), TEXT("bedrock")},
        {TEXT("bedrock-runtime.eu-west-1.amazonaws.com"), TEXT("/"), TEXT("runtime.example"),
            TEXT("bedrock")},
        {TEXT("runtime.example:5"), TEXT("/"), TEXT("runtime.example"), TEXT("bedrock")},
        {TEXT("watch.example:4"), TEXT("/"), TEXT("watch.example"), TEXT("monitoring")},
        {TEXT("new.example:7"), TEXT("/"), TEXT("new.example"), TEXT("brand-new")},
        {L, TEXT("/brand-new.eu-west-1/"), TEXT("new.example"), TEXT("brand-new")},
        {L, TEXT("/sqs/"), TEXT("sqs.eu-west-1.amazonaws.com"), TEXT("sqs")},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        static struct route route;
        struct fault fault;
        CHECK_NUMBER(
            rows[i].target, find(&with_some, rows[i].host, rows[i].target, &route, &fault), OK);
        CHECK_TEXT(rows[i].target, route.server, rows[i].server);
        CHECK_TEXT(rows[i].target, route.service, rows[i].service);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_named),
        cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_endpoints),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
