#include "proxy/permissions/pattern.h"

/* Codes above any byte. */
enum { ANY_BUT_COLON = 0x100, ANY_ONE, STAR, STAR_OVER_SEGMENTS };

/* "arn:partition:service:region:account:resource": what comes behind the last is one segment. */
enum { ARN_COLONS = 5 };

void pattern_write(struct buf *out, struct span literal, bool folded)
{
    for (size_t i = 0; i < literal.len; i++) {
        char c = literal.at[i];
        if (c == '*' || c == '?' || c == '$')
            buf_format(out, "${%c}", c);
        else
            buf_char(out, c);
    }
    if (folded)
        buf_char(out, '*');
}

bool pattern_next(struct span *rest, struct pattern_part *part)
{
    enum { ESCAPE_BYTES = 4 };
    if (rest->len == 0)
        return false;
    char c = rest->at[0];
    *part = (struct pattern_part){c, c == '*' || c == '?'};
    if (!span_starts(*rest, SPAN("${"))) {
        *rest = span_from(*rest, 1);
        return true;
    }
    if (rest->len < ESCAPE_BYTES || rest->at[3] != '}' || span_find(SPAN("*?$"), rest->at[2]) == 3)
        return false;
    *part = (struct pattern_part){rest->at[2], false};
    *rest = span_from(*rest, ESCAPE_BYTES);
    return true;
}

bool pattern_read(struct span pattern, struct buf *literal, bool *folded)
{
    struct pattern_part part;
    *folded = false;
    while (pattern_next(&pattern, &part)) {
        if (part.wild && (part.byte == '?' || pattern.len > 0))
            return false;
        *folded = part.wild;
        if (!part.wild)
            buf_char(literal, part.byte);
    }
    return pattern.len == 0 && !literal->failed;
}

static uint16_t code_of(struct pattern_part part, struct span rest, int colons)
{
    bool ends = rest.len == 0 || rest.at[0] == ':' || colons >= ARN_COLONS;
    if (!part.wild)
        return (unsigned char)part.byte;
    if (part.byte == '?')
        return colons >= ARN_COLONS ? ANY_ONE : ANY_BUT_COLON;
    return ends ? STAR_OVER_SEGMENTS : STAR;
}

const char *pattern_compile(struct span text, uint16_t *codes, struct pattern *pattern)
{
    struct pattern_part part;
    int colons = 0;
    *pattern = (struct pattern){codes, 0, 0};
    if (text.len > PATTERN_TEXT_BYTES)
        return "is longer than 4096 bytes";
    while (pattern_next(&text, &part)) {
        if (!part.wild && pattern->plain == pattern->count)
            pattern->plain++;
        codes[pattern->count++] = code_of(part, text, colons);
        colons += part.byte == ':';
    }
    return text.len > 0 ? "has a policy variable: ${*}, ${?} and ${$} are all that may stand there"
                        : NULL;
}

static bool accepts(uint16_t code, char c, bool nocase)
{
    if (code >= ANY_BUT_COLON)
        return code == ANY_ONE || c != ':';
    if (nocase)
        return ascii_lower((char)code) == ascii_lower(c);
    return code == (unsigned char)c;
}

/* reached[i]: whether the codes so far match the first i bytes. One more code: */
static void advance(uint16_t code, struct span text, bool nocase, bool *reached)
{
    if (code >= STAR) {
        for (size_t i = 0; i < text.len; i++)
            if (reached[i] && (code == STAR_OVER_SEGMENTS || text.at[i] != ':'))
                reached[i + 1] = true;
        return;
    }
    for (size_t i = text.len; i > 0; i--)
        reached[i] = reached[i - 1] && accepts(code, text.at[i - 1], nocase);
    reached[0] = false;
}

bool pattern_matches(const struct pattern *pattern, struct span text, bool nocase)
{
    bool reached[PATTERN_TEXT_BYTES + 1];
    if (text.len < pattern->plain || text.len > PATTERN_TEXT_BYTES)
        return false;
    for (size_t i = 0; i < pattern->plain; i++)
        if (!accepts(pattern->codes[i], text.at[i], nocase))
            return false;
    text = span_from(text, pattern->plain);
    if (pattern->count == pattern->plain + 1
        && pattern->codes[pattern->plain] == STAR_OVER_SEGMENTS)
        return true;
    memset(reached, 0, text.len + 1);
    reached[0] = true;
    for (size_t i = pattern->plain; i < pattern->count; i++)
        advance(pattern->codes[i], text, nocase, reached);
    return reached[text.len];
}
