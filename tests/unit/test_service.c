/* The table of services: what is in it, and by which names it is found. */
#include "tests/unit/check.h"

#include "proxy/aws/service.h"

static void test_columns(void **state)
{
    (void)state;
    static const struct {
        struct span name, prefix, own, signing, iam, protocols, target, auth, hosts;
    } rows[] = {
        {TEXT("sesv2"), TEXT("email"), TEXT("sesv2"), TEXT("ses"), TEXT("ses"), TEXT("rest-json"),
            TEXT(""), TEXT("sigv4"), TEXT("")},
        {TEXT("email"), TEXT("email"), TEXT("ses"), TEXT("ses"), TEXT("ses"), TEXT("query"),
            TEXT(""), TEXT("sigv4"), TEXT("")},
        {TEXT("CloudWatch"), TEXT("monitoring"), TEXT("cloudwatch"), TEXT("monitoring"),
            TEXT("cloudwatch"), TEXT("cbor,json,query"), TEXT("GraniteServiceVersion20100801"),
            TEXT("sigv4"), TEXT("fx/us-gov={p}.{r}.{s}")},
        {TEXT("dynamodb"), TEXT("dynamodb"), TEXT("dynamodb"), TEXT("dynamodb"), TEXT("dynamodb"),
            TEXT("json"), TEXT("DynamoDB_20120810"), TEXT("sigv4"), TEXT("gov")},
        {TEXT("aiops"), TEXT("aiops"), TEXT("aiops"), TEXT("aiops"), TEXT("aiops"),
            TEXT("rest-json"), TEXT(""), TEXT("sigv4"), TEXT("")},
        {TEXT("xray"), TEXT("xray"), TEXT("xray"), TEXT("xray"), TEXT("xray"), TEXT("rest-json"),
            TEXT(""), TEXT("sigv4"), TEXT("")},
        {TEXT("a2i-runtime.sagemaker"), TEXT("a2i-runtime.sagemaker"),
            TEXT("sagemaker-a2i-runtime"), TEXT("sagemaker"), TEXT("sagemaker"), TEXT("rest-json"),
            TEXT(""), TEXT("sigv4"), TEXT("")},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct service found;
        char *copy = check_copy(rows[i].name);
        CHECK_NUMBER(
            rows[i].name, service_by_name((struct span){copy, rows[i].name.len}, &found), true);
        free(copy);
        CHECK_TEXT(rows[i].name, found.prefix, rows[i].prefix);
        CHECK_TEXT(rows[i].name, found.name, rows[i].own);
        CHECK_TEXT(rows[i].name, found.signing, rows[i].signing);
        CHECK_TEXT(rows[i].name, found.iam, rows[i].iam);
        CHECK_TEXT(rows[i].name, found.protocols, rows[i].protocols);
        CHECK_TEXT(rows[i].name, found.target, rows[i].target);
        CHECK_TEXT(rows[i].name, found.auth, rows[i].auth);
        CHECK_TEXT(rows[i].name, found.hosts, rows[i].hosts);
    }
}

static void test_by_signing(void **state)
{
    (void)state;
    static const struct {
        struct span signing, name;
    } rows[] = {
        {TEXT("s3"), TEXT("s3")},
        {TEXT("bedrock"), TEXT("bedrock")},
        {TEXT("ses"), TEXT("ses")},
        {TEXT("cloudwatch"),
            TEXT("cloudwatchomni")}, /* whose name is cloudwatch signs as monitoring */
        {TEXT("IoTSecuredTunneling"), TEXT("iotsecuretunneling")},
        {TEXT("aws-marketplace"), TEXT("marketplace-agreement")},
        {TEXT("execute-api"), TEXT("apigatewaymanagementapi")},
    };
    struct service found;
    for (size_t i = 0; i < ROWS(rows); i++) {
        CHECK_NUMBER(rows[i].signing, service_by_signing(rows[i].signing, &found), true);
        CHECK_TEXT(rows[i].signing, found.signing, rows[i].signing);
        CHECK_TEXT(rows[i].signing, found.name, rows[i].name);
    }
    assert_false(service_by_signing(SPAN("S3"), &found));
    assert_false(service_by_signing(SPAN(""), &found));
    assert_false(service_by_signing(SPAN("no-service"), &found));
}

static void test_by_prefix(void **state)
{
    (void)state;
    struct service found;
    assert_true(service_by_prefix(SPAN("api.ecr"), &found));
    CHECK_TEXT(SPAN("api.ecr"), found.name, SPAN("ecr"));
    static const struct span none[] = {TEXT(""), TEXT("ecr"), TEXT("api"), TEXT("api.ecr "),
        TEXT("api.ecr -"), TEXT("API.ECR"), TEXT("api.ec"), TEXT("api.ecr-publi"), TEXT("zzz"),
        TEXT("\xff"), TEXT("api.ecr\0")};
    for (size_t i = 0; i < ROWS(none); i++)
        CHECK_NUMBER(none[i], service_by_prefix(none[i], &found), false);
}

static void test_nearest(void **state)
{
    (void)state;
    static const struct {
        struct span typed, first;
    } rows[] = {
        {TEXT("dynamdb"), TEXT("dynamodb")},
        {TEXT("transcrib"), TEXT("transcribe")},
        {TEXT("Secretmanager"), TEXT("secretsmanager")},
        {TEXT("cost-explore"), TEXT("cost-explorer")},
    };
    struct nearest nearest;
    for (size_t i = 0; i < ROWS(rows); i++) {
        service_nearest(rows[i].typed, &nearest);
        assert_int_equal(nearest.names, NEAREST_NAMES);
        CHECK_TEXT(rows[i].typed, nearest.name[0], rows[i].first);
        assert_true(nearest.steps[0] <= nearest.steps[1] && nearest.steps[1] <= nearest.steps[2]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_by_signing),
        cmocka_unit_test(test_by_prefix),
        cmocka_unit_test(test_nearest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
