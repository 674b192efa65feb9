/* Where an S3 path leads at AWS: buckets in the host, ARNs, aliases, directory buckets. */
#include "tests/unit/check.h"

#include "proxy/aws/s3_address.h"

enum { VIRTUAL = 1, FIPS = 2, DUAL = 4 };
enum { PLAIN, SIGV4A, SESSION };

/* Source: the endpoint rule set of s3 in botocore 1.44.5 (Apache-2.0), evaluated by its
 * EndpointProvider; of two schemes that are right for Outposts the one of one region. An empty
 * host: the region's own, with the bucket in the path. */
static const struct {
    int flags;
    struct span region, path, host, left, service, signing_region;
    int how;
} rows[] = {
    {VIRTUAL, TEXT("us-east-1"), TEXT("/my-bucket/key"),
        TEXT("my-bucket.s3.us-east-1.amazonaws.com"), TEXT("/key"), TEXT("s3"), TEXT("us-east-1"),
        PLAIN},
    {VIRTUAL | FIPS, TEXT("us-east-1"), TEXT("/my-bucket/key"),
        TEXT("my-bucket.s3-fips.us-east-1.amazonaws.com"), TEXT("/key"), TEXT("s3"),
        TEXT("us-east-1"), PLAIN},
    {VIRTUAL | DUAL, TEXT("us-east-1"), TEXT("/my-bucket/key"),
        TEXT("my-bucket.s3.dualstack.us-east-1.amazonaws.com"), TEXT("/key"), TEXT("s3"),
        TEXT("us-east-1"), PLAIN},
    {VIRTUAL | FIPS | DUAL, TEXT("us-east-1"), TEXT("/my-bucket/key"),
        TEXT("my-bucket.s3-fips.dualstack.us-east-1.amazonaws.com"), TEXT("/key"), TEXT("s3"),
        TEXT("us-east-1"), PLAIN},
    {VIRTUAL, TEXT("cn-north-1"), TEXT("/my-bucket/key"),
        TEXT("my-bucket.s3.cn-north-1.amazonaws.com.cn"), TEXT("/key"), TEXT("s3"),
        TEXT("cn-north-1"), PLAIN},
    {VIRTUAL | DUAL, TEXT("cn-north-1"), TEXT("/my-bucket/key"),
        TEXT("my-bucket.s3.dualstack.cn-north-1.amazonaws.com.cn"), TEXT("/key"), TEXT("s3"),
        TEXT("cn-north-1"), PLAIN},
    {VIRTUAL, TEXT("us-gov-west-1"), TEXT("/my-bucket/key"),
        TEXT("my-bucket.s3.us-gov-west-1.amazonaws.com"), TEXT("/key"), TEXT("s3"),
        TEXT("us-gov-west-1"), PLAIN},
    {VIRTUAL | FIPS | DUAL, TEXT("us-gov-west-1"), TEXT("/my-bucket/key"),
        TEXT("my-bucket.s3-fips.dualstack.us-gov-west-1.amazonaws.com"), TEXT("/key"), TEXT("s3"),
        TEXT("us-gov-west-1"), PLAIN},
    {VIRTUAL, TEXT("us-iso-east-1"), TEXT("/my-bucket/key"),
        TEXT("my-bucket.s3.us-iso-east-1.c2s.ic.gov"), TEXT("/key"), TEXT("s3"),
        TEXT("us-iso-east-1"), PLAIN},
    {VIRTUAL, TEXT("us-isob-east-1"), TEXT("/my-bucket/key"),
        TEXT("my-bucket.s3.us-isob-east-1.sc2s.sgov.gov"), TEXT("/key"), TEXT("s3"),
        TEXT("us-isob-east-1"), PLAIN},
    {VIRTUAL, TEXT("eusc-de-east-1"), TEXT("/my-bucket/key"),
        TEXT("my-bucket.s3.eusc-de-east-1.amazonaws.eu"), TEXT("/key"), TEXT("s3"),
        TEXT("eusc-de-east-1"), PLAIN},
    {VIRTUAL, TEXT("us-east-1"), TEXT("/my-bucket"), TEXT("my-bucket.s3.us-east-1.amazonaws.com"),
        TEXT("/"), TEXT("s3"), TEXT("us-east-1"), PLAIN},
    {VIRTUAL, TEXT("us-east-1"), TEXT("/a.b/key"), TEXT(""), TEXT("/a.b/key"), TEXT(""), TEXT(""),
        PLAIN},
    {VIRTUAL, TEXT("us-east-1"),
        TEXT("/My_Buc"
             "ket/key"),
        TEXT(""), TEXT("/My_Bucket/key"), TEXT(""), TEXT(""), PLAIN},
    {VIRTUAL, TEXT("us-east-1"),
        TEXT("/arn:aws:s3:eu-west-1:123456789012:accesspoint/myendpoint/key"),
        TEXT("myendpoint-123456789012.s3-accesspoint.eu-west-1.amazonaws.com"), TEXT("/key"),
        TEXT("s3"), TEXT("eu-west-1"), PLAIN},
    {VIRTUAL | FIPS, TEXT("us-east-1"),
        TEXT("/arn:aws:s3:eu-west-1:123456789012:accesspoint/myendpoint/key"),
        TEXT("myendpoint-123456789012.s3-accesspoint-fips.eu-west-1.amazonaws.com"), TEXT("/key"),
        TEXT("s3"), TEXT("eu-west-1"), PLAIN},
    {VIRTUAL | DUAL, TEXT("us-east-1"),
        TEXT("/arn:aws:s3:eu-west-1:123456789012:accesspoint/myendpoint/key"),
        TEXT("myendpoint-123456789012.s3-accesspoint.dualstack.eu-west-1.amazonaws.com"),
        TEXT("/key"), TEXT("s3"), TEXT("eu-west-1"), PLAIN},
    {VIRTUAL | FIPS | DUAL, TEXT("us-east-1"),
        TEXT("/arn:aws:s3:eu-west-1:123456789012:accesspoint/myendpoint/key"),
        TEXT("myendpoint-123456789012.s3-accesspoint-fips.dualstack.eu-west-1.amazonaws.com"),
        TEXT("/key"), TEXT("s3"), TEXT("eu-west-1"), PLAIN},
    {VIRTUAL, TEXT("us-east-1"),
        TEXT("/arn%3Aaws%3As3%3Aeu-west-1%3A123456789012%3Aaccesspoint%2Fmyendpoint/key"),
        TEXT("myendpoint-123456789012.s3-accesspoint.eu-west-1.amazonaws.com"), TEXT("/key"),
        TEXT("s3"), TEXT("eu-west-1"), PLAIN},
    {VIRTUAL, TEXT("us-east-1"),
        TEXT("/arn%3aaws%3as3%3aeu-west-1%3a123456789012%3aaccesspoint%2Fmyendpoint/a:b/c"),
        TEXT("myendpoint-123456789012.s3-accesspoint.eu-west-1.amazonaws.com"), TEXT("/a:b/c"),
        TEXT("s3"), TEXT("eu-west-1"), PLAIN},
    {VIRTUAL, TEXT("us-east-1"),
        TEXT("/arn:aws:s3:eu-west-1:123456789012:accesspoint:myendpoint/key"),
        TEXT("myendpoint-123456789012.s3-accesspoint.eu-west-1.amazonaws.com"), TEXT("/key"),
        TEXT("s3"), TEXT("eu-west-1"), PLAIN},
    {VIRTUAL, TEXT("us-east-1"),
        TEXT("/arn:aws:s3:eu-west-1:123456789012:"
             "accesspoint/myendpoint"),
        TEXT("myendpoint-123456789012.s3-accesspoint.eu-west-1.amazonaws.com"), TEXT("/"),
        TEXT("s3"), TEXT("eu-west-1"), PLAIN},
    {VIRTUAL, TEXT("cn-northwest-1"),
        TEXT("/arn:aws-cn:s3:cn-north-1:123456789012:accesspoint/myendpoint/key"),
        TEXT("myendpoint-123456789012.s3-accesspoint.cn-north-1.amazonaws.com.cn"), TEXT("/key"),
        TEXT("s3"), TEXT("cn-north-1"), PLAIN},
    {VIRTUAL | DUAL, TEXT("cn-northwest-1"),
        TEXT("/arn:aws-cn:s3:cn-north-1:123456789012:accesspoint/myendpoint/key"),
        TEXT("myendpoint-123456789012.s3-accesspoint.dualstack.cn-north-1.amazonaws.com.cn"),
        TEXT("/key"), TEXT("s3"), TEXT("cn-north-1"), PLAIN},
    {VIRTUAL, TEXT("us-gov-west-1"),
        TEXT("/arn:aws-us-gov:s3:us-gov-east-1:123456789012:accesspoint/myendpoint/key"),
        TEXT("myendpoint-123456789012.s3-accesspoint.us-gov-east-1.amazonaws.com"), TEXT("/key"),
        TEXT("s3"), TEXT("us-gov-east-1"), PLAIN},
    {VIRTUAL | FIPS | DUAL, TEXT("us-gov-west-1"),
        TEXT("/arn:aws-us-gov:s3:us-gov-east-1:123456789012:accesspoint/myendpoint/key"),
        TEXT("myendpoint-123456789012.s3-accesspoint-fips.dualstack.us-gov-east-1.amazonaws.com"),
        TEXT("/key"), TEXT("s3"), TEXT("us-gov-east-1"), PLAIN},
    {VIRTUAL, TEXT("us-east-1"),
        TEXT("/arn:aws:s3-object-lambda:us-west-2:123456789012:accesspoint/mybanner/key"),
        TEXT("mybanner-123456789012.s3-object-lambda.us-west-2.amazonaws.com"), TEXT("/key"),
        TEXT("s3-object-lambda"), TEXT("us-west-2"), PLAIN},
    {VIRTUAL | FIPS, TEXT("us-east-1"),
        TEXT("/arn:aws:s3-object-lambda:us-west-2:123456789012:accesspoint/mybanner/key"),
        TEXT("mybanner-123456789012.s3-object-lambda-fips.us-west-2.amazonaws.com"), TEXT("/key"),
        TEXT("s3-object-lambda"), TEXT("us-west-2"), PLAIN},
    {VIRTUAL, TEXT("us-east-1"),
        TEXT("/arn:aws:s3-object-lambda:us-west-2:123456789012:accesspoint:mybanner/key"),
        TEXT("mybanner-123456789012.s3-object-lambda.us-west-2.amazonaws.com"), TEXT("/key"),
        TEXT("s3-object-lambda"), TEXT("us-west-2"), PLAIN},
    {VIRTUAL, TEXT("us-east-1"),
        TEXT("/arn:aws:s3-outposts:us-west-2:123456789012:"
             "outpost/op-01234567890123456/accesspoint/reports/key"),
        TEXT("reports-123456789012.op-01234567890123456.s3-outposts.us-west-2.amazonaws.com"),
        TEXT("/key"), TEXT("s3-outposts"), TEXT("us-west-2"), PLAIN},
    {VIRTUAL, TEXT("us-east-1"),
        TEXT("/arn:aws:s3-outposts:us-west-2:123456789012:outpost:op-01234567890123456:accesspoint:"
             "reports/key"),
        TEXT("reports-123456789012.op-01234567890123456.s3-outposts.us-west-2.amazonaws.com"),
        TEXT("/key"), TEXT("s3-outposts"), TEXT("us-west-2"), PLAIN},
    {VIRTUAL, TEXT("us-east-1"),
        TEXT("/arn%3Aaws%3As3-outposts%3Aus-west-2%3A123456789012%3Aou"
             "tpost%2Fop-01234567890123456%2Faccesspoint%2Freports/key"),
        TEXT("reports-123456789012.op-01234567890123456.s3-outposts.us-west-2.amazonaws.com"),
        TEXT("/key"), TEXT("s3-outposts"), TEXT("us-west-2"), PLAIN},
    {VIRTUAL, TEXT("us-east-1"),
        TEXT("/arn:aws:s3::123456789012:accesspoint/mfzwi23gnjvgw.mrap/key"),
        TEXT("mfzwi23gnjvgw.mrap.accesspoint.s3-global.amazonaws.com"), TEXT("/key"), TEXT("s3"),
        TEXT("*"), SIGV4A},
    {VIRTUAL, TEXT("us-east-1"),
        TEXT("/arn:aws:s3::123456789012:accesspoint:mfzwi23gnjvgw.mrap/key"),
        TEXT("mfzwi23gnjvgw.mrap.accesspoint.s3-global.amazonaws.com"), TEXT("/key"), TEXT("s3"),
        TEXT("*"), SIGV4A},
    {VIRTUAL, TEXT("us-east-1"),
        TEXT("/arn%3Aaws%3As3%3A%3A123456789012%3Aaccesspoint%2Fmfzwi23gnjvgw.mrap/key"),
        TEXT("mfzwi23gnjvgw.mrap.accesspoint.s3-global.amazonaws.com"), TEXT("/key"), TEXT("s3"),
        TEXT("*"), SIGV4A},
    {VIRTUAL, TEXT("cn-north-1"),
        TEXT("/arn:aws-cn:s3::123456789012:accesspoint/mfzwi23gnjvgw.mrap/key"),
        TEXT("mfzwi23gnjvgw.mrap.accesspoint"
             ".s3-global.amazonaws.com.cn"),
        TEXT("/key"), TEXT("s3"), TEXT("*"), SIGV4A},
    {0, TEXT("us-west-2"), TEXT("/mybucket--usw2-az1--x-s3/key"),
        TEXT("mybucket--usw2-az1--x-s3.s3express-usw2-az1.us-west-2.amazonaws.com"), TEXT("/key"),
        TEXT("s3express"), TEXT("us-west-2"), SESSION},
    {FIPS, TEXT("us-west-2"), TEXT("/mybucket--usw2-az1--x-s3/key"),
        TEXT("mybucket--usw2-az1--x-s3.s3express-fips-usw2-az1.us-west-2.amazonaws.com"),
        TEXT("/key"), TEXT("s3express"), TEXT("us-west-2"), SESSION},
    {DUAL, TEXT("us-west-2"), TEXT("/mybucket--usw2-az1--x-s3/key"),
        TEXT("mybucket--usw2-az1--x-s3.s3express-usw2-az1.dualstack.us-west-2.amazonaws.com"),
        TEXT("/key"), TEXT("s3express"), TEXT("us-west-2"), SESSION},
    {FIPS | DUAL, TEXT("us-west-2"), TEXT("/mybucket--usw2-az1--x-s3/key"),
        TEXT("mybucket--usw2-az1--x-s3"
             ".s3express-fips-usw2-az1.dualstack.us-west-2.amazonaws.com"),
        TEXT("/key"), TEXT("s3express"), TEXT("us-west-2"), SESSION},
    {0, TEXT("us-west-2"), TEXT("/mybucket--test1-long1-zone-ab1--x-s3/key"),
        TEXT("mybucket--test1-long1-zone-ab1--x-s3"
             ".s3express-test1-long1-zone-ab1.us-west-2.amazonaws.com"),
        TEXT("/key"), TEXT("s3express"), TEXT("us-west-2"), SESSION},
    {FIPS | DUAL, TEXT("us-west-2"), TEXT("/mybucket--test1-long1-zone-ab1--x-s3/key"),
        TEXT("mybucket--test1-long1-zone-ab1--x-s3"
             ".s3express-fips-test1-long1-zone-ab1.dualstack.us-west-2.amazonaws.com"),
        TEXT("/key"), TEXT("s3express"), TEXT("us-west-2"), SESSION},
    {0, TEXT("us-west-2"), TEXT("/myaccesspoint--usw2-az12--xa-s3/key"),
        TEXT("myaccesspoint--usw2-az12--xa-s3.s3express-usw2-az12.us-west-2.amazonaws.com"),
        TEXT("/key"), TEXT("s3express"), TEXT("us-west-2"), SESSION},
    {FIPS, TEXT("us-west-2"), TEXT("/myaccesspoint--usw2-az12--xa-s3/key"),
        TEXT("myaccesspoint--usw2-az12--xa-s3.s3express-fips-usw2-az12.us-west-2.amazonaws.com"),
        TEXT("/key"), TEXT("s3express"), TEXT("us-west-2"), SESSION},
    {DUAL, TEXT("us-west-2"), TEXT("/myaccesspoint--usw2-az12--xa-s3/key"),
        TEXT("myaccesspoint--usw2-az12--xa-s3"
             ".s3express-usw2-az12.dualstack.us-west-2.amazonaws.com"),
        TEXT("/key"), TEXT("s3express"), TEXT("us-west-2"), SESSION},
    {FIPS | DUAL, TEXT("us-west-2"), TEXT("/myaccesspoint--usw2-az12--xa-s3/key"),
        TEXT("myaccesspoint--usw2-az12--xa-s3"
             ".s3express-fips-usw2-az12.dualstack.us-west-2.amazonaws.com"),
        TEXT("/key"), TEXT("s3express"), TEXT("us-west-2"), SESSION},
    {VIRTUAL, TEXT("cn-north-1"), TEXT("/mybucket--abcd-ab1--x-s3/key"),
        TEXT("mybucket--abcd-ab1--x-s3.s3express-abcd-ab1.cn-north-1.amazonaws.com.cn"),
        TEXT("/key"), TEXT("s3express"), TEXT("cn-north-1"), SESSION},
    {0, TEXT("us-west-1"),
        TEXT("/test-accessp-o0b1d075431d83bebde8xz5w8ijx1qzlbp3i3kuse10--op-s3/key"),
        TEXT("test-accessp-o0b1d075431d83bebde8xz5w8ijx1qzlbp3i3kuse10--op-s3.op-0b1d075431d83bebd"
             ".s3-outposts.us-west-1.amazonaws.com"),
        TEXT("/key"), TEXT("s3-outposts"), TEXT("us-west-1"), PLAIN},
    {FIPS | DUAL, TEXT("us-west-1"),
        TEXT("/test-accessp-o0b1d075431d83bebde8xz5w8ijx1qzlbp3i3kuse10--op-s3/key"),
        TEXT("test-accessp-o0b1d075431d83bebde8xz5w8ijx1qzlbp3i3kuse10--op-s3.op-0b1d075431d83bebd"
             ".s3-outposts.us-west-1.amazonaws.com"),
        TEXT("/key"), TEXT("s3-outposts"), TEXT("us-west-1"), PLAIN},
    {0, TEXT("us-west-1"),
        TEXT("/test-accessp-e0b1d075431d83bebde8xz5w8ijx1qzlbp3i3kuse10--op-s3/key"),
        TEXT("test-accessp-e0b1d075431d83bebde8xz5w8ijx1qzlbp3i3kuse10--op-s3.ec2"
             ".s3-outposts.us-west-1.amazonaws.com"),
        TEXT("/key"), TEXT("s3-outposts"), TEXT("us-west-1"), PLAIN},
    {FIPS | DUAL, TEXT("us-west-1"),
        TEXT("/test-accessp-e0b1d075431d83bebde8xz5w8ijx1qzlbp3i3kuse10--op-s3/key"),
        TEXT("test-accessp-e0b1d075431d83bebde8xz5w8ijx1qzlbp3i3kuse10--op-s3.ec2"
             ".s3-outposts.us-west-1.amazonaws.com"),
        TEXT("/key"), TEXT("s3-outposts"), TEXT("us-west-1"), PLAIN},
    {VIRTUAL, TEXT("us-west-1"), TEXT("/my-alias-s3alias/key"),
        TEXT("my-alias-s3alias.s3.us-west-1.amazonaws.com"), TEXT("/key"), TEXT("s3"),
        TEXT("us-west-1"), PLAIN},
    {VIRTUAL, TEXT("us-west-1"), TEXT("/my-name--ol-s3/key"),
        TEXT("my-name--ol-s3.s3.us-west-1.amazonaws.com"), TEXT("/key"), TEXT("s3"),
        TEXT("us-west-1"), PLAIN},
    {VIRTUAL, TEXT("us-west-1"), TEXT("/x--op-s3/key"),
        TEXT("x--op-s3"
             ".s3.us-west-1.amazonaws.com"),
        TEXT("/key"), TEXT("s3"), TEXT("us-west-1"), PLAIN},
    {0, TEXT("us-west-1"), TEXT("/my-bucket/key"), TEXT(""), TEXT("/my-bucket/key"), TEXT(""),
        TEXT(""), PLAIN},
};

