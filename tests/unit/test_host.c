/* What a host of AWS says, and which hosts are refused. */
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
    {TEXT("vpce-1a2b-c3d4.sqs.eu-west-1.vpce.amazonaws.com"), TEXT("sqs"), TEXT("eu-west-1")},
    {TEXT("vpce-1a2b-c3d4-eu-west-1a.api.ecr.eu-west-1.vpce.amazonaws.com"), TEXT("ecr"),
        TEXT("eu-west-1")},
    {TEXT("vpce-1a2b-c3d4.execute-api.eu-west-1.vpce.amazonaws.com"), TEXT("execute-api"),
        TEXT("eu-west-1")},
    {TEXT("a1b2c3-vpce-1a2b.execute-api.eu-west-1.amazonaws.com"), TEXT("execute-api"),
        TEXT("eu-west-1")},
    {TEXT("abcdefgh.lambda-url.eu-west-1.on.aws"), TEXT("lambda"), TEXT("eu-west-1")},
    {TEXT("search-logs-abc123.eu-west-1.es.amazonaws.com"), TEXT("es"), TEXT("eu-west-1")},
    {TEXT("vpc-logs-abc123.eu-west-1.es.amazonaws.com"), TEXT("es"), TEXT("eu-west-1")},
    {TEXT("search-logs-abc123.aos.eu-west-1.on.aws"), TEXT("es"), TEXT("eu-west-1")},
    {TEXT("es.eu-west-1.amazonaws.com"), TEXT("es"), TEXT("eu-west-1")},
    {TEXT("abc123.eu-west-1.aoss.amazonaws.com"), TEXT("aoss"), TEXT("eu-west-1")},
    {TEXT("aps-workspaces.eu-west-1.amazonaws.com"), TEXT("aps"), TEXT("eu-west-1")},
    {TEXT("abc123.appsync-api.eu-west-1.amazonaws.com"), TEXT("appsync"), TEXT("eu-west-1")},
    {TEXT("a1b2c3-ats.iot.eu-west-1.amazonaws.com"), TEXT("iotdata"), TEXT("eu-west-1")},
    {TEXT("service-0123.7d67968.vpc-lattice-svcs.eu-west-1.on.aws"), TEXT("vpc-lattice-svcs"),
        TEXT("eu-west-1")},
    {TEXT("g-abc123.neptune-graph.eu-west-1.on.aws"), TEXT("neptune-graph"), TEXT("eu-west-1")},
    {TEXT("mycluster.cluster-abc.eu-west-1.neptune.amazonaws.com"), TEXT("neptune-db"),
        TEXT("eu-west-1")},
    {TEXT("abc123.data.mediastore.eu-west-1.amazonaws.com"), TEXT("mediastore"), TEXT("eu-west-1")},
    {TEXT("query-cell1.timestream.eu-west-1.amazonaws.com"), TEXT("timestream"), TEXT("eu-west-1")},
    {TEXT("queue.amazonaws.com"), TEXT("sqs"), TEXT("us-east-1")},
    {TEXT("eu-west-1.queue.amazonaws.com"), TEXT("sqs"), TEXT("eu-west-1")},
    {TEXT("email.eu-west-1.amazonaws.com"), TEXT("ses"), TEXT("eu-west-1")},
    {TEXT("states.eu-west-1.amazonaws.com"), TEXT("states"), TEXT("eu-west-1")},
    {TEXT("sync-states.eu-west-1.amazonaws.com"), TEXT("states"), TEXT("eu-west-1")},
    {TEXT("runtime.sagemaker.eu-west-1.amazonaws.com"), TEXT("sagemaker"), TEXT("eu-west-1")},
    {TEXT("bedrock-runtime.eu-west-1.amazonaws.com"), TEXT("bedrock"), TEXT("eu-west-1")},
    {TEXT("bedrock-runtime-fips.us-east-1.amazonaws.com"), TEXT("bedrock"), TEXT("us-east-1")},
    {TEXT("api-fips.sagemaker.us-east-1.amazonaws.com"), TEXT("sagemaker"), TEXT("us-east-1")},
    {TEXT("fips.batch.us-east-1.amazonaws.com"), TEXT("batch"), TEXT("us-east-1")},
    {TEXT("iam.us-gov.amazonaws.com"), TEXT("iam"), TEXT("us-gov-west-1")},
    {TEXT("iam.amazonaws.com.cn"), TEXT("iam"), TEXT("cn-north-1")},
    {TEXT("organizations.us-gov-west-1.amazonaws.com"), TEXT("organizations"),
        TEXT("us-gov-west-1")},
    {TEXT("s3-fips-us-gov-west-1.amazonaws.com"), TEXT("s3"), TEXT("us-gov-west-1")},
    {TEXT("rds.eu-west-1.amazonaws.com"), TEXT("rds"), TEXT("eu-west-1")},
    {TEXT("mq.eu-west-1.amazonaws.com"), TEXT("mq"), TEXT("eu-west-1")},
    {TEXT("eu-west-1.signin.aws.amazon.com"), TEXT("signin"), TEXT("eu-west-1")},
    {TEXT("signin-fips.amazonaws-us-gov.com"), TEXT("signin"), TEXT("us-gov-west-1")},
    {TEXT("brand-new.eu-west-1.amazonaws.com"), TEXT("brand-new"), TEXT("eu-west-1")},
    {TEXT("brand-new.eu-west-1.api.aws"), TEXT("brand-new"), TEXT("eu-west-1")},
    {TEXT("brand-new-fips.us-east-1.amazonaws.com"), TEXT("brand-new"), TEXT("us-east-1")},
    {TEXT("partnercentral-channel.global.api.aws"), TEXT("partnercentral-channel"),
        TEXT("us-east-1")},
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
    {TEXT("vpce-1a2b-c3d4.vpce-svc-5e6f.eu-west-1.vpce.amazonaws.com"), HOST_CUSTOMER},
    {TEXT("vpce-1a2b-c3d4.eu-west-1.vpce.amazonaws.com"), HOST_CUSTOMER},
    {TEXT("vpce-svc-5e6f.eu-west-1.vpce.amazonaws.com"), HOST_CUSTOMER},
    {TEXT("x.iam.amazonaws.com"), HOST_CUSTOMER},
    {TEXT("vpce-1a2b.vpce-svc-5e6f.eu-west-1.vpce.amazonaws.com"), HOST_CUSTOMER},
    {TEXT("brand-new.eu-west-1.vpce.amazonaws.com"), HOST_CUSTOMER},
    {TEXT("vpce-1a2b.brand-new.eu-west-1.vpce.amazonaws.com"), HOST_CUSTOMER},
    {TEXT("evil.vpce-1a2b.sqs.eu-west-1.vpce.amazonaws.com"), HOST_CUSTOMER},
    {TEXT("evil.brand-new.eu-west-1.amazonaws.com"), HOST_CUSTOMER},
    {TEXT("brand-new.dualstack.eu-west-1.amazonaws.com"), HOST_CUSTOMER},
    {TEXT("fips.eu-west-1.amazonaws.com"), HOST_CUSTOMER},
    {TEXT("eu-west-1.eu-west-1.amazonaws.com"), HOST_CUSTOMER},
    {TEXT("brand-new.global.api.aws"), HOST_CUSTOMER},
    {TEXT("fips.brand-new.eu-west-1.amazonaws.com"), HOST_CUSTOMER},
    {TEXT("brand-new.eu-west-1.on.aws"), HOST_CUSTOMER},
    {TEXT("evil.eu-west-1.on.aws"), HOST_CUSTOMER},
    {TEXT("on.aws"), HOST_CUSTOMER},
    {TEXT("db.cluster-abc.eu-west-1.docdb.amazonaws.com"), HOST_CUSTOMER},
    {TEXT("ABCD.gr7.eu-west-1.eks.amazonaws.com"), HOST_CUSTOMER},
    {TEXT("wg.123456789012.eu-west-1.redshift-serverless.amazonaws.com"), HOST_CUSTOMER},
    {TEXT("x.dax-clusters.eu-west-1.amazonaws.com"), HOST_CUSTOMER},
    {TEXT("clustercfg.x.abc.memorydb.eu-west-1.amazonaws.com"), HOST_CUSTOMER},
    {TEXT("s-1234.server.transfer.eu-west-1.amazonaws.com"), HOST_CUSTOMER},
    {TEXT("fs-1234.efs.eu-west-1.amazonaws.com"), HOST_CUSTOMER},
    {TEXT("abc.vfs.cloud9.eu-west-1.amazonaws.com"), HOST_CUSTOMER},
    {TEXT("abc.mediapackage.eu-west-1.amazonaws.com"), HOST_CUSTOMER},
    {TEXT("g-1.grafana-workspace.eu-west-1.amazonaws.com"), HOST_CUSTOMER},
    {TEXT("123456789012.dkr.ecr.eu-west-1.amazonaws.com"), HOST_CUSTOMER},
    {TEXT("abc.dsql.eu-west-1.on.aws"), HOST_CUSTOMER},
    {TEXT("evil.fips.sqs.eu-west-1.amazonaws.com"), HOST_CUSTOMER},
    {TEXT("s3.aws.amazon.com"), HOST_STRANGER},
    {TEXT("evil.eu-west-1.signin.aws.amazon.com"), HOST_CUSTOMER},
    {TEXT("a1b2.execute-api.amazonaws.com"), HOST_CUSTOMER},
    {TEXT("x.compute.sqs.eu-west-1.amazonaws.com"), HOST_CUSTOMER},
    {TEXT("s3.eu-west-1.amazonaws.com.."), HOST_STRANGER},
    {TEXT("s3.eu-west-1.amazonaws.com:evil"), HOST_STRANGER},
    {TEXT("s3.eu-west-1.amazonaws.com@evil.example"), HOST_STRANGER},
    {TEXT("s3.eu-west-1.xn--amazonaws-x9a.com"), HOST_STRANGER},
    {TEXT("s3.eu-west-1.amazonaws.com.cn.evil.cn"), HOST_STRANGER},
    {TEXT("s3.eu-west-1.amazonaws.eu.com"), HOST_STRANGER},
    {TEXT("192.0.2.1"), HOST_STRANGER},
    {TEXT("api.aws.evil"), HOST_STRANGER},
    {TEXT("evil-api.aws"), HOST_STRANGER},
    {TEXT("evilon.aws"), HOST_STRANGER},
};

