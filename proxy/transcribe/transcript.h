/* What Amazon Transcribe heard, in the words of whoever asked. In: the payload of one event after
 * another, JSON (TranscriptEvent, MedicalTranscriptEvent; of Call Analytics UtteranceEvent and
 * CategoryEvent), told apart by their members. Out, appended to a buffer:
 *
 *   ndjson  a line for each result:
 *           {"partial":false,"start":0.1,"end":1.2,"text":"Hi.","items":[{"text":"Hi",...},...]}
 *           and where AWS says so id, channel, language, role, sentiment, languages, entities and
 *           issues; an item has start, end, type, confidence, speaker, stable and filtered.
 *           A line for each event of categories:
 *           {"categories":["a",...],"details":[{"name":"a","ranges":[{"start":1,"end":2.5}]}]}
 *   text    a line for each final result
 *   vtt     WebVTT: a cue for each final result
 *   srt     SubRip: likewise
 *
 * Times are seconds, to the millisecond. A result without text is left out, and of alternatives
 * only the first is taken. Pure.
 *
 * Source: Amazon Transcribe API Reference, "Amazon Transcribe Streaming Service"; W3C WebVTT. */
#pragma once

#include "proxy/base/buf.h"

enum transcript_format { TRANSCRIPT_NDJSON, TRANSCRIPT_TEXT, TRANSCRIPT_VTT, TRANSCRIPT_SRT };

enum {
    TRANSCRIPT_JSON_BYTES = 1 << 20, /* the longest payload that is read */
    TRANSCRIPT_GROWTH = 8,           /* out has room with so many bytes for each of the payload's */
};

struct transcript {
    enum transcript_format format;
    bool with_partials; /* ndjson: also results that later ones replace */
    uint64_t cues;      /* written so far */
};

/* By its name above; false where there is none of that name. */
bool transcript_format_find(struct span name, enum transcript_format *format);

/* Its media type, for Content-Type. */
struct span transcript_content_type(enum transcript_format format);

/* What stands before everything else, even where nothing follows. */
void transcript_begin(struct transcript *transcript, enum transcript_format format,
    bool with_partials, struct buf *out);

/* Appends what the payload of one event becomes, which may be nothing. False where it is no JSON
 * object, and then, as where out becomes too small and is `failed`, nothing is appended. */
bool transcript_write(struct transcript *transcript, struct span json, struct buf *out);
