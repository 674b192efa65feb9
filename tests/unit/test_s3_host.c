/* S3's hosts taken apart, and written for another region. */
#include "tests/unit/check.h"

#include "proxy/aws/s3_host.h"

/* moved: the same in ap-south-1, which the suffix does not mind. */
static const struct {
    struct span host, bucket, family;
    bool dualstack;
    struct span moved;
} rows[] = {
    {TEXT("s3.us-east-1.amazonaws.com"), TEXT(""), TEXT("s3"), false,
        TEXT("s3.ap-south-1.amazonaws.com")},
    {TEXT("s3.amazonaws.com"), TEXT(""), TEXT("s3"), false, TEXT("s3.ap-south-1.amazonaws.com")},
    {TEXT("s3-eu-west-1.amazonaws.com"), TEXT(""), TEXT("s3"), false,
        TEXT("s3.ap-south-1.amazonaws.com")},
    {TEXT("s3-us-gov-west-1.amazonaws.com"), TEXT(""), TEXT("s3"), false,
        TEXT("s3.ap-south-1.amazonaws.com")},
    {TEXT("s3.dualstack.us-east-1.amazonaws.com"), TEXT(""), TEXT("s3"), true,
        TEXT("s3.dualstack.ap-south-1.amazonaws.com")},
    {TEXT("s3-fips.us-east-1.amazonaws.com"), TEXT(""), TEXT("s3-fips"), false,
        TEXT("s3-fips.ap-south-1.amazonaws.com")},
    {TEXT("s3-fips.dualstack.us-east-1.amazonaws.com"), TEXT(""), TEXT("s3-fips"), true,
        TEXT("s3-fips.dualstack.ap-south-1.amazonaws.com")},
    {TEXT("s3.cn-northwest-1.amazonaws.com.cn"), TEXT(""), TEXT("s3"), false,
        TEXT("s3.ap-south-1.amazonaws.com.cn")},
    {TEXT("s3.dualstack.cn-north-1.amazonaws.com.cn"), TEXT(""), TEXT("s3"), true,
        TEXT("s3.dualstack.ap-south-1.amazonaws.com.cn")},
    {TEXT("s3.eusc-de-east-1.amazonaws.eu"), TEXT(""), TEXT("s3"), false,
        TEXT("s3.ap-south-1.amazonaws.eu")},
    {TEXT("s3.us-iso-east-1.c2s.ic.gov"), TEXT(""), TEXT("s3"), false,
        TEXT("s3.ap-south-1.c2s.ic.gov")},

    {TEXT("b.s3.us-east-1.amazonaws.com"), TEXT("b"), TEXT("s3"), false,
        TEXT("b.s3.ap-south-1.amazonaws.com")},
    {TEXT("b.s3.amazonaws.com"), TEXT("b"), TEXT("s3"), false,
        TEXT("b.s3.ap-south-1.amazonaws.com")},
    {TEXT("b.s3-eu-west-1.amazonaws.com"), TEXT("b"), TEXT("s3"), false,
        TEXT("b.s3.ap-south-1.amazonaws.com")},
    {TEXT("b.s3.dualstack.us-east-1.amazonaws.com"), TEXT("b"), TEXT("s3"), true,
        TEXT("b.s3.dualstack.ap-south-1.amazonaws.com")},
    {TEXT("b.s3-fips.us-east-1.amazonaws.com"), TEXT("b"), TEXT("s3-fips"), false,
        TEXT("b.s3-fips.ap-south-1.amazonaws.com")},
    {TEXT("b.s3.cn-north-1.amazonaws.com.cn"), TEXT("b"), TEXT("s3"), false,
        TEXT("b.s3.ap-south-1.amazonaws.com.cn")},

    /* Buckets with dots, and such as look like the labels that follow. */
    {TEXT("my.photos.2026.s3.us-east-1.amazonaws.com"), TEXT("my.photos.2026"), TEXT("s3"), false,
        TEXT("my.photos.2026.s3.ap-south-1.amazonaws.com")},
    {TEXT("www.example.com.s3.amazonaws.com"), TEXT("www.example.com"), TEXT("s3"), false,
        TEXT("www.example.com.s3.ap-south-1.amazonaws.com")},
    {TEXT("eu-west-1.s3.us-east-1.amazonaws.com"), TEXT("eu-west-1"), TEXT("s3"), false,
        TEXT("eu-west-1.s3.ap-south-1.amazonaws.com")},
    {TEXT("eu-west-1.s3.amazonaws.com"), TEXT("eu-west-1"), TEXT("s3"), false,
        TEXT("eu-west-1.s3.ap-south-1.amazonaws.com")},
    {TEXT("dualstack.s3.us-east-1.amazonaws.com"), TEXT("dualstack"), TEXT("s3"), false,
        TEXT("dualstack.s3.ap-south-1.amazonaws.com")},
    {TEXT("s3.s3.us-east-1.amazonaws.com"), TEXT("s3"), TEXT("s3"), false,
        TEXT("s3.s3.ap-south-1.amazonaws.com")},
    {TEXT("a.s3.eu-west-1.s3.us-east-1.amazonaws.com"), TEXT("a.s3.eu-west-1"), TEXT("s3"), false,
        TEXT("a.s3.eu-west-1.s3.ap-south-1.amazonaws.com")},
    {TEXT("s3-accelerate.s3.us-east-1.amazonaws.com"), TEXT("s3-accelerate"), TEXT("s3"), false,
        TEXT("s3-accelerate.s3.ap-south-1.amazonaws.com")},
    {TEXT("amazonaws.com.s3.us-east-1.amazonaws.com"), TEXT("amazonaws.com"), TEXT("s3"), false,
        TEXT("amazonaws.com.s3.ap-south-1.amazonaws.com")},
};

