/* WebSocket frames, from either side: whole, and in two parts, with the same outcome; and written
 * again they are the same bytes. */
#include "tests/fuzz/fuzz.h"

#include "proxy/http/websocket_reader.h"
#include "proxy/http/websocket_writer.h"

struct result {
    struct websocket_reader reader;
    enum websocket_step step;
    size_t frames, ends;
    struct buf payload; /* of the frame under way */
    struct buf again;   /* all whole frames */
};

static void end_frame(struct result *r)
{
    bool masked = r->reader.form.from_client;
    size_t head = r->again.len;
    websocket_write_head(&r->again, &r->reader.frame, masked ? r->reader.mask : NULL);
    size_t start = r->again.len;
    REQUIRE(!r->again.failed && start - head <= WEBSOCKET_HEAD_BYTES);
    buf_add(&r->again, buf_span(&r->payload));
    REQUIRE(!r->again.failed && r->payload.len == r->reader.frame.length);
    if (masked)
        websocket_mask(r->again.at + start, r->payload.len, r->reader.mask, 0);
    r->ends++;
    REQUIRE(r->ends == r->frames);
}

static void take_step(struct result *r, struct span piece)
{
    if (r->step == WEBSOCKET_FRAME) {
        r->frames++;
        r->payload.len = 0;
        REQUIRE(r->frames == r->ends + 1);
    }
    if (r->step == WEBSOCKET_PIECE) {
        REQUIRE(piece.len > 0 && r->frames == r->ends + 1);
        buf_add(&r->payload, piece);
    }
    if (r->step == WEBSOCKET_END)
        end_frame(r);
}

static void feed(struct result *r, struct span bytes)
{
    char *copy = fuzz_copy(bytes);
    struct websocket_bytes rest = {copy, copy ? bytes.len : 0};
    struct span piece = {NULL, 0};
    do {
        r->step = websocket_reader_next(&r->reader, &rest, &piece);
        take_step(r, piece);
    } while (r->step != WEBSOCKET_MORE && r->step != WEBSOCKET_BAD);
    REQUIRE(r->step == WEBSOCKET_BAD || rest.len == 0);
    REQUIRE((r->step == WEBSOCKET_BAD) == (r->reader.why != NULL));
    if (websocket_closed(&r->reader)) {
        unsigned code = websocket_close_code(&r->reader);
        REQUIRE(code == WEBSOCKET_NO_CODE || websocket_close_code_valid(code));
        REQUIRE(websocket_close_reason(&r->reader).len <= WEBSOCKET_REASON_BYTES);
    }
    free(copy);
}

static void begin(struct result *r, uint8_t flags, char *memory, size_t size)
{
    struct websocket_form form = {
        .from_client = flags & 1, .check_text = flags & 2, .max_message_bytes = 1000};
    *r = (struct result){.payload = buf_over(memory, size), .again = buf_over(memory + size, size)};
    websocket_reader_begin(&r->reader, form);
}

static void check_same(const struct result *whole, const struct result *parts)
{
    REQUIRE(whole->step == parts->step && whole->ends == parts->ends);
    REQUIRE(whole->frames == parts->frames);
    REQUIRE(whole->reader.bad_code == parts->reader.bad_code);
    REQUIRE(span_equal(buf_span(&whole->again), buf_span(&parts->again)));
    if (whole->step != WEBSOCKET_BAD)
        REQUIRE(span_equal(buf_span(&whole->payload), buf_span(&parts->payload)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct result whole, parts;
    if (size < 2)
        return 0;
    struct span bytes = fuzz_span(data + 2, size - 2);
    size_t split = data[1] % (bytes.len + 1);
    char *memory = malloc(4 * size);
    if (!memory)
        abort();
    begin(&whole, data[0], memory, size);
    begin(&parts, data[0], memory + 2 * size, size);
    feed(&whole, bytes);
    feed(&parts, span_first(bytes, split));
    if (parts.step != WEBSOCKET_BAD)
        feed(&parts, span_from(bytes, split));
    check_same(&whole, &parts);
    REQUIRE(span_starts(bytes, buf_span(&whole.again)));
    free(memory);
    return 0;
}
