/* Event-stream messages that are wrong between right checksums, and the limits of what is read and
 * written. */
#include "tests/unit/check.h"

#include "proxy/base/crc.h"
#include "tests/unit/event_stream_step.h"

enum { PLENTY = EVENT_STREAM_MAX_BYTES };

/* --- Right sums around anything --------------------------------------------------------------- */

static void put(char *at, uint64_t number)
{
    for (size_t i = 0; i < 4; i++)
        at[i] = (char)(number >> 8 * (3 - i));
}

/* What the message says of itself, its sums, and what follows the prelude. */
static struct span seal(struct buf *out, size_t total, size_t headers, struct span content)
{
    char sum[4];
    out->len = 12;
    put(out->at, total);
    put(out->at + 4, headers);
    put(out->at + 8, crc32_ieee(0, span_first(buf_span(out), 8)));
    buf_add(out, content);
    put(sum, crc32_ieee(0, buf_span(out)));
    buf_add(out, (struct span){sum, sizeof sum});
    assert_false(out->failed);
    return buf_span(out);
}

static const struct {
    struct span headers;
    enum event_stream_step step;
} of_headers[] = {
    {TEXT("\x01"
          "a\x07\0\0"),
        EVENT_STREAM_MESSAGE},
    {TEXT("\x01"
          "a\x06\0\0\x01"
          "b\0"),
        EVENT_STREAM_MESSAGE},
    {TEXT("\x01"
          "a\x07\0\x01"),
        EVENT_STREAM_BAD},
    {TEXT("\x01"
          "a\x07\0"),
        EVENT_STREAM_BAD},
    {TEXT("\x01"
          "a\x07\0\x01"
          "bc"),
        EVENT_STREAM_BAD},
    {TEXT("\x01"
          "a\x02"),
        EVENT_STREAM_BAD},
    {TEXT("\x01"
          "a\x05\0\0\0\0\0\0\0"),
        EVENT_STREAM_BAD},
    {TEXT("\x01"
          "a\x08\0\0\0\0\0\0\0"),
        EVENT_STREAM_BAD},
    {TEXT("\x01"
          "a\x09"
          "0123456789abcde"),
        EVENT_STREAM_BAD},
    {TEXT("\x01"
          "a\x0a"),
        EVENT_STREAM_BAD},
    {TEXT("\x01"
          "a\xff"),
        EVENT_STREAM_BAD},
    {TEXT("\x01"
          "a"),
        EVENT_STREAM_BAD},
    {TEXT("\x01"), EVENT_STREAM_BAD},
    {TEXT("\0"), EVENT_STREAM_BAD},
    {TEXT("\0\0"), EVENT_STREAM_BAD},
    {TEXT("\x01"
          "a\0\x01"
          "a\0"),
        EVENT_STREAM_BAD},
    {TEXT("\x01"
          "a\0\x01"
          "b\x01\x01"
          "a\x02\x05"),
        EVENT_STREAM_BAD},
    {TEXT("\x01"
          "a\0\x01"
          "A\0\x02"
          "aa\0"),
        EVENT_STREAM_MESSAGE},
};

static void test_headers(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(of_headers); i++) {
        char memory[256];
        struct buf out = buf_over(memory, sizeof memory);
        struct span headers = of_headers[i].headers;
        CHECK_NUMBER(headers, step_of(seal(&out, 16 + headers.len, headers.len, headers), PLENTY),
            of_headers[i].step);
    }
}

static const struct {
    uint64_t total, headers, max_bytes;
    enum event_stream_step step;
} of_sizes[] = {
    {16, 0, 16, EVENT_STREAM_MESSAGE},
    {16, 0, 15, EVENT_STREAM_BAD},
    {15, 0, PLENTY, EVENT_STREAM_BAD},
    {0, 0, PLENTY, EVENT_STREAM_BAD},
    {16, 1, PLENTY, EVENT_STREAM_BAD},
    {16, UINT32_MAX, PLENTY, EVENT_STREAM_BAD},
    {UINT32_MAX, UINT32_MAX, PLENTY, EVENT_STREAM_BAD},
    {UINT32_MAX, 0, SIZE_MAX, EVENT_STREAM_BAD},
    {17, 0, PLENTY, EVENT_STREAM_MORE},
    {17 + 128 * 1024, 128 * 1024, PLENTY, EVENT_STREAM_MORE},
    {17 + 128 * 1024, 128 * 1024 + 1, PLENTY, EVENT_STREAM_BAD},
    {16 + 16 * 1024 * 1024, 0, PLENTY, EVENT_STREAM_MORE},
    {17 + 16 * 1024 * 1024, 0, PLENTY, EVENT_STREAM_BAD},
    {17 + 16 * 1024 * 1024, 1, PLENTY, EVENT_STREAM_MORE},
    {PLENTY, 128 * 1024, PLENTY, EVENT_STREAM_MORE},
    {PLENTY, 128 * 1024, PLENTY - 1, EVENT_STREAM_BAD},
};

static void test_sizes(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(of_sizes); i++) {
        char memory[64], name[64];
        struct buf out = buf_over(memory, sizeof memory), row = buf_over(name, sizeof name);
        buf_format(&row, "%zu %llu %llu", i, (unsigned long long)of_sizes[i].total,
            (unsigned long long)of_sizes[i].headers);
        CHECK_NUMBER(buf_span(&row),
            step_of(seal(&out, of_sizes[i].total, of_sizes[i].headers, SPAN("")),
                of_sizes[i].max_bytes),
            of_sizes[i].step);
    }
}

