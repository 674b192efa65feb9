#include "proxy/http/websocket_reader.h"

/* CONTROL: a control frame is kept; GIVEN: it is whole and FRAME has told of it; ENDED: so has
 * PIECE. CLOSED: a close frame has been given out. */
enum state { HEAD, DATA, CONTROL, GIVEN, ENDED, CLOSED };

/* RFC 6455, 5.2 */
enum { FIN = 0x80, RESERVED = 0x70, OPCODE = 0x0f, MASKED = 0x80, LENGTH = 0x7f };
enum { LENGTH_IN_2 = 126, LENGTH_IN_8 = 127 };

void websocket_reader_begin(struct websocket_reader *reader, struct websocket_form form)
{
    *reader = (struct websocket_reader){.form = form, .state = HEAD};
}

static enum websocket_step bad(
    struct websocket_reader *reader, enum websocket_close_code code, const char *why)
{
    reader->bad_code = code;
    reader->why = why;
    return WEBSOCKET_BAD;
}

/* --- The head of a frame ---------------------------------------------------------------------- */

static bool opcode_known(unsigned opcode)
{
    return opcode <= WEBSOCKET_BINARY || (opcode >= WEBSOCKET_CLOSE && opcode <= WEBSOCKET_PONG);
}

/* What is wrong with a control frame, by its first two bytes; NULL where nothing is. */
static const char *check_control(const unsigned char head[2])
{
    if (!(head[0] & FIN))
        return "a control frame is fragmented";
    if ((head[1] & LENGTH) > WEBSOCKET_CONTROL_BYTES)
        return "a control frame has more than 125 bytes";
    return NULL;
}

/* Likewise, with a frame of any kind. */
static const char *check_start(const struct websocket_reader *reader)
{
    unsigned opcode = reader->head[0] & OPCODE;
    bool masked = reader->head[1] & MASKED;
    if (reader->head[0] & RESERVED)
        return "a frame has a reserved bit set";
    if (!opcode_known(opcode))
        return "a frame has a reserved opcode";
    if (masked != reader->form.from_client)
        return masked ? "a frame from the server is masked"
                      : "a frame from the client is not masked";
    if (websocket_is_control(opcode))
        return check_control(reader->head);
    if ((opcode == WEBSOCKET_CONTINUATION) != reader->in_message)
        return reader->in_message ? "a message begins before the one before it has ended"
                                  : "a frame continues a message that has not begun";
    return NULL;
}

static size_t length_bytes(const unsigned char head[2])
{
    unsigned length = head[1] & LENGTH;
    return length == LENGTH_IN_8 ? 8 : length == LENGTH_IN_2 ? 2 : 0;
}

/* False where it could be written shorter, or has its highest bit set. */
static bool read_length(const unsigned char *head, uint64_t *length)
{
    size_t bytes = length_bytes(head);
    *length = bytes == 0 ? head[1] & LENGTH : 0;
    for (size_t i = 0; i < bytes; i++)
        *length = *length << 8 | head[2 + i];
    uint64_t least = bytes == 8 ? UINT16_MAX + 1 : bytes == 2 ? LENGTH_IN_2 : 0;
    return *length >= least && *length <= INT64_MAX;
}

static enum websocket_step begin_data(struct websocket_reader *reader)
{
    struct websocket_frame *frame = &reader->frame;
    if (frame->opcode != WEBSOCKET_CONTINUATION) {
        reader->message = frame->opcode;
        reader->message_bytes = 0;
    }
    if (frame->length > reader->form.max_message_bytes - reader->message_bytes)
        return bad(reader, WEBSOCKET_TOO_BIG, "a message is too long");
    reader->message_bytes += frame->length;
    reader->in_message = !frame->fin;
    reader->state = DATA;
    return WEBSOCKET_FRAME;
}

static enum websocket_step begin_frame(struct websocket_reader *reader)
{
    uint64_t length;
    if (!read_length(reader->head, &length))
        return bad(
            reader, WEBSOCKET_PROTOCOL_ERROR, "a frame's length is not in its shortest form");
    memcpy(reader->mask, reader->head + 2 + length_bytes(reader->head), sizeof reader->mask);
    reader->frame =
        (struct websocket_frame){reader->head[0] & OPCODE, (reader->head[0] & FIN) != 0, length};
    reader->left = length;
    reader->offset = reader->head_bytes = 0;
    if (!websocket_is_control(reader->frame.opcode))
        return begin_data(reader);
    reader->control_bytes = 0;
    reader->state = CONTROL;
    return WEBSOCKET_MORE;
}

static enum websocket_step head_byte(struct websocket_reader *reader, char c)
{
    reader->head[reader->head_bytes++] = (unsigned char)c;
    if (reader->head_bytes < 2)
        return WEBSOCKET_MORE;
    const char *why = reader->head_bytes == 2 ? check_start(reader) : NULL;
    if (why)
        return bad(reader, WEBSOCKET_PROTOCOL_ERROR, why);
    size_t whole = 2 + length_bytes(reader->head)
        + (reader->form.from_client ? (size_t)WEBSOCKET_MASK_BYTES : 0);
    return reader->head_bytes < whole ? WEBSOCKET_MORE : begin_frame(reader);
}

