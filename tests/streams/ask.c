/* Asks the codecs of event streams in bulk: a question a line on standard input, its answer a line
 * on standard output, the columns of both parted by a tab, bytes in hexadecimal.
 *
 *   read BYTES                   message, its bytes in all, payload, headers; or more; or bad, why
 *   write PAYLOAD [HEADER ...]   the message
 *
 * A HEADER is NAME:TYPE:VALUE, its name in hexadecimal too; the value of a number is decimal. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "proxy/http/event_stream.h"

enum { MAX_BYTES = 1 << 20, MAX_LINE = 2 * MAX_BYTES + 64 };

static char line[MAX_LINE], bytes[MAX_BYTES], decoded[MAX_BYTES], answer[MAX_LINE];

/* Appends the bytes that the digits stand for, and returns them. */
static struct span unhex(struct span digits, struct buf *out)
{
    size_t start = out->len;
    for (size_t i = 0; i + 1 < digits.len; i += 2)
        buf_char(out, (char)(ascii_hex(digits.at[i]) << 4 | ascii_hex(digits.at[i + 1])));
    return buf_since(out, start);
}

static void hex(struct buf *out, struct span s)
{
    buf_hex(out, (const unsigned char *)s.at, s.len);
}

static bool is_number(enum event_stream_type type)
{
    return (type >= EVENT_STREAM_BYTE && type <= EVENT_STREAM_INT64)
        || type == EVENT_STREAM_TIMESTAMP;
}

static void read_message(struct span column, struct buf *out)
{
    struct buf memory = buf_over(bytes, sizeof bytes);
    struct event_stream_message message;
    struct event_stream_header header;
    size_t used;
    enum event_stream_step step =
        event_stream_read(unhex(column, &memory), SIZE_MAX, &message, &used);
    if (step == EVENT_STREAM_MORE)
        buf_text(out, "more");
    if (step == EVENT_STREAM_BAD)
        buf_format(out, "bad\t%s", message.why);
    if (step != EVENT_STREAM_MESSAGE)
        return;
    buf_format(out, "message\t%zu\t", used);
    hex(out, message.payload);
    while (event_stream_next_header(&message.headers, &header)) {
        buf_char(out, '\t');
        hex(out, header.name);
        buf_format(out, ":%d:", (int)header.type);
        if (is_number(header.type))
            buf_format(out, "%" PRId64, header.number);
        else
            hex(out, header.value);
    }
}

static void add_header(struct event_stream_writer *writer, struct span column, struct buf *memory)
{
    struct event_stream_header header = {.value = {"", 0}};
    struct span name, type;
    if (!span_next(&column, ':', &name) || !span_next(&column, ':', &type))
        abort();
    header.name = unhex(name, memory);
    header.type = (enum event_stream_type)strtol(type.at, NULL, 10);
    if (is_number(header.type))
        header.number = strtoll(column.at, NULL, 10);
    else
        header.value = unhex(column, memory);
    event_stream_add(writer, &header);
}

static void write_message(struct span rest, struct buf *out)
{
    struct buf memory = buf_over(decoded, sizeof decoded), message = buf_over(bytes, sizeof bytes);
    struct event_stream_writer writer;
    struct span payload = {"", 0}, column;
    (void)span_next(&rest, '\t', &payload);
    event_stream_begin(&writer, &message);
    while (span_next(&rest, '\t', &column))
        add_header(&writer, column, &memory);
    event_stream_begin_payload(&writer);
    buf_add(&message, unhex(payload, &memory));
    event_stream_end(&writer);
    if (message.failed || memory.failed)
        abort();
    hex(out, buf_span(&message));
}

int main(void)
{
    while (fgets(line, sizeof line, stdin)) {
        struct buf out = buf_over(answer, sizeof answer);
        struct span rest = span_first(span_of(line), span_find(span_of(line), '\n')), what;
        if (!span_next(&rest, '\t', &what))
            return 1;
        if (span_equal(what, SPAN("read")))
            read_message(rest, &out);
        else
            write_message(rest, &out);
        printf("%.*s\n", SPAN_ARGS(buf_span(&out)));
    }
    return 0;
}
