#include "proxy/http/event_stream.h"

#include "proxy/base/crc.h"

enum { PRELUDE_BYTES = 12, SUM_BYTES = 4, MAX_NAME_BYTES = 255, UUID_BYTES = 16 };

static uint64_t number_at(const char *at, size_t bytes)
{
    uint64_t number = 0;
    for (size_t i = 0; i < bytes; i++)
        number = number << 8 | (unsigned char)at[i];
    return number;
}

static bool has_length(enum event_stream_type type)
{
    return type == EVENT_STREAM_BYTES || type == EVENT_STREAM_STRING;
}

/* How many bytes a number has on the wire; for BYTES and STRING, the length before the value. */
static size_t number_bytes(enum event_stream_type type)
{
    static const unsigned char bytes[] = {
        [EVENT_STREAM_BYTE] = 1,
        [EVENT_STREAM_INT16] = 2,
        [EVENT_STREAM_INT32] = 4,
        [EVENT_STREAM_INT64] = 8,
        [EVENT_STREAM_BYTES] = 2,
        [EVENT_STREAM_STRING] = 2,
        [EVENT_STREAM_TIMESTAMP] = 8,
        [EVENT_STREAM_UUID] = 0,
    };
    return bytes[type];
}

/* --- Reading ---------------------------------------------------------------------------------- */

static bool take(struct span *rest, size_t bytes, struct span *taken)
{
    if (rest->len < bytes)
        return false;
    *taken = span_first(*rest, bytes);
    *rest = span_from(*rest, bytes);
    return true;
}

static int64_t with_sign(uint64_t number, size_t bytes)
{
    uint64_t sign = bytes > 0 ? UINT64_C(1) << (8 * bytes - 1) : 0;
    return (int64_t)((number ^ sign) - sign);
}

static bool take_value(struct span *rest, struct event_stream_header *header)
{
    struct span number;
    size_t bytes = number_bytes(header->type);
    if (!take(rest, bytes, &number))
        return false;
    uint64_t value = number_at(number.at, bytes);
    if (has_length(header->type))
        return value <= EVENT_STREAM_MAX_VALUE_BYTES && take(rest, (size_t)value, &header->value);
    header->number = with_sign(value, bytes);
    return header->type != EVENT_STREAM_UUID || take(rest, UUID_BYTES, &header->value);
}

bool event_stream_next_header(struct span *rest, struct event_stream_header *header)
{
    struct span bytes;
    *header = (struct event_stream_header){.value = {"", 0}};
    if (!take(rest, 1, &bytes) || bytes.at[0] == 0
        || !take(rest, (unsigned char)bytes.at[0], &header->name) || !take(rest, 1, &bytes)
        || (unsigned char)bytes.at[0] > EVENT_STREAM_UUID)
        return false;
    header->type = (enum event_stream_type)bytes.at[0];
    return take_value(rest, header);
}

static bool named_before(struct span before, struct span name)
{
    struct event_stream_header header;
    while (before.len > 0 && event_stream_next_header(&before, &header))
        if (span_equal(header.name, name))
            return true;
    return false;
}

/* What is wrong with the headers; NULL where nothing is. */
static const char *check_headers(struct span headers)
{
    struct span rest = headers;
    struct event_stream_header header;
    for (size_t count = 0; rest.len > 0; count++) {
        struct span before = span_first(headers, headers.len - rest.len);
        if (count == EVENT_STREAM_MAX_HEADERS)
            return "an event-stream message has more headers than are read";
        if (!event_stream_next_header(&rest, &header))
            return "a header of an event-stream message is malformed";
        if (named_before(before, header.name))
            return "a header of an event-stream message stands there twice";
    }
    return NULL;
}

/* Likewise, with the first bytes. */
static const char *check_prelude(struct span prelude, size_t max_bytes)
{
    uint64_t total = number_at(prelude.at, 4), headers = number_at(prelude.at + 4, 4);
    if (number_at(prelude.at + 8, 4) != crc32_ieee(0, span_first(prelude, 8)))
        return "the beginning of an event-stream message does not have the checksum it names";
    if (headers > EVENT_STREAM_MAX_HEADERS_BYTES || total < EVENT_STREAM_AROUND + headers)
        return "the headers of an event-stream message do not fit into it";
    if (total - headers > EVENT_STREAM_MAX_PAYLOAD_BYTES + EVENT_STREAM_AROUND || total > max_bytes)
        return "an event-stream message is too long";
    return NULL;
}

