/* A whole answer gathered in bounded memory, for the proxy's own calls: bytes in, head and content
 * out. Strict as everywhere, interim answers passed over. Pure. */
#pragma once

#include "proxy/http/body.h"
#include "proxy/http/scan.h"

enum { REPLY_BYTES = 128 * 1024 };

struct reply {
    struct scan scan;
    struct head head; /* good once reply_whole() */
    struct framing framing;
    struct body body;
    bool in_body;
    size_t head_bytes, body_bytes;
    char bytes[REPLY_BYTES]; /* the head, then the content; touched as far as they reach */
};

void reply_begin(struct reply *reply);

/* Takes bytes as they come. NULL, or what is wrong with them. */
const char *reply_take(struct reply *reply, struct span bytes);

bool reply_whole(const struct reply *reply);

/* The connection has ended; whether that makes the answer whole. */
bool reply_end(struct reply *reply);

/* Of a whole answer; 0 before. */
unsigned reply_status(const struct reply *reply);

struct span reply_content(const struct reply *reply);
