#include "proxy/http/aws_chunked.h"

#include "proxy/http/field.h"

enum chunk_state { CHUNK_SIZE, CHUNK_DATA, CHUNK_DATA_CR, CHUNK_DATA_LF, CHUNK_TRAILER, CHUNK_END };

static const struct span chunk_signature = {";chunk-signature=", 17};
static const struct span trailer_signature = {"x-amz-trailer-signature:", 24};

void aws_chunked_begin(
    struct aws_chunked *reader, struct aws_chunked_form form, uint64_t decoded_bytes)
{
    reader->form = form;
    reader->state = CHUNK_SIZE;
    reader->total_left = decoded_bytes;
    reader->chunk_left = 0;
    reader->why = NULL;
    reader->trailers_signed = false;
    reader->trailer_bytes = reader->line_bytes = 0;
}

static enum aws_chunked_step bad(struct aws_chunked *reader, const char *why)
{
    reader->why = why;
    return AWS_CHUNKED_BAD;
}

/* Keeps it; false where it is not 64 hexadecimal digits. */
static bool take_signature(struct aws_chunked *reader, struct span hex)
{
    if (hex.len != sizeof reader->signature)
        return false;
    for (size_t i = 0; i < hex.len; i++)
        if (ascii_hex(hex.at[i]) < 0)
            return false;
    memcpy(reader->signature, hex.at, hex.len);
    return true;
}

/* What stands behind a chunk's size: its signature, or nothing. */
static bool extension_valid(struct aws_chunked *reader, struct span extension)
{
    if (!reader->form.is_signed)
        return extension.len == 0;
    return span_starts(extension, chunk_signature)
        && take_signature(reader, span_from(extension, chunk_signature.len));
}

static enum aws_chunked_step size_line(struct aws_chunked *reader, struct span line)
{
    size_t digits = span_find(line, ';');
    uint64_t size;
    if (!span_to_hex_number(span_first(line, digits), INT64_MAX, &size))
        return bad(reader, "a chunk's size in aws-chunked is not a plain hexadecimal number");
    if (!extension_valid(reader, span_from(line, digits)))
        return bad(reader,
            reader->form.is_signed
                ? "a chunk's size in aws-chunked is not followed by its signature"
                : "a chunk in aws-chunked has more than its size before it");
    if (size > reader->total_left || (size == 0 && reader->total_left > 0))
        return bad(reader, "the content is not as long as X-Amz-Decoded-Content-Length says");
    reader->chunk_left = size;
    reader->total_left -= size;
    reader->state = size ? CHUNK_DATA : CHUNK_TRAILER;
    return size == 0 && reader->form.is_signed ? AWS_CHUNKED_CHUNK : AWS_CHUNKED_MORE;
}

static bool visible(struct span value)
{
    for (size_t i = 0; i < value.len; i++)
        if (value.at[i] <= ' ' || value.at[i] > '~')
            return false;
    return value.len > 0;
}

/* Whether a trailer of that name has come before. */
static bool named_before(const struct aws_chunked *reader, struct span name)
{
    struct span rest = aws_chunked_trailers(reader), line;
    while (span_next(&rest, '\n', &line))
        if (span_equal_nocase(span_first(line, span_find(line, ':')), name))
            return true;
    return false;
}

static enum aws_chunked_step trailer(struct aws_chunked *reader, struct span line)
{
    struct span name = span_first(line, span_find(line, ':'));
    if (!field_name_valid(name) || !visible(span_from(line, name.len + 1)))
        return bad(reader, "a trailer in aws-chunked is not of the form name:value");
    if (named_before(reader, name))
        return bad(reader, "a trailer in aws-chunked stands there twice");
    if (reader->trailer_bytes + line.len + 2 > AWS_CHUNKED_TRAILER_BYTES)
        return bad(reader, "the trailers in aws-chunked are too long");
    memcpy(reader->lines + reader->trailer_bytes + line.len, "\r\n", 2);
    reader->trailer_bytes += line.len + 2;
    return AWS_CHUNKED_MORE;
}

static enum aws_chunked_step empty_line(struct aws_chunked *reader)
{
    bool has_trailers = reader->form.has_trailers;
    if (has_trailers && reader->trailer_bytes == 0)
        return bad(reader, "aws-chunked ends without the trailers that were announced");
    if (has_trailers && reader->form.is_signed && !reader->trailers_signed)
        return bad(reader, "aws-chunked ends without the signature of its trailers");
    reader->state = CHUNK_END;
    return AWS_CHUNKED_END;
}

static enum aws_chunked_step trailer_line(struct aws_chunked *reader, struct span line)
{
    if (line.len == 0)
        return empty_line(reader);
    if (!reader->form.has_trailers)
        return bad(reader, "aws-chunked has trailers that were not announced");
    if (reader->trailers_signed)
        return bad(reader, "a line follows the signature of the trailers in aws-chunked");
    if (!span_starts_nocase(line, trailer_signature))
        return trailer(reader, line);
    if (!reader->form.is_signed)
        return bad(reader, "the trailers in aws-chunked have a signature, the chunks have none");
    if (!take_signature(reader, span_from(line, trailer_signature.len)))
        return bad(reader, "the signature of the trailers in aws-chunked is none");
    reader->trailers_signed = true;
    return AWS_CHUNKED_MORE;
}

