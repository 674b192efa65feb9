/* Where requests go: the three ways to address the proxy, endpoints, and every refusal. */
#include "tests/unit/check.h"

#include "proxy/aws/route.h"

#define ENDPOINT(service, host, port, tls)                                                      \
    {                                                                                           \
        TEXT("COUNTERSIGN_ENDPOINT"), TEXT(service), {TEXT(host), TEXT(host), port, false}, tls \
    }

static const struct endpoint endpoints[] = {
    ENDPOINT("s3", "minio.example", 9000, false),
    ENDPOINT("transcribe", "Fake.Example", 443, true),
};
static const struct endpoint for_all[] = {ENDPOINT("", "localhost", 4566, false)};
static const struct endpoint for_both[] = {
    ENDPOINT("", "localhost", 4566, false), ENDPOINT("s3", "minio.example", 9000, true)};
static const struct span names[] = {TEXT("sidecar"), TEXT("10.1.2.3")};

static const struct route_options plain = {.region = TEXT("eu-west-1"), .names = 2, .name = names};
static const struct route_options no_region = {.names = 0};
static const struct route_options with_endpoints = {
    .region = TEXT("eu-west-1"), .endpoints = 2, .endpoint = endpoints};
static const struct route_options with_one_for_all = {
    .region = TEXT("eu-west-1"), .endpoints = 1, .endpoint = for_all};
static const struct route_options with_both = {
    .region = TEXT("eu-west-1"), .endpoints = 2, .endpoint = for_both};
static const struct route_options fips = {
    .region = TEXT("us-east-1"), .variant = {.dualstack = true, .fips = true}};

/* The request's Host, or with "http://" before it an absolute target; "" is neither. */
struct row {
    const struct route_options *options;
    struct span host, target;
    struct span service, region, path, sent_host, server;
    unsigned port;
    bool tls;
};

#define L TEXT("localhost:2774")

