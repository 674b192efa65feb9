/* Reads WebSocket frames (RFC 6455, 5) as they come, in any pieces; pure, constant memory. Payload
 * is unmasked where it lies and never copied, but for control frames: these are short, so each is
 * kept until it is whole and found good, and only then given out. A reader reads one direction of
 * one connection. */
#pragma once

#include "proxy/base/utf8.h"
#include "proxy/http/websocket.h"

struct websocket_form {
    bool from_client;           /* all frames must be masked; otherwise none may be */
    bool check_text;            /* text must be UTF-8; false for a relay, whose far end checks it */
    uint64_t max_message_bytes; /* of all frames of a message together */
};

/* MORE: all bytes are used and more must come. FRAME: reader->frame is the head of one. PIECE: some
 * of its payload, never empty. END: all of it has come. BAD: the connection has failed, to be
 * closed with reader->bad_code. For a control frame, FRAME, PIECE and END follow each other with no
 * more bytes in between, and the piece is all of it. */
enum websocket_step {
    WEBSOCKET_MORE,
    WEBSOCKET_FRAME,
    WEBSOCKET_PIECE,
    WEBSOCKET_END,
    WEBSOCKET_BAD,
};

/* Bytes received, which unmasking changes. */
struct websocket_bytes {
    char *at;
    size_t len;
};

struct websocket_reader {
    struct websocket_form form;
    struct websocket_frame frame;  /* the last that FRAME told of */
    enum websocket_opcode message; /* TEXT or BINARY: that which the frames of data belong to */
    enum websocket_close_code bad_code; /* after BAD: 1002, 1007 or 1009 */
    const char *why;                    /* after BAD */

    unsigned state;
    bool in_message; /* a fragment with more to follow has begun */
    struct utf8 text;
    uint64_t message_bytes, left;
    uint64_t offset; /* in the payload, for the mask */
    size_t head_bytes, control_bytes;
    unsigned char head[WEBSOCKET_HEAD_BYTES], mask[WEBSOCKET_MASK_BYTES];
    char control[WEBSOCKET_CONTROL_BYTES];
};

void websocket_reader_begin(struct websocket_reader *reader, struct websocket_form form);

/* Takes from *bytes what it can, up to the next step. PIECE: *piece is a span into the bytes, or
 * for a control frame into the reader. Behind a close frame all bytes are dropped (RFC
 * 6455, 5.5.1); after BAD it stays bad. */
enum websocket_step websocket_reader_next(
    struct websocket_reader *reader, struct websocket_bytes *bytes, struct span *piece);

/* From the FRAME of a control frame to the next frame: its payload. */
struct span websocket_control(const struct websocket_reader *reader);

/* Likewise, for a close frame: its code, or WEBSOCKET_NO_CODE, and its reason. */
unsigned websocket_close_code(const struct websocket_reader *reader);
struct span websocket_close_reason(const struct websocket_reader *reader);

/* Whether a close frame has come, after which the sender sends nothing more. */
bool websocket_closed(const struct websocket_reader *reader);
