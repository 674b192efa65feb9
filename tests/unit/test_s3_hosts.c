/* The hosts of S3 and its kin: those that clients name themselves, which service signs there, in
 * which region, and how; and those that a service path leads to. */
#include "tests/unit/check.h"

#include "proxy/aws/route.h"

enum { PLAIN, SIGV4A, SESSION };

/* Source: botocore, tests/functional/endpoint-rules/{s3,s3control,s3outposts}/endpoint-tests-1.json
 * at commit 0e6e240 (1.43.67, Apache-2.0), every second of their hosts; of two schemes that are
 * right for Outposts the one of one region. The region of a host that names none is the client's,
 * ap-south-1 here. twice: the path is encoded twice in the canonical request. */
static const struct {
    struct span host, path, service, region;
    int how;
    bool twice;
} rows[] = {
    {TEXT("1234567890.s3-control.dualstack.us-east-1.amazonaws.com"), TEXT("/key"), TEXT("s3"),
        TEXT("us-east-1"), PLAIN, false},
    {TEXT("1234567890.s3-control.us-west-2.amazonaws.com"), TEXT("/key"), TEXT("s3"),
        TEXT("us-west-2"), PLAIN, false},
    {TEXT("123456789012.s3-control-fips.dualstack.us-east-1.amazonaws.com"), TEXT("/key"),
        TEXT("s3"), TEXT("us-east-1"), PLAIN, false},
    {TEXT("123456789012.s3-control-fips.us-east-1.amazonaws.com"), TEXT("/key"), TEXT("s3"),
        TEXT("us-east-1"), PLAIN, false},
    {TEXT("123456789012.s3-control.us-east-2.amazonaws.com"), TEXT("/key"), TEXT("s3"),
        TEXT("us-east-2"), PLAIN, false},
    {TEXT("bucket-name.control.vpce-1a2b3c4d-5e6f.s3.us-west-2.vpce.amazonaws.com"), TEXT("/key"),
        TEXT("s3"), TEXT("us-west-2"), PLAIN, false},
    {TEXT("bucket-name"
          ".s3-accelerate.amazonaws.com"),
        TEXT("/key"), TEXT("s3"), TEXT("ap-south-1"), PLAIN, false},
    {TEXT("bucket-name.s3-fips.dualstack.us-east-1.amazonaws.com"), TEXT("/key"), TEXT("s3"),
        TEXT("us-east-1"), PLAIN, false},
    {TEXT("bucket-name.s3-fips.dualstack.us-west-2.amazonaws.com"), TEXT("/key"), TEXT("s3"),
        TEXT("us-west-2"), PLAIN, false},
    {TEXT("bucket-name.s3-fips.us-east-1.amazonaws.com"), TEXT("/key"), TEXT("s3"),
        TEXT("us-east-1"), PLAIN, false},
    {TEXT("bucket-name.s3-fips.us-west-2.amazonaws.com"), TEXT("/key"), TEXT("s3"),
        TEXT("us-west-2"), PLAIN, false},
    {TEXT("bucket-name.s3.amazonaws.com"), TEXT("/key"), TEXT("s3"), TEXT("us-east-1"), PLAIN,
        false},
    {TEXT("bucket-name.s3.cn-north-1.amazonaws.com.cn"), TEXT("/key"), TEXT("s3"),
        TEXT("cn-north-1"), PLAIN, false},
    {TEXT("bucket-name.s3.dualstack.cn-north-1.amazonaws.com.cn"), TEXT("/key"), TEXT("s3"),
        TEXT("cn-north-1"), PLAIN, false},
    {TEXT("bucket-name.s3.dualstack.us-west-2.amazonaws.com"), TEXT("/key"), TEXT("s3"),
        TEXT("us-west-2"), PLAIN, false},
    {TEXT("bucket-name.s3.us-west-2.amazonaws.com"), TEXT("/key"), TEXT("s3"), TEXT("us-west-2"),
        PLAIN, false},
    {TEXT("bucket.s3-fips.dualstack.us-east-1.amazonaws.com"), TEXT("/key"), TEXT("s3"),
        TEXT("us-east-1"), PLAIN, false},
    {TEXT("bucketname.control.vpce-1a2b3c4d-5e6f.s3.us-west-2.vpce.amazonaws.com"), TEXT("/key"),
        TEXT("s3"), TEXT("us-west-2"), PLAIN, false},
    {TEXT("control.vpce-1a2b3c4d-5e6f.s3.us-west-2.vpce.amazonaws.com"), TEXT("/key"), TEXT("s3"),
        TEXT("us-west-2"), PLAIN, false},
    {TEXT("myaccesspoint--test-ab1--xa-s3.s3express-fips-test-ab1.us-east-1.amazonaws.com"),
        TEXT("/key"), TEXT("s3express"), TEXT("us-east-1"), SESSION, false},
    {TEXT("myaccesspoint--test-zone-ab1--xa-s3"
          ".s3express-fips-test-zone-ab1.us-west-2.amazonaws.com"),
        TEXT("/key"), TEXT("s3express"), TEXT("us-west-2"), SESSION, false},
    {TEXT("myaccesspoint--test-zone-ab1--xa-s3"
          ".s3express-test-zone-ab1.dualstack.us-west-2.amazonaws.com"),
        TEXT("/key"), TEXT("s3express"), TEXT("us-west-2"), SESSION, false},
    {TEXT("myaccesspoint--test1-az1--xa-s3.s3express-fips-test1-az1.us-west-2.amazonaws.com"),
        TEXT("/key"), TEXT("s3express"), TEXT("us-west-2"), SESSION, false},
    {TEXT("myaccesspoint--test1-az1--xa-s3.s3express-test1-az1.us-west-2.amazonaws.com"),
        TEXT("/key"), TEXT("s3express"), TEXT("us-west-2"), SESSION, false},
    {TEXT("myaccesspoint--test1-long1-zone-ab1--xa-s3"
          ".s3express-test1-long1-zone-ab1.dualstack.us-west-2.amazonaws.com"),
        TEXT("/key"), TEXT("s3express"), TEXT("us-west-2"), SESSION, false},
    {TEXT("myaccesspoint--test1-long1-zone-ab1--xa-s3"
          ".s3express-test1-long1-zone-ab1.us-west-2.amazonaws.com"),
        TEXT("/key"), TEXT("s3express"), TEXT("us-west-2"), SESSION, false},
    {TEXT("myaccesspoint--test1-zone-ab1--xa-s3"
          ".s3express-test1-zone-ab1.us-west-2.amazonaws.com"),
        TEXT("/key"), TEXT("s3express"), TEXT("us-west-2"), SESSION, false},
    {TEXT("myaccesspoint--usw2-az1--xa-s3.s3express-fips-usw2-az1.us-west-2.amazonaws.com"),
        TEXT("/key"), TEXT("s3express"), TEXT("us-west-2"), SESSION, false},
    {TEXT("myaccesspoint--usw2-az12--xa-s3"
          ".s3express-usw2-az12.dualstack.us-west-2.amazonaws.com"),
        TEXT("/key"), TEXT("s3express"), TEXT("us-west-2"), SESSION, false},
    {TEXT("myaccesspoint-123456789012.op-01234567890123456.s3-outposts.us-east-1.amazonaws.com"),
        TEXT("/key"), TEXT("s3-outposts"), TEXT("us-east-1"), PLAIN, false},
    {TEXT("mybanner-123456789012.s3-object-lambda.us-east-1.amazonaws.com"), TEXT("/key"),
        TEXT("s3-object-lambda"), TEXT("us-east-1"), PLAIN, false},
    {TEXT("mybucket--abcd-ab1--x-s3"
          ".s3express-abcd-ab1.cn-north-1.amazonaws.com.cn"),
        TEXT("/key"), TEXT("s3express"), TEXT("cn-north-1"), SESSION, false},
    {TEXT("mybucket--abcd-ab1--x-s3.s3express-abcd-ab1.us-east-1.amazonaws.com"), TEXT("/key"),
        TEXT("s3express"), TEXT("us-east-1"), SESSION, false},
    {TEXT("mybucket--test-ab1--x-s3"
          ".s3express-fips-test-ab1.us-east-1.amazonaws.com"),
        TEXT("/key"), TEXT("s3express"), TEXT("us-east-1"), SESSION, false},
    {TEXT("mybucket--test-zone-ab1--x-s3"
          ".s3express-fips-test-zone-ab1.dualstack.us-west-2.amazonaws.com"),
        TEXT("/key"), TEXT("s3express"), TEXT("us-west-2"), SESSION, false},
    {TEXT("mybucket--test1-az1--x-s3.s3express-fips-test1-az1.us-west-2.amazonaws.com"),
        TEXT("/key"), TEXT("s3express"), TEXT("us-west-2"), SESSION, false},
    {TEXT("mybucket--test1-az1--x-s3.s3express-test1-az1.us-west-2.amazonaws.com"), TEXT("/key"),
        TEXT("s3express"), TEXT("us-west-2"), SESSION, false},
    {TEXT("mybucket--test1-long1-zone-ab1--x-s3"
          ".s3express-fips-test1-long1-zone-ab1.dualstack.us-west-2.amazonaws.com"),
        TEXT("/key"), TEXT("s3express"), TEXT("us-west-2"), SESSION, false},
    {TEXT("mybucket--test1-long1-zone-ab1--x-s3"
          ".s3express-fips-test1-long1-zone-ab1.us-west-2.amazonaws.com"),
        TEXT("/key"), TEXT("s3express"), TEXT("us-west-2"), SESSION, false},
    {TEXT("mybucket--test1-zone-ab1--x-s3"
          ".s3express-fips-test1-zone-ab1.dualstack.us-west-2.amazonaws.com"),
        TEXT("/key"), TEXT("s3express"), TEXT("us-west-2"), SESSION, false},
    {TEXT("mybucket--test1-zone-ab1--x-s3.s3express-fips-test1-zone-ab1.us-west-2.amazonaws.com"),
        TEXT("/key"), TEXT("s3express"), TEXT("us-west-2"), SESSION, false},
    {TEXT("mybucket--test1-zone-ab1--x-s3.s3express-test1-zone-ab1.us-west-2.amazonaws.com"),
        TEXT("/key"), TEXT("s3express"), TEXT("us-west-2"), SESSION, false},
    {TEXT("mybucket--usw2-az1--x-s3.s3express-fips-usw2-az1.dualstack.us-west-2.amazonaws.com"),
        TEXT("/key"), TEXT("s3express"), TEXT("us-west-2"), SESSION, false},
    {TEXT("mybucket--usw2-az1--x-s3"
          ".s3express-fips-usw2-az1.us-west-2.amazonaws.com"),
        TEXT("/key"), TEXT("s3express"), TEXT("us-west-2"), SESSION, false},
    {TEXT("mybucket--usw2-az12--x-s3.s3express-fips-usw2-az12.dualstack.us-west-2.amazonaws.com"),
        TEXT("/key"), TEXT("s3express"), TEXT("us-west-2"), SESSION, false},
    {TEXT("mybucket--usw2-az12--x-s3.s3express-usw2-az12.dualstack.us-west-2.amazonaws.com"),
        TEXT("/key"), TEXT("s3express"), TEXT("us-west-2"), SESSION, false},
    {TEXT("myendpoint-123456789012.s3-accesspoint-fips.af-south-1.amazonaws.com"), TEXT("/key"),
        TEXT("s3"), TEXT("af-south-1"), PLAIN, false},
    {TEXT("myendpoint-123456789012.s3-accesspoint-fips.dualstack.af-south-1.amazonaws.com"),
        TEXT("/key"), TEXT("s3"), TEXT("af-south-1"), PLAIN, false},
    {TEXT("myendpoint-123456789012.s3-accesspoint-fips.dualstack.us-west-2.amazonaws.com"),
        TEXT("/key"), TEXT("s3"), TEXT("us-west-2"), PLAIN, false},
    {TEXT("myendpoint-123456789012.s3-accesspoint-fips.us-west-2.amazonaws.com"), TEXT("/key"),
        TEXT("s3"), TEXT("us-west-2"), PLAIN, false},
    {TEXT("myendpoint-123456789012.s3-accesspoint.af-south-1.amazonaws.com"), TEXT("/key"),
        TEXT("s3"), TEXT("af-south-1"), PLAIN, false},
    {TEXT("myendpoint-123456789012"
          ".s3-accesspoint.dualstack.us-west-2.amazonaws.com"),
        TEXT("/key"), TEXT("s3"), TEXT("us-west-2"), PLAIN, false},
    {TEXT("myendpoint-123456789012.s3-accesspoint.us-west-2.amazonaws.com"), TEXT("/key"),
        TEXT("s3"), TEXT("us-west-2"), PLAIN, false},
    {TEXT("reports-123456789012.op-01234567890123456.s3-outposts.us-east-1.amazonaws.com"),
        TEXT("/key"), TEXT("s3-outposts"), TEXT("us-east-1"), PLAIN, false},
    {TEXT("s3-control-fips.dualstack.us-east-1.amazonaws.com"), TEXT("/key"), TEXT("s3"),
        TEXT("us-east-1"), PLAIN, false},
    {TEXT("s3-control-fips.us-east-1.amazonaws.com"), TEXT("/key"), TEXT("s3"), TEXT("us-east-1"),
        PLAIN, false},
    {TEXT("s3-control.dualstack.us-east-1.amazonaws.com"), TEXT("/key"), TEXT("s3"),
        TEXT("us-east-1"), PLAIN, false},
    {TEXT("s3-control.us-eas"
          "t-1.amazonaws.com"),
        TEXT("/key"), TEXT("s3"), TEXT("us-east-1"), PLAIN, false},
    {TEXT("s3-control.us-eas"
          "t-2.amazonaws.com"),
        TEXT("/key"), TEXT("s3"), TEXT("us-east-2"), PLAIN, false},
    {TEXT("s3-fips.af-south"
          "-1.amazonaws.com"),
        TEXT("/key"), TEXT("s3"), TEXT("af-south-1"), PLAIN, false},
    {TEXT("s3-fips.us-gov-west-1.amazonaws.com"), TEXT("/key"), TEXT("s3"), TEXT("us-gov-west-1"),
        PLAIN, false},
    {TEXT("s3-fips.us-west-2.amazonaws.com"), TEXT("/key"), TEXT("s3"), TEXT("us-west-2"), PLAIN,
        false},
    {TEXT("s3-object-lambda.us-east-1.amazonaws.com"), TEXT("/key"), TEXT("s3-object-lambda"),
        TEXT("us-east-1"), PLAIN, false},
    {TEXT("s3-object-lambda.us-west-2.amazonaws.com"), TEXT("/key"), TEXT("s3-object-lambda"),
        TEXT("us-west-2"), PLAIN, false},
    {TEXT("s3-outposts-fips.af-south-1.api.aws"), TEXT("/key"), TEXT("s3-outposts"),
        TEXT("af-south-1"), PLAIN, false},
    {TEXT("s3-outposts-fips.cn-north-1.amazonaws.com.cn"), TEXT("/S3Outposts/x"),
        TEXT("s3-outposts"), TEXT("cn-north-1"), PLAIN, true},
    {TEXT("s3-outposts-fips.cn-north-1.api.amazonwebservices.com.cn"), TEXT("/S3Outposts/x"),
        TEXT("s3-outposts"), TEXT("cn-north-1"), PLAIN, true},
    {TEXT("s3-outposts-fips.us-east-2.amazonaws.com"), TEXT("/key"), TEXT("s3-outposts"),
        TEXT("us-east-2"), PLAIN, false},
    {TEXT("s3-outposts-fips.us-east-2.api.aws"), TEXT("/key"), TEXT("s3-outposts"),
        TEXT("us-east-2"), PLAIN, false},
    {TEXT("s3-outposts-fips.us-gov-east-1.amazonaws.com"), TEXT("/key"), TEXT("s3-outposts"),
        TEXT("us-gov-east-1"), PLAIN, false},
    {TEXT("s3-outposts-fips.us-gov-east-1.amazonaws.com"), TEXT("/S3Outposts/x"),
        TEXT("s3-outposts"), TEXT("us-gov-east-1"), PLAIN, true},
    {TEXT("s3-outposts-fips.us-gov-west-1.amazonaws.com"), TEXT("/key"), TEXT("s3-outposts"),
        TEXT("us-gov-west-1"), PLAIN, false},
    {TEXT("s3-outposts-fips.us-"
          "iso-east-1.c2s.ic.gov"),
        TEXT("/S3Outposts/x"), TEXT("s3-outposts"), TEXT("us-iso-east-1"), PLAIN, true},
    {TEXT("s3-outposts-fips.us-isob-east-1.sc2s.sgov.gov"), TEXT("/S3Outposts/x"),
        TEXT("s3-outposts"), TEXT("us-isob-east-1"), PLAIN, true},
    {TEXT("s3-outposts-fips.us-west-2.amazonaws.com"), TEXT("/key"), TEXT("s3-outposts"),
        TEXT("us-west-2"), PLAIN, false},
    {TEXT("s3-outposts.af-south-1.amazonaws.com"), TEXT("/key"), TEXT("s3-outposts"),
        TEXT("af-south-1"), PLAIN, false},
    {TEXT("s3-outposts.af-south-1.amazonaws.com"), TEXT("/S3Outposts/x"), TEXT("s3-outposts"),
        TEXT("af-south-1"), PLAIN, true},
    {TEXT("s3-outposts.af-"
          "south-1.api.aws"),
        TEXT("/key"), TEXT("s3-outposts"), TEXT("af-south-1"), PLAIN, false},
    {TEXT("s3-outposts.ap-east-1.amazonaws.com"), TEXT("/S3Outposts/x"), TEXT("s3-outposts"),
        TEXT("ap-east-1"), PLAIN, true},
    {TEXT("s3-outposts.ap-northeast-1.amazonaws.com"), TEXT("/S3Outposts/x"), TEXT("s3-outposts"),
        TEXT("ap-northeast-1"), PLAIN, true},
    {TEXT("s3-outposts.ap-south-1.amazonaws.com"), TEXT("/S3Outposts/x"), TEXT("s3-outposts"),
        TEXT("ap-south-1"), PLAIN, true},
    {TEXT("s3-outposts.ap-southeast-1.amazonaws.com"), TEXT("/S3Outposts/x"), TEXT("s3-outposts"),
        TEXT("ap-southeast-1"), PLAIN, true},
    {TEXT("s3-outposts.ap-southeast-2.amazonaws.com"), TEXT("/S3Outposts/x"), TEXT("s3-outposts"),
        TEXT("ap-southeast-2"), PLAIN, true},
    {TEXT("s3-outposts.ca-central-1.amazonaws.com"), TEXT("/S3Outposts/x"), TEXT("s3-outposts"),
        TEXT("ca-central-1"), PLAIN, true},
    {TEXT("s3-outposts.cn-north-1.api.amazonwebservices.com.cn"), TEXT("/S3Outposts/x"),
        TEXT("s3-outposts"), TEXT("cn-north-1"), PLAIN, true},
    {TEXT("s3-outposts.eu-north-1.amazonaws.com"), TEXT("/S3Outposts/x"), TEXT("s3-outposts"),
        TEXT("eu-north-1"), PLAIN, true},
    {TEXT("s3-outposts.eu-south-1.amazonaws.com"), TEXT("/S3Outposts/x"), TEXT("s3-outposts"),
        TEXT("eu-south-1"), PLAIN, true},
    {TEXT("s3-outposts.eu-west-3.amazonaws.com"), TEXT("/S3Outposts/x"), TEXT("s3-outposts"),
        TEXT("eu-west-3"), PLAIN, true},
    {TEXT("s3-outposts.me-south-1.amazonaws.com"), TEXT("/S3Outposts/x"), TEXT("s3-outposts"),
        TEXT("me-south-1"), PLAIN, true},
    {TEXT("s3-outposts.us-east-1.amazonaws.com"), TEXT("/key"), TEXT("s3-outposts"),
        TEXT("us-east-1"), PLAIN, false},
    {TEXT("s3-outposts.us-east-1.amazonaws.com"), TEXT("/S3Outposts/x"), TEXT("s3-outposts"),
        TEXT("us-east-1"), PLAIN, true},
    {TEXT("s3-outposts.us-east-1.api.aws"), TEXT("/S3Outposts/x"), TEXT("s3-outposts"),
        TEXT("us-east-1"), PLAIN, true},
    {TEXT("s3-outposts.us-gov-east-1.amazonaws.com"), TEXT("/key"), TEXT("s3-outposts"),
        TEXT("us-gov-east-1"), PLAIN, false},
    {TEXT("s3-outposts.us-gov-east-1.amazonaws.com"), TEXT("/S3Outposts/x"), TEXT("s3-outposts"),
        TEXT("us-gov-east-1"), PLAIN, true},
    {TEXT("s3-outposts.us-iso-east-1.c2s.ic.gov"), TEXT("/S3Outposts/x"), TEXT("s3-outposts"),
        TEXT("us-iso-east-1"), PLAIN, true},
    {TEXT("s3-outposts.us-west-2.amazonaws.com"), TEXT("/key"), TEXT("s3-outposts"),
        TEXT("us-west-2"), PLAIN, false},
    {TEXT("s3-outposts.us-west-2.amazonaws.com"), TEXT("/S3Outposts/x"), TEXT("s3-outposts"),
        TEXT("us-west-2"), PLAIN, true},
    {TEXT("s3.cn-north-1.amazonaws.com.cn"), TEXT("/key"), TEXT("s3"), TEXT("cn-north-1"), PLAIN,
        false},
    {TEXT("s3.dualstack.af-south-1.amazonaws.com"), TEXT("/key"), TEXT("s3"), TEXT("af-south-1"),
        PLAIN, false},
    {TEXT("s3.dualstack.us-east-1.amazonaws.com"), TEXT("/key"), TEXT("s3"), TEXT("us-east-1"),
        PLAIN, false},
    {TEXT("s3.dualstack.us-west-2.amazonaws.com"), TEXT("/key"), TEXT("s3"), TEXT("us-west-2"),
        PLAIN, false},
    {TEXT("s3.us-east-2."
          "amazonaws.com"),
        TEXT("/key"), TEXT("s3"), TEXT("us-east-2"), PLAIN, false},
    {TEXT("s3express-control-fips.dualstack.us-east-1.amazonaws.com"), TEXT("/key"),
        TEXT("s3express"), TEXT("us-east-1"), PLAIN, false},
    {TEXT("s3express-control.dualstack.us-east-1.amazonaws.com"), TEXT("/key"), TEXT("s3express"),
        TEXT("us-east-1"), PLAIN, false},
    {TEXT("test-accessp-e0000075431d83bebde8xz5w8ijx1qzlbp3i3kuse10--op-s3.ec2"
          ".s3-outposts.us-east-1.amazonaws.com"),
        TEXT("/key"), TEXT("s3-outposts"), TEXT("us-east-1"), PLAIN, false},
    {TEXT("test-accessp-o0b1d075431d83bebde8xz5w8ijx1qzlbp3i3kuse10--op-s3.op-0b1d075431d83bebd"
          ".s3-outposts.ap-east-1.amazonaws.com"),
        TEXT("/key"), TEXT("s3-outposts"), TEXT("ap-east-1"), PLAIN, false},
    {TEXT("test-accessp-o0b1d075431d83bebde8xz5w8ijx1qzlbp3i3kuse10--op-s3.op-0b1d075431d83bebd"
          ".s3-outposts.us-west-1.amazonaws.com"),
        TEXT("/key"), TEXT("s3-outposts"), TEXT("us-west-1"), PLAIN, false},
    {TEXT("mfzwi23gnjvgw.mrap.accesspoint.s3-global.amazonaws.com"), TEXT("/key"), TEXT("s3"),
        TEXT("*"), SIGV4A, false},
    {TEXT("mfzwi23gnjvgw.mrap.accesspoint.s3-global.amazonaws.com.cn"), TEXT("/key"), TEXT("s3"),
        TEXT("*"), SIGV4A, false},
    {TEXT("b"
          ".s3-accelerate.dualstack.amazonaws.com"),
        TEXT("/key"), TEXT("s3"), TEXT("ap-south-1"), PLAIN, false},
    {TEXT("b.s3-external-1.amazonaws.com"), TEXT("/key"), TEXT("s3"), TEXT("us-east-1"), PLAIN,
        false},
    {TEXT("b.bucket.vpce-1a2b3c4d-5e6f"
          ".s3.us-west-2.vpce.amazonaws.com"),
        TEXT("/key"), TEXT("s3"), TEXT("us-west-2"), PLAIN, false},
    {TEXT("a-123456789012.accesspoint.vpce-1a2b3c4d-5e6f.s3.us-west-2.vpce.amazonaws.com"),
        TEXT("/key"), TEXT("s3"), TEXT("us-west-2"), PLAIN, false},
    {TEXT("mybucket--abcd-ab1--x-s3"
          ".s3express-abcd-ab1.us-east-1.amazonaws.com"),
        TEXT("/?session"), TEXT("s3express"), TEXT("us-east-1"), PLAIN, false},
};

