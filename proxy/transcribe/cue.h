/* The text of a result as a line, or as a cue of subtitles. Bytes that are not UTF-8 become U+FFFD,
 * controls and runs of white space one space, so that there is neither a break nor a blank line in
 * it. Pure. Source: W3C WebVTT, 4.1; SubRip has no specification but its readers. */
#pragma once

#include "proxy/base/buf.h"

struct cue {
    uint64_t number;
    uint64_t start_ms, end_ms;
    struct span text;
};

/* Whether there is anything in the text but white space. */
bool cue_has_text(struct span text);

/* Appends the text and a line break. */
void cue_write_line(struct buf *out, struct span text);

/* Appends number, times, text and a blank line; a cue that is shorter than a millisecond lasts one.
 * WebVTT: "&", "<" and ">" are escaped. */
void cue_write_vtt(struct buf *out, const struct cue *cue);

/* SubRip has no escapes: "-->", by which it knows a line of times, becomes "->". */
void cue_write_srt(struct buf *out, const struct cue *cue);
