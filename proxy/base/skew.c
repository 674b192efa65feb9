#include "proxy/base/skew.h"

#include "proxy/base/clock.h"

enum { TOLERANCE_MS = 4 * 60 * 1000 }; /* under the five minutes that the strictest services take */

static int64_t distance(int64_t a, int64_t b)
{
    return a > b ? a - b : b - a;
}

bool skew_learn(struct skew *skew, struct span date, int64_t wall_ms, int64_t signed_ms)
{
    int64_t theirs_ms;
    if (!clock_parse_http_date(date, &theirs_ms))
        return false;
    int64_t offset_ms = theirs_ms - wall_ms;
    if (distance(offset_ms, skew->offset_ms) >= TOLERANCE_MS)
        skew->offset_ms = distance(offset_ms, 0) < TOLERANCE_MS ? 0 : offset_ms;
    return distance(wall_ms + skew->offset_ms, signed_ms) >= TOLERANCE_MS;
}

void skew_check(struct skew *skew, struct span date, int64_t wall_ms)
{
    int64_t theirs_ms;
    if (skew->offset_ms != 0 && clock_parse_http_date(date, &theirs_ms)
        && distance(theirs_ms, wall_ms + skew->offset_ms) > TOLERANCE_MS)
        skew->offset_ms = 0;
}