/* Source: as above, with UseS3ExpressControlEndpoint; which operations those are, from its
 * service model. */
static const struct {
    struct span method, path, query;
    bool control;
} operations[] = {
    {TEXT("PUT"), TEXT("/b-1--usw2-az1--x-s3"), TEXT(""), true},
    {TEXT("DELETE"), TEXT("/b-1--usw2-az1--x-s3/"), TEXT(""), true},
    {TEXT("GET"), TEXT("/b-1--usw2-az1--x-s3"), TEXT("policy"), true},
    {TEXT("PUT"), TEXT("/b-1--usw2-az1--x-s3"), TEXT("x=1&encryption="), true},
    {TEXT("PUT"), TEXT("/b-1--usw2-az1--x-s3"), TEXT("x-id=CreateBucket"), true},
    {TEXT("GET"), TEXT("/b-1--usw2-az1--x-s3"), TEXT("list-type=2"), false},
    {TEXT("GET"), TEXT("/b-1--usw2-az1--x-s3"), TEXT("prefix=policy&policy-=1"), false},
    {TEXT("HEAD"), TEXT("/b-1--usw2-az1--x-s3"), TEXT(""), false},
    {TEXT("POST"), TEXT("/b-1--usw2-az1--x-s3"), TEXT("delete"), false},
    {TEXT("PUT"), TEXT("/b-1--usw2-az1--x-s3/policy"), TEXT(""), false},
    {TEXT("PUT"), TEXT("/b-1--usw2-az1--x-s3/k"), TEXT("policy"), false},
};

