#include "proxy/aws/error_code.h"

/* The place of needle, or s.len. */
static size_t find(struct span s, struct span needle)
{
    const char *hit = s.len ? memmem(s.at, s.len, needle.at, needle.len) : NULL;
    return hit ? (size_t)(hit - s.at) : s.len;
}

struct span xml_text(struct span xml, struct span name)
{
    char open[48] = "<", close[48] = "</";
    struct span none = {NULL, 0};
    if (name.len > sizeof open - 4)
        return none;
    memcpy(open + 1, name.at, name.len);
    memcpy(close + 2, name.at, name.len);
    open[1 + name.len] = close[2 + name.len] = '>';
    struct span opening = {open, name.len + 2}, closing = {close, name.len + 3};
    size_t start = find(xml, opening);
    struct span rest = span_from(xml, start + opening.len);
    size_t end = find(rest, closing);
    return start < xml.len && end < rest.len ? span_first(rest, end) : none;
}

static struct span after(struct span s, struct span mark)
{
    size_t at = find(s, mark);
    return at < s.len ? span_from(s, at + mark.len) : (struct span){NULL, 0};
}

/* What is left after any of these characters. */
static struct span skip(struct span s, struct span any)
{
    while (s.len > 0 && memchr(any.at, s.at[0], any.len))
        s = span_from(s, 1);
    return s;
}

/* The value of a member of a JSON object: a string without escapes, as all codes are. */
static struct span json_text(struct span json, struct span quoted_name)
{
    struct span rest = skip(after(json, quoted_name), SPAN(" \t\r\n:"));
    if (rest.len == 0 || rest.at[0] != '"')
        return (struct span){NULL, 0};
    rest = span_from(rest, 1);
    return span_first(rest, span_find(rest, '"'));
}

/* A text of up to 255 bytes behind the key "__type" of a CBOR map (RFC 8949, 3: major type 3). */
static struct span cbor_text(struct span cbor)
{
    struct span rest = after(cbor, SPAN("\x66__type"));
    unsigned char first = rest.len > 0 ? (unsigned char)rest.at[0] : 0;
    if (first >= 0x60 && first < 0x78)
        return span_first(span_from(rest, 1), first - 0x60U);
    if (first == 0x78 && rest.len > 1)
        return span_first(span_from(rest, 2), (unsigned char)rest.at[1]);
    return (struct span){NULL, 0};
}

/* "com.amazonaws.s3#Name:http://..." -> "Name" */
static struct span bare(struct span code)
{
    size_t hash = span_find(code, '#');
    if (hash < code.len)
        code = span_from(code, hash + 1);
    return span_trim(span_first(code, span_find(code, ':')));
}

struct span error_code_find(struct span header, struct span body)
{
    static const struct span members[] = {{"\"__type\"", 8}, {"\"code\"", 6}, {"\"Code\"", 6}};
    if (header.len > 0)
        return bare(header);
    struct span start = skip(body, SPAN(" \t\r\n")), code = {NULL, 0};
    if (span_starts(start, SPAN("<")))
        return bare(xml_text(body, SPAN("Code")));
    if (!span_starts(start, SPAN("{")))
        return bare(cbor_text(body));
    for (size_t i = 0; code.len == 0 && i < sizeof members / sizeof *members; i++)
        code = json_text(body, members[i]);
    return bare(code);
}

struct span error_code_shown(struct span code)
{
    enum { SHOWN_BYTES = 64 };
    for (size_t i = 0; i < code.len; i++)
        if (i == SHOWN_BYTES
            || (!ascii_alpha(code.at[i]) && !ascii_digit(code.at[i]) && code.at[i] != '.'))
            return (struct span){NULL, 0};
    return code;
}

bool error_code_is_expired(struct span code)
{
    return span_equal(code, SPAN("ExpiredToken"))
        || span_equal(code, SPAN("ExpiredTokenException"));
}
