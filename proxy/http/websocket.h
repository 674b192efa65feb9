/* The WebSocket protocol (RFC 6455): what both sides of it have in common, and the opening
 * handshake. Frames are read by http/websocket_reader and written by http/websocket_writer.
 * Extensions are not known here: whoever offers or accepts one breaks the frames. */
#pragma once

#include "proxy/base/buf.h"
#include "proxy/base/err.h"

/* RFC 6455, 5.2 */
enum websocket_opcode {
    WEBSOCKET_CONTINUATION = 0,
    WEBSOCKET_TEXT = 1,
    WEBSOCKET_BINARY = 2,
    WEBSOCKET_CLOSE = 8,
    WEBSOCKET_PING = 9,
    WEBSOCKET_PONG = 10,
};

enum {
    WEBSOCKET_CONTROL_BYTES = 125, /* the most that the payload of a close, ping or pong has */
    WEBSOCKET_REASON_BYTES = WEBSOCKET_CONTROL_BYTES - 2,
    WEBSOCKET_HEAD_BYTES = 2 + 8 + 4, /* the longest head of a frame */
    WEBSOCKET_MASK_BYTES = 4,
    WEBSOCKET_ACCEPT_BYTES = 28, /* characters of Sec-WebSocket-Accept */
};

/* RFC 6455, 7.4.1; those that are named somewhere. */
enum websocket_close_code {
    WEBSOCKET_NORMAL = 1000,
    WEBSOCKET_GOING_AWAY = 1001,
    WEBSOCKET_PROTOCOL_ERROR = 1002,
    WEBSOCKET_NO_CODE = 1005, /* a close without one; never on the wire */
    WEBSOCKET_BAD_DATA = 1007,
    WEBSOCKET_POLICY = 1008,
    WEBSOCKET_TOO_BIG = 1009,
    WEBSOCKET_INTERNAL_ERROR = 1011,
};

/* Head of a frame. */
struct websocket_frame {
    enum websocket_opcode opcode;
    bool fin; /* the last, or only, of its message */
    uint64_t length;
};

static inline bool websocket_is_control(enum websocket_opcode opcode)
{
    return opcode >= WEBSOCKET_CLOSE;
}

/* Whether a close frame may have that code (RFC 6455, 7.4, and IANA's registry). */
bool websocket_close_code_valid(unsigned code);

/* Whether it is a Sec-WebSocket-Key: 16 bytes in base64. */
bool websocket_key_valid(struct span key);

/* Appends the Sec-WebSocket-Accept that answers the key. Errors: OUT_OF_MEMORY. */
MUST_USE enum err websocket_accept(struct span key, struct buf *out);

/* Masks, or unmasks, len bytes of payload that stand offset bytes behind its beginning. */
void websocket_mask(
    char *at, size_t len, const unsigned char mask[WEBSOCKET_MASK_BYTES], uint64_t offset);
