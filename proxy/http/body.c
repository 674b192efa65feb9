#include "proxy/http/body.h"

enum chunk_state { CHUNK_SIZE, CHUNK_DATA, CHUNK_DATA_CR, CHUNK_DATA_LF, CHUNK_TRAILER, CHUNK_END };

void body_begin(struct body *body, const struct framing *framing)
{
    body->kind = framing->kind;
    body->left = framing->kind == BODY_LENGTH ? framing->length : 0;
    body->state = CHUNK_SIZE;
    body->why = NULL;
    body->line_bytes = body->trailer_bytes = 0;
}

static enum body_step bad(struct body *body, const char *why)
{
    body->why = why;
    return BODY_BAD;
}

/* Up to `left` bytes of content. */
static enum body_step content(struct body *body, struct span *bytes, struct span *piece)
{
    *piece = span_first(*bytes, body->left < bytes->len ? (size_t)body->left : bytes->len);
    *bytes = span_from(*bytes, piece->len);
    body->left -= piece->len;
    return BODY_PIECE;
}

static bool word_byte(char c)
{
    struct span one = {&c, 1};
    return field_name_valid(one);
}

static struct span skip_word(struct span s)
{
    while (s.len > 0 && word_byte(s.at[0]))
        s = span_from(s, 1);
    return s;
}

/* Past a quoted string that begins at s, or at == NULL where it does not end. */
static struct span skip_quoted(struct span s)
{
    for (size_t i = 1; i < s.len; i++) {
        if (s.at[i] == '"')
            return span_from(s, i + 1);
        if (s.at[i] == '\\')
            i++;
    }
    return (struct span){NULL, 0};
}

/* Past "= value" where it stands there, or at == NULL where the value is none. */
static struct span skip_value(struct span s)
{
    if (s.len == 0 || s.at[0] != '=')
        return s;
    struct span value = span_trim(span_from(s, 1));
    struct span after = value.len > 0 && value.at[0] == '"' ? skip_quoted(value) : skip_word(value);
    return after.len < value.len ? after : (struct span){NULL, 0};
}

/* chunk-ext = *( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] ), RFC 9112, 7.1.1. */
static bool extensions_valid(struct span s)
{
    while (s.len > 0) {
        s = span_trim(s);
        if (s.len == 0 || s.at[0] != ';')
            return false;
        s = span_trim(span_from(s, 1));
        struct span after = skip_word(s);
        if (after.len == s.len)
            return false;
        s = skip_value(span_trim(after));
        if (!s.at)
            return false;
    }
    return true;
}

static enum body_step chunk_size(struct body *body)
{
    struct span line = {body->line, body->line_bytes};
    size_t digits = 0;
    uint64_t size;
    while (digits < line.len && ascii_hex(line.at[digits]) >= 0)
        digits++;
    if (!span_to_hex_number(span_first(line, digits), INT64_MAX, &size))
        return bad(body, "a chunk's size is not a plain hexadecimal number");
    if (!field_value_valid(line) || !extensions_valid(span_from(line, digits)))
        return bad(body, "what follows a chunk's size is no chunk extension");
    body->left = size;
    body->state = size ? CHUNK_DATA : CHUNK_TRAILER;
    return BODY_MORE;
}

static enum body_step trailer_line(struct body *body)
{
    struct span line = {body->line, body->line_bytes};
    struct field field;
    if (line.len == 0) {
        body->state = CHUNK_END;
        return BODY_END;
    }
    if (!field_parse_line(line, &field))
        return bad(body, "a trailer line is no header field");
    if (body->trailer_bytes + line.len + 2 > sizeof body->trailers)
        return bad(body, "the trailers are too long");
    memcpy(body->trailers + body->trailer_bytes, line.at, line.len);
    memcpy(body->trailers + body->trailer_bytes + line.len, "\r\n", 2);
    body->trailer_bytes += line.len + 2;
    return BODY_MORE;
}

/* Gathers a line up to its CRLF, then reads it. The line is short, so byte by byte will do. */
static enum body_step gather_line(struct body *body, struct span *bytes)
{
    while (bytes->len > 0) {
        char c = bytes->at[0];
        *bytes = span_from(*bytes, 1);
        bool after_cr = body->line_bytes > 0 && body->line[body->line_bytes - 1] == '\r';
        if (after_cr != (c == '\n'))
            return bad(body, "a line of the chunked coding does not end in CRLF");
        if (after_cr) {
            body->line_bytes--;
            enum body_step step = body->state == CHUNK_SIZE ? chunk_size(body) : trailer_line(body);
            body->line_bytes = 0;
            return step;
        }
        if (body->line_bytes == sizeof body->line)
            return bad(body, "a line of the chunked coding is too long");
        body->line[body->line_bytes++] = c;
    }
    return BODY_MORE;
}

static enum body_step expect_byte(
    struct body *body, struct span *bytes, char c, enum chunk_state next)
{
    if (bytes->at[0] != c)
        return bad(body, "a chunk is longer or shorter than its size");
    *bytes = span_from(*bytes, 1);
    body->state = next;
    return BODY_MORE;
}

static enum body_step chunked_step(struct body *body, struct span *bytes, struct span *piece)
{
    switch ((enum chunk_state)body->state) {
    case CHUNK_DATA:
        if (body->left > 0)
            return content(body, bytes, piece);
        body->state = CHUNK_DATA_CR;
        return BODY_MORE;
    case CHUNK_DATA_CR:
        return expect_byte(body, bytes, '\r', CHUNK_DATA_LF);
    case CHUNK_DATA_LF:
        return expect_byte(body, bytes, '\n', CHUNK_SIZE);
    case CHUNK_SIZE:
    case CHUNK_TRAILER:
        return gather_line(body, bytes);
    case CHUNK_END:
    default:
        return BODY_END;
    }
}

static enum body_step chunked(struct body *body, struct span *bytes, struct span *piece)
{
    enum body_step step = body->state == CHUNK_END ? BODY_END : BODY_MORE;
    while (step == BODY_MORE && bytes->len > 0)
        step = chunked_step(body, bytes, piece);
    return step;
}

enum body_step body_next(struct body *body, struct span *bytes, struct span *piece)
{
    if (body->why)
        return BODY_BAD;
    switch (body->kind) {
    case BODY_CHUNKED:
        return chunked(body, bytes, piece);
    case BODY_LENGTH:
        if (body->left == 0)
            return BODY_END;
        return bytes->len > 0 ? content(body, bytes, piece) : BODY_MORE;
    case BODY_UNTIL_CLOSE:
        *piece = *bytes;
        *bytes = span_from(*bytes, bytes->len);
        return piece->len > 0 ? BODY_PIECE : BODY_MORE;
    case BODY_NONE:
    default:
        return BODY_END;
    }
}

bool body_whole(const struct body *body)
{
    switch (body->kind) {
    case BODY_CHUNKED:
        return body->state == CHUNK_END;
    case BODY_LENGTH:
        return body->left == 0;
    case BODY_UNTIL_CLOSE:
        return false;
    case BODY_NONE:
    default:
        return true;
    }
}

struct span body_trailers(const struct body *body)
{
    return (struct span){body->trailers, body->trailer_bytes};
}

bool body_next_trailer(struct span *rest, struct field *field)
{
    size_t end = span_find(*rest, '\r');
    if (rest->len == 0 || !field_parse_line(span_first(*rest, end), field))
        return false;
    *rest = span_from(*rest, end + 2);
    return true;
}
