/* Writes WebSocket frames (RFC 6455, 5). Masks are given, for randomness is the caller's: what a
 * client sends has a fresh one for each frame, what a server sends has none (NULL). Pure. */
#pragma once

#include "proxy/http/websocket.h"

/* Appends the head of a frame, as short as it can be. */
void websocket_write_head(struct buf *out, const struct websocket_frame *frame,
    const unsigned char mask[WEBSOCKET_MASK_BYTES]);

/* Appends a whole frame that is a message, or a control frame, of its own. */
void websocket_write_frame(struct buf *out, enum websocket_opcode opcode, struct span payload,
    const unsigned char mask[WEBSOCKET_MASK_BYTES]);

/* Appends the payload of a close frame; a reason of more than WEBSOCKET_REASON_BYTES is cut between
 * characters. */
void websocket_write_close(struct buf *out, unsigned code, struct span reason);