static const struct row rows[] = {
    /* The service path. */
    {&plain, L, TEXT("/s3/b/k"), TEXT("s3"), TEXT("eu-west-1"), TEXT("/b/k"),
        TEXT("s3.eu-west-1.amazonaws.com"), TEXT("s3.eu-west-1.amazonaws.com"), 443, true},
    {&plain, L, TEXT("/s3"), TEXT("s3"), TEXT("eu-west-1"), TEXT("/"),
        TEXT("s3.eu-west-1.amazonaws.com"), TEXT("s3.eu-west-1.amazonaws.com"), 443, true},
    {&plain, L, TEXT("/s3//b//k%2F..?q=/s3"), TEXT("s3"), TEXT("eu-west-1"), TEXT("//b//k%2F.."),
        TEXT("s3.eu-west-1.amazonaws.com"), TEXT("s3.eu-west-1.amazonaws.com"), 443, true},
    {&plain, L, TEXT("/s3.us-east-2/b"), TEXT("s3"), TEXT("us-east-2"), TEXT("/b"),
        TEXT("s3.us-east-2.amazonaws.com"), TEXT("s3.us-east-2.amazonaws.com"), 443, true},
    {&plain, L, TEXT("/transcribe/"), TEXT("transcribe"), TEXT("eu-west-1"), TEXT("/"),
        TEXT("transcribe.eu-west-1.amazonaws.com"), TEXT("transcribe.eu-west-1.amazonaws.com"), 443,
        true},
    {&plain, L, TEXT("/transcribestreaming/x"), TEXT("transcribe"), TEXT("eu-west-1"), TEXT("/x"),
        TEXT("transcribestreaming.eu-west-1.amazonaws.com"),
        TEXT("transcribestreaming.eu-west-1.amazonaws.com"), 443, true},
    {&plain, L, TEXT("/iam/"), TEXT("iam"), TEXT("us-east-1"), TEXT("/"), TEXT("iam.amazonaws.com"),
        TEXT("iam.amazonaws.com"), 443, true},
    {&fips, L, TEXT("/s3/b"), TEXT("s3"), TEXT("us-east-1"), TEXT("/b"),
        TEXT("s3-fips.dualstack.us-east-1.amazonaws.com"),
        TEXT("s3-fips.dualstack.us-east-1.amazonaws.com"), 443, true},
    {&no_region, L, TEXT("/s3.us-east-2/b"), TEXT("s3"), TEXT("us-east-2"), TEXT("/b"),
        TEXT("s3.us-east-2.amazonaws.com"), TEXT("s3.us-east-2.amazonaws.com"), 443, true},
    {&plain, TEXT("127.0.0.1"), TEXT("/s3/b"), TEXT("s3"), TEXT("eu-west-1"), TEXT("/b"),
        TEXT("s3.eu-west-1.amazonaws.com"), TEXT("s3.eu-west-1.amazonaws.com"), 443, true},
    {&plain, TEXT("[::1]:2774"), TEXT("/s3/b"), TEXT("s3"), TEXT("eu-west-1"), TEXT("/b"),
        TEXT("s3.eu-west-1.amazonaws.com"), TEXT("s3.eu-west-1.amazonaws.com"), 443, true},
    {&plain, TEXT("SideCar:80"), TEXT("/s3/b"), TEXT("s3"), TEXT("eu-west-1"), TEXT("/b"),
        TEXT("s3.eu-west-1.amazonaws.com"), TEXT("s3.eu-west-1.amazonaws.com"), 443, true},
    {&plain, TEXT("10.1.2.3"), TEXT("/s3/b"), TEXT("s3"), TEXT("eu-west-1"), TEXT("/b"),
        TEXT("s3.eu-west-1.amazonaws.com"), TEXT("s3.eu-west-1.amazonaws.com"), 443, true},
    {&plain, TEXT(""), TEXT("/s3/b"), TEXT("s3"), TEXT("eu-west-1"), TEXT("/b"),
        TEXT("s3.eu-west-1.amazonaws.com"), TEXT("s3.eu-west-1.amazonaws.com"), 443, true},
    {&plain, TEXT("http://localhost:2774"), TEXT("/s3/b"), TEXT("s3"), TEXT("eu-west-1"),
        TEXT("/b"), TEXT("s3.eu-west-1.amazonaws.com"), TEXT("s3.eu-west-1.amazonaws.com"), 443,
        true},

    /* The Host header, and the forward proxy. */
    {&plain, TEXT("bucket.s3.us-east-2.amazonaws.com"), TEXT("/s3/k"), TEXT("s3"),
        TEXT("us-east-2"), TEXT("/s3/k"), TEXT("bucket.s3.us-east-2.amazonaws.com"),
        TEXT("bucket.s3.us-east-2.amazonaws.com"), 443, true},
    {&plain, TEXT("http://bucket.s3.amazonaws.com"), TEXT("/k"), TEXT("s3"), TEXT("us-east-1"),
        TEXT("/k"), TEXT("bucket.s3.amazonaws.com"), TEXT("bucket.s3.amazonaws.com"), 443, true},
    {&plain, TEXT("http://Lambda.EU-West-1.amazonaws.com:80"), TEXT("/k"), TEXT("lambda"),
        TEXT("eu-west-1"), TEXT("/k"), TEXT("lambda.eu-west-1.amazonaws.com"),
        TEXT("lambda.eu-west-1.amazonaws.com"), 443, true},
    {&plain, TEXT("lambda.eu-west-1.amazonaws.com.:443"), TEXT("/-/health"), TEXT("lambda"),
        TEXT("eu-west-1"), TEXT("/-/health"), TEXT("lambda.eu-west-1.amazonaws.com"),
        TEXT("lambda.eu-west-1.amazonaws.com"), 443, true},
    {&plain, TEXT("lambda.eu-west-1.amazonaws.com:8443"), TEXT("/"), TEXT("lambda"),
        TEXT("eu-west-1"), TEXT("/"), TEXT("lambda.eu-west-1.amazonaws.com:8443"),
        TEXT("lambda.eu-west-1.amazonaws.com"), 8443, true},
    {&plain, TEXT("b.s3-accelerate.amazonaws.com"), TEXT("/"), TEXT("s3"), TEXT("eu-west-1"),
        TEXT("/"), TEXT("b.s3-accelerate.amazonaws.com"), TEXT("b.s3-accelerate.amazonaws.com"),
        443, true},

    /* Endpoints: on a service path theirs is the Host, else the client's stays. */
    {&with_endpoints, L, TEXT("/s3/b"), TEXT("s3"), TEXT("eu-west-1"), TEXT("/b"),
        TEXT("minio.example:9000"), TEXT("minio.example"), 9000, false},
    {&with_endpoints, L, TEXT("/s3.us-east-2/b"), TEXT("s3"), TEXT("us-east-2"), TEXT("/b"),
        TEXT("minio.example:9000"), TEXT("minio.example"), 9000, false},
    {&with_endpoints, L, TEXT("/transcribestreaming/"), TEXT("transcribe"), TEXT("eu-west-1"),
        TEXT("/"), TEXT("fake.example"), TEXT("Fake.Example"), 443, true},
    {&with_endpoints, L, TEXT("/lambda/"), TEXT("lambda"), TEXT("eu-west-1"), TEXT("/"),
        TEXT("lambda.eu-west-1.amazonaws.com"), TEXT("lambda.eu-west-1.amazonaws.com"), 443, true},
    {&with_endpoints, TEXT("b.s3.us-east-2.amazonaws.com"), TEXT("/k"), TEXT("s3"),
        TEXT("us-east-2"), TEXT("/k"), TEXT("b.s3.us-east-2.amazonaws.com"), TEXT("minio.example"),
        9000, false},
    {&with_endpoints, TEXT("http://minio.example:9000"), TEXT("/k"), TEXT("s3"), TEXT("eu-west-1"),
        TEXT("/k"), TEXT("minio.example:9000"), TEXT("minio.example"), 9000, false},
    {&with_one_for_all, L, TEXT("/lambda/x"), TEXT("lambda"), TEXT("eu-west-1"), TEXT("/x"),
        TEXT("localhost:4566"), TEXT("localhost"), 4566, false},
    {&with_one_for_all, TEXT("b.s3.eu-west-1.amazonaws.com"), TEXT("/x"), TEXT("s3"),
        TEXT("eu-west-1"), TEXT("/x"), TEXT("b.s3.eu-west-1.amazonaws.com"), TEXT("localhost"),
        4566, false},
    {&with_both, L, TEXT("/s3/x"), TEXT("s3"), TEXT("eu-west-1"), TEXT("/x"),
        TEXT("minio.example:9000"), TEXT("minio.example"), 9000, true},
    {&with_both, L, TEXT("/sts/x"), TEXT("sts"), TEXT("eu-west-1"), TEXT("/x"),
        TEXT("localhost:4566"), TEXT("localhost"), 4566, false},
};