/* As many headers as are read, and one more. */
static void test_many_headers(void **state)
{
    (void)state;
    char content[1024], memory[1024];
    struct buf headers = buf_over(content, sizeof content), out = buf_over(memory, sizeof memory);
    for (unsigned i = 0; i < EVENT_STREAM_MAX_HEADERS + 1; i++) {
        assert_int_equal(
            step_of(seal(&out, 16 + headers.len, headers.len, buf_span(&headers)), PLENTY),
            EVENT_STREAM_MESSAGE);
        buf_char(&headers, 1);
        buf_char(&headers, (char)i);
        buf_char(&headers, EVENT_STREAM_TRUE);
    }
    assert_int_equal(step_of(seal(&out, 16 + headers.len, headers.len, buf_span(&headers)), PLENTY),
        EVENT_STREAM_BAD);
}

/* --- What may be written ---------------------------------------------------------------------- */

static const struct {
    enum event_stream_type type;
    int64_t number;
    bool fits;
} of_numbers[] = {
    {EVENT_STREAM_BYTE, 127, true},
    {EVENT_STREAM_BYTE, 128, false},
    {EVENT_STREAM_BYTE, -128, true},
    {EVENT_STREAM_BYTE, -129, false},
    {EVENT_STREAM_INT16, INT16_MAX, true},
    {EVENT_STREAM_INT16, INT16_MAX + 1, false},
    {EVENT_STREAM_INT16, INT16_MIN, true},
    {EVENT_STREAM_INT32, INT32_MIN, true},
    {EVENT_STREAM_INT32, INT64_C(-2147483649), false},
    {EVENT_STREAM_INT64, INT64_MIN, true},
    {EVENT_STREAM_INT64, INT64_MAX, true},
    {EVENT_STREAM_TIMESTAMP, INT64_C(1700000000123), true},
};

static void test_numbers(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(of_numbers); i++) {
        char memory[64];
        struct buf out = buf_over(memory, sizeof memory);
        struct event_stream_header header = {
            .name = SPAN("n"), .type = of_numbers[i].type, .number = of_numbers[i].number};
        event_stream_write_header(&out, &header);
        assert_int_equal(out.failed, !of_numbers[i].fits);
        struct span rest = buf_span(&out);
        if (!out.failed) {
            assert_true(event_stream_next_header(&rest, &header));
            assert_true(header.number == of_numbers[i].number && rest.len == 0);
        }
    }
}

static bool writes(size_t name_bytes, enum event_stream_type type, size_t value_bytes)
{
    static char memory[64 * 1024], text[40 * 1024];
    struct buf out = buf_over(memory, sizeof memory);
    struct event_stream_header header = {
        .name = {text, name_bytes}, .type = type, .value = {text, value_bytes}};
    event_stream_write_header(&out, &header);
    struct span rest = buf_span(&out);
    if (!out.failed)
        assert_true(event_stream_next_header(&rest, &header) && header.value.len == value_bytes
            && header.name.len == name_bytes && rest.len == 0);
    return !out.failed;
}

static void test_lengths(void **state)
{
    (void)state;
    assert_true(writes(1, EVENT_STREAM_STRING, 32767));
    assert_false(writes(1, EVENT_STREAM_STRING, 32768));
    assert_true(writes(255, EVENT_STREAM_BYTES, 0));
    assert_false(writes(256, EVENT_STREAM_BYTES, 0));
    assert_false(writes(0, EVENT_STREAM_BYTES, 0));
    assert_true(writes(1, EVENT_STREAM_UUID, 16));
    assert_false(writes(1, EVENT_STREAM_UUID, 15));
    assert_false(writes(1, EVENT_STREAM_UUID, 17));
    struct span rest = SPAN("\x01n\x06\x80\0"); /* a length of 32768 */
    struct event_stream_header header;
    static char text[40 * 1024];
    memcpy(text, rest.at, rest.len);
    rest = (struct span){text, sizeof text};
    assert_false(event_stream_next_header(&rest, &header));
}

/* Headers and payload that together are too long for a message, though there is room. */
static void test_too_long(void **state)
{
    (void)state;
    size_t size = PLENTY + 1024;
    char *memory = malloc(size), *content = calloc(1, PLENTY);
    assert_true(memory && content);
    for (unsigned more = 0; more < 2; more++) {
        struct buf out = buf_over(memory, size);
        struct event_stream_writer writer;
        event_stream_begin(&writer, &out);
        event_stream_begin_payload(&writer);
        buf_add(&out, (struct span){content, EVENT_STREAM_MAX_PAYLOAD_BYTES + more});
        event_stream_end(&writer);
        assert_int_equal(out.failed, more == 1);
        out = buf_over(memory, size);
        event_stream_begin(&writer, &out);
        for (size_t i = 0; i < 4; i++)
            event_stream_add_string(
                &writer, SPAN("n"), (struct span){content, 32767 - 4 + (i == 0 ? more : 0)});
        event_stream_begin_payload(&writer);
        event_stream_end(&writer);
        assert_int_equal(out.failed, more == 1);
    }
    free(memory);
    free(content);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_many_headers),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
