/* The name that a typing error was meant to be. */
#include "tests/unit/check.h"

#include "proxy/base/nearest.h"

static const char *const names[] = {"COUNTERSIGN_LISTEN", "COUNTERSIGN_HOSTS", "COUNTERSIGN_AUTH",
    "COUNTERSIGN_ALLOW", "COUNTERSIGN_MAX_BODY", "COUNTERSIGN_IDLE_MS", "COUNTERSIGN_LOG_LEVEL",
    "COUNTERSIGN_LOG_FORMAT"};

static void test_table(void **state)
{
    (void)state;
    static const struct {
        struct span typed, meant;
    } rows[] = {
        {TEXT("COUNTERSIGN_LISTEN"), TEXT("COUNTERSIGN_LISTEN")},
        {TEXT("COUNTERSIGN_LISTN"), TEXT("COUNTERSIGN_LISTEN")},
        {TEXT("COUNTERSIGN_LISTENS"), TEXT("COUNTERSIGN_LISTEN")},
        {TEXT("COUNTERSIGN_HOST"), TEXT("COUNTERSIGN_HOSTS")},
        {TEXT("COUNTERSIGN_AUHT"), TEXT("COUNTERSIGN_AUTH")},
        {TEXT("COUNTERSIGN_ALOW"), TEXT("COUNTERSIGN_ALLOW")},
        {TEXT("COUNTERSIGN_MAXBODY"), TEXT("COUNTERSIGN_MAX_BODY")},
        {TEXT("COUNTERSIGN_IDLE_S"), TEXT("COUNTERSIGN_IDLE_MS")},
        {TEXT("COUNTERSIGN_LOGLEVEL"), TEXT("COUNTERSIGN_LOG_LEVEL")},
        {TEXT("countersign_log_format"), TEXT("COUNTERSIGN_LOG_FORMAT")},
    };
    for (size_t i = 0; i < ROWS(rows); i++)
        CHECK_TEXT(rows[i].typed, span_of(names[nearest_name(rows[i].typed, names, ROWS(names))]),
            rows[i].meant);
}

static void test_first_of_equals(void **state)
{
    (void)state;
    static const char *const equals[] = {"ax", "bx", "cx"};
    assert_int_equal(nearest_name(SPAN("dx"), equals, 3), 0);
    assert_int_equal(nearest_name(SPAN("bx"), equals, 3), 1);
    assert_int_equal(nearest_name(SPAN(""), equals, 3), 0);
    assert_int_equal(nearest_name(SPAN("cx"), equals, 1), 0);
}

/* The nearest first, each once, and of equals the first that was offered. */
static void test_three(void **state)
{
    (void)state;
    static const struct span offers[] = {
        TEXT("xxxx"), TEXT("sqs"), TEXT("sns"), TEXT("sqs"), TEXT("sq"), TEXT("sqss"), TEXT("xx")};
    struct nearest nearest = {.names = 0};
    for (size_t i = 0; i < ROWS(offers); i++)
        nearest_offer(&nearest, SPAN("SQS"), offers[i]);
    assert_int_equal(nearest.names, NEAREST_NAMES);
    CHECK_TEXT(SPAN("first"), nearest.name[0], SPAN("sqs"));
    CHECK_TEXT(SPAN("second"), nearest.name[1], SPAN("sns"));
    CHECK_TEXT(SPAN("third"), nearest.name[2], SPAN("sq"));
    assert_int_equal(nearest.steps[0], 0);
    assert_int_equal(nearest.steps[2], 1);
}

/* However long what was typed is, and whatever bytes it holds. */
static void test_long(void **state)
{
    (void)state;
    char typed[4096], longest[64];
    memset(typed, '\xff', sizeof typed);
    memset(longest, 'n', 63);
    longest[63] = '\0';
    const char *const two[] = {"a", longest};
    assert_in_range(nearest_name((struct span){typed, sizeof typed}, two, 2), 0, 1);
    memset(typed, 'n', sizeof typed);
    assert_int_equal(nearest_name((struct span){typed, 70}, two, 2), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_first_of_equals),
        cmocka_unit_test(test_three),
        cmocka_unit_test(test_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