static const struct {
    int flags;
    struct span path;
    const char *word; /* that the message says */
} refused[] = {
    {0, TEXT("/arn:aws"), "ARN"},
    {0, TEXT("/arn:"), "ARN"},
    {0, TEXT("/arn%3a"), "ARN"},
    {0, TEXT("/arn:aws:s3:eu-west-1:123456789012:accesspoint"), "ARN"},
    {0, TEXT("/arn:aws:s3:eu-west-1:123456789012:accesspoint/"), "ARN"},
    {0, TEXT("/arn:aws:s3:eu-west-1:123456789012:accesspoint//key"), "ARN"},
    {0, TEXT("/arn:aws:s3:eu-west-1::accesspoint/name/key"), "ARN"},
    {0, TEXT("/arn:aws:s3:eu-west-1:1/accesspoint/name/key"), "ARN"},
    {0, TEXT("/arn:aws:s3:eu-west-1:123456789012:accesspoint/na.me/key"), "ARN"},
    {0, TEXT("/arn:aws:s3:eu-west-1:123456789012:accesspoint/name%2Fmore/key"), "ARN"},
    {0, TEXT("/arn:aws:s3:eu-west-1:123456789012:accesspoint/name:more/key"), "ARN"},
    {0, TEXT("/arn:aws:s3:eu-west-1:123456789012:accesspoint/evil.example%23/key"), "ARN"},
    {0, TEXT("/arn:aws:s3:eu-west-1:123456789012:accesspoint/%00/key"), "ARN"},
    {0, TEXT("/arn:aws:s3:evil.example:123456789012:accesspoint/name/key"), "ARN"},
    {0, TEXT("/arn:aws:s3:eu-west-1:123456789012:bucket/name/key"), "ARN"},
    {0, TEXT("/arn:aws:s3:::my-bucket/key"), "ARN"},
    {0, TEXT("/arn:aws:s3::123456789012:accesspoint/a..b/key"), "ARN"},
    {0, TEXT("/arn:aws:sqs:eu-west-1:123456789012:accesspoint/name/key"), "ARN"},
    {0, TEXT("/arn:aws:s3-object-lambda::123456789012:accesspoint/name/key"), "ARN"},
    {0, TEXT("/arn:aws:s3-outposts:us-west-2:123456789012:outpost/op-1/bucket/b/key"), "ARN"},
    {0, TEXT("/arn:aws:s3-outposts:us-west-2:123456789012:outpost/o.p/accesspoint/b/k"), "ARN"},
    {0, TEXT("/arn:aws-cn:s3:cn-north-1:123456789012:accesspoint/name/key"), "partition"},
    {0, TEXT("/arn:aws:s3:cn-north-1:123456789012:accesspoint/name/key"), "partition"},
    {0, TEXT("/arn:aws-cn:s3:eu-west-1:123456789012:accesspoint/name/key"), "partition"},
    {0, TEXT("/arn:aws-cn:s3::123456789012:accesspoint/a.mrap/key"), "partition"},
    {DUAL,
        TEXT("/arn:aws:s3-object-lambda:us-west-2:123456789012:"
             "accesspoint/a/k"),
        "dual-stack"},
    {FIPS, TEXT("/arn:aws:s3::123456789012:accesspoint/a.mrap/key"), "FIPS"},
    {DUAL, TEXT("/arn:aws:s3::123456789012:accesspoint/a.mrap/key"), "dual-stack"},
    {FIPS, TEXT("/arn:aws:s3-outposts:us-west-2:1:outpost/op-1/accesspoint/a/k"), "FIPS"},
};

