/* A span: bytes that somebody else owns. Heads, paths and values are spans into the buffer they
 * came in, so parsing copies nothing; a span is good for as long as that buffer. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
    const char *at;
    size_t len;
};

#define SPAN(literal) ((struct span){"" literal, sizeof(literal) - 1})
/* The same as the initialiser of a static table's field; the literal may hold NULs. */
#define TEXT(literal)                   \
    {                                   \
        "" literal, sizeof(literal) - 1 \
    }
#define SPAN_ARGS(s) (int)(s).len, (s).at /* for "%.*s" */

static inline struct span span_of(const char *text)
{
    return (struct span){text, text ? strlen(text) : 0};
}

/* All but the first n bytes, or nothing. */
static inline struct span span_from(struct span s, size_t n)
{
    n = n < s.len ? n : s.len;
    return (struct span){n ? s.at + n : s.at, s.len - n};
}

/* The first n bytes, or as many as there are. */
static inline struct span span_first(struct span s, size_t n)
{
    return (struct span){s.at, n < s.len ? n : s.len};
}

static inline bool span_equal(struct span a, struct span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

static inline bool span_starts(struct span s, struct span prefix)
{
    return span_equal(span_first(s, prefix.len), prefix);
}

static inline bool span_ends(struct span s, struct span suffix)
{
    return s.len >= suffix.len && span_equal(span_from(s, s.len - suffix.len), suffix);
}

/* The place of the first c, or s.len. */
static inline size_t span_find(struct span s, char c)
{
    const char *hit = s.len ? memchr(s.at, c, s.len) : NULL;
    return hit ? (size_t)(hit - s.at) : s.len;
}

/* Letters compared without case, ASCII only: header names, schemes, hosts. */
bool span_equal_nocase(struct span a, struct span b);
bool span_starts_nocase(struct span s, struct span prefix);

/* Order as strcasecmp's: below, at or above 0. */
int span_compare_nocase(struct span a, struct span b);

/* Order as strcmp's, over bytes. */
int span_compare(struct span a, struct span b);

/* Without spaces and tabs at either end (RFC 9110, 5.6.3: OWS). */
struct span span_trim(struct span s);

/* Takes the next item of a list parted by separator off rest; false once nothing is left. */
bool span_next(struct span *rest, char separator, struct span *item);

/* Takes the last item off it, and the separator before; what is left may be empty. */
struct span span_take_last(struct span *rest, char separator);

/* Digits only, no sign, no space, at most max; false otherwise. */
bool span_to_number(struct span s, uint64_t max, uint64_t *number);

/* The same in hexadecimal: up to 16 digits, without a prefix. */
bool span_to_hex_number(struct span s, uint64_t max, uint64_t *number);

static inline char ascii_lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

static inline bool ascii_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool ascii_alpha(char c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

/* 0 to 15, or -1 for what is no hexadecimal digit. */
int ascii_hex(char c);
