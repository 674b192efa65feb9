#include "proxy/transcribe/cue.h"

#include "proxy/base/utf8.h"

static bool is_space(struct span character)
{
    return (unsigned char)character.at[0] <= ' ' || character.at[0] == 0x7f;
}

/* Takes the next character off the text, and the white space behind it where it is some. */
static struct span take_character(struct span *text)
{
    size_t length = utf8_length(*text), taken = length ? length : 1;
    struct span character = length ? span_first(*text, length) : SPAN("\xef\xbf\xbd");
    bool space = is_space(character);
    *text = span_from(*text, taken);
    while (space && text->len > 0 && is_space(*text))
        *text = span_from(*text, 1);
    return space ? SPAN(" ") : character;
}

static struct span skip_space(struct span text)
{
    while (text.len > 0 && is_space(text))
        text = span_from(text, 1);
    return text;
}

bool cue_has_text(struct span text)
{
    return skip_space(text).len > 0;
}

enum form { LINE, VTT, SRT };

static struct span escape(struct span character)
{
    switch (character.at[0]) {
    case '&':
        return SPAN("&amp;");
    case '<':
        return SPAN("&lt;");
    case '>':
        return SPAN("&gt;");
    default:
        return character;
    }
}

/* So that no "-->" comes to stand in the text. */
static void drop_hyphens(struct buf *out, size_t start)
{
    while (span_ends(buf_since(out, start), SPAN("--")))
        out->len--;
}

static void write_text(struct buf *out, struct span text, enum form form)
{
    size_t start = out->len;
    text = skip_space(text);
    while (text.len > 0) {
        struct span character = take_character(&text);
        if (character.at[0] == ' ' && text.len == 0)
            break;
        if (form == SRT && character.at[0] == '>')
            drop_hyphens(out, start);
        buf_add(out, form == VTT ? escape(character) : character);
    }
    buf_char(out, '\n');
}

void cue_write_line(struct buf *out, struct span text)
{
    write_text(out, text, LINE);
}

static void write_time(struct buf *out, uint64_t ms, char point)
{
    unsigned long long seconds = ms / 1000;
    buf_format(out, "%02llu:%02llu:%02llu%c%03u", seconds / 3600, seconds / 60 % 60, seconds % 60,
        point, (unsigned)(ms % 1000));
}

static void write_head(struct buf *out, const struct cue *cue, char point)
{
    uint64_t end = cue->end_ms > cue->start_ms ? cue->end_ms : cue->start_ms + 1;
    buf_number(out, cue->number);
    buf_char(out, '\n');
    write_time(out, cue->start_ms, point);
    buf_text(out, " --> ");
    write_time(out, end, point);
    buf_char(out, '\n');
}

void cue_write_vtt(struct buf *out, const struct cue *cue)
{
    write_head(out, cue, '.');
    write_text(out, cue->text, VTT);
    buf_char(out, '\n');
}

void cue_write_srt(struct buf *out, const struct cue *cue)
{
    write_head(out, cue, ',');
    write_text(out, cue->text, SRT);
    buf_char(out, '\n');
}