static struct s3_request request_of(int flags, struct span region, struct span path)
{
    return (struct s3_request){.method = SPAN("GET"),
        .path = path,
        .region = region,
        .variant = {.dualstack = (flags & DUAL) != 0, .fips = (flags & FIPS) != 0},
        .virtual_hosts = (flags & VIRTUAL) != 0};
}

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        char text[512];
        struct buf memory = buf_over(text, sizeof text);
        struct s3_address address;
        struct fault fault = {.text = ""};
        struct s3_request request = request_of(rows[i].flags, rows[i].region, rows[i].path);
        CHECK_NUMBER(rows[i].path, s3_address_find(&request, &memory, &address, &fault), OK);
        CHECK_TEXT(rows[i].path, address.host, rows[i].host);
        CHECK_TEXT(rows[i].path, address.path, rows[i].left);
        CHECK_TEXT(rows[i].path, address.identity.service, rows[i].service);
        CHECK_TEXT(rows[i].path, address.identity.region, rows[i].signing_region);
        CHECK_NUMBER(rows[i].path, address.identity.sigv4a, rows[i].how == SIGV4A);
        CHECK_NUMBER(rows[i].path, address.identity.session, rows[i].how == SESSION);
    }
}

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(refused); i++) {
        char text[512];
        struct buf memory = buf_over(text, sizeof text);
        struct s3_address address;
        struct fault fault = {.text = ""};
        struct s3_request request =
            request_of(refused[i].flags | VIRTUAL, SPAN("us-east-1"), refused[i].path);
        CHECK_NUMBER(
            refused[i].path, s3_address_find(&request, &memory, &address, &fault), ERR_BAD_REQUEST);
        CHECK_NUMBER(refused[i].path, strstr(fault.text, refused[i].word) != NULL, true);
    }
}

