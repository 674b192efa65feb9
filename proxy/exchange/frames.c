#include "proxy/exchange/frames.h"

#include "proxy/base/clock.h"
#include "proxy/exchange/state.h"
#include "proxy/http/event_stream.h"
#include "proxy/http/websocket_writer.h"

struct socket_out socket_out(struct exchange *x, enum side to)
{
    struct proxy *proxy = x->proxy;
    return (struct socket_out){x, to, buf_over(proxy->scratch, sizeof proxy->scratch)};
}

void socket_flush(struct socket_out *out)
{
    struct exchange *x = out->x;
    uv_buf_t buffer = stream_buffer(buf_span(&out->text));
    if (out->text.len == 0)
        return;
    if (out->to == SIDE_SERVER && x->upstream)
        upstream_write(x->upstream, &buffer, 1);
    else if (out->to == SIDE_CLIENT && x->client)
        stream_write(&x->client->stream, &buffer, 1);
    out->text.len = 0;
}

/* A fresh mask for what goes to the server (RFC 6455, 5.3). False where there is no randomness. */
static bool draw_mask(unsigned char mask[WEBSOCKET_MASK_BYTES])
{
    return uv_random(NULL, NULL, mask, WEBSOCKET_MASK_BYTES, 0, NULL) == 0;
}

static void make_room(struct socket_out *out, size_t bytes)
{
    if (out->text.max - out->text.len < bytes)
        socket_flush(out);
}

void socket_write(struct socket_out *out, enum websocket_opcode opcode, struct span payload)
{
    unsigned char mask[WEBSOCKET_MASK_BYTES];
    make_room(out, WEBSOCKET_HEAD_BYTES + payload.len);
    if (out->to == SIDE_CLIENT)
        websocket_write_frame(&out->text, opcode, payload, NULL);
    else if (draw_mask(mask))
        websocket_write_frame(&out->text, opcode, payload, mask);
}

static bool signs_for(const struct socket *s, enum side to)
{
    return to == SIDE_SERVER && s->how.events && !s->passes;
}

/* A frame has gone out to that side in part: bytes of another would become its payload. */
static bool within_frame(const struct socket *s, enum side to)
{
    const struct websocket_reader *from = &s->from[to == SIDE_CLIENT ? SIDE_SERVER : SIDE_CLIENT];
    return !signs_for(s, to) && from->left > 0 && !websocket_is_control(from->frame.opcode);
}

static const char own_ping[] = "countersign";

void socket_ping(struct exchange *x, enum side to)
{
    struct socket_out out = socket_out(x, to);
    if (x->socket->closed[to] || within_frame(x->socket, to))
        return;
    socket_write(&out, WEBSOCKET_PING, span_of(own_ping));
    socket_flush(&out);
}

void socket_write_close(struct exchange *x, enum side to, unsigned code, struct span reason)
{
    char memory[WEBSOCKET_CONTROL_BYTES];
    struct buf payload = buf_over(memory, sizeof memory);
    struct socket_out out = socket_out(x, to);
    struct socket *s = x->socket;
    if (s->closed[to])
        return;
    if (within_frame(s, to)) {
        s->due[to] = code;
        return;
    }
    s->closed[to] = true;
    if (code != WEBSOCKET_NO_CODE)
        websocket_write_close(&payload, code, reason);
    socket_write(&out, WEBSOCKET_CLOSE, buf_span(&payload));
    socket_flush(&out);
}

/* ---- frames go on as they come ---- */

static bool begin_frame(
    struct socket *s, struct socket_out *out, const struct websocket_frame *frame)
{
    bool masks = out->to == SIDE_SERVER;
    if (masks && !draw_mask(s->mask))
        return false;
    if (masks)
        s->masked = 0;
    make_room(out, WEBSOCKET_HEAD_BYTES);
    websocket_write_head(&out->text, frame, masks ? s->mask : NULL);
    return true;
}

static void relay_piece(struct socket *s, struct socket_out *out, struct span piece)
{
    while (piece.len > 0) {
        make_room(out, 1);
        size_t start = out->text.len;
        struct span part = span_first(piece, out->text.max - start);
        buf_add(&out->text, part);
        if (out->to == SIDE_SERVER) {
            websocket_mask(out->text.at + start, part.len, s->mask, s->masked);
            s->masked += part.len;
        }
        piece = span_from(piece, part.len);
    }
}

/* ---- events are gathered, wrapped and signed ---- */

bool socket_send_event(struct socket_out *out, struct span event)
{
    struct exchange *x = out->x;
    struct socket *s = x->socket;
    struct chunk_signer by = {x->proxy->signer, &s->keys->keys};
    struct websocket_frame frame = {WEBSOCKET_BINARY, true, event.len + EVENT_SIGNATURE_BYTES};
    int64_t now_ms = clock_wall_ms() + x->proxy->skew.offset_ms;
    if (s->closed[out->to])
        return true; /* nobody hears it */
    make_room(out, WEBSOCKET_HEAD_BYTES + (size_t)frame.length);
    if (!begin_frame(s, out, &frame))
        return false;
    size_t start = out->text.len;
    if (event_signature_write(&s->chain, &by, now_ms, event, &out->text) != OK)
        return false;
    websocket_mask(out->text.at + start, out->text.len - start, s->mask, 0);
    s->ended = s->ended || event.len == 0;
    return true;
}

/* Whether no audio follows: an event without any says so. */
static bool is_last(const struct event_stream_message *message)
{
    struct event_stream_header type;
    return message->payload.len == 0
        && event_stream_find(message, SPAN(":event-type"), EVENT_STREAM_STRING, &type)
        && span_equal(type.value, SPAN("AudioEvent"));
}