static const struct refusal {
    const struct route_options *options;
    struct span host, target;
    enum err err;
} refusals[] = {
    {&plain, TEXT("evil.example"), TEXT("/s3/b"), ERR_HOST_NOT_ALLOWED},
    {&plain, TEXT("http://evil.example"), TEXT("/s3/b"), ERR_HOST_NOT_ALLOWED},
    {&plain, TEXT("evil.example"), TEXT("/-/"), ERR_HOST_NOT_ALLOWED},
    {&plain, TEXT("localhost.evil.example"), TEXT("/s3/b"), ERR_HOST_NOT_ALLOWED},
    {&plain, TEXT("localhost."), TEXT("/s3/b"), ERR_HOST_NOT_ALLOWED},
    {&plain, TEXT("sidecar.evil.example"), TEXT("/s3/b"), ERR_HOST_NOT_ALLOWED},
    {&plain, TEXT("10.1.2.4"), TEXT("/s3/b"), ERR_HOST_NOT_ALLOWED},
    {&plain, TEXT("169.254.169.254"), TEXT("/s3/b"), ERR_HOST_NOT_ALLOWED},
    {&plain, TEXT("[fe80::1]"), TEXT("/s3/b"), ERR_HOST_NOT_ALLOWED},
    {&plain, TEXT("s3.amazonaws.com.evil.example"), TEXT("/b"), ERR_HOST_NOT_ALLOWED},
    {&plain, TEXT("ec2-1-2-3-4.compute-1.amazonaws.com"), TEXT("/b"), ERR_HOST_NOT_ALLOWED},
    {&plain, TEXT("b.s3-website.eu-west-1.amazonaws.com"), TEXT("/"), ERR_HOST_NOT_ALLOWED},
    {&with_one_for_all, TEXT("localhost:4566"), TEXT("/s3/b"), ERR_HOST_NOT_ALLOWED},
    {&with_endpoints, TEXT("minio.example"), TEXT("/b"), ERR_HOST_NOT_ALLOWED},
    {&with_endpoints, TEXT("minio.example:9001"), TEXT("/b"), ERR_HOST_NOT_ALLOWED},
    {&plain, L, TEXT("/"), ERR_UNKNOWN_SERVICE},
    {&plain, L, TEXT("//s3/b"), ERR_UNKNOWN_SERVICE},
    {&plain, L, TEXT("/?s3"), ERR_UNKNOWN_SERVICE},
    {&plain, L, TEXT("/S3/b"), ERR_UNKNOWN_SERVICE},
    {&plain, L, TEXT("/s3./b"), ERR_UNKNOWN_SERVICE},
    {&plain, L, TEXT("/s3.nowhere/b"), ERR_UNKNOWN_SERVICE},
    {&plain, L, TEXT("/s3.evil.example/b"), ERR_UNKNOWN_SERVICE},
    {&plain, L, TEXT("/s3.eu-west-1.evil/b"), ERR_UNKNOWN_SERVICE},
    {&plain, L, TEXT("/.eu-west-1/b"), ERR_UNKNOWN_SERVICE},
    {&plain, L, TEXT("/a%2eb/"), ERR_UNKNOWN_SERVICE},
    {&plain, L, TEXT("/a@b/"), ERR_UNKNOWN_SERVICE},
    {&plain, L, TEXT("/a:1/"), ERR_UNKNOWN_SERVICE},
    {&plain, L, TEXT("/s3-website/b"), ERR_UNKNOWN_SERVICE},
    {&plain, L, TEXT("/compute-1/b"), ERR_UNKNOWN_SERVICE},
    {&plain, L, TEXT("/-x"), ERR_UNKNOWN_SERVICE},
    {&no_region, L, TEXT("/s3/b"), ERR_BAD_REQUEST},
    {&plain, L, TEXT("/s3/arn:aws:s3:::b/k"), ERR_BAD_REQUEST},
    {&plain, L, TEXT("/s3/arn:aws-cn:s3:cn-north-1:1:accesspoint/a/k"), ERR_BAD_REQUEST},
    {&no_region, TEXT("b.s3-accelerate.amazonaws.com"), TEXT("/"), ERR_BAD_REQUEST},
};

