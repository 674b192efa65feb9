/* The text in the file that a transcription job leaves: every string
 * results.transcripts[].transcript of a JSON document (RFC 8259) that comes in pieces cut anywhere,
 * decoded as it comes, with a line feed between two. The document may be of any length: what is
 * kept of it is this struct.
 *
 * Escapes become what they stand for, a surrogate without its other half U+FFFD. Refused are a
 * document that is malformed in its structure or its strings, text that is not UTF-8, and more than
 * RESULT_DEPTH_MAX levels; what a number or a word is made of is not looked into. Pure.
 * Source: Amazon Transcribe Developer Guide, "Data input and output". */
#pragma once

#include "proxy/base/buf.h"
#include "proxy/base/utf8.h"

enum {
    RESULT_DEPTH_MAX = 64,
    RESULT_GROWTH_BYTES = 16, /* out has room for so much more than the piece */
};

struct result_text {
    bool as_json;    /* what comes out is the inside of a JSON string, else plain text */
    bool found;      /* the array of transcripts is there */
    unsigned shown;  /* transcripts begun */
    unsigned want;   /* what comes next of the document */
    unsigned depth;  /* containers that are open */
    unsigned way;    /* of them, from the first on, those that lead to a transcript */
    uint64_t object; /* a bit for each container: whether it is an object */
    bool fits;       /* the value that comes leads on */
    bool in_key;     /* of the string under way */
    bool shows;      /* that is a transcript */
    bool same;       /* so far the key is the one that is looked for */
    size_t key_bytes;
    unsigned unit, digits; /* of the escape under way */
    unsigned high;         /* a surrogate that waits for its other half; 0 where there is none */
    struct utf8 utf8;
};

void result_text_begin(struct result_text *result, bool as_json);

/* More of the document: appends the text in it. False where it is refused, then and ever after. */
bool result_text_take(struct result_text *result, struct span piece, struct buf *out);

/* Whether the document could end here. */
bool result_text_whole(const struct result_text *result);
