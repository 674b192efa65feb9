/* Which bucket a route means, and the same in another region. */
#include "tests/unit/routes.h"

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
        cmocka_unit_test(test_moves),
        cmocka_unit_test(test_moves_on),
        cmocka_unit_test(test_move_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
