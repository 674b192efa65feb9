#include "proxy/permissions/quote.h"

enum { PATTERN_MOST_BYTES = 4 * RECORDER_RESOURCE_BYTES + 8 };

/* The places of Unicode that no string should show as they are: C1 controls, marks without width
 * and of direction, line ends, byte order marks; YAML forbids some. As they begin in UTF-8, with
 * the range of the last byte. */
static const struct {
    struct span begin;
    unsigned char from, to;
} hidden[] = {
    {{"\xc2", 1}, 0x80, 0x9f},     /* U+0080 to U+009F */
    {{"\xe2\x80", 2}, 0x8b, 0x8f}, /* U+200B to U+200F */
    {{"\xe2\x80", 2}, 0xa8, 0xae}, /* U+2028 to U+202E */
    {{"\xe2\x81", 2}, 0xa0, 0xaf}, /* U+2060 to U+206F */
    {{"\xef\xbb", 2}, 0xbf, 0xbf}, /* U+FEFF */
    {{"\xef\xbf", 2}, 0xb9, 0xbc}, /* U+FFF9 to U+FFFC */
    {{"\xef\xbf", 2}, 0xbe, 0xbf}, /* U+FFFE, U+FFFF */
};

/* How many bytes such a character has at the start of the text, or 0. */
static size_t hidden_bytes(struct span text)
{
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++) {
        size_t bytes = hidden[i].begin.len + 1;
        if (text.len < bytes || !span_starts(text, hidden[i].begin))
            continue;
        unsigned char last = (unsigned char)text.at[bytes - 1];
        if (last >= hidden[i].from && last <= hidden[i].to)
            return bytes;
    }
    return 0;
}

/* A sequence of two or three bytes (RFC 3629, 3). */
static unsigned code_point(struct span sequence)
{
    unsigned first = (unsigned char)sequence.at[0];
    unsigned code = sequence.len == 2 ? first & 0x1f : first & 0x0f;
    for (size_t i = 1; i < sequence.len; i++)
        code = code << 6 | ((unsigned char)sequence.at[i] & 0x3f);
    return code;
}

/* A JSON string is one in all of these formats: the escapes \", \\ and \uXXXX are the same. */
static void write_string(struct buf *out, struct span text)
{
    size_t start = 0;
    buf_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        size_t bytes = hidden_bytes(span_from(text, i));
        if (bytes == 0)
            continue;
        buf_json(out, span_first(span_from(text, start), i - start));
        buf_format(out, "\\u%04x", code_point(span_first(span_from(text, i), bytes)));
        i += bytes - 1;
        start = i + 1;
    }
    buf_json(out, span_from(text, start));
    buf_char(out, '"');
}

/* Whether YAML reads it as a string without quotes: a letter, then a colon somewhere, and no byte
 * that could mean more (YAML 1.2, 7.3.3). */
static bool is_plain(struct span text)
{
    const struct span marks = SPAN(":/._-*");
    if (text.len == 0 || text.at[0] < 'a' || text.at[0] > 'z' || text.at[text.len - 1] == ':')
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (!ascii_alpha(text.at[i]) && !ascii_digit(text.at[i])
            && span_find(marks, text.at[i]) == marks.len)
            return false;
    return span_find(text, ':') < text.len;
}

void quote_text(struct buf *out, enum quote quote, struct span text)
{
    if ((quote == QUOTE_YAML || quote == QUOTE_SERVERLESS) && is_plain(text))
        buf_add(out, text);
    else
        write_string(out, text);
}

static bool is_wild(char c)
{
    return c == '*' || c == '?' || c == '$';
}

/* Whether this byte would be understood together with its neighbour. */
static bool misread(enum quote quote, struct span resource, size_t i)
{
    char c = resource.at[i], before = i > 0 ? resource.at[i - 1] : '\0';
    char after = i + 1 < resource.len ? resource.at[i + 1] : '\0';
    if (quote == QUOTE_JSON)
        return false;
    if (quote == QUOTE_TERRAFORM)
        return c == '{' && (before == '&' || before == '%');
    return (c == '{' && before == '{')
        || (quote == QUOTE_SERVERLESS && c == '\\' && is_wild(after));
}

void quote_resource(struct buf *out, enum quote quote, struct span resource, bool folded)
{
    char memory[PATTERN_MOST_BYTES];
    struct buf pattern = buf_over(memory, sizeof memory);
    char sign = quote == QUOTE_TERRAFORM ? '&' : '$';
    for (size_t i = 0; i < resource.len; i++) {
        char c = resource.at[i];
        if (is_wild(c))
            buf_format(&pattern, "%c{%c}", sign, c);
        else
            buf_char(&pattern, misread(quote, resource, i) ? '?' : c);
    }
    if (folded)
        buf_char(&pattern, '*');
    out->failed = out->failed || pattern.failed;
    quote_text(out, quote, buf_span(&pattern));
}