/* --- The payload ------------------------------------------------------------------------------ */

static struct span take(struct websocket_reader *reader, struct websocket_bytes *bytes)
{
    size_t len = reader->left < bytes->len ? (size_t)reader->left : bytes->len;
    struct span piece = {bytes->at, len};
    if (reader->form.from_client)
        websocket_mask(bytes->at, len, reader->mask, reader->offset);
    reader->offset += len;
    reader->left -= len;
    bytes->at += len;
    bytes->len -= len;
    return piece;
}

static enum websocket_step data(
    struct websocket_reader *reader, struct websocket_bytes *bytes, struct span *piece)
{
    bool is_text = reader->form.check_text && reader->message == WEBSOCKET_TEXT;
    if (reader->left == 0) {
        if (is_text && reader->frame.fin && !utf8_whole(&reader->text))
            return bad(reader, WEBSOCKET_BAD_DATA, "a text ends within a character");
        reader->state = HEAD;
        return WEBSOCKET_END;
    }
    *piece = take(reader, bytes);
    if (is_text && !utf8_add(&reader->text, *piece))
        return bad(reader, WEBSOCKET_BAD_DATA, "a text is not UTF-8");
    return WEBSOCKET_PIECE;
}

static enum websocket_step whole_control(struct websocket_reader *reader)
{
    struct span reason = websocket_close_reason(reader);
    struct utf8 text = {.left = 0};
    reader->state = GIVEN;
    if (reader->frame.opcode != WEBSOCKET_CLOSE || reader->control_bytes == 0)
        return WEBSOCKET_FRAME;
    if (!websocket_close_code_valid(websocket_close_code(reader)))
        return bad(reader, WEBSOCKET_PROTOCOL_ERROR, "a close frame has no code that may be sent");
    if (!utf8_add(&text, reason) || !utf8_whole(&text))
        return bad(reader, WEBSOCKET_BAD_DATA, "the reason in a close frame is not UTF-8");
    return WEBSOCKET_FRAME;
}

static enum websocket_step control(struct websocket_reader *reader, struct websocket_bytes *bytes)
{
    struct span piece = take(reader, bytes);
    if (piece.len > 0)
        memcpy(reader->control + reader->control_bytes, piece.at, piece.len);
    reader->control_bytes += piece.len;
    return reader->left > 0 ? WEBSOCKET_MORE : whole_control(reader);
}

static enum websocket_step end_control(struct websocket_reader *reader)
{
    reader->state = reader->frame.opcode == WEBSOCKET_CLOSE ? CLOSED : HEAD;
    return WEBSOCKET_END;
}

/* --- Step by step ----------------------------------------------------------------------------- */

static bool needs_bytes(const struct websocket_reader *reader)
{
    bool in_payload = reader->state == DATA || reader->state == CONTROL;
    return reader->state == HEAD || reader->state == CLOSED || (in_payload && reader->left > 0);
}

static enum websocket_step step(
    struct websocket_reader *reader, struct websocket_bytes *bytes, struct span *piece)
{
    switch ((enum state)reader->state) {
    case HEAD:
        bytes->len--;
        return head_byte(reader, *bytes->at++);
    case DATA:
        return data(reader, bytes, piece);
    case CONTROL:
        return control(reader, bytes);
    case GIVEN:
        reader->state = ENDED;
        *piece = websocket_control(reader);
        return piece->len > 0 ? WEBSOCKET_PIECE : WEBSOCKET_MORE;
    case ENDED:
        return end_control(reader);
    case CLOSED:
        bytes->at += bytes->len;
        bytes->len = 0;
    }
    return WEBSOCKET_MORE;
}

enum websocket_step websocket_reader_next(
    struct websocket_reader *reader, struct websocket_bytes *bytes, struct span *piece)
{
    enum websocket_step now = reader->why ? WEBSOCKET_BAD : WEBSOCKET_MORE;
    while (now == WEBSOCKET_MORE && (bytes->len > 0 || !needs_bytes(reader)))
        now = step(reader, bytes, piece);
    return now;
}

struct span websocket_control(const struct websocket_reader *reader)
{
    return (struct span){reader->control, reader->control_bytes};
}

unsigned websocket_close_code(const struct websocket_reader *reader)
{
    if (reader->control_bytes < 2)
        return reader->control_bytes == 0 ? WEBSOCKET_NO_CODE : 0;
    return (unsigned)(unsigned char)reader->control[0] << 8 | (unsigned char)reader->control[1];
}

struct span websocket_close_reason(const struct websocket_reader *reader)
{
    return span_from(websocket_control(reader), 2);
}

bool websocket_closed(const struct websocket_reader *reader)
{
    return reader->state == CLOSED && !reader->why;
}
