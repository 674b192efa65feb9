#include "proxy/base/utf8.h"

/* A byte that begins a sequence: how many follow it, and between which the first of them must be.
 * That one decides whether the sequence is overlong, a surrogate, or above U+10FFFF. */
static bool begin(struct utf8 *text, unsigned char first)
{
    static const struct {
        unsigned char from, left, low, high;
    } ranges[] = {
        {0xf5, 0, 0, 0},
        {0xf4, 3, 0x80, 0x8f},
        {0xf1, 3, 0x80, 0xbf},
        {0xf0, 3, 0x90, 0xbf},
        {0xee, 2, 0x80, 0xbf},
        {0xed, 2, 0x80, 0x9f},
        {0xe1, 2, 0x80, 0xbf},
        {0xe0, 2, 0xa0, 0xbf},
        {0xc2, 1, 0x80, 0xbf},
        {0, 0, 0, 0},
    };
    size_t i = 0;
    while (first < ranges[i].from)
        i++;
    *text = (struct utf8){ranges[i].left, ranges[i].low, ranges[i].high};
    return text->left > 0;
}

static bool add_byte(struct utf8 *text, unsigned char byte)
{
    if (text->left == 0)
        return byte < 0x80 || begin(text, byte);
    bool valid = byte >= text->low && byte <= text->high;
    *text = (struct utf8){(unsigned char)(text->left - 1), 0x80, 0xbf};
    return valid;
}

size_t utf8_length(struct span s)
{
    struct utf8 text = {0};
    size_t length = 0;
    do
        if (length == s.len || !add_byte(&text, (unsigned char)s.at[length++]))
            return 0;
    while (text.left > 0);
    return length;
}

/* How many of the bytes are ASCII, in steps of eight. */
static size_t skip_ascii(struct span s)
{
    size_t at = 0;
    for (uint64_t word; s.len - at >= sizeof word; at += sizeof word) {
        memcpy(&word, s.at + at, sizeof word);
        if (word & UINT64_C(0x8080808080808080))
            break;
    }
    return at;
}

bool utf8_add(struct utf8 *text, struct span piece)
{
    for (size_t i = 0; i < piece.len; i++) {
        if (text->left == 0)
            i += skip_ascii(span_from(piece, i));
        if (i < piece.len && !add_byte(text, (unsigned char)piece.at[i]))
            return false;
    }
    return true;
}
