/* Dates in the forms that AWS and HTTP write. */
#include "tests/unit/check.h"

#include <time.h>

#include "proxy/base/clock.h"

static void test_amz_date(void **state)
{
    (void)state;
    static const struct {
        int64_t seconds;
        struct span text;
    } rows[] = {
        {0, TEXT("19700101T000000Z")},
        {1440938160, TEXT("20150830T123600Z")},
        {951782400, TEXT("20000229T000000Z")},
        {1709251199, TEXT("20240229T235959Z")},
        {4102444799, TEXT("20991231T235959Z")},
        {-1, TEXT("19691231T235959Z")},
        {253402300799, TEXT("99991231T235959Z")},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        int64_t seconds = 7;
        struct amz_date date = amz_date_of(rows[i].seconds);
        CHECK_TEXT(rows[i].text, amz_date_span(&date), rows[i].text);
        assert_int_equal(date.text[16], '\0');
        assert_true(amz_date_parse(rows[i].text, &seconds));
        CHECK_NUMBER(rows[i].text, seconds, rows[i].seconds);
    }
}

/* Against the C library: a moment of every day from the year 1 to 9999. */
static void test_amz_date_of_every_day(void **state)
{
    (void)state;
    enum { DAY_SECONDS = 86400, YEAR_1 = -719162, YEAR_10000 = 2932897 };
    for (int64_t day = YEAR_1; day < YEAR_10000; day++) {
        time_t seconds = day * DAY_SECONDS + (day % 17 + 17) * 2541;
        struct amz_date date = amz_date_of(seconds);
        struct tm tm;
        char memory[64];
        struct buf expected = buf_over(memory, sizeof memory);
        assert_non_null(gmtime_r(&seconds, &tm));
        buf_format(&expected, "%04d%02d%02dT%02d%02d%02dZ", tm.tm_year + 1900, tm.tm_mon + 1,
            tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
        if (!span_equal(amz_date_span(&date), buf_span(&expected)))
            fail_msg("%lld s: %s", (long long)seconds, date.text);
    }
}

static void test_amz_date_bad(void **state)
{
    (void)state;
    static const struct span rows[] = {TEXT(""), TEXT("20150830T123600"), TEXT("20150830T123600ZZ"),
        TEXT("20150830t123600Z"), TEXT("20150830T123600z"), TEXT("20150830 123600Z"),
        TEXT("2015-08-30T12:36"), TEXT("20150230T123600Z"), TEXT("20150229T123600Z"),
        TEXT("20150431T000000Z"), TEXT("20151301T000000Z"), TEXT("20150001T000000Z"),
        TEXT("20150100T000000Z"), TEXT("20150132T000000Z"), TEXT("20150830T240000Z"),
        TEXT("20150830T126000Z"), TEXT("20150830T123660Z"), TEXT("2015083 T123600Z"),
        TEXT("+0150830T123600Z"), TEXT("20150830T-23600Z"),
        TEXT("2015\x00"
             "830T123600Z"),
        TEXT("\xb2\xb0"
             "150830T12360Z")};
    for (size_t i = 0; i < ROWS(rows); i++) {
        int64_t seconds = 7;
        char *copy = check_copy(rows[i]);
        CHECK_NUMBER(rows[i], amz_date_parse((struct span){copy, rows[i].len}, &seconds), false);
        CHECK_NUMBER(rows[i], seconds, 7);
        free(copy);
    }
}

static void test_http_date(void **state)
{
    (void)state;
    static const struct {
        int64_t seconds;
        struct span text;
    } rows[] = {
        {784111777, TEXT("Sun, 06 Nov 1994 08:49:37 GMT")},
        {0, TEXT("Thu, 01 Jan 1970 00:00:00 GMT")},
        {951782400, TEXT("Tue, 29 Feb 2000 00:00:00 GMT")},
        {1709251199, TEXT("Thu, 29 Feb 2024 23:59:59 GMT")},
        {4102444799, TEXT("Thu, 31 Dec 2099 23:59:59 GMT")},
        {1795600800, TEXT("Wed, 25 Nov 2026 10:00:00 GMT")},
        {1795600800, TEXT("Mon, 25 Nov 2026 10:00:00 GMT")}, /* nobody reckons the day's name */
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        int64_t ms = 7;
        CHECK_NUMBER(rows[i].text, clock_parse_http_date(rows[i].text, &ms), true);
        CHECK_NUMBER(rows[i].text, ms, rows[i].seconds * 1000);
    }
}

static void test_http_date_bad(void **state)
{
    (void)state;
    static const struct span rows[] = {TEXT(""), TEXT("Sun, 06 Nov 1994 08:49:37 GM"),
        TEXT("Sun, 06 Nov 1994 08:49:37 GMT "), TEXT("Sunday, 06-Nov-94 08:49:37 GMT"),
        TEXT("Sun Nov  6 08:49:37 1994"), TEXT("Sun, 06 Nov 1994 08:49:37 UTC"),
        TEXT("Sun, 06 nov 1994 08:49:37 GMT"), TEXT("Sun, 06 Foo 1994 08:49:37 GMT"),
        TEXT("Sun,  6 Nov 1994 08:49:37 GMT"), TEXT("Sun, 31 Nov 1994 08:49:37 GMT"),
        TEXT("Sun, 00 Nov 1994 08:49:37 GMT"), TEXT("Wed, 29 Feb 2023 00:00:00 GMT"),
        TEXT("Sun, 06 Nov 1994 24:00:00 GMT"), TEXT("Sun, 06 Nov 1994 08:60:37 GMT"),
        TEXT("Sun, 06 Nov 1994 08:49:60 GMT"), TEXT("Sun, 06 Nov 1994 08-49-37 GMT"),
        TEXT("Sun, -6 Nov 1994 08:49:37 GMT"), TEXT("Sun, 06 Nov +994 08:49:37 GMT"),
        TEXT("Sun, 06 Nov 1994 08:4\x00:37 GMT"), TEXT("Sun, 06 Nov 1994 08:49:\xff\xff GMT"),
        TEXT("Sun, 06 ovD 1994 08:49:37 GMT"), TEXT("1994-11-06T08:49:37.000000000")};
    for (size_t i = 0; i < ROWS(rows); i++) {
        int64_t ms = 7;
        char *copy = check_copy(rows[i]);
        CHECK_NUMBER(rows[i], clock_parse_http_date((struct span){copy, rows[i].len}, &ms), false);
        CHECK_NUMBER(rows[i], ms, 7);
        free(copy);
    }
}

static void test_rfc3339(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        struct span text;
    } rows[] = {
        {0, TEXT("1970-01-01T00:00:00.000Z")},
        {1440938160007, TEXT("2015-08-30T12:36:00.007Z")},
        {1795424400999, TEXT("2026-11-23T09:00:00.999Z")},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        char text[25];
        clock_rfc3339(rows[i].ms, text);
        CHECK_TEXT(rows[i].text, span_of(text), rows[i].text);
    }
}