static enum err find(const struct route_options *options, struct span host, struct span path,
    struct route *route, struct fault *fault)
{
    struct target target = {.absolute = span_starts(host, SPAN("http://"))};
    struct span named = target.absolute ? span_from(host, sizeof "http://" - 1) : host;
    size_t mark = span_find(path, '?');
    if (named.len > 0)
        assert_true(authority_parse(named, &target.authority));
    target.path = span_first(path, mark);
    target.query = mark < path.len ? span_from(path, mark + 1) : (struct span){NULL, 0};
    return route_find(options, &target, route, fault);
}

static void test_routes(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        const struct row *row = &rows[i];
        static struct route route;
        struct fault fault;
        CHECK_NUMBER(row->target, find(row->options, row->host, row->target, &route, &fault), OK);
        CHECK_NUMBER(row->target, route.kind, ROUTE_SERVICE);
        CHECK_TEXT(row->target, route.service, row->service);
        CHECK_TEXT(row->target, route.region, row->region);
        CHECK_TEXT(row->target, route.path, row->path);
        CHECK_TEXT(row->target, route.host, row->sent_host);
        CHECK_TEXT(row->target, route.server, row->server);
        CHECK_NUMBER(row->target, route.port, row->port);
        CHECK_NUMBER(row->target, route.tls, row->tls);
        CHECK_NUMBER(row->target, route.s3, span_equal(row->service, SPAN("s3")));
        size_t mark = span_find(row->target, '?');
        CHECK_TEXT(row->target, route.query, span_from(row->target, mark + 1));
        CHECK_NUMBER(row->target, route.query.at != NULL, mark < row->target.len);
    }
}

