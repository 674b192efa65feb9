/* What is remembered of buckets: bounded, for an hour, and only of names that buckets can have. */
#include "tests/unit/check.h"

#include "proxy/aws/buckets.h"

enum { HOUR_MS = 60 * 60 * 1000 };

static const int64_t now_ms = 1795424400000;

static struct span name_of(size_t number, char memory[BUCKET_NAME_BYTES])
{
    struct buf name = buf_over(memory, BUCKET_NAME_BYTES);
    buf_format(&name, "bucket-%zu", number);
    return buf_span(&name);
}

static void test_remembered(void **state)
{
    (void)state;
    static struct buckets buckets;
    CHECK_TEXT(SPAN("unknown"), buckets_region(&buckets, SPAN("b"), now_ms), SPAN(""));
    buckets_learn(&buckets, SPAN("b"), SPAN("eu-west-1"), now_ms);
    buckets_learn(&buckets, SPAN("B"), SPAN("ap-south-1"), now_ms);
    CHECK_TEXT(SPAN("b"), buckets_region(&buckets, SPAN("b"), now_ms), SPAN("eu-west-1"));
    CHECK_TEXT(SPAN("B"), buckets_region(&buckets, SPAN("B"), now_ms), SPAN("ap-south-1"));
    CHECK_TEXT(SPAN("bb"), buckets_region(&buckets, SPAN("bb"), now_ms), SPAN(""));
    CHECK_TEXT(SPAN("no name"), buckets_region(&buckets, SPAN(""), now_ms), SPAN(""));
    buckets_learn(&buckets, SPAN("b"), SPAN("us-west-2"), now_ms);
    CHECK_TEXT(SPAN("anew"), buckets_region(&buckets, SPAN("b"), now_ms), SPAN("us-west-2"));
    assert_int_equal(buckets.count, 2);
}

static void test_expiry(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int64_t later_ms;
        bool known;
    } rows[] = {{"at once", 0, true}, {"later", 1, true}, {"just", HOUR_MS - 1, true},
        {"an hour", HOUR_MS, false}, {"a year", 365LL * 24 * HOUR_MS, false},
        {"the clock went back", -1, false}, {"far back", -365LL * 24 * HOUR_MS, false}};
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct buckets buckets = {.count = 0};
        int64_t then_ms = now_ms + rows[i].later_ms;
        buckets_learn(&buckets, SPAN("b"), SPAN("eu-west-1"), now_ms);
        struct span region = buckets_region(&buckets, SPAN("b"), then_ms);
        CHECK_NUMBER(span_of(rows[i].name), region.len > 0, rows[i].known);
        buckets_learn(&buckets, SPAN("b"), SPAN("us-west-2"), then_ms);
        region = buckets_region(&buckets, SPAN("b"), then_ms);
        CHECK_TEXT(span_of(rows[i].name), region, SPAN("us-west-2"));
        assert_int_equal(buckets.count, 1);
    }
}

/* The one that nobody has asked for goes first, however early it was learned. */
static void test_bound(void **state)
{
    (void)state;
    static struct buckets buckets;
    char memory[BUCKET_NAME_BYTES];
    for (size_t i = 0; i < 1000; i++) {
        buckets_learn(&buckets, name_of(i, memory), SPAN("eu-west-1"), now_ms);
        assert_int_equal(buckets_region(&buckets, SPAN("bucket-0"), now_ms).len, 9);
    }
    assert_int_equal(buckets.count, BUCKETS_MAX);
    size_t kept = 0;
    for (size_t i = 0; i < 1000; i++) {
        bool known = buckets_region(&buckets, name_of(i, memory), now_ms).len > 0;
        CHECK_NUMBER(name_of(i, memory), known, i == 0 || i > 1000 - BUCKETS_MAX);
        kept += known;
    }
    assert_int_equal(kept, BUCKETS_MAX);
}

static void test_names(void **state)
{
    (void)state;
    static char long_name[BUCKET_NAME_BYTES + 1];
    memset(long_name, 'a', sizeof long_name);
    const struct {
        struct span name, region;
        bool kept;
    } rows[] = {{TEXT("my-bucket.2026"), TEXT("eu-west-1"), true},
        {TEXT("Old_Bucket"), TEXT("eu-west-1"), true}, {TEXT("a"), TEXT("eu-west-1"), true},
        {{long_name, BUCKET_NAME_BYTES}, TEXT("eu-west-1"), true},
        {{long_name, BUCKET_NAME_BYTES + 1}, TEXT("eu-west-1"), false},
        {TEXT(""), TEXT("eu-west-1"), false}, {TEXT("a%2Fb"), TEXT("eu-west-1"), false},
        {TEXT("arn:aws:s3:us-east-1:123456789012:accesspoint"), TEXT("eu-west-1"), false},
        {TEXT("a b"), TEXT("eu-west-1"), false}, {TEXT("a\x00"), TEXT("eu-west-1"), false},
        {TEXT("\xc3\xa4"), TEXT("eu-west-1"), false}, {TEXT("b"), TEXT(""), false},
        {TEXT("b"), TEXT("ab-cdefghijklmnopqrstuvwxyzabc-1"), true},
        {TEXT("b"), TEXT("ab-cdefghijklmnopqrstuvwxyzabcd-1"), false}};
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct buckets buckets = {.count = 0};
        buckets_learn(&buckets, rows[i].name, rows[i].region, now_ms);
        CHECK_NUMBER(rows[i].name, buckets.count, rows[i].kept);
        CHECK_TEXT(rows[i].name, buckets_region(&buckets, rows[i].name, now_ms),
            rows[i].kept ? rows[i].region : SPAN(""));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_remembered),
        cmocka_unit_test(test_expiry),
        cmocka_unit_test(test_bound),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
