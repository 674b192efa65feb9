#include "proxy/http/basic.h"

static int base64_value(char c)
{
    if (ascii_alpha(c))
        return c >= 'a' ? c - 'a' + 26 : c - 'A';
    if (ascii_digit(c))
        return c - '0' + 52;
    return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

/* Decodes; false where a byte is none of base64's or what is left over at the end is no byte. */
static bool base64_decode(struct span text, struct buf *out)
{
    unsigned bits = 0, held = 0;
    while (text.len > 0 && text.at[text.len - 1] == '=')
        text.len--;
    for (size_t i = 0; i < text.len; i++) {
        int value = base64_value(text.at[i]);
        if (value < 0)
            return false;
        bits = bits << 6 | (unsigned)value;
        held += 6;
        if (held >= 8) {
            held -= 8;
            buf_char(out, (char)(bits >> held & 0xff));
        }
    }
    return text.len % 4 != 1;
}

bool basic_password(struct span value, struct buf *password)
{
    if (!span_starts_nocase(value, SPAN("basic ")))
        return false;
    size_t start = password->len;
    if (!base64_decode(span_trim(span_from(value, 6)), password) || password->failed)
        return false;
    struct span pair = buf_since(password, start);
    size_t colon = span_find(pair, ':');
    if (colon == pair.len)
        return false;
    struct span secret = span_from(pair, colon + 1);
    memmove(password->at + start, secret.at, secret.len);
    password->len = start + secret.len;
    return true;
}