static enum event_stream_step bad(struct event_stream_message *message, const char *why)
{
    *message = (struct event_stream_message){.why = why};
    return EVENT_STREAM_BAD;
}

enum event_stream_step event_stream_read(
    struct span bytes, size_t max_bytes, struct event_stream_message *message, size_t *used)
{
    *message = (struct event_stream_message){.why = NULL};
    *used = 0;
    if (bytes.len < PRELUDE_BYTES)
        return EVENT_STREAM_MORE;
    const char *why = check_prelude(span_first(bytes, PRELUDE_BYTES), max_bytes);
    if (why)
        return bad(message, why);
    *used = (size_t)number_at(bytes.at, 4);
    if (bytes.len < *used)
        return EVENT_STREAM_MORE;
    size_t summed = *used - SUM_BYTES;
    if (number_at(bytes.at + summed, SUM_BYTES) != crc32_ieee(0, span_first(bytes, summed)))
        return bad(message, "an event-stream message does not have the checksum it names");
    struct span rest = span_from(span_first(bytes, summed), PRELUDE_BYTES);
    message->headers = span_first(rest, (size_t)number_at(bytes.at + 4, 4));
    message->payload = span_from(rest, message->headers.len);
    why = check_headers(message->headers);
    return why ? bad(message, why) : EVENT_STREAM_MESSAGE;
}

bool event_stream_find(const struct event_stream_message *message, struct span name,
    enum event_stream_type type, struct event_stream_header *header)
{
    struct span rest = message->headers;
    while (event_stream_next_header(&rest, header))
        if (span_equal(header->name, name))
            return header->type == type;
    return false;
}

/* --- Writing ---------------------------------------------------------------------------------- */

void event_stream_begin(struct event_stream_writer *writer, struct buf *out)
{
    *writer = (struct event_stream_writer){.out = out, .start = out->len};
    for (size_t i = 0; i < PRELUDE_BYTES; i++)
        buf_char(out, 0);
}

static bool fits(int64_t number, size_t bytes)
{
    return bytes == 0
        || with_sign((uint64_t)number & UINT64_MAX >> (64 - 8 * bytes), bytes) == number;
}

static bool writable(const struct event_stream_header *header)
{
    if (header->name.len == 0 || header->name.len > MAX_NAME_BYTES)
        return false;
    if (has_length(header->type))
        return header->value.len <= EVENT_STREAM_MAX_VALUE_BYTES;
    if (header->type == EVENT_STREAM_UUID)
        return header->value.len == UUID_BYTES;
    return fits(header->number, number_bytes(header->type));
}

void event_stream_write_header(struct buf *out, const struct event_stream_header *header)
{
    size_t bytes = number_bytes(header->type);
    bool sized = has_length(header->type);
    out->failed = out->failed || !writable(header);
    buf_char(out, (char)header->name.len);
    buf_add(out, header->name);
    buf_char(out, (char)header->type);
    buf_big_endian(out, sized ? header->value.len : (uint64_t)header->number, bytes);
    if (sized || header->type == EVENT_STREAM_UUID)
        buf_add(out, header->value);
}

void event_stream_add(struct event_stream_writer *writer, const struct event_stream_header *header)
{
    event_stream_write_header(writer->out, header);
}

void event_stream_add_string(struct event_stream_writer *writer, struct span name, struct span text)
{
    event_stream_add(writer,
        &(struct event_stream_header){.name = name, .type = EVENT_STREAM_STRING, .value = text});
}

void event_stream_begin_payload(struct event_stream_writer *writer)
{
    writer->payload = writer->out->len;
}

static void put(char *at, uint64_t number)
{
    struct buf place = buf_over(at, 4);
    buf_big_endian(&place, number, 4);
}

void event_stream_end(struct event_stream_writer *writer)
{
    struct buf *out = writer->out;
    if (out->failed)
        return;
    char *prelude = out->at + writer->start;
    size_t headers = writer->payload - writer->start - PRELUDE_BYTES;
    size_t payload = out->len - writer->payload;
    out->failed =
        headers > EVENT_STREAM_MAX_HEADERS_BYTES || payload > EVENT_STREAM_MAX_PAYLOAD_BYTES;
    put(prelude, EVENT_STREAM_AROUND + headers + payload);
    put(prelude + 4, headers);
    put(prelude + 8, crc32_ieee(0, (struct span){prelude, 8}));
    buf_big_endian(out, crc32_ieee(0, buf_since(out, writer->start)), SUM_BYTES);
}
