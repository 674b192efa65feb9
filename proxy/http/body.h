/* Reads a body's content out of a stream of bytes by its framing, strictly (RFC 9112, 6 and 7):
 * pure, no copy, constant memory. A chunk size is plain hexadecimal digits, each line ends in CRLF,
 * extensions are well formed and dropped; anything else is BODY_BAD. */
#pragma once

#include "proxy/http/framing.h"

enum { BODY_LINE_BYTES = 512, BODY_TRAILER_BYTES = 4096 };

enum body_step { BODY_MORE, BODY_PIECE, BODY_END, BODY_BAD };

struct body {
    enum body_kind kind;
    uint64_t left;   /* of the length, or of the chunk */
    unsigned state;  /* of the chunked coding */
    const char *why; /* after BODY_BAD */
    size_t line_bytes;
    size_t trailer_bytes; /* trailer lines with their CRLFs, checked */
    char line[BODY_LINE_BYTES];
    char trailers[BODY_TRAILER_BYTES];
};

void body_begin(struct body *body, const struct framing *framing);

/* Takes from *bytes what belongs to the body. BODY_PIECE: *piece is content, a span into the bytes;
 * call again. BODY_MORE: all bytes are used and more must come. BODY_END: the body is whole; what
 * is left in *bytes comes after it. BODY_UNTIL_CLOSE never ends by itself. */
enum body_step body_next(struct body *body, struct span *bytes, struct span *piece);

/* Whether the content is whole, so that a close now would be clean. */
bool body_whole(const struct body *body);

/* Walks the trailer fields: starts with *rest = body_trailers(); false at the end. */
struct span body_trailers(const struct body *body);
bool body_next_trailer(struct span *rest, struct field *field);
