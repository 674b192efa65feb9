/* Moments, as SigV4, JSON and HTTP write them: what is read is written again as it stood. The same
 * text is a Date by which a clock is set right. */
#include "tests/fuzz/fuzz.h"

#include "proxy/base/clock.h"
#include "proxy/base/skew.h"

enum { NOW_S = 1440938160 }; /* 20150830T123600Z */

static void check_amz(struct span text)
{
    int64_t seconds;
    if (!amz_date_parse(text, &seconds))
        return;
    struct amz_date again = amz_date_of(seconds);
    REQUIRE(span_equal(amz_date_span(&again), text));
}

/* All but the fraction, which is dropped. */
static void check_rfc3339(struct span text)
{
    int64_t ms;
    char again[25];
    if (!clock_parse_rfc3339(text, &ms))
        return;
    clock_rfc3339(ms, again);
    REQUIRE(again[24] == '\0' && span_starts(text, (struct span){again, 19}));
    REQUIRE(span_ends(text, SPAN("Z")) || span_ends(text, SPAN("+00:00")));
}

static void check_http(struct span text)
{
    int64_t ms;
    if (!clock_parse_http_date(text, &ms))
        return;
    struct amz_date again = amz_date_of(ms / 1000);
    static const unsigned char parts[][3] = {
        {12, 0, 4}, {5, 6, 2}, {17, 9, 2}, {20, 11, 2}, {23, 13, 2}}; /* here, there, digits */
    REQUIRE(ms % 1000 == 0);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        REQUIRE(memcmp(text.at + parts[i][0], again.text + parts[i][1], parts[i][2]) == 0);
}

/* A clock that was set right is right by the same answer. */
static void check_skew(struct span text)
{
    struct skew skew = {0};
    int64_t now_ms = NOW_S * (int64_t)1000, ms;
    bool helps = skew_learn(&skew, text, now_ms, now_ms);
    REQUIRE(clock_parse_http_date(text, &ms) || (!helps && skew.offset_ms == 0));
    if (helps)
        REQUIRE(!skew_learn(&skew, text, now_ms, now_ms + skew.offset_ms));
    int64_t learned = skew.offset_ms;
    skew_check(&skew, text, now_ms);
    REQUIRE(skew.offset_ms == learned);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = fuzz_copy(fuzz_span(data, size));
    struct span text = {copy, copy ? size : 0};
    check_amz(text);
    check_rfc3339(text);
    check_http(text);
    check_skew(text);
    free(copy);
    return 0;
}