#define ENDPOINT                                                            \
    {                                                                       \
        TEXT("COUNTERSIGN_ENDPOINT"), TEXT(""),                             \
            {TEXT("localhost:4566"), TEXT("localhost"), 4566, false}, false \
    }

static const struct endpoint endpoint = ENDPOINT;
static const struct route_options home = {.region = TEXT("ap-south-1")};
static const struct route_options hosts = {.region = TEXT("ap-south-1"), .s3_virtual = true};
static const struct route_options fips = {
    .region = TEXT("us-east-1"), .variant = {.dualstack = true, .fips = true}};
static const struct route_options elsewhere = {
    .region = TEXT("ap-south-1"), .s3_virtual = true, .endpoints = 1, .endpoint = &endpoint};

static enum err find(
    const struct route_options *options, struct span host, struct span target, struct route *route)
{
    size_t mark = span_find(target, '?');
    struct target at = {.path = span_first(target, mark), .query = span_from(target, mark + 1)};
    struct fault fault;
    assert_true(authority_parse(host, &at.authority));
    return route_find(options, &at, NULL, route, &fault);
}

/* What a service path leads to, and with which account in X-Amz-Account-Id. */
static const struct {
    const struct route_options *options;
    struct span target, account, host, path;
} paths[] = {
    {&hosts, TEXT("/s3/my-bucket/k"), TEXT(""), TEXT("my-bucket.s3.ap-south-1.amazonaws.com"),
        TEXT("/k")},
    {&hosts, TEXT("/s3.us-east-2/my-bucket?acl"), TEXT(""),
        TEXT("my-bucket.s3.us-east-2.amazonaws.com"), TEXT("/")},
    {&hosts, TEXT("/s3/my.bucket/k"), TEXT(""), TEXT("s3.ap-south-1.amazonaws.com"),
        TEXT("/my.bucket/k")},
    {&hosts, TEXT("/s3"), TEXT(""), TEXT("s3.ap-south-1.amazonaws.com"), TEXT("/")},
    {&elsewhere, TEXT("/s3/my-bucket/k"), TEXT(""), TEXT("localhost:4566"), TEXT("/my-bucket/k")},
    {&elsewhere, TEXT("/s3/b--usw2-az1--x-s3/k"), TEXT(""), TEXT("localhost:4566"),
        TEXT("/b--usw2-az1--x-s3/k")},
    {&home, TEXT("/s3-control/v1/jobs"), TEXT("123456789012"),
        TEXT("123456789012.s3-control.ap-south-1.amazonaws.com"), TEXT("/v1/jobs")},
    {&fips, TEXT("/s3-control/"), TEXT("123456789012"),
        TEXT("123456789012.s3-control-fips.dualstack.us-east-1.amazonaws.com"), TEXT("/")},
    {&home, TEXT("/s3-control/"), TEXT("evil.example"), TEXT("s3-control.ap-south-1.amazonaws.com"),
        TEXT("/")},
    {&home, TEXT("/s3/b"), TEXT("123456789012"), TEXT("s3.ap-south-1.amazonaws.com"), TEXT("/b")},
    {&elsewhere, TEXT("/s3-control/"), TEXT("123456789012"), TEXT("localhost:4566"), TEXT("/")},
};