/* An event that the client has signed after a signature which the server has not seen is opened,
 * and what is in it signed anew. NULL, or what is wrong with it. */
static const char *send_message(struct socket *s, struct socket_out *out)
{
    struct span event = buf_span(&s->message);
    struct event_stream_message message = {.why = NULL};
    struct event_stream_header signature;
    size_t used = 0;
    if (event.len > 0
        && (event_stream_read(event, SOCKET_MESSAGE_BYTES, &message, &used) != EVENT_STREAM_MESSAGE
            || used != event.len))
        return message.why ? message.why : "a message is not one whole event";
    bool wrapped = event.len > 0
        && event_stream_find(&message, SPAN(":chunk-signature"), EVENT_STREAM_BYTES, &signature);
    bool last = event.len > 0 && !wrapped && is_last(&message);
    if (s->ended) /* clients like to say it twice */
        return last || message.payload.len == 0 ? NULL : "an event follows the one that ended all";
    if (!socket_send_event(out, wrapped ? message.payload : event)
        || (last && !socket_send_event(out, SPAN(""))))
        return "there is no memory to sign it";
    return NULL;
}

static const char *gather(struct socket *s, struct span piece)
{
    if (piece.len > SOCKET_MESSAGE_BYTES - s->message.len)
        return "it is too long for an event";
    buf_add(&s->message, piece);
    return NULL;
}

/* ---- both ---- */

/* The close frame goes on as it came; a stream of events is ended before. Pongs that answer our own
 * pings end here. */
static void relay_control(struct exchange *x, struct socket_out *out, struct websocket_reader *from)
{
    struct socket *s = x->socket;
    struct span payload = websocket_control(from);
    if (from->frame.opcode == WEBSOCKET_PONG && span_equal(payload, span_of(own_ping)))
        return;
    if (s->closed[out->to])
        return;
    if (from->frame.opcode != WEBSOCKET_CLOSE) {
        socket_write(out, from->frame.opcode, payload);
        return;
    }
    if (signs_for(s, out->to) && !s->ended && !websocket_closed(&s->from[SIDE_SERVER]))
        (void)socket_send_event(out, SPAN(""));
    socket_flush(out);
    socket_write_close(x, out->to, websocket_close_code(from), websocket_close_reason(from));
}

static const char *gather_step(struct socket_out *out, enum websocket_step step,
    const struct websocket_reader *from, struct span piece)
{
    struct socket *s = out->x->socket;
    if (step == WEBSOCKET_FRAME && from->message != WEBSOCKET_BINARY)
        return "events go in binary messages";
    if (step == WEBSOCKET_PIECE)
        return gather(s, piece);
    if (step != WEBSOCKET_END || !from->frame.fin)
        return NULL;
    const char *why = send_message(s, out);
    s->message.len = 0;
    return why;
}

static const char *relay_step(struct socket_out *out, enum websocket_step step,
    const struct websocket_reader *from, struct span piece)
{
    struct socket *s = out->x->socket;
    if (step == WEBSOCKET_FRAME && !begin_frame(s, out, &from->frame))
        return "there is no randomness for a mask";
    if (step == WEBSOCKET_PIECE)
        relay_piece(s, out, piece);
    if (step == WEBSOCKET_END && s->due[out->to] != 0) {
        socket_flush(out);
        socket_write_close(out->x, out->to, s->due[out->to], SPAN(""));
    }
    return NULL;
}

static const char *on_step(struct socket_out *out, enum websocket_step step,
    struct websocket_reader *from, struct span piece)
{
    struct socket *s = out->x->socket;
    if (websocket_is_control(from->frame.opcode)) {
        if (step == WEBSOCKET_END)
            relay_control(out->x, out, from);
        return NULL;
    }
    if (s->closed[out->to])
        return NULL;
    return signs_for(s, out->to) ? gather_step(out, step, from, piece)
                                 : relay_step(out, step, from, piece);
}

static bool fail(struct exchange *x, enum side from, unsigned code, const char *why)
{
    enum side other = from == SIDE_CLIENT ? SIDE_SERVER : SIDE_CLIENT;
    socket_write_close(x, from, code, span_of(why));
    socket_write_close(x, other,
        from == SIDE_CLIENT ? WEBSOCKET_GOING_AWAY : WEBSOCKET_INTERNAL_ERROR,
        from == SIDE_CLIENT ? SPAN("") : SPAN("the server broke the protocol"));
    return false;
}

bool socket_relay(struct exchange *x, enum side from, struct span bytes)
{
    struct socket *s = x->socket;
    struct websocket_reader *reader = &s->from[from];
    struct socket_out out = socket_out(x, from == SIDE_CLIENT ? SIDE_SERVER : SIDE_CLIENT);
    struct websocket_bytes left = {NULL, bytes.len};
    struct span piece = {NULL, 0};
    const char *why = NULL;
    enum websocket_step step;
    memcpy(&left.at, &bytes.at, sizeof left.at); /* input memory is the loop's, and may change */
    while (!why && (step = websocket_reader_next(reader, &left, &piece)) != WEBSOCKET_MORE) {
        if (step == WEBSOCKET_BAD) {
            socket_flush(&out);
            return fail(x, from, reader->bad_code, reader->why);
        }
        why = on_step(&out, step, reader, piece);
    }
    socket_flush(&out);
    return !why || fail(x, from, WEBSOCKET_BAD_DATA, why);
}