static void test_parse_rfc3339(void **state)
{
    (void)state;
    static const struct {
        struct span text;
        bool good;
        int64_t ms;
    } rows[] = {
        {TEXT("2026-11-23T09:00:00Z"), true, 1795424400000},
        {TEXT("2026-11-23T09:00:00.0Z"), true, 1795424400000},
        {TEXT("2026-11-23T09:00:00.999999999Z"), true, 1795424400000},
        {TEXT("2026-11-23T09:00:00+00:00"), true, 1795424400000},
        {TEXT("2026-11-23T09:00:00.5+00:00"), true, 1795424400000},
        {TEXT("1970-01-01T00:00:00Z"), true, 0},
        {TEXT("1969-12-31T23:59:59Z"), true, -1000},
        {TEXT("0001-01-01T00:00:00Z"), true, -62135596800000},
        {TEXT("9999-12-31T23:59:59Z"), true, 253402300799000},
        {TEXT("2024-02-29T00:00:00Z"), true, 1709164800000},
        {TEXT(""), false, 7},
        {TEXT("Z"), false, 7},
        {TEXT("2026-11-23"), false, 7},
        {TEXT("2026-11-23T09:00:00"), false, 7},
        {TEXT("2026-11-23T09:00Z"), false, 7},
        {TEXT("2026-11-23 09:00:00Z"), false, 7},
        {TEXT("2026-11-23t09:00:00Z"), false, 7},
        {TEXT("2026-11-23T09:00:00z"), false, 7},
        {TEXT("2026-11-23T09:00:00ZZ"), false, 7},
        {TEXT("2026-11-23T09:00:00.5"), false, 7},
        {TEXT("2026-11-23T09:00:00,5Z"), false, 7},
        {TEXT("2026-11-23T09:00:00.5.5Z"), false, 7},
        {TEXT("2026-11-23T09:00:00.Z"), false, 7},
        {TEXT("2026-11-23T09:00:00+01:00"), false, 7},
        {TEXT("2026-11-23T09:00:00-00:01"), false, 7},
        {TEXT("2026/11/23T09:00:00Z"), false, 7},
        {TEXT("2026-11-23T09-00-00Z"), false, 7},
        {TEXT("20261123T090000Z"), false, 7},
        {TEXT("2026-02-29T09:00:00Z"), false, 7},
        {TEXT("2026-13-01T09:00:00Z"), false, 7},
        {TEXT("2026-00-10T09:00:00Z"), false, 7},
        {TEXT("2026-11-31T09:00:00Z"), false, 7},
        {TEXT("2026-11-23T24:00:00Z"), false, 7},
        {TEXT("2026-11-23T09:60:00Z"), false, 7},
        {TEXT("2026-11-23T09:00:60Z"), false, 7},
        {TEXT("0000-00-00T00:00:00Z"), false, 7},
        {TEXT("2026-1-023T09:00:00Z"), false, 7},
        {TEXT("+026-11-23T09:00:00Z"), false, 7},
        {TEXT("2026-11-23T09:00: 0Z"), false, 7},
        {TEXT("2026-11-23T09:00:0\0Z"), false, 7},
        {TEXT(" 2026-11-23T09:00:00Z"), false, 7},
        {TEXT("1795424400"), false, 7},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        int64_t ms = 7;
        char *copy = check_copy(rows[i].text);
        CHECK_NUMBER(rows[i].text, clock_parse_rfc3339((struct span){copy, rows[i].text.len}, &ms),
            rows[i].good);
        CHECK_NUMBER(rows[i].text, ms, rows[i].ms);
        free(copy);
    }
}

static void test_wall_clock(void **state)
{
    (void)state;
    int64_t before = clock_wall_ms();
    assert_true(before > 1700000000000);
    assert_true(clock_wall_ms() >= before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_amz_date),
        cmocka_unit_test(test_amz_date_of_every_day),
        cmocka_unit_test(test_amz_date_bad),
        cmocka_unit_test(test_http_date),
        cmocka_unit_test(test_http_date_bad),
        cmocka_unit_test(test_rfc3339),
        cmocka_unit_test(test_parse_rfc3339),
        cmocka_unit_test(test_wall_clock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