static void test_paths(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(paths); i++) {
        static struct route route;
        CHECK_NUMBER(paths[i].target,
            find(paths[i].options, SPAN("localhost"), paths[i].target, &route), OK);
        route_take_account(&route, paths[i].account);
        CHECK_TEXT(paths[i].target, route.host, paths[i].host);
        CHECK_TEXT(paths[i].target, route.path, paths[i].path);
    }
}

static void test_hosts(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        static struct route route;
        CHECK_NUMBER(rows[i].host, find(&home, rows[i].host, rows[i].path, &route), OK);
        CHECK_TEXT(rows[i].host, route.host, rows[i].host);
        CHECK_TEXT(rows[i].host, route.service, rows[i].service);
        CHECK_TEXT(rows[i].host, route.region, rows[i].region);
        CHECK_NUMBER(rows[i].host, route.sigv4a, rows[i].how == SIGV4A);
        CHECK_NUMBER(rows[i].host, route.session, rows[i].how == SESSION);
        CHECK_NUMBER(rows[i].host, !route.s3, rows[i].twice);
    }
}

/* Near to those, but nothing that AWS has. */
static void test_refused(void **state)
{
    static const struct span names[] = {
        TEXT("s3-global.amazonaws.com"),
        TEXT("accesspoint.s3-global.amazonaws.com"),
        TEXT("a.mrap.s3-global.amazonaws.com"),
        TEXT("b--z--x-s3.s3express-z.amazonaws.com"),
        TEXT("b.s3express-control.us-east-1.amazonaws.com"),
        TEXT("b.s3-control.amazonaws.com"),
        TEXT("vpce-1a2b3c4d-5e6f.us-west-2.vpce.amazonaws.com"),
        TEXT("s3.vpce-svc-0123456789abcdef0.us-west-2.vpce.amazonaws.com"),
    };
    (void)state;
    for (size_t i = 0; i < ROWS(names); i++) {
        static struct route route;
        CHECK_NUMBER(names[i], find(&home, names[i], SPAN("/key"), &route), ERR_HOST_NOT_ALLOWED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_hosts),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
