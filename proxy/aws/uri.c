#include "proxy/aws/uri.h"

static bool unreserved(char c)
{
    return ascii_alpha(c) || ascii_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

static void encode_byte(struct buf *out, unsigned char c, bool keep_slash)
{
    static const char digits[] = "0123456789ABCDEF";
    if (unreserved((char)c) || (c == '/' && keep_slash)) {
        buf_char(out, (char)c);
        return;
    }
    buf_char(out, '%');
    buf_char(out, digits[c >> 4]);
    buf_char(out, digits[c & 15]);
}

/* The byte at text[*i], decoded; *i moves to the last of its characters. */
static unsigned char decode_byte(struct span text, size_t *i)
{
    char c = text.at[*i];
    if (c != '%' || *i + 2 >= text.len)
        return (unsigned char)c;
    int high = ascii_hex(text.at[*i + 1]), low = ascii_hex(text.at[*i + 2]);
    if (high < 0 || low < 0)
        return (unsigned char)c;
    *i += 2;
    return (unsigned char)(high << 4 | low);
}

void uri_encode(struct buf *out, struct span raw, bool keep_slash)
{
    for (size_t i = 0; i < raw.len; i++)
        encode_byte(out, (unsigned char)raw.at[i], keep_slash);
}

void uri_recode(struct buf *out, struct span encoded, bool keep_slash)
{
    for (size_t i = 0; i < encoded.len; i++)
        encode_byte(out, decode_byte(encoded, &i), keep_slash);
}

void uri_decode(struct buf *out, struct span encoded)
{
    for (size_t i = 0; i < encoded.len; i++)
        buf_char(out, (char)decode_byte(encoded, &i));
}

void uri_add_parameter(struct buf *query, struct span name, struct span value)
{
    if (query->len > 0)
        buf_char(query, '&');
    buf_add(query, name);
    buf_char(query, '=');
    uri_encode(query, value, false);
}
