#include "proxy/permissions/json.h"

static struct span skip_space(struct span s)
{
    while (s.len > 0 && (s.at[0] == ' ' || s.at[0] == '\t' || s.at[0] == '\r' || s.at[0] == '\n'))
        s = span_from(s, 1);
    return s;
}

/* The length of the string that s begins with, with its quotes; 0 where it has no end. */
static size_t string_length(struct span s)
{
    for (size_t i = 1; i < s.len; i++) {
        if (s.at[i] == '"')
            return i + 1;
        i += s.at[i] == '\\';
    }
    return 0;
}

/* Of an array or object, with all that is in it. */
static size_t nested_length(struct span s)
{
    size_t depth = 0, i = 0;
    while (i < s.len) {
        char c = s.at[i];
        size_t taken = c == '"' ? string_length(span_from(s, i)) : 1;
        if (taken == 0)
            return 0;
        i += taken;
        if (c == '{' || c == '[')
            depth++;
        if ((c == '}' || c == ']') && --depth == 0)
            return i;
    }
    return 0;
}

/* The length of the value that s begins with; 0 where it is none. */
static size_t value_length(struct span s)
{
    size_t len = 0;
    if (s.len == 0)
        return 0;
    if (s.at[0] == '"')
        return string_length(s);
    if (s.at[0] == '{' || s.at[0] == '[')
        return nested_length(s);
    while (len < s.len
        && (ascii_alpha(s.at[len]) || ascii_digit(s.at[len]) || strchr("+-.", s.at[len]))
        && s.at[len] != '\0')
        len++;
    return len;
}

void json_begin(struct walk *walk)
{
    walk->rest = skip_space(walk->rest);
    walk->object = span_starts(walk->rest, SPAN("{"));
    walk->broken = !walk->object && !span_starts(walk->rest, SPAN("["));
    walk->rest = skip_space(span_from(walk->rest, 1));
    walk->left = 0; /* items so far */
}

static bool take(struct walk *walk, struct value *value)
{
    size_t len = value_length(walk->rest);
    *value = (struct value){PAYLOAD_JSON, span_first(walk->rest, len)};
    walk->rest = skip_space(span_from(walk->rest, len));
    return len > 0;
}

static bool take_char(struct walk *walk, char c)
{
    bool there = walk->rest.len > 0 && walk->rest.at[0] == c;
    if (there)
        walk->rest = skip_space(span_from(walk->rest, 1));
    return there;
}

bool json_next(struct walk *walk, struct value *key, struct value *item)
{
    if (take_char(walk, walk->object ? '}' : ']'))
        return false;
    bool formed = walk->left++ == 0 || take_char(walk, ',');
    if (formed && walk->object)
        formed = span_starts(walk->rest, SPAN("\"")) && take(walk, key) && take_char(walk, ':');
    formed = formed && take(walk, item);
    walk->broken = !formed;
    return formed;
}

/* Takes four hexadecimal digits behind "\u". */
static bool take_unit(struct span *s, unsigned *unit)
{
    uint64_t number;
    if (!span_starts(*s, SPAN("\\u")) || s->len < 6
        || !span_to_hex_number(span_first(span_from(*s, 2), 4), 0xffff, &number))
        return false;
    *unit = (unsigned)number;
    *s = span_from(*s, 6);
    return true;
}

/* An escape, which s begins with; a surrogate without its other half is refused. */
static bool take_escape(struct span *s, struct buf *out)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *hit = s->len > 1 && s->at[1] ? strchr(from, s->at[1]) : NULL;
    unsigned unit, low;
    if (hit) {
        buf_char(out, to[hit - from]);
        *s = span_from(*s, 2);
        return true;
    }
    if (!take_unit(s, &unit))
        return false;
    if (unit >= 0xd800 && unit < 0xdc00) {
        if (!take_unit(s, &low) || low < 0xdc00 || low > 0xdfff)
            return false;
        unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
    }
    buf_utf8(out, unit);
    return unit < 0xdc00 || unit > 0xdfff;
}

bool json_text(struct span raw, struct buf *out)
{
    if (raw.len < 2 || raw.at[0] != '"')
        return false;
    struct span rest = span_first(span_from(raw, 1), raw.len - 2);
    while (rest.len > 0 && !out->failed) {
        size_t plain = span_find(rest, '\\');
        buf_add(out, span_first(rest, plain));
        rest = span_from(rest, plain);
        if (rest.len > 0 && !take_escape(&rest, out))
            return false;
    }
    return true;
}
