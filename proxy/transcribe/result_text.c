#include "proxy/transcribe/result_text.h"

/* What comes next. */
enum want {
    WANT_VALUE,
    WANT_ITEM,   /* a value, or the end of an empty array */
    WANT_MEMBER, /* a key, or the end of an empty object */
    WANT_KEY,
    WANT_COLON,
    WANT_NEXT, /* a comma, or the end of what is open */
    WANT_NOTHING,
    IN_WORD, /* a number, true, false or null */
    IN_STRING,
    IN_ESCAPE,
    IN_UNIT, /* the digits of \uXXXX */
    REFUSED,
};

enum { TRANSCRIPT_DEPTH = 4, TRANSCRIPTS_DEPTH = 3 };

/* The way to a transcript: what each container is, and the key that leads on from there. */
static const struct {
    char opens;
    struct span key;
} steps[TRANSCRIPT_DEPTH + 1] = {
    {'{', TEXT("")},
    {'{', TEXT("results")},
    {'[', TEXT("transcripts")},
    {'{', TEXT("")},
    {'"', TEXT("transcript")},
};

void result_text_begin(struct result_text *r, bool as_json)
{
    *r = (struct result_text){.as_json = as_json, .want = WANT_VALUE, .fits = true};
}

bool result_text_whole(const struct result_text *r)
{
    return r->want == WANT_NOTHING || (r->want == IN_WORD && r->depth == 0);
}

/* ---- what a string holds ---- */

static void match_key(struct result_text *r, struct span s)
{
    struct span key =
        r->way == r->depth && r->depth <= TRANSCRIPT_DEPTH ? steps[r->depth].key : SPAN("");
    r->same = r->same && span_starts(span_from(key, r->key_bytes), s) && r->key_bytes < key.len;
    r->key_bytes += s.len;
}

static void use(struct result_text *r, struct span s, struct buf *out)
{
    if (r->in_key)
        match_key(r, s);
    else if (r->shows)
        buf_add(out, s);
}

/* A character that was escaped, which may have to be so again: never at greater length. */
static void use_escaped(struct result_text *r, uint32_t code_point, struct buf *out)
{
    static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
    const char *hit = code_point > 0 && code_point < 0x80 ? strchr(from, (int)code_point) : NULL;
    char memory[8];
    struct buf text = buf_over(memory, sizeof memory);
    bool again = r->as_json && !r->in_key;
    if (again && hit)
        buf_format(&text, "\\%c", to[hit - from]);
    else if (again && code_point < ' ')
        buf_format(&text, "\\u%04x", (unsigned)code_point);
    else
        buf_utf8(&text, code_point);
    use(r, buf_span(&text), out);
}

/* A surrogate that was waited with has no other half. */
static void give_up_half(struct result_text *r, struct buf *out)
{
    if (r->high)
        use_escaped(r, 0xfffd, out);
    r->high = 0;
}

static void use_unit(struct result_text *r, struct buf *out)
{
    unsigned unit = r->unit;
    bool low = unit >= 0xdc00 && unit <= 0xdfff;
    if (low && r->high) {
        use_escaped(r, 0x10000 + ((r->high - 0xd800) << 10) + (unit - 0xdc00), out);
        r->high = 0;
        return;
    }
    give_up_half(r, out);
    if (unit >= 0xd800 && unit < 0xdc00)
        r->high = unit;
    else
        use_escaped(r, low ? 0xfffd : unit, out);
}

/* ---- the structure ---- */

static void end_value(struct result_text *r)
{
    r->want = r->depth > 0 ? WANT_NEXT : WANT_NOTHING;
}

static bool begin_string(struct result_text *r, bool in_key, struct buf *out)
{
    r->want = IN_STRING;
    r->in_key = in_key;
    r->same = true;
    r->key_bytes = 0;
    r->shows = !in_key && r->fits && r->depth == TRANSCRIPT_DEPTH;
    if (r->shows && r->shown++ > 0)
        use_escaped(r, '\n', out);
    return true;
}

static bool end_string(struct result_text *r, struct buf *out)
{
    give_up_half(r, out);
    if (!utf8_whole(&r->utf8))
        return false;
    if (!r->in_key) {
        end_value(r);
        return true;
    }
    r->fits = r->way == r->depth && r->depth <= TRANSCRIPT_DEPTH && r->same
        && r->key_bytes == steps[r->depth].key.len && r->key_bytes > 0;
    r->want = WANT_COLON;
    return true;
}

