#include "proxy/base/clock.h"

#include <time.h>

int64_t clock_wall_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void put_digits(char *at, unsigned value, int digits)
{
    for (int i = digits - 1; i >= 0; i--, value /= 10)
        at[i] = (char)('0' + value % 10);
}

/* The quotient, rounded down also below zero. */
static int64_t floored(int64_t number, int64_t by)
{
    return number / by - (number % by < 0);
}

/* The day of the proleptic Gregorian calendar. Years are counted from March, so that a leap day is
 * the last of its year, and in eras of 400, which all have the same number of days.
 * Source: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days. */
static void put_day(char at[8], int64_t days_since_1970)
{
    enum { ERA_DAYS = 146097, DAYS_TO_1970 = 719468 /* from 0000-03-01 */ };
    int64_t days = days_since_1970 + DAYS_TO_1970;
    int64_t era = floored(days, ERA_DAYS);
    unsigned day = (unsigned)(days - era * ERA_DAYS);
    unsigned year = (day - day / 1460 + day / 36524 - day / (ERA_DAYS - 1)) / 365;
    day -= 365 * year + year / 4 - year / 100;
    unsigned month = (5 * day + 2) / 153;
    unsigned of_march = month < 10;
    put_digits(at, (unsigned)(era * 400) + year + !of_march, 4);
    put_digits(at + 4, of_march ? month + 3 : month - 9, 2);
    put_digits(at + 6, day - (153 * month + 2) / 5 + 1, 2);
}

struct amz_date amz_date_of(int64_t unix_seconds)
{
    enum { DAY_SECONDS = 86400 };
    struct amz_date date = {"00000000T000000Z"};
    int64_t days = floored(unix_seconds, DAY_SECONDS);
    unsigned second = (unsigned)(unix_seconds - days * DAY_SECONDS);
    put_day(date.text, days);
    put_digits(date.text + 9, second / 3600, 2);
    put_digits(date.text + 11, second / 60 % 60, 2);
    put_digits(date.text + 13, second % 60, 2);
    return date;
}

bool amz_date_parse(struct span text, int64_t *unix_seconds)
{
    static const struct {
        unsigned char at, digits;
    } parts[] = {{0, 4}, {4, 2}, {6, 2}, {9, 2}, {11, 2}, {13, 2}};
    uint64_t values[6];
    if (text.len != 16 || text.at[8] != 'T' || text.at[15] != 'Z')
        return false;
    for (size_t i = 0; i < 6; i++)
        if (!span_to_number(
                span_first(span_from(text, parts[i].at), parts[i].digits), 9999, &values[i]))
            return false;
    struct tm tm = {.tm_year = (int)values[0] - 1900,
        .tm_mon = (int)values[1] - 1,
        .tm_mday = (int)values[2],
        .tm_hour = (int)values[3],
        .tm_min = (int)values[4],
        .tm_sec = (int)values[5]};
    time_t seconds = timegm(&tm);
    struct amz_date again = amz_date_of(seconds);
    if (!span_equal(amz_date_span(&again), text))
        return false; /* no such day or hour: timegm has carried it over */
    *unix_seconds = seconds;
    return true;
}

void clock_rfc3339(int64_t unix_ms, char text[25])
{
    struct amz_date d = amz_date_of(unix_ms / 1000);
    const char *parts[] = {d.text, d.text + 4, d.text + 6, d.text + 9, d.text + 11, d.text + 13};
    memcpy(text, "0000-00-00T00:00:00.000Z", 25);
    for (size_t i = 0; i < 6; i++)
        memcpy(text + (i ? 3 * i + 2 : 0), parts[i], i ? 2 : 4);
    put_digits(text + 20, (unsigned)(unix_ms % 1000), 3);
}

/* Its digits are those of the other form, which is checked already. */
bool clock_parse_rfc3339(struct span text, int64_t *unix_ms)
{
    static const char form[] = "0000-00-00T00:00:00";
    char memory[17];
    size_t digits = 0;
    struct span zone = span_from(text, sizeof form - 1);
    for (size_t i = 0; i < sizeof form - 1; i++) {
        if (i >= text.len || (form[i] != '0' && form[i] != text.at[i]) || digits == 15)
            return false;
        if (form[i] == '0' || form[i] == 'T')
            memory[digits++] = text.at[i];
    }
    memory[digits++] = 'Z';
    if (zone.len > 1 && zone.at[0] == '.' && ascii_digit(zone.at[1]))
        do
            zone = span_from(zone, 1);
        while (zone.len > 0 && ascii_digit(zone.at[0]));
    if (!span_equal(zone, SPAN("Z")) && !span_equal(zone, SPAN("+00:00")))
        return false;
    int64_t seconds;
    if (!amz_date_parse((struct span){memory, digits}, &seconds))
        return false;
    *unix_ms = seconds * 1000;
    return true;
}

static unsigned month_of(struct span name)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    for (size_t month = 0; month < 12; month++)
        if (span_equal(name, (struct span){names + 3 * month, 3}))
            return (unsigned)month + 1;
    return 0;
}

bool clock_parse_http_date(struct span text, int64_t *unix_ms)
{
    static const char form[] = "XXX, 00 XXX 0000 00:00:00 GMT";
    char date[] = "00000000T000000Z";
    if (text.len != sizeof form - 1)
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (form[i] != 'X' && form[i] != '0' && form[i] != text.at[i])
            return false;
    unsigned month = month_of(span_first(span_from(text, 8), 3));
    memcpy(date, text.at + 12, 4);
    put_digits(date + 4, month, 2);
    memcpy(date + 6, text.at + 5, 2);
    for (size_t i = 0; i < 3; i++)
        memcpy(date + 9 + 2 * i, text.at + 17 + 3 * i, 2);
    int64_t seconds;
    if (!amz_date_parse((struct span){date, 16}, &seconds))
        return false;
    *unix_ms = seconds * 1000;
    return true;
}