/* One byte of the line that stands behind the trailers kept so far. */
static enum aws_chunked_step line_byte(struct aws_chunked *reader, char c)
{
    struct span line = {reader->lines + reader->trailer_bytes, reader->line_bytes};
    bool after_cr = line.len > 0 && line.at[line.len - 1] == '\r';
    size_t room = reader->state == CHUNK_SIZE ? (size_t)AWS_CHUNKED_LINE_BYTES
                                              : sizeof reader->lines - reader->trailer_bytes;
    if (after_cr != (c == '\n'))
        return bad(reader, "a line of aws-chunked does not end in CRLF");
    if (after_cr) {
        line.len--;
        reader->line_bytes = 0;
        return reader->state == CHUNK_SIZE ? size_line(reader, line) : trailer_line(reader, line);
    }
    if (line.len == room)
        return bad(reader, "a line of aws-chunked is too long");
    reader->lines[reader->trailer_bytes + reader->line_bytes++] = c;
    return AWS_CHUNKED_MORE;
}

static enum aws_chunked_step after_data(struct aws_chunked *reader, char c)
{
    bool cr = reader->state == CHUNK_DATA_CR;
    if (c != (cr ? '\r' : '\n'))
        return bad(reader, "a chunk in aws-chunked is longer or shorter than its size");
    reader->state = cr ? CHUNK_DATA_LF : CHUNK_SIZE;
    return !cr && reader->form.is_signed ? AWS_CHUNKED_CHUNK : AWS_CHUNKED_MORE;
}

static enum aws_chunked_step data(
    struct aws_chunked *reader, struct span *bytes, struct span *piece)
{
    uint64_t left = reader->chunk_left;
    *piece = span_first(*bytes, left < bytes->len ? (size_t)left : bytes->len);
    *bytes = span_from(*bytes, piece->len);
    reader->chunk_left -= piece->len;
    if (reader->chunk_left == 0)
        reader->state = CHUNK_DATA_CR;
    return AWS_CHUNKED_PIECE;
}

/* Lines are short, so they are read byte by byte. */
static enum aws_chunked_step step(
    struct aws_chunked *reader, struct span *bytes, struct span *piece)
{
    if (reader->state == CHUNK_DATA)
        return data(reader, bytes, piece);
    if (reader->state == CHUNK_END)
        return bad(reader, "bytes follow the end of aws-chunked");
    char c = bytes->at[0];
    *bytes = span_from(*bytes, 1);
    bool in_line = reader->state == CHUNK_SIZE || reader->state == CHUNK_TRAILER;
    return in_line ? line_byte(reader, c) : after_data(reader, c);
}

enum aws_chunked_step aws_chunked_next(
    struct aws_chunked *reader, struct span *bytes, struct span *piece)
{
    enum aws_chunked_step now = reader->why ? AWS_CHUNKED_BAD
        : aws_chunked_whole(reader)         ? AWS_CHUNKED_END
                                            : AWS_CHUNKED_MORE;
    while ((now == AWS_CHUNKED_MORE || now == AWS_CHUNKED_END) && bytes->len > 0)
        now = step(reader, bytes, piece);
    return now;
}

bool aws_chunked_whole(const struct aws_chunked *reader)
{
    return reader->state == CHUNK_END && !reader->why;
}

struct span aws_chunked_signature(const struct aws_chunked *reader)
{
    return (struct span){reader->signature, sizeof reader->signature};
}

struct span aws_chunked_trailers(const struct aws_chunked *reader)
{
    return (struct span){reader->lines, reader->trailer_bytes};
}

/* --- Writing ---------------------------------------------------------------------------------- */

static size_t hex_digits(uint64_t number)
{
    size_t digits = 1;
    while (number >>= 4)
        digits++;
    return digits;
}

void aws_chunked_write_size(struct buf *out, uint64_t size)
{
    for (size_t digits = hex_digits(size); digits > 0; digits--)
        buf_char(out, "0123456789abcdef"[size >> (digits - 1) * 4 & 15]);
    buf_text(out, "\r\n");
}

void aws_chunked_write_end(struct buf *out, struct span trailers)
{
    buf_text(out, "0\r\n");
    buf_add(out, trailers);
    buf_text(out, "\r\n");
}

bool aws_chunked_length(
    uint64_t decoded_bytes, uint64_t chunk_bytes, size_t trailer_bytes, uint64_t *length)
{
    uint64_t full = decoded_bytes / chunk_bytes, rest = decoded_bytes % chunk_bytes;
    uint64_t sum = trailer_bytes, around = hex_digits(chunk_bytes) + 4, rims;
    uint64_t rim_of_rest = rest > 0 ? hex_digits(rest) + 4 : 0;
    if (__builtin_mul_overflow(full, around, &rims) || __builtin_add_overflow(sum, rims, &sum)
        || __builtin_add_overflow(sum, rim_of_rest + 5, &sum)
        || __builtin_add_overflow(sum, decoded_bytes, &sum) || sum > INT64_MAX)
        return false;
    *length = sum;
    return true;
}
