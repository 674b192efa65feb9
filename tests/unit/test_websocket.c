/* WebSocket frames written, and the handshake. */
#include "tests/unit/check.h"

#include "proxy/http/websocket_writer.h"

#define A16  "aaaaaaaaaaaaaaaa"
#define A125 A16 A16 A16 A16 A16 A16 A16 "aaaaaaaaaaaaa"

static const unsigned char mask[] = {0x37, 0xfa, 0x21, 0x3d};

/* --- Writing ---------------------------------------------------------------------------------- */

static const struct {
    struct websocket_frame frame;
    struct span head, masked;
} heads[] = {
    {{WEBSOCKET_TEXT, true, 0}, TEXT("\x81\0"), TEXT("\x81\x80\x37\xfa\x21\x3d")},
    {{WEBSOCKET_TEXT, false, 125}, TEXT("\x01\x7d"), TEXT("\x01\xfd\x37\xfa\x21\x3d")},
    {{WEBSOCKET_CONTINUATION, false, 126}, TEXT("\0\x7e\0\x7e"),
        TEXT("\0\xfe\0\x7e\x37\xfa\x21\x3d")},
    {{WEBSOCKET_BINARY, true, 65535}, TEXT("\x82\x7e\xff\xff"),
        TEXT("\x82\xfe\xff\xff\x37\xfa\x21\x3d")},
    {{WEBSOCKET_BINARY, true, 65536}, TEXT("\x82\x7f\0\0\0\0\0\x01\0\0"),
        TEXT("\x82\xff\0\0\0\0\0\x01\0\0\x37\xfa\x21\x3d")},
    {{WEBSOCKET_PONG, true, 5}, TEXT("\x8a\x05"), TEXT("\x8a\x85\x37\xfa\x21\x3d")},
};

static void test_heads(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(heads); i++) {
        char memory[WEBSOCKET_HEAD_BYTES];
        struct buf out = buf_over(memory, sizeof memory);
        websocket_write_head(&out, &heads[i].frame, NULL);
        CHECK_TEXT(heads[i].head, buf_span(&out), heads[i].head);
        out.len = 0;
        websocket_write_head(&out, &heads[i].frame, mask);
        CHECK_TEXT(heads[i].head, buf_span(&out), heads[i].masked);
    }
}

/* RFC 6455, 5.7 */
static void test_examples(void **state)
{
    (void)state;
    char memory[64];
    struct buf out = buf_over(memory, sizeof memory);
    websocket_write_frame(&out, WEBSOCKET_TEXT, SPAN("Hello"), NULL);
    CHECK_TEXT(SPAN("plain"), buf_span(&out), SPAN("\x81\x05Hello"));
    out.len = 0;
    websocket_write_frame(&out, WEBSOCKET_TEXT, SPAN("Hello"), mask);
    CHECK_TEXT(
        SPAN("masked"), buf_span(&out), SPAN("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"));
    out = buf_over(memory, 10);
    websocket_write_frame(&out, WEBSOCKET_TEXT, SPAN("Hello"), mask);
    assert_true(out.failed);
}

static void test_mask(void **state)
{
    (void)state;
    static char content[64], expected[64];
    for (size_t len = 0; len <= 40; len++)
        for (uint64_t offset = 0; offset < 12; offset++) {
            for (size_t i = 0; i < sizeof content; i++)
                expected[i] = content[i] = (char)(i * 37);
            for (size_t i = 0; i < len; i++)
                expected[3 + i] = (char)(expected[3 + i] ^ mask[(offset + i) % 4]);
            websocket_mask(content + 3, len, mask, offset);
            assert_memory_equal(content, expected, sizeof content);
        }
}

static void test_close(void **state)
{
    (void)state;
    char memory[WEBSOCKET_CONTROL_BYTES];
    struct buf out = buf_over(memory, sizeof memory);
    websocket_write_close(&out, WEBSOCKET_NORMAL, SPAN("bye"));
    CHECK_TEXT(SPAN("close"), buf_span(&out),
        SPAN("\x03\xe8"
             "bye"));
    struct span most = SPAN(A125);
    for (size_t len = 121; len <= 125; len++) {
        char reason[128];
        struct buf text = buf_over(reason, sizeof reason);
        buf_add(&text, span_first(most, len));
        buf_text(&text, "\xe2\x82\xac");
        out.len = 0;
        websocket_write_close(&out, WEBSOCKET_NORMAL, buf_span(&text));
        assert_false(out.failed);
        CHECK_NUMBER(buf_span(&text), out.len, 2 + (len < 123 ? len : 123));
    }
    out.len = 0;
    websocket_write_close(
        &out, WEBSOCKET_NORMAL, SPAN(A16 A16 A16 A16 A16 A16 A16 "aaaaaaaa\xe2\x82\xac"));
    CHECK_NUMBER(SPAN("just"), out.len, 125);
}

/* --- The handshake ---------------------------------------------------------------------------- */

static const struct {
    struct span key;
    bool valid;
} keys[] = {
    {TEXT("dGhlIHNhbXBsZSBub25jZQ=="), true},
    {TEXT("++++++++++++++++//////=="), true},
    {TEXT(""), false},
    {TEXT("dGhlIHNhbXBsZSBub25jZQ="), false},
    {TEXT("dGhlIHNhbXBsZSBub25jZQ==="), false},
    {TEXT("dGhlIHNhbXBsZSBub25jZQ= "), false},
    {TEXT("dGhlIHNhbXBsZSBub25jZQa="), false},
    {TEXT("dGhlIHNhbXBsZSBub25jZQaa"), false},
    {TEXT("dGhlIHNhbXBsZSBub25jZ==="), false},
    {TEXT("dGhlIHNhbXBsZSBub25j_Q=="), false},
    {TEXT("dGhlIHNhbXBsZSBub25j\xc3Q=="), false},
};

static void test_keys(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(keys); i++)
        CHECK_NUMBER(keys[i].key, websocket_key_valid(keys[i].key), keys[i].valid);
}

/* RFC 6455, 1.3 */
static void test_accept(void **state)
{
    (void)state;
    char memory[WEBSOCKET_ACCEPT_BYTES];
    struct buf out = buf_over(memory, sizeof memory);
    assert_int_equal(websocket_accept(keys[0].key, &out), OK);
    CHECK_TEXT(keys[0].key, buf_span(&out), SPAN("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    out = buf_over(memory, sizeof memory - 1);
    assert_int_equal(websocket_accept(keys[0].key, &out), ERR_OUT_OF_MEMORY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_heads),
        cmocka_unit_test(test_examples),
        cmocka_unit_test(test_mask),
        cmocka_unit_test(test_close),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_accept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