static void test_served(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(served); i++) {
        struct span row = served[i].host;
        struct aws_host identity;
        char *copy = check_copy(row);
        CHECK_NUMBER(row,
            host_identify((struct span){copy, row.len}, SPAN("/"), SPAN("eu-central-1"), &identity),
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
            host_identify(refused[i].host, SPAN("/"), SPAN("eu-central-1"), &identity),
            refused[i].kind);
        CHECK_TEXT(refused[i].host, identity.service, SPAN("untouched"));
    }
}

/* Services that share a host are told apart by the path. */
static void test_by_path(void **state)
{
    (void)state;
    static const struct {
        struct span host, path, service;
    } rows[] = {
        {TEXT("maps.geo.eu-west-1.amazonaws.com"), TEXT("/v2/tiles"), TEXT("geo-maps")},
        {TEXT("maps.geo.eu-west-1.amazonaws.com"), TEXT("/maps/v0/maps"), TEXT("geo")},
        {TEXT("places.geo.eu-west-1.amazonaws.com"), TEXT("/places/v0/indexes"), TEXT("geo")},
        {TEXT("places.geo-fips.us-east-1.amazonaws.com"), TEXT("/v2/geocode"), TEXT("geo-places")},
        {TEXT("routes.geo.eu-west-1.amazonaws.com"), TEXT(""), TEXT("geo-routes")},
        {TEXT("cp.maps.geo.eu-west-1.amazonaws.com"), TEXT("/maps/v0/maps"), TEXT("geo")},
        {TEXT("a1b2-ats.iot.eu-west-1.amazonaws.com"), TEXT("/mqtt"), TEXT("iotdevicegateway")},
        {TEXT("a1b2-ats.iot.eu-west-1.amazonaws.com"), TEXT("/topics/a"), TEXT("iotdata")},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct aws_host identity;
        CHECK_NUMBER(rows[i].host,
            host_identify(rows[i].host, rows[i].path, SPAN("eu-west-1"), &identity), HOST_SERVICE);
        CHECK_TEXT(rows[i].path, identity.service, rows[i].service);
    }
}

