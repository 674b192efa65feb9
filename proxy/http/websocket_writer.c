#include "proxy/http/websocket_writer.h"

void websocket_write_head(struct buf *out, const struct websocket_frame *frame,
    const unsigned char mask[WEBSOCKET_MASK_BYTES])
{
    uint64_t length = frame->length;
    size_t bytes = length > UINT16_MAX ? 8 : length > 125 ? 2 : 0;
    unsigned short_length = bytes == 8 ? 127 : bytes == 2 ? 126 : (unsigned)length;
    buf_char(out, (char)(frame->opcode | (frame->fin ? 0x80u : 0)));
    buf_char(out, (char)(short_length | (mask ? 0x80u : 0)));
    buf_big_endian(out, length, bytes);
    if (mask)
        buf_add(out, (struct span){(const char *)mask, WEBSOCKET_MASK_BYTES});
}

void websocket_write_frame(struct buf *out, enum websocket_opcode opcode, struct span payload,
    const unsigned char mask[WEBSOCKET_MASK_BYTES])
{
    websocket_write_head(out, &(struct websocket_frame){opcode, true, payload.len}, mask);
    size_t start = out->len;
    buf_add(out, payload);
    if (mask && !out->failed)
        websocket_mask(out->at + start, payload.len, mask, 0);
}

void websocket_write_close(struct buf *out, unsigned code, struct span reason)
{
    size_t len = reason.len;
    if (len > WEBSOCKET_REASON_BYTES)
        for (len = WEBSOCKET_REASON_BYTES; len > 0 && (reason.at[len] & 0xc0) == 0x80;)
            len--;
    buf_big_endian(out, code, 2);
    buf_add(out, span_first(reason, len));
}
