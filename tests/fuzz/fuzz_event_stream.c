/* Event-stream messages: the bytes as they are, and as headers and payload between right sums. What
 * is read lies within the bytes, and written again it is the same bytes. */
#include "tests/fuzz/fuzz.h"

#include "proxy/base/crc.h"
#include "proxy/http/event_stream.h"

static void write_again(const struct event_stream_message *message, struct span bytes, char *memory)
{
    struct event_stream_writer writer;
    struct event_stream_header header, found;
    struct buf out = buf_over(memory, bytes.len);
    struct span rest = message->headers;
    event_stream_begin(&writer, &out);
    while (event_stream_next_header(&rest, &header)) {
        REQUIRE(event_stream_find(message, header.name, header.type, &found));
        REQUIRE(found.name.at == header.name.at);
        event_stream_add(&writer, &header);
    }
    REQUIRE(rest.len == 0);
    event_stream_begin_payload(&writer);
    buf_add(&out, message->payload);
    event_stream_end(&writer);
    REQUIRE(!out.failed && span_equal(buf_span(&out), bytes));
}

static void check(struct span bytes)
{
    struct event_stream_message message;
    size_t used;
    char *copy = fuzz_copy(bytes), *memory = malloc(bytes.len + 1);
    struct span exact = {copy ? copy : "", copy ? bytes.len : 0};
    if (!memory)
        abort();
    enum event_stream_step step = event_stream_read(exact, EVENT_STREAM_MAX_BYTES, &message, &used);
    REQUIRE((step == EVENT_STREAM_BAD) == (message.why != NULL));
    if (step == EVENT_STREAM_MORE)
        REQUIRE(used == 0 || used > exact.len);
    if (step == EVENT_STREAM_MESSAGE) {
        REQUIRE(used <= exact.len);
        REQUIRE(fuzz_within(message.headers, exact) && fuzz_within(message.payload, exact));
        write_again(&message, span_first(exact, used), memory);
    }
    free(copy);
    free(memory);
}

static void put(char *at, uint64_t number)
{
    for (size_t i = 0; i < 4; i++)
        at[i] = (char)(number >> 8 * (3 - i));
}

/* The first two bytes say how many of the others are headers. */
static void check_sealed(struct span content)
{
    size_t headers = (size_t)(unsigned char)content.at[0] << 8 | (unsigned char)content.at[1];
    struct span rest = span_from(content, 2);
    size_t total = EVENT_STREAM_AROUND + rest.len;
    char *memory = malloc(total);
    if (!memory)
        abort();
    put(memory, total);
    put(memory + 4, headers < rest.len ? headers : rest.len);
    put(memory + 8, crc32_ieee(0, (struct span){memory, 8}));
    if (rest.len > 0)
        memcpy(memory + 12, rest.at, rest.len);
    put(memory + total - 4, crc32_ieee(0, (struct span){memory, total - 4}));
    check((struct span){memory, total});
    free(memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check(fuzz_span(data, size));
    if (size >= 2)
        check_sealed(fuzz_span(data, size));
    return 0;
}