static bool open_container(struct result_text *r, char c)
{
    if (r->depth == RESULT_DEPTH_MAX)
        return false;
    if (r->fits && r->depth < TRANSCRIPT_DEPTH && steps[r->depth].opens == c)
        r->way = r->depth + 1;
    uint64_t bit = (uint64_t)1 << r->depth++;
    r->object = c == '{' ? r->object | bit : r->object & ~bit;
    r->want = c == '{' ? WANT_MEMBER : WANT_ITEM;
    r->fits = r->way == r->depth; /* every item of an array on the way leads on */
    r->found = r->found || (r->fits && r->depth == TRANSCRIPTS_DEPTH);
    return true;
}

static bool in_object(const struct result_text *r)
{
    return r->object >> (r->depth - 1) & 1;
}

static bool close_container(struct result_text *r, char c)
{
    if (in_object(r) != (c == '}'))
        return false;
    r->depth--;
    if (r->way > r->depth)
        r->way = r->depth;
    end_value(r);
    return true;
}

static bool is_of_word(char c)
{
    return ascii_alpha(c) || ascii_digit(c) || c == '-' || c == '+' || c == '.';
}

static bool begin_value(struct result_text *r, char c, struct buf *out)
{
    if (c == '"')
        return begin_string(r, false, out);
    if (c == '{' || c == '[')
        return open_container(r, c);
    r->want = IN_WORD;
    return is_of_word(c);
}

static bool go_on(struct result_text *r, char c)
{
    if (c != ',')
        return (c == '}' || c == ']') && close_container(r, c);
    r->want = in_object(r) ? WANT_KEY : WANT_VALUE;
    r->fits = r->way == r->depth;
    return true;
}

/* A byte between strings. */
static bool take_structure(struct result_text *r, char c, struct buf *out)
{
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
        return true;
    switch (r->want) {
    case WANT_VALUE:
        return begin_value(r, c, out);
    case WANT_ITEM:
        return c == ']' ? close_container(r, c) : begin_value(r, c, out);
    case WANT_MEMBER:
    case WANT_KEY:
        if (c == '}' && r->want == WANT_MEMBER)
            return close_container(r, c);
        return c == '"' && begin_string(r, true, out);
    case WANT_COLON:
        r->want = WANT_VALUE;
        return c == ':';
    case WANT_NEXT:
        return go_on(r, c);
    default:
        return false;
    }
}

/* ---- bytes ---- */

static bool take_escape(struct result_text *r, char c, struct buf *out)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *hit = c != '\0' ? strchr(from, c) : NULL;
    r->unit = r->digits = 0;
    r->want = c == 'u' ? IN_UNIT : IN_STRING;
    if (hit) {
        give_up_half(r, out);
        use_escaped(r, (unsigned char)to[hit - from], out);
    }
    return hit || c == 'u';
}

static bool take_digit(struct result_text *r, char c, struct buf *out)
{
    int digit = ascii_hex(c);
    if (digit < 0)
        return false;
    r->unit = r->unit << 4 | (unsigned)digit;
    if (++r->digits < 4)
        return true;
    r->want = IN_STRING;
    use_unit(r, out);
    return true;
}

/* The next bytes that mean themselves, or one that does not. */
static bool take_string(struct result_text *r, struct span *rest, struct buf *out)
{
    size_t run = 0;
    while (run < rest->len && rest->at[run] != '"' && rest->at[run] != '\\'
        && (unsigned char)rest->at[run] >= ' ')
        run++;
    if (run > 0) {
        struct span plain = span_first(*rest, run);
        give_up_half(r, out);
        *rest = span_from(*rest, run);
        if (!utf8_add(&r->utf8, plain))
            return false;
        use(r, plain, out);
        return true;
    }
    char c = rest->at[0];
    *rest = span_from(*rest, 1);
    if (c == '"')
        return end_string(r, out);
    r->want = IN_ESCAPE;
    return c == '\\' && utf8_whole(&r->utf8);
}

static bool take_next(struct result_text *r, struct span *rest, struct buf *out)
{
    char c = rest->at[0];
    if (r->want == IN_STRING)
        return take_string(r, rest, out);
    if (r->want == IN_WORD && !is_of_word(c))
        end_value(r); /* c is what stands behind it */
    *rest = span_from(*rest, 1);
    if (r->want == IN_ESCAPE)
        return take_escape(r, c, out);
    if (r->want == IN_UNIT)
        return take_digit(r, c, out);
    return r->want == IN_WORD || take_structure(r, c, out);
}

bool result_text_take(struct result_text *r, struct span piece, struct buf *out)
{
    while (piece.len > 0 && r->want != REFUSED)
        if (!take_next(r, &piece, out))
            r->want = REFUSED;
    return r->want != REFUSED;
}