static void test_hosts(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        char memory[128];
        struct buf moved = buf_over(memory, sizeof memory);
        struct s3_host host;
        char *copy = check_copy(rows[i].host);
        struct span name = {copy, rows[i].host.len};
        CHECK_NUMBER(rows[i].host, s3_host_parse(name, SPAN("us-east-1"), &host), true);
        CHECK_TEXT(rows[i].host, host.bucket, rows[i].bucket);
        CHECK_TEXT(rows[i].host, host.family, rows[i].family);
        CHECK_NUMBER(rows[i].host, host.dualstack, rows[i].dualstack);
        s3_host_write(&host, SPAN("ap-south-1"), &moved);
        CHECK_TEXT(rows[i].host, buf_span(&moved), rows[i].moved);
        free(copy);
    }
}

/* No other region to go to, or no host of S3's. */
static const struct span others[] = {
    TEXT("ap-123456789012.s3-accesspoint.us-east-1.amazonaws.com"),
    TEXT("ap-123456789012.s3-accesspoint.dualstack.us-east-1.amazonaws.com"),
    TEXT("ap-123456789012.s3-accesspoint-fips.us-east-1.amazonaws.com"),
    TEXT("mrap.accesspoint.s3-global.amazonaws.com"),
    TEXT("ap-123456789012.s3-object-lambda.us-east-1.amazonaws.com"),
    TEXT("123456789012.s3-control.us-east-1.amazonaws.com"),
    TEXT("ap-1.op-1.s3-outposts.us-east-1.amazonaws.com"),
    TEXT("b.s3-accelerate.amazonaws.com"),
    TEXT("b.s3-accelerate.dualstack.amazonaws.com"),
    TEXT("bucket.vpce-1a2b3c4d-5e6f.s3.us-east-1.vpce.amazonaws.com"),
    TEXT("b.bucket.vpce-1a2b3c4d-5e6f.s3.us-east-1.vpce.amazonaws.com"),
    TEXT("accesspoint.vpce-1a2b3c4d-5e6f.s3.us-east-1.vpce.amazonaws.com"),
    TEXT("b--use1-az4--x-s3.s3express-use1-az4.us-east-1.amazonaws.com"),
    TEXT("b.s3-website-us-east-1.amazonaws.com"),
    TEXT("b.s3-website.us-east-1.amazonaws.com"),
    TEXT("s3-external-1.amazonaws.com"),
    TEXT("s3.us-east-1.api.aws"),
    TEXT("dynamodb.us-east-1.amazonaws.com"),
    TEXT("s3x.us-east-1.amazonaws.com"),
    TEXT("us-east-1.amazonaws.com"),
    TEXT("dualstack.us-east-1.amazonaws.com"),
    TEXT("amazonaws.com"),
    TEXT("s3.us-east-1.amazonaws.com.evil.example"),
    TEXT("s3.us-east-1.amazonaws.com:8443"),
    TEXT("localhost:9000"),
    TEXT("minio.example"),
    TEXT("s3"),
    TEXT("."),
    TEXT(""),
};

static void test_others(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(others); i++) {
        struct s3_host host = {.bucket = SPAN("untouched")};
        char *copy = check_copy(others[i]);
        struct span name = {copy, others[i].len};
        CHECK_NUMBER(others[i], s3_host_parse(name, SPAN("us-east-1"), &host), false);
        CHECK_TEXT(others[i], host.bucket, SPAN("untouched"));
        free(copy);
    }
}

static void test_exists(void **state)
{
    (void)state;
    static const struct {
        struct span host, region;
        bool exists;
    } hosts[] = {
        {TEXT("s3.us-east-1.amazonaws.com"), TEXT("eu-west-1"), true},
        {TEXT("s3.us-east-1.amazonaws.com"), TEXT("zz-west-1"), true},
        {TEXT("s3-fips.us-east-1.amazonaws.com"), TEXT("us-west-2"), true},
        {TEXT("b.s3-fips.dualstack.us-east-1.amazonaws.com"), TEXT("ca-west-1"), true},
        {TEXT("s3-fips.us-gov-west-1.amazonaws.com"), TEXT("us-gov-east-1"), true},
        {TEXT("s3-fips.us-east-1.amazonaws.com"), TEXT("eu-west-1"), false},
        {TEXT("b.s3-fips.us-east-1.amazonaws.com"), TEXT("mx-central-1"), false},
        {TEXT("s3-fips.us-east-1.amazonaws.com"), TEXT("us-east-"), false},
    };
    for (size_t i = 0; i < ROWS(hosts); i++) {
        struct s3_host host;
        assert_true(s3_host_parse(hosts[i].host, SPAN("us-east-1"), &host));
        CHECK_NUMBER(hosts[i].host, s3_host_exists(&host, hosts[i].region), hosts[i].exists);
    }
}

static void test_path_bucket(void **state)
{
    (void)state;
    static const struct {
        struct span path, bucket;
    } paths[] = {{TEXT("/b/k"), TEXT("b")}, {TEXT("/b"), TEXT("b")}, {TEXT("/b/"), TEXT("b")},
        {TEXT("/"), TEXT("")}, {TEXT("//k"), TEXT("")}, {TEXT(""), TEXT("")},
        {TEXT("/a.b-c_D/k/k"), TEXT("a.b-c_D")}, {TEXT("/%62/k"), TEXT("%62")}};
    for (size_t i = 0; i < ROWS(paths); i++)
        CHECK_TEXT(paths[i].path, s3_path_bucket(paths[i].path), paths[i].bucket);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hosts),
        cmocka_unit_test(test_others),
        cmocka_unit_test(test_exists),
        cmocka_unit_test(test_path_bucket),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
