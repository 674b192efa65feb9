/* UTF-8 (RFC 3629): without overlong forms, surrogates, and what is above U+10FFFF. */
#pragma once

#include "proxy/base/span.h"

/* How many bytes the sequence at s.at[0] has, or 0 where it is none; s has one byte at least. */
size_t utf8_length(struct span s);

/* A text that comes in pieces; begin with a zeroed one. */
struct utf8 {
    unsigned char left;      /* bytes that the sequence under way still lacks */
    unsigned char low, high; /* between which the next of them must be */
};

/* More of the text; false as soon as it cannot be UTF-8, whatever follows. */
bool utf8_add(struct utf8 *text, struct span piece);

/* Whether the text could end here. */
static inline bool utf8_whole(const struct utf8 *text)
{
    return text->left == 0;
}