static void test_refusals(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(refusals); i++) {
        const struct refusal *row = &refusals[i];
        static struct route route;
        struct fault fault = {.err = OK};
        enum err err = find(row->options, row->host, row->target, &route, &fault);
        CHECK_NUMBER(row->host.len > 14 ? row->host : row->target, err, row->err);
        CHECK_NUMBER(row->target, fault.err, row->err);
        assert_true(strlen(fault.text) > 0);
    }
}

static void test_own_pages(void **state)
{
    (void)state;
    static const struct {
        struct span host, path;
        enum route_kind kind;
    } pages[] = {{L, TEXT("/-/"), ROUTE_OWN_PAGE}, {L, TEXT("/-"), ROUTE_OWN_PAGE},
        {L, TEXT("/-/health"), ROUTE_OWN_PAGE}, {L, TEXT("/-/no/such?q"), ROUTE_OWN_PAGE},
        {TEXT(""), TEXT("/-/"), ROUTE_OWN_PAGE}, {TEXT("sidecar"), TEXT("/-/"), ROUTE_OWN_PAGE},
        {L, TEXT("/s3/-/"), ROUTE_SERVICE},
        {TEXT("s3.eu-west-1.amazonaws.com"), TEXT("/-/"), ROUTE_SERVICE}};
    for (size_t i = 0; i < ROWS(pages); i++) {
        static struct route route;
        struct fault fault;
        CHECK_NUMBER(pages[i].path, find(&plain, pages[i].host, pages[i].path, &route, &fault), OK);
        CHECK_NUMBER(pages[i].path, route.kind, pages[i].kind);
    }
}

/* The longest names there can be are refused in words, not cut. */
static void test_long_names(void **state)
{
    (void)state;
    char memory[300];
    static struct route route;
    struct fault fault;
    struct buf host = buf_over(memory, sizeof memory);
    while (host.len < 220)
        buf_text(&host, "a.");
    buf_text(&host, "s3.eu-west-1.amazonaws.com");
    assert_int_equal(find(&plain, buf_span(&host), SPAN("/"), &route, &fault), OK);
    CHECK_TEXT(SPAN("host"), route.host, buf_span(&host));
    struct buf path = buf_over(memory, sizeof memory);
    buf_char(&path, '/');
    while (path.len < sizeof memory)
        buf_char(&path, 'a');
    assert_int_equal(
        find(&plain, SPAN("localhost"), buf_span(&path), &route, &fault), ERR_UNKNOWN_SERVICE);
}

/* --- buckets ---------------------------------------------------------------------------------- */

/* bucket: "" where none is meant, or one that lies in no other region. Then: to which region it is
 * moved, and what becomes of it; no region: it cannot be. */
