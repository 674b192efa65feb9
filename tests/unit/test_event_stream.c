/* Event-stream messages: published ones read, cut, damaged, and written again; headers of every
 * kind of wrong between right checksums; the limits on both sides. The published ones: as AWS's
 * SDKs test their codecs, whose bytes they share. */
#include "tests/unit/check.h"

#include "tests/unit/event_stream_step.h"

enum { PLENTY = EVENT_STREAM_MAX_BYTES };

struct row {
    struct span bytes;
    struct span headers; /* "name=TYPE:value " each, the types by their numbers */
    struct span payload;
};

static const struct row published[] = {
    {TEXT("\0\0\0\x10\0\0\0\0\x05\xc2\x48\xeb\x7d\x98\xc8\xff"), TEXT(""), TEXT("")},
    {TEXT("\0\0\0\x1d\0\0\0\0\xfd\x52\x8c\x5a{'foo':'bar'}\xc3\x65\x39\x36"), TEXT(""),
        TEXT("{'foo':'bar'}")},
    {TEXT("\0\0\0\x17\0\0\0\x07\x29\x86\x01\x58\x04"
          "byte\x02\xff\xc2\xf8\x69\xdc"),
        TEXT("byte=2:-1 "), TEXT("")},
    {TEXT("\0\0\0\x19\0\0\0\x09\x71\x0e\x92\x3e\x05short\x03\xff\xff\xb2\x7c\xb6\xcc"),
        TEXT("short=3:-1 "), TEXT("")},
    {TEXT("\0\0\0\x1d\0\0\0\x0d\x83\xe3\xf0\xe7\x07integer\x04\xff\xff\xff\xff\x8b\x8e\x12\xeb"),
        TEXT("integer=4:-1 "), TEXT("")},
    {TEXT("\0\0\0\x2d\0\0\0\x10\x41\xc4\x24\xb8\x0a"
          "event-type\x04\0\0\xa0\x0c{'foo':'bar'}\x36\xf4\x80\xa0"),
        TEXT("event-type=4:40972 "), TEXT("{'foo':'bar'}")},
    {TEXT("\0\0\0\x1e\0\0\0\x0e\x5d\x4a\xdb\x8d\x04"
          "long\x05\xff\xff\xff\xff\xff\xff\xff\xff\x4b\xc2\x32\xda"),
        TEXT("long=5:-1 "), TEXT("")},
    {TEXT("\0\0\0\x3d\0\0\0\x20\x07\xfd\x83\x96\x0c"
          "content-type\x07\0\x10"
          "application/json{'foo':'bar'}\x8d\x9c\x08\xb1"),
        TEXT("content-type=7:application/json "), TEXT("{'foo':'bar'}")},
    {TEXT("\0\0\0\x62\0\0\0\x52\x03\xb5\xcb\x9c\x01"
          "0\0\x01"
          "1\x01\x01"
          "2\x02\x02\x01"
          "3\x03\0\x03\x01"
          "4\x04\0\0\0\x04\x01"
          "5\x05\0\0\0\0\0\0\0\x05\x01"
          "6\x06\0\x05"
          "bytes\x01"
          "7\x07\0\x04utf8\x01"
          "8\x08\0\0\0\0\0\0\0\x08\x01"
          "9\x09"
          "0123456789abcdef\x63\x35\x36\x71"),
        TEXT("0=0:0 1=1:0 2=2:2 3=3:3 4=4:4 5=5:5 6=6:bytes 7=7:utf8 8=8:8 9=9:0123456789abcdef "),
        TEXT("")},
    {TEXT("\0\0\0\x52\0\0\0\x42\xbf\x23\x63\x7e\x0d:message-type\x07\0\x05"
          "error\x0b:error-code\x07\0\x04"
          "code\x0e:error-message\x07\0\x07message\x6b\x6c\xea\x3d"),
        TEXT(":message-type=7:error :error-code=7:code :error-message=7:message "), TEXT("")},
};

/* The step for a copy of just these bytes; the message is good for as long as *copy. */
static enum event_stream_step read_copy(
    struct span bytes, struct event_stream_message *message, size_t *used, char **copy)
{
    *copy = check_copy(bytes);
    return event_stream_read((struct span){*copy, bytes.len}, PLENTY, message, used);
}

static void describe(struct span headers, struct buf *out)
{
    struct event_stream_header header;
    while (event_stream_next_header(&headers, &header)) {
        buf_add(out, header.name);
        buf_format(out, "=%u:", (unsigned)header.type);
        if (header.value.len > 0)
            buf_add(out, header.value);
        else
            buf_format(out, "%lld", (long long)header.number);
        buf_char(out, ' ');
    }
    assert_int_equal(headers.len, 0);
}

