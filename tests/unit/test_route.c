/* Where requests go: the three ways to address the proxy, endpoints, and every refusal. */
#include "tests/unit/routes.h"

/* The request's Host, or with "http://" before it an absolute target; "" is neither. */
struct row {
    const struct route_options *options;
    struct span host, target;
    struct span service, region, path, sent_host, server;
    unsigned port;
    bool tls;
};

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

    /* A bucket in the host; at an endpoint it stays in the path, as everything else does. */
    {&virtual_hosts, L, TEXT("/s3/my-bucket/k"), TEXT("s3"), TEXT("eu-west-1"), TEXT("/k"),
        TEXT("my-bucket.s3.eu-west-1.amazonaws.com"), TEXT("my-bucket.s3.eu-west-1.amazonaws.com"),
        443, true},
    {&virtual_hosts, L, TEXT("/s3.us-east-2/my-bucket?acl"), TEXT("s3"), TEXT("us-east-2"),
        TEXT("/"), TEXT("my-bucket.s3.us-east-2.amazonaws.com"),
        TEXT("my-bucket.s3.us-east-2.amazonaws.com"), 443, true},
    {&virtual_hosts, L, TEXT("/s3/my.bucket/k"), TEXT("s3"), TEXT("eu-west-1"),
        TEXT("/my.bucket/k"), TEXT("s3.eu-west-1.amazonaws.com"),
        TEXT("s3.eu-west-1.amazonaws.com"), 443, true},
    {&virtual_hosts, L, TEXT("/s3"), TEXT("s3"), TEXT("eu-west-1"), TEXT("/"),
        TEXT("s3.eu-west-1.amazonaws.com"), TEXT("s3.eu-west-1.amazonaws.com"), 443, true},
    {&plain, L, TEXT("/s3/arn:aws:s3:us-east-2:123456789012:accesspoint/a/k"), TEXT("s3"),
        TEXT("us-east-2"), TEXT("/k"),
        TEXT("a-123456789012.s3-accesspoint.us-east-2.amazonaws.com"),
        TEXT("a-123456789012.s3-accesspoint.us-east-2.amazonaws.com"), 443, true},
    {&virtual_endpoints, L, TEXT("/s3/my-bucket/k"), TEXT("s3"), TEXT("eu-west-1"),
        TEXT("/my-bucket/k"), TEXT("minio.example:9000"), TEXT("minio.example"), 9000, false},
    {&with_endpoints, L, TEXT("/s3/b--usw2-az1--x-s3/k"), TEXT("s3"), TEXT("eu-west-1"),
        TEXT("/b--usw2-az1--x-s3/k"), TEXT("minio.example:9000"), TEXT("minio.example"), 9000,
        false},

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
    {&plain, L, TEXT("/S4/b"), ERR_UNKNOWN_SERVICE},
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

static const struct {
    const struct route_options *options;
    struct span host, target, account, sent_host;
} accounts[] = {
    {&plain, L, TEXT("/s3-control/v20180820/jobs"), TEXT("123456789012"),
        TEXT("123456789012.s3-control.eu-west-1.amazonaws.com")},
    {&fips, L, TEXT("/s3-control/v20180820/jobs"), TEXT("123456789012"),
        TEXT("123456789012.s3-control-fips.dualstack.us-east-1.amazonaws.com")},
    {&plain, L, TEXT("/s3-control/"), TEXT(""), TEXT("s3-control.eu-west-1.amazonaws.com")},
    {&plain, L, TEXT("/s3-control/"), TEXT("evil.example"),
        TEXT("s3-control.eu-west-1.amazonaws.com")},
    {&plain, L, TEXT("/s3/b"), TEXT("123456789012"), TEXT("s3.eu-west-1.amazonaws.com")},
    {&plain, TEXT("s3-control.eu-west-1.amazonaws.com"), TEXT("/"), TEXT("123456789012"),
        TEXT("s3-control.eu-west-1.amazonaws.com")},
    {&with_one_for_all, L, TEXT("/s3-control/"), TEXT("123456789012"), TEXT("localhost:4566")},
};

static void test_accounts(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(accounts); i++) {
        static struct route route;
        struct fault fault;
        CHECK_NUMBER(accounts[i].target,
            find(accounts[i].options, accounts[i].host, accounts[i].target, &route, &fault), OK);
        route_take_account(&route, accounts[i].account);
        CHECK_TEXT(accounts[i].target, route.host, accounts[i].sent_host);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_routes),
        cmocka_unit_test(test_accounts),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_own_pages),
        cmocka_unit_test(test_long_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
