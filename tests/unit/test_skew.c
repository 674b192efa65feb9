/* How far the clock is from the servers': learned from a refusal, dropped by any answer. */
#include "tests/unit/check.h"

#include "proxy/base/skew.h"

enum { MINUTE = 60 * 1000, HOUR = 60 * MINUTE };

/* Wed, 25 Nov 2026 10:00:00 GMT, which is each answer's Date. */
#define DATE TEXT("Wed, 25 Nov 2026 10:00:00 GMT")
static const int64_t date_ms = 1795600800000;

/* behind: how far the machine's clock is behind the server's; signed_off: how far the signature's
 * time was from the server's. */
static const struct {
    const char *name;
    int64_t offset, behind, signed_behind, learned;
    bool again;
} learns[] = {
    {"right", 0, 0, 0, 0, false},
    {"a little behind", 0, 4 * MINUTE - 1, 4 * MINUTE - 1, 0, false},
    {"behind", 0, 4 * MINUTE, 4 * MINUTE, 4 * MINUTE, true},
    {"hours behind", 0, 5 * HOUR, 5 * HOUR, 5 * HOUR, true},
    {"ahead", 0, -4 * MINUTE, -4 * MINUTE, -4 * MINUTE, true},
    {"hours ahead", 0, -9 * HOUR, -9 * HOUR, -9 * HOUR, true},
    {"known, and right", HOUR, HOUR + MINUTE, MINUTE, HOUR, false},
    {"learned by another meanwhile", HOUR, HOUR, HOUR, HOUR, true},
    {"known, and wrong", HOUR, 3 * HOUR, 2 * HOUR, 3 * HOUR, true},
    {"known, the clock is right again", HOUR, 0, -HOUR, 0, true},
    {"known, the clock is nearly right", HOUR, MINUTE, -HOUR + MINUTE, 0, true},
    {"it lay still for long", 0, 0, 20 * MINUTE, 0, true},
};

static void test_learn(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(learns); i++) {
        struct skew skew = {.offset_ms = learns[i].offset};
        bool again = skew_learn(&skew, (struct span)DATE, date_ms - learns[i].behind,
            date_ms - learns[i].signed_behind);
        CHECK_NUMBER(span_of(learns[i].name), skew.offset_ms, learns[i].learned);
        CHECK_NUMBER(span_of(learns[i].name), again, learns[i].again);
    }
}

static void test_check(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int64_t offset, behind, left;
    } rows[] = {
        {"none", 0, 0, 0},
        {"none, the clock is off", 0, 5 * HOUR, 0},
        {"right", HOUR, HOUR, HOUR},
        {"nearly right", HOUR, HOUR - 4 * MINUTE, HOUR},
        {"off", HOUR, HOUR - 4 * MINUTE - 1, 0},
        {"no longer needed", HOUR, 0, 0},
        {"far off", -HOUR, 7 * HOUR, 0},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct skew skew = {.offset_ms = rows[i].offset};
        skew_check(&skew, (struct span)DATE, date_ms - rows[i].behind);
        CHECK_NUMBER(span_of(rows[i].name), skew.offset_ms, rows[i].left);
    }
}

/* A Date that cannot be read tells nothing. */
static void test_no_date(void **state)
{
    (void)state;
    static const struct span dates[] = {
        TEXT(""), TEXT("yesterday"), TEXT("Wed, 25 Nov 2026 10:00:00 CET"), TEXT("1795600800")};
    for (size_t i = 0; i < ROWS(dates); i++) {
        struct skew skew = {.offset_ms = HOUR};
        CHECK_NUMBER(dates[i], skew_learn(&skew, dates[i], date_ms, date_ms), false);
        skew_check(&skew, dates[i], date_ms);
        CHECK_NUMBER(dates[i], skew.offset_ms, HOUR);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_learn),
        cmocka_unit_test(test_check),
        cmocka_unit_test(test_no_date),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
