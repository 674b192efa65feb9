/* How far this machine's clock is from AWS's: learned from an answer that calls a signature's time
 * wrong, dropped when it stops being right. Pure: the time is a parameter. */
#pragma once

#include "proxy/base/span.h"

struct skew {
    int64_t offset_ms; /* to be added to the wall clock; 0 where that is right */
};

/* date: the answer's Date, in the form of RFC 9110, 5.6.7. signed_ms: the time that the refused
 * signature was made by. Whether the time to sign with is further from that than the tolerance of
 * a signature: then a second try is worth it, whoever learned the offset, and also where no clock
 * is off, but the request lay still for so long. */
bool skew_learn(struct skew *skew, struct span date, int64_t wall_ms, int64_t signed_ms);

/* Any answer's Date, while there is an offset: it is dropped where it is far from right. */
void skew_check(struct skew *skew, struct span date, int64_t wall_ms);