static const struct move {
    const struct route_options *options;
    struct span host, target, bucket, region;
    struct span moved, sent_host, server;
} moves[] = {
    {&plain, L, TEXT("/s3/b/k"), TEXT("b"), TEXT("us-east-2"), TEXT("us-east-2"),
        TEXT("s3.us-east-2.amazonaws.com"), TEXT("s3.us-east-2.amazonaws.com")},
    {&plain, L, TEXT("/s3.us-east-1/b"), TEXT("b"), TEXT("ap-south-1"), TEXT("ap-south-1"),
        TEXT("s3.ap-south-1.amazonaws.com"), TEXT("s3.ap-south-1.amazonaws.com")},
    {&plain, TEXT("b.s3.us-east-1.amazonaws.com"), TEXT("/k/l"), TEXT("b"), TEXT("ap-south-1"),
        TEXT("ap-south-1"), TEXT("b.s3.ap-south-1.amazonaws.com"),
        TEXT("b.s3.ap-south-1.amazonaws.com")},
    {&plain, TEXT("http://a.b.s3.amazonaws.com"), TEXT("/k"), TEXT("a.b"), TEXT("ap-south-1"),
        TEXT("ap-south-1"), TEXT("a.b.s3.ap-south-1.amazonaws.com"),
        TEXT("a.b.s3.ap-south-1.amazonaws.com")},
    {&plain, TEXT("s3.dualstack.us-east-1.amazonaws.com"), TEXT("/b/k"), TEXT("b"),
        TEXT("ap-south-1"), TEXT("ap-south-1"), TEXT("s3.dualstack.ap-south-1.amazonaws.com"),
        TEXT("s3.dualstack.ap-south-1.amazonaws.com")},
    {&fips, L, TEXT("/s3/b"), TEXT("b"), TEXT("us-west-2"), TEXT("us-west-2"),
        TEXT("s3-fips.dualstack.us-west-2.amazonaws.com"),
        TEXT("s3-fips.dualstack.us-west-2.amazonaws.com")},

    /* Another partition. */
    {&plain, L, TEXT("/s3/b/k"), TEXT("b"), TEXT("cn-north-1"), TEXT(""),
        TEXT("s3.eu-west-1.amazonaws.com"), TEXT("s3.eu-west-1.amazonaws.com")},
    {&plain, L, TEXT("/s3.cn-north-1/b/k"), TEXT("b"), TEXT("eu-west-1"), TEXT(""),
        TEXT("s3.cn-north-1.amazonaws.com.cn"), TEXT("s3.cn-north-1.amazonaws.com.cn")},
    {&plain, L, TEXT("/s3.cn-north-1/b/k"), TEXT("b"), TEXT("cn-northwest-1"),
        TEXT("cn-northwest-1"), TEXT("s3.cn-northwest-1.amazonaws.com.cn"),
        TEXT("s3.cn-northwest-1.amazonaws.com.cn")},
    {&plain, L, TEXT("/s3/b/k"), TEXT("b"), TEXT("us-gov-west-1"), TEXT(""),
        TEXT("s3.eu-west-1.amazonaws.com"), TEXT("s3.eu-west-1.amazonaws.com")},

    /* Other servers keep their name, and the client's Host stays: only the region changes. */
    {&with_endpoints, L, TEXT("/s3/b/k"), TEXT("b"), TEXT("us-east-2"), TEXT("us-east-2"),
        TEXT("minio.example:9000"), TEXT("minio.example")},
    {&with_endpoints, TEXT("b.s3.us-east-1.amazonaws.com"), TEXT("/k"), TEXT("b"),
        TEXT("us-east-2"), TEXT("us-east-2"), TEXT("b.s3.us-east-1.amazonaws.com"),
        TEXT("minio.example")},
    {&with_one_for_all, L, TEXT("/s3/b/k"), TEXT("b"), TEXT("us-east-2"), TEXT("us-east-2"),
        TEXT("localhost:4566"), TEXT("localhost")},

    /* No bucket, or none that could lie elsewhere. */
    {&plain, L, TEXT("/s3/"), TEXT(""), TEXT(""), TEXT(""), TEXT("s3.eu-west-1.amazonaws.com"),
        TEXT("s3.eu-west-1.amazonaws.com")},
    {&plain, L, TEXT("/sqs/b/k"), TEXT(""), TEXT(""), TEXT(""), TEXT("sqs.eu-west-1.amazonaws.com"),
        TEXT("sqs.eu-west-1.amazonaws.com")},
    {&plain, TEXT("a-1.s3-accesspoint.us-east-1.amazonaws.com"), TEXT("/b/k"), TEXT(""), TEXT(""),
        TEXT(""), TEXT("a-1.s3-accesspoint.us-east-1.amazonaws.com"),
        TEXT("a-1.s3-accesspoint.us-east-1.amazonaws.com")},
    {&plain, TEXT("1.s3-control.us-east-1.amazonaws.com"), TEXT("/v20180820/bucket/b"), TEXT(""),
        TEXT(""), TEXT(""), TEXT("1.s3-control.us-east-1.amazonaws.com"),
        TEXT("1.s3-control.us-east-1.amazonaws.com")},
    {&plain, TEXT("b.s3-accelerate.amazonaws.com"), TEXT("/k/l"), TEXT(""), TEXT(""), TEXT(""),
        TEXT("b.s3-accelerate.amazonaws.com"), TEXT("b.s3-accelerate.amazonaws.com")},
    {&plain, TEXT("b.bucket.vpce-1.s3.us-east-1.vpce.amazonaws.com"), TEXT("/k/l"), TEXT(""),
        TEXT(""), TEXT(""), TEXT("b.bucket.vpce-1.s3.us-east-1.vpce.amazonaws.com"),
        TEXT("b.bucket.vpce-1.s3.us-east-1.vpce.amazonaws.com")},
    {&plain, TEXT("b.s3.us-east-1.amazonaws.com:8443"), TEXT("/k/l"), TEXT(""), TEXT(""), TEXT(""),
        TEXT("b.s3.us-east-1.amazonaws.com:8443"), TEXT("b.s3.us-east-1.amazonaws.com")},
};