static void test_published(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(published); i++) {
        const struct row *row = &published[i];
        struct event_stream_message message;
        char memory[256], *copy;
        struct buf headers = buf_over(memory, sizeof memory);
        size_t used;
        CHECK_NUMBER(
            row->bytes, read_copy(row->bytes, &message, &used, &copy), EVENT_STREAM_MESSAGE);
        CHECK_NUMBER(row->bytes, used, row->bytes.len);
        describe(message.headers, &headers);
        CHECK_TEXT(row->bytes, buf_span(&headers), row->headers);
        CHECK_TEXT(row->bytes, message.payload, row->payload);
        free(copy);
    }
}

static void test_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(published); i++)
        for (size_t len = 0; len < published[i].bytes.len; len++) {
            struct event_stream_message message;
            char *copy;
            size_t used;
            struct span part = span_first(published[i].bytes, len);
            CHECK_NUMBER(part, read_copy(part, &message, &used, &copy), EVENT_STREAM_MORE);
            CHECK_NUMBER(part, used, len < 12 ? 0 : published[i].bytes.len);
            free(copy);
        }
}

/* Each bit of each byte; in the first twelve it shows with the twelfth. */
static void test_damaged(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(published); i++)
        for (size_t bit = 0; bit < 8 * published[i].bytes.len; bit++) {
            char bytes[256];
            size_t len = published[i].bytes.len;
            memcpy(bytes, published[i].bytes.at, len);
            bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
            CHECK_NUMBER(
                published[i].bytes, step_of((struct span){bytes, len}, PLENTY), EVENT_STREAM_BAD);
            CHECK_NUMBER(published[i].bytes, step_of((struct span){bytes, 12}, PLENTY),
                bit < 96 ? EVENT_STREAM_BAD : EVENT_STREAM_MORE);
        }
}

/* One behind the other, as they come. */
static void test_one_after_another(void **state)
{
    (void)state;
    char memory[1024];
    struct buf all = buf_over(memory, sizeof memory);
    for (size_t i = 0; i < ROWS(published); i++)
        buf_add(&all, published[i].bytes);
    struct span rest = buf_span(&all);
    for (size_t i = 0, used; i < ROWS(published); i++, rest = span_from(rest, used)) {
        struct event_stream_message message;
        assert_int_equal(event_stream_read(rest, PLENTY, &message, &used), EVENT_STREAM_MESSAGE);
        CHECK_TEXT(published[i].bytes, message.payload, published[i].payload);
    }
    assert_int_equal(rest.len, 0);
}

static void write_message(struct span headers, struct span payload, struct buf *out)
{
    struct event_stream_writer writer;
    struct event_stream_header header;
    event_stream_begin(&writer, out);
    while (event_stream_next_header(&headers, &header))
        event_stream_add(&writer, &header);
    event_stream_begin_payload(&writer);
    buf_add(out, payload);
    event_stream_end(&writer);
}

/* The same bytes, behind others that stay; and in less room nothing but a failure. */
static void test_written_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(published); i++) {
        struct event_stream_message message;
        size_t used, len = published[i].bytes.len;
        assert_int_equal(
            event_stream_read(published[i].bytes, PLENTY, &message, &used), EVENT_STREAM_MESSAGE);
        for (size_t room = 0; room <= len; room++) {
            char *memory = check_copy(span_first(SPAN("ab"), 2));
            memory = realloc(memory, 2 + room);
            struct buf out = buf_over(memory, 2 + room);
            out.len = 2;
            write_message(message.headers, message.payload, &out);
            CHECK_NUMBER(published[i].bytes, out.failed, room < len);
            if (!out.failed)
                CHECK_TEXT(published[i].bytes, buf_since(&out, 2), published[i].bytes);
            free(memory);
        }
    }
}

static void test_find(void **state)
{
    (void)state;
    struct event_stream_message message;
    struct event_stream_header header;
    size_t used;
    struct span error = published[ROWS(published) - 1].bytes;
    assert_int_equal(event_stream_read(error, PLENTY, &message, &used), EVENT_STREAM_MESSAGE);
    assert_true(event_stream_find(&message, SPAN(":error-code"), EVENT_STREAM_STRING, &header));
    CHECK_TEXT(SPAN(":error-code"), header.value, SPAN("code"));
    assert_false(event_stream_find(&message, SPAN(":error-code"), EVENT_STREAM_BYTES, &header));
    assert_false(event_stream_find(&message, SPAN(":Error-code"), EVENT_STREAM_STRING, &header));
    assert_false(event_stream_find(&message, SPAN(":error"), EVENT_STREAM_STRING, &header));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_one_after_another),
        cmocka_unit_test(test_written_again),
        cmocka_unit_test(test_find),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