/* Regions of which more than one may sign: one is taken, where one is enough. */
static void test_all_regions(void **state)
{
    (void)state;
    static const struct {
        struct span host, service, region;
        bool sigv4a;
    } rows[] = {
        {TEXT("abc.mrap.accesspoint.s3-global.amazonaws.com"), TEXT("s3"), TEXT("*"), true},
        {TEXT("abc.456.endpoint.events.amazonaws.com"), TEXT("events"), TEXT("*"), true},
        {TEXT("abc.456.endpoints.email.us-gov.amazonaws.com"), TEXT("ses"), TEXT("*"), true},
        {TEXT("sustainability.global.api.aws"), TEXT("sustainability"), TEXT("us-east-1"), false},
        {TEXT("a-1.op-1.s3-outposts.eu-west-1.amazonaws.com"), TEXT("s3-outposts"),
            TEXT("eu-west-1"), false},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct aws_host identity;
        CHECK_NUMBER(rows[i].host,
            host_identify(rows[i].host, SPAN("/"), SPAN("eu-west-1"), &identity), HOST_SERVICE);
        CHECK_TEXT(rows[i].host, identity.service, rows[i].service);
        CHECK_TEXT(rows[i].host, identity.region, rows[i].region);
        CHECK_NUMBER(rows[i].host, identity.sigv4a, rows[i].sigv4a);
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
        CHECK_NUMBER(rows[i].host, host_identify(rows[i].host, SPAN("/"), rows[i].home, &identity),
            HOST_SERVICE);
        CHECK_TEXT(rows[i].home, identity.region, rows[i].region);
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
        cmocka_unit_test(test_by_path),
        cmocka_unit_test(test_all_regions),
        cmocka_unit_test(test_at_home),
        cmocka_unit_test(test_path_style),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
