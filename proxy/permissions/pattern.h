/* IAM's patterns: "*" and "?" in actions and ARNs, and how the same characters are written where
 * they mean themselves. Pure. Sources: IAM User Guide, "IAM JSON policy elements: Resource"
 * (wildcards in ARNs), "Action", and "Policy variables" (${*}, ${?}, ${$}). */
#pragma once

#include "proxy/base/buf.h"

enum { PATTERN_TEXT_BYTES = 4096 };

/* How many bytes a literal of so many may take as a pattern. */
#define PATTERN_BYTES(literal) (4 * (literal) + 1)

/* Appends the literal as IAM reads it, a star behind it where it is folded. */
void pattern_write(struct buf *out, struct span literal, bool folded);

/* The opposite; false where the pattern has wildcards elsewhere than at its end. */
bool pattern_read(struct span pattern, struct buf *literal, bool *folded);

/* Takes the next of a pattern's parts off rest: a byte, or "${*}" and its like as the byte they
 * stand for. False at the end and at "${" with anything else: then rest is not empty. */
struct pattern_part {
    char byte;
    bool wild; /* "*" or "?" as a wildcard */
};
bool pattern_next(struct span *rest, struct pattern_part *part);

/* A pattern ready to match. */
struct pattern {
    uint16_t *codes; /* as many as the text had bytes, at most; of whoever compiled it */
    size_t count;
    size_t plain; /* how many come before the first wildcard */
};

/* codes: room for as many as the text has bytes. NULL, or what is wrong with the text. */
const char *pattern_compile(struct span text, uint16_t *codes, struct pattern *pattern);

/* A star in an ARN's last segment, or at the end of another, matches anything; elsewhere anything
 * without ":". A question mark is any one byte, but ":" only in the last segment. Letters are
 * compared without case where nocase is set. Time grows with both lengths, never faster; a text
 * over PATTERN_TEXT_BYTES does not match. */
bool pattern_matches(const struct pattern *pattern, struct span text, bool nocase);
