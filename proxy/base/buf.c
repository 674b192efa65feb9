#include "proxy/base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "proxy/base/utf8.h"

bool buf_reserve(struct buf *b, size_t more)
{
    enum { FIRST_BYTES = 4096 };
    size_t max = b->max ? b->max : FIRST_BYTES;
    while (max - b->len < more)
        max *= 2;
    char *at = max > b->max ? realloc(b->at, max) : b->at;
    if (!at)
        return false;
    b->at = at;
    b->max = max;
    return true;
}

void buf_add(struct buf *b, struct span s)
{
    if (b->failed || s.len > b->max - b->len) {
        b->failed = true;
        return;
    }
    if (s.len > 0)
        memcpy(b->at + b->len, s.at, s.len);
    b->len += s.len;
}

void buf_char(struct buf *b, char c)
{
    if (b->failed || b->len == b->max)
        b->failed = true;
    else
        b->at[b->len++] = c;
}

void buf_lower(struct buf *b, struct span s)
{
    size_t start = b->len;
    buf_add(b, s);
    for (size_t i = start; i < b->len; i++)
        b->at[i] = ascii_lower(b->at[i]);
}

void buf_utf8(struct buf *b, uint32_t code_point)
{
    static const uint32_t limits[] = {0x80, 0x800, 0x10000}; /* RFC 3629, 3 */
    static const unsigned char firsts[] = {0, 0xc0, 0xe0, 0xf0};
    unsigned more = 0;
    while (more < 3 && code_point >= limits[more])
        more++;
    buf_char(b, (char)(firsts[more] | code_point >> 6 * more));
    while (more-- > 0)
        buf_char(b, (char)(0x80 | (code_point >> 6 * more & 0x3f)));
}

void buf_number(struct buf *b, uint64_t number)
{
    char digits[20];
    size_t start = sizeof digits;
    do {
        digits[--start] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    buf_add(b, (struct span){digits + start, sizeof digits - start});
}

void buf_big_endian(struct buf *b, uint64_t number, size_t bytes)
{
    for (size_t i = bytes; i > 0; i--)
        buf_char(b, (char)(number >> 8 * (i - 1)));
}

void buf_hex(struct buf *b, const unsigned char *bytes, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    if (b->failed || len > (b->max - b->len) / 2) {
        b->failed = true;
        return;
    }
    char *to = b->at + b->len;
    for (size_t i = 0; i < len; i++) {
        *to++ = digits[bytes[i] >> 4];
        *to++ = digits[bytes[i] & 15];
    }
    b->len += 2 * len;
}

#define ALPHABET "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

static void add_base64(struct buf *b, struct span bytes, const char digits[65], bool padded)
{
    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t left = bytes.len - i;
        const unsigned char *next = (const unsigned char *)bytes.at + i;
        unsigned group = (unsigned)next[0] << 16;
        group |= left > 1 ? (unsigned)next[1] << 8 : 0;
        group |= left > 2 ? next[2] : 0;
        for (unsigned digit = 0; digit < 4; digit++)
            if (digit <= left)
                buf_char(b, digits[group >> (18 - 6 * digit) & 63]);
            else if (padded)
                buf_char(b, '=');
    }
}

void buf_base64(struct buf *b, const unsigned char *bytes, size_t len)
{
    add_base64(b, (struct span){(const char *)bytes, len}, ALPHABET "+/", true);
}

void buf_base64url(struct buf *b, const unsigned char *bytes, size_t len)
{
    add_base64(b, (struct span){(const char *)bytes, len}, ALPHABET "-_", false);
}

void buf_format(struct buf *b, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    size_t room = b->max - b->len;
    int written = b->failed ? -1 : vsnprintf(b->at + b->len, room, format, arguments);
    va_end(arguments);
    if (written < 0 || (size_t)written >= room)
        b->failed = true; /* vsnprintf's final NUL needs room too */
    else
        b->len += (size_t)written;
}

static void json_character(struct buf *b, struct span character)
{
    char c = character.at[0];
    if (c == '"' || c == '\\') {
        buf_char(b, '\\');
        buf_char(b, c);
    } else if ((unsigned char)c < 0x20 || c == 0x7f) {
        buf_format(b, "\\u%04x", (unsigned char)c);
    } else {
        buf_add(b, character);
    }
}

void buf_json(struct buf *b, struct span s)
{
    while (s.len > 0) {
        size_t length = utf8_length(s);
        if (length == 0)
            buf_text(b, "\xef\xbf\xbd");
        else
            json_character(b, span_first(s, length));
        s = span_from(s, length ? length : 1);
    }
}

static struct span xml_character(struct span character)
{
    switch (character.at[0]) {
    case '<':
        return SPAN("&lt;");
    case '>':
        return SPAN("&gt;");
    case '&':
        return SPAN("&amp;");
    case '"':
        return SPAN("&quot;");
    default:
        return (unsigned char)character.at[0] < 0x20 ? SPAN(" ") : character;
    }
}

void buf_xml(struct buf *b, struct span s)
{
    while (s.len > 0) {
        size_t length = utf8_length(s);
        buf_add(b, length ? xml_character(span_first(s, length)) : SPAN("\xef\xbf\xbd"));
        s = span_from(s, length ? length : 1);
    }
}