static void test_operations(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(operations); i++) {
        char text[512];
        struct buf memory = buf_over(text, sizeof text);
        struct s3_address address;
        struct fault fault;
        struct s3_request request = request_of(0, SPAN("us-west-2"), operations[i].path);
        request.method = operations[i].method;
        request.query = operations[i].query;
        CHECK_NUMBER(operations[i].path, s3_address_find(&request, &memory, &address, &fault), OK);
        CHECK_TEXT(operations[i].path, address.identity.service, SPAN("s3express"));
        CHECK_NUMBER(operations[i].path, address.identity.session, !operations[i].control);
        if (operations[i].control) {
            CHECK_TEXT(operations[i].path, address.path, operations[i].path);
            CHECK_TEXT(operations[i].path, address.host,
                SPAN("s3express-control.us-west-2.amazonaws.com"));
        }
    }
}

static void test_session_is_asked_for_without_one(void **state)
{
    (void)state;
    assert_false(s3_signed_by_session(SPAN("session")));
    assert_false(s3_signed_by_session(SPAN("a=b&session=")));
    assert_true(s3_signed_by_session(SPAN("a=session&sessions")));
    assert_true(s3_signed_by_session((struct span){NULL, 0}));
}

/* Whatever room is lacking: an error, or a buffer that says so, and nothing is written past it. */
static void test_no_room(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        char *path = check_copy(rows[i].path);
        for (size_t room = 0; room < 200; room += 3) {
            char *text = malloc(room ? room : 1);
            struct buf memory = buf_over(text, room);
            struct s3_address address;
            struct fault fault;
            struct s3_request request =
                request_of(rows[i].flags, rows[i].region, (struct span){path, rows[i].path.len});
            enum err err = s3_address_find(&request, &memory, &address, &fault);
            bool whole = !memory.failed && err == OK;
            if (whole)
                CHECK_TEXT(rows[i].path, address.host, rows[i].host);
            free(text);
        }
        free(path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_operations),
        cmocka_unit_test(test_session_is_asked_for_without_one),
        cmocka_unit_test(test_no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
