/* Wall-clock time. Whatever depends on the time takes it as a parameter; only the coordinators read
 * it. */
#pragma once

#include <stdint.h>

#include "proxy/base/span.h"

/* Milliseconds since 1970 (UTC). */
int64_t clock_wall_ms(void);

/* A moment as SigV4 writes it: "20150830T123600Z" and, in its first eight characters, the date. */
struct amz_date {
    char text[17];
};

struct amz_date amz_date_of(int64_t unix_seconds);

/* The opposite; false where the text has not exactly that form. */
bool amz_date_parse(struct span text, int64_t *unix_seconds);

static inline struct span amz_date_span(const struct amz_date *date)
{
    return (struct span){date->text, 16};
}

/* "2026-11-23T09:00:00Z", with or without a fraction, in UTC only; false where it is not that. The
 * fraction is dropped. */
bool clock_parse_rfc3339(struct span text, int64_t *unix_ms);

/* "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, 5.6.7: IMF-fixdate); false where it is not that. */
bool clock_parse_http_date(struct span text, int64_t *unix_ms);

/* RFC 3339 with milliseconds, "2026-11-23T09:00:00.000Z", and its final NUL. */
void clock_rfc3339(int64_t unix_ms, char text[25]);
