/* A buffer that cannot exist without a limit: text is appended to memory that the caller lends.
 * What does not fit sets `failed`, and from then on nothing more is added: one check at the end. */
#pragma once

#include "proxy/base/span.h"

struct buf {
    char *at;
    size_t len;
    size_t max;
    bool failed;
};

static inline struct buf buf_over(char *memory, size_t bytes)
{
    return (struct buf){.at = memory, .max = bytes};
}

/* Makes room for so many bytes more, in memory of malloc()'s that whoever has the buffer frees; it
 * begins zeroed. False where there is none. */
bool buf_reserve(struct buf *b, size_t more);

static inline struct span buf_span(const struct buf *b)
{
    return (struct span){b->at, b->len};
}

/* Where the next byte will stand: to take a span of what is appended after it. */
static inline struct span buf_since(const struct buf *b, size_t start)
{
    return (struct span){b->at + start, b->len - start};
}

void buf_add(struct buf *b, struct span s);
void buf_char(struct buf *b, char c);
void buf_lower(struct buf *b, struct span s);
void buf_utf8(struct buf *b, uint32_t code_point);
void buf_number(struct buf *b, uint64_t number);
void buf_big_endian(struct buf *b, uint64_t number, size_t bytes); /* its lowest, up to 8 */
void buf_hex(struct buf *b, const unsigned char *bytes, size_t len);
void buf_base64(struct buf *b, const unsigned char *bytes, size_t len);    /* RFC 4648, 4; padded */
void buf_base64url(struct buf *b, const unsigned char *bytes, size_t len); /* 5; not padded */
void buf_format(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define buf_text(b, literal) buf_add((b), SPAN(literal))

/* The text as the inside of a JSON string: quotes, backslashes and controls escaped, bytes that are
 * not UTF-8 replaced by U+FFFD. */
void buf_json(struct buf *b, struct span s);

/* The text as XML character data. */
void buf_xml(struct buf *b, struct span s);
