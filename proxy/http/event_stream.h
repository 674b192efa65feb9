/* application/vnd.amazon.eventstream: the messages in which AWS's services stream events both ways.
 *
 *   bytes in all u32 | bytes of headers u32 | CRC-32 of these 8 u32
 *   headers: (bytes of name u8 | name | type u8 | value) ...
 *   payload | CRC-32 of all before it u32
 *
 * Numbers have their highest byte first. Read where it lies, nothing is copied: a message is spans
 * into the bytes it came in. Both sums and all headers are checked before a message is given out.
 * What two readers could take in two ways is refused: a header twice, a header that reaches into
 * the payload. Whether names and texts are UTF-8 is for whoever prints them. Pure.
 * Source: Smithy 2.0, "Amazon Event Stream specification". */
#pragma once

#include "proxy/base/buf.h"

enum {
    EVENT_STREAM_AROUND = 12 + 4, /* bytes of a message besides headers and payload */
    EVENT_STREAM_MAX_HEADERS_BYTES = 128 * 1024,
    EVENT_STREAM_MAX_VALUE_BYTES = 32 * 1024 - 1,
    EVENT_STREAM_MAX_PAYLOAD_BYTES = 16 * 1024 * 1024,
    EVENT_STREAM_MAX_BYTES =
        EVENT_STREAM_MAX_PAYLOAD_BYTES + EVENT_STREAM_MAX_HEADERS_BYTES + EVENT_STREAM_AROUND,
    EVENT_STREAM_MAX_HEADERS = 128, /* a limit of our own: each is compared with those before it */
};

/* As on the wire. */
enum event_stream_type {
    EVENT_STREAM_TRUE,
    EVENT_STREAM_FALSE,
    EVENT_STREAM_BYTE,
    EVENT_STREAM_INT16,
    EVENT_STREAM_INT32,
    EVENT_STREAM_INT64,
    EVENT_STREAM_BYTES,
    EVENT_STREAM_STRING,
    EVENT_STREAM_TIMESTAMP,
    EVENT_STREAM_UUID,
};

struct event_stream_header {
    struct span name; /* 1 to 255 bytes */
    enum event_stream_type type;
    int64_t number;    /* of BYTE to INT64; of TIMESTAMP: milliseconds since 1970 */
    struct span value; /* of BYTES, STRING and UUID (16 bytes) */
};

struct event_stream_message {
    struct span headers; /* for event_stream_next_header() and event_stream_find() */
    struct span payload;
    const char *why; /* after EVENT_STREAM_BAD */
};

/* MORE: the message goes on behind these bytes. MESSAGE: it is whole. BAD: it is none. */
enum event_stream_step { EVENT_STREAM_MORE, EVENT_STREAM_MESSAGE, EVENT_STREAM_BAD };

/* Reads the message that the bytes begin with; one of more than max_bytes in all is bad. MESSAGE:
 * *used is how many of the bytes it is; those behind it belong to the next. MORE: *used is how many
 * it will be in all, or 0 where that is not known yet (the first 12 bytes tell). */
enum event_stream_step event_stream_read(
    struct span bytes, size_t max_bytes, struct event_stream_message *message, size_t *used);

/* Takes the next header off what is left of a message's; false once there is none. */
bool event_stream_next_header(struct span *rest, struct event_stream_header *header);

/* The header of that name and type; false where the message has none. */
bool event_stream_find(const struct event_stream_message *message, struct span name,
    enum event_stream_type type, struct event_stream_header *header);

/* --- Writing ---------------------------------------------------------------------------------- */

/* Begin, headers, payload, end; in out stands the message, behind what was there before. What does
 * not fit, or is beyond the limits above, sets out's `failed`. No name may be there twice. */
struct event_stream_writer {
    struct buf *out;
    size_t start;
    size_t payload; /* where it begins, once the headers have ended */
};

void event_stream_begin(struct event_stream_writer *writer, struct buf *out);
void event_stream_add(struct event_stream_writer *writer, const struct event_stream_header *header);
void event_stream_add_string(
    struct event_stream_writer *writer, struct span name, struct span text);

/* The headers have ended: what is now appended to out is payload, in any pieces. */
void event_stream_begin_payload(struct event_stream_writer *writer);

/* After event_stream_begin_payload(): puts lengths and sums in their places. */
void event_stream_end(struct event_stream_writer *writer);

/* One header alone, as it stands in a message; signatures cover it like this. */
void event_stream_write_header(struct buf *out, const struct event_stream_header *header);