static void check_move(const struct move *row)
{
    static struct route route;
    struct fault fault;
    struct span bucket = SPAN("");
    CHECK_NUMBER(row->host, find(row->options, row->host, row->target, &route, &fault), OK);
    struct span home = row->options->region;
    CHECK_NUMBER(row->host, route_bucket(&route, home, &bucket), row->bucket.len > 0);
    CHECK_TEXT(row->host, bucket, row->bucket);
    if (row->region.len > 0)
        CHECK_NUMBER(row->region, route_move(&route, home, row->region), row->moved.len > 0);
    if (row->moved.len > 0)
        CHECK_TEXT(row->host, route.region, row->moved);
    CHECK_TEXT(row->host, route.host, row->sent_host);
    CHECK_TEXT(row->host, route.server, row->server);
}

static void test_moves(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(moves); i++)
        check_move(&moves[i]);
}

/* From a region to the next and back, each time from what the last move has written. */
static void test_moves_on(void **state)
{
    (void)state;
    static const struct span regions[] = {
        TEXT("ap-southeast-4"), TEXT("eu-west-1"), TEXT("us-gov-west-1"), TEXT("us-east-2")};
    static struct route route;
    struct fault fault;
    struct span bucket;
    assert_int_equal(
        find(&plain, SPAN("bu.s3.us-east-1.amazonaws.com"), SPAN("/k"), &route, &fault), OK);
    for (size_t i = 0; i < ROWS(regions); i++) {
        bool moves_there = i != 2;
        CHECK_NUMBER(regions[i], route_move(&route, plain.region, regions[i]), moves_there);
        CHECK_TEXT(regions[i], route.region, regions[moves_there ? i : i - 1]);
        assert_true(route_bucket(&route, plain.region, &bucket));
        CHECK_TEXT(regions[i], bucket, SPAN("bu"));
    }
    CHECK_TEXT(SPAN("host"), route.host, SPAN("bu.s3.us-east-2.amazonaws.com"));
}

/* A region that would not fit leaves all as it was. */
static void test_move_too_long(void **state)
{
    (void)state;
    static char memory[1024];
    static struct route route;
    struct fault fault;
    memset(memory, 'a', sizeof memory);
    memcpy(memory, "eu-", 3);
    memcpy(memory + sizeof memory - 2, "-1", 2);
    assert_int_equal(find(&plain, SPAN("localhost"), SPAN("/s3/b/k"), &route, &fault), OK);
    assert_false(route_move(&route, plain.region, (struct span){memory, sizeof memory}));
    CHECK_TEXT(SPAN("region"), route.region, SPAN("eu-west-1"));
    CHECK_TEXT(SPAN("host"), route.host, SPAN("s3.eu-west-1.amazonaws.com"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_routes),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_own_pages),
        cmocka_unit_test(test_long_names),
        cmocka_unit_test(test_moves),
        cmocka_unit_test(test_moves_on),
        cmocka_unit_test(test_move_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
