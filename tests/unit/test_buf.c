/* Buffers: what they hold, what they refuse, and text made safe for JSON and XML. */
#include "tests/unit/check.h"

static void test_appends(void **state)
{
    (void)state;
    char memory[64];
    struct buf b = buf_over(memory, sizeof memory);
    buf_text(&b, "A");
    buf_char(&b, '\0');
    buf_add(&b, (struct span){NULL, 0});
    size_t start = b.len;
    buf_lower(&b, SPAN("AbC-1"));
    buf_hex(&b, (const unsigned char *)"\x00\x9f\xff", 3);
    buf_format(&b, "<%d>", 7);
    CHECK_TEXT(SPAN("all"), buf_span(&b), SPAN("A\0abc-1009fff<7>"));
    CHECK_TEXT(SPAN("since"), buf_since(&b, start), SPAN("abc-1009fff<7>"));
    assert_false(b.failed);
}

static void test_numbers(void **state)
{
    (void)state;
    static const struct {
        uint64_t number;
        struct span text;
    } rows[] = {{0, TEXT("0")}, {9, TEXT("9")}, {10, TEXT("10")},
        {18446744073709551615u, TEXT("18446744073709551615")}};
    for (size_t i = 0; i < ROWS(rows); i++) {
        char memory[20];
        struct buf b = buf_over(memory, sizeof memory);
        buf_number(&b, rows[i].number);
        CHECK_TEXT(rows[i].text, buf_span(&b), rows[i].text);
    }
}

static void test_big_endian(void **state)
{
    (void)state;
    char memory[16];
    struct buf b = buf_over(memory, sizeof memory);
    buf_big_endian(&b, UINT64_C(0x0102030405060708), 8);
    buf_big_endian(&b, 0xabcdef, 2);
    buf_big_endian(&b, 7, 0);
    CHECK_TEXT(SPAN("big-endian"), buf_span(&b), SPAN("\1\2\3\4\5\6\7\x08\xcd\xef"));
}

/* What just fits, fits; one byte more fails. */
static void test_exact_room(void **state)
{
    (void)state;
    char memory[4];
    struct buf b = buf_over(memory, sizeof memory);
    buf_text(&b, "abcd");
    assert_false(b.failed);
    buf_text(&b, "");
    assert_false(b.failed);
    buf_char(&b, 'e');
    assert_true(b.failed);
    CHECK_TEXT(SPAN("full"), buf_span(&b), SPAN("abcd"));
    b = buf_over(memory, 0);
    buf_char(&b, 'a');
    assert_true(b.failed);
}

static void add_each_way(struct buf *b, int way)
{
    switch (way) {
    case 0:
        buf_text(b, "x");
        break;
    case 1:
        buf_char(b, 'x');
        break;
    case 2:
        buf_number(b, 1);
        break;
    case 3:
        buf_format(b, "x");
        break;
    case 4:
        buf_hex(b, (const unsigned char *)"x", 1);
        break;
    case 5:
        buf_lower(b, SPAN("x"));
        break;
    case 6:
        buf_json(b, SPAN("x"));
        break;
    case 7:
        buf_xml(b, SPAN("x"));
        break;
    default:
        buf_text(b, "");
        break;
    }
}

/* After a failure nothing is added any more, by no function, however much room is left. */
static void test_failure_sticks(void **state)
{
    (void)state;
    char memory[16];
    for (int way = 0; way <= 8; way++) {
        struct buf b = buf_over(memory, sizeof memory);
        buf_text(&b, "ab");
        buf_text(&b, "more than there is room for");
        assert_true(b.failed);
        add_each_way(&b, way);
        assert_true(b.failed);
        CHECK_TEXT(SPAN("after"), buf_span(&b), SPAN("ab"));
    }
}

/* Each way to append fails where its text does not fit. */
static void test_each_way_fails(void **state)
{
    (void)state;
    char memory[1];
    for (int way = 0; way <= 7; way++) {
        struct buf b = buf_over(memory, 0);
        add_each_way(&b, way);
        assert_true(b.failed);
        assert_int_equal(b.len, 0);
    }
}

/* A format's text needs a byte more for its NUL, and leaves nothing behind where it fails. */
static void test_format_at_the_limit(void **state)
{
    (void)state;
    char *memory = check_copy(SPAN("....."));
    struct buf b = buf_over(memory, 5);
    buf_format(&b, "%s", "abcd");
    assert_false(b.failed);
    assert_int_equal(b.len, 4);
    b = buf_over(memory, 5);
    buf_format(&b, "%s", "abcde");
    assert_true(b.failed);
    assert_int_equal(b.len, 0);
    free(memory);
}

#define BAD "\xef\xbf\xbd"

static const struct {
    struct span in, json, xml;
} escapes[] = {
    {TEXT(""), TEXT(""), TEXT("")},
    {TEXT("plain"), TEXT("plain"), TEXT("plain")},
    {TEXT("a\"b\\c/d"), TEXT("a\\\"b\\\\c/d"), TEXT("a&quot;b\\c/d")},
    {TEXT("<a> & 'b'"), TEXT("<a> & 'b'"), TEXT("&lt;a&gt; &amp; 'b'")},
    {TEXT("\x00\x01\n\t\x1f\x7f"), TEXT("\\u0000\\u0001\\u000a\\u0009\\u001f\\u007f"),
        TEXT("     \x7f")},
    {TEXT("\xc3\xbc \xe2\x82\xac \xf0\x9f\x98\x80"), TEXT("\xc3\xbc \xe2\x82\xac \xf0\x9f\x98\x80"),
        TEXT("\xc3\xbc \xe2\x82\xac \xf0\x9f\x98\x80")},
    /* The limits of UTF-8: U+0080, U+07FF, U+0800, U+D7FF, U+E000, U+FFFF, U+10000, U+10FFFF. */
    {TEXT("\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf"),
        TEXT("\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf"),
        TEXT("\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf")},
    {TEXT("\xee\x80\x80\xef\xbf\xbd\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"),
        TEXT("\xee\x80\x80\xef\xbf\xbd\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"),
        TEXT("\xee\x80\x80\xef\xbf\xbd\xf0\x90\x80\x80\xf4\x8f\xbf\xbf")},
    /* None of it: a lone continuation, overlong forms, a surrogate, above U+10FFFF, 0xFE. */
    {TEXT("a\x80z"), TEXT("a" BAD "z"), TEXT("a" BAD "z")},
    {TEXT("\xc0\x80"), TEXT(BAD BAD), TEXT(BAD BAD)},
    {TEXT("\xc1\xbf"), TEXT(BAD BAD), TEXT(BAD BAD)},
    {TEXT("\xe0\x9f\xbf"), TEXT(BAD BAD BAD), TEXT(BAD BAD BAD)},
    {TEXT("\xf0\x8f\xbf\xbf"), TEXT(BAD BAD BAD BAD), TEXT(BAD BAD BAD BAD)},
    {TEXT("\xed\xa0\x80"), TEXT(BAD BAD BAD), TEXT(BAD BAD BAD)},
    {TEXT("\xf4\x90\x80\x80"), TEXT(BAD BAD BAD BAD), TEXT(BAD BAD BAD BAD)},
    {TEXT("\xf5\x80\x80\x80"), TEXT(BAD BAD BAD BAD), TEXT(BAD BAD BAD BAD)},
    {TEXT("\xfe\xff"), TEXT(BAD BAD), TEXT(BAD BAD)},
    /* Cut short, by the end or by a quote that must not be swallowed. */
    {TEXT("\xc3"), TEXT(BAD), TEXT(BAD)},
    {TEXT("\xe2\x82"), TEXT(BAD BAD), TEXT(BAD BAD)},
    {TEXT("\xf0\x9f\x98"), TEXT(BAD BAD BAD), TEXT(BAD BAD BAD)},
    {TEXT("\xc3\""), TEXT(BAD "\\\""), TEXT(BAD "&quot;")},
    {TEXT("\xe2\x82<"), TEXT(BAD BAD "<"), TEXT(BAD BAD "&lt;")},
};

static void test_reserved(void **state)
{
    (void)state;
    struct buf b = {.at = NULL};
    for (size_t i = 0; i < 30000; i++) {
        assert_true(buf_reserve(&b, 7));
        buf_format(&b, "%07zu", i);
    }
    assert_false(b.failed);
    assert_int_equal(b.len, 7 * 30000);
    assert_memory_equal(b.at,
        "0000000"
        "0000001",
        14);
    assert_memory_equal(b.at + b.len - 7, "0029999", 7);
    free(b.at);
}

static void test_escapes(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(escapes); i++) {
        char memory[128], *copy = check_copy(escapes[i].in);
        struct span in = {copy, escapes[i].in.len};
        struct buf json = buf_over(memory, sizeof memory);
        buf_json(&json, in);
        CHECK_TEXT(in, buf_span(&json), escapes[i].json);
        struct buf xml = buf_over(memory, sizeof memory);
        buf_xml(&xml, in);
        CHECK_TEXT(in, buf_span(&xml), escapes[i].xml);
        free(copy);
    }
}

/* RFC 4648, 10. */
static void test_base64(void **state)
{
    (void)state;
    static const struct {
        struct span bytes, text, url;
    } rows[] = {{TEXT(""), TEXT(""), TEXT("")}, {TEXT("f"), TEXT("Zg=="), TEXT("Zg")},
        {TEXT("fo"), TEXT("Zm8="), TEXT("Zm8")}, {TEXT("foo"), TEXT("Zm9v"), TEXT("Zm9v")},
        {TEXT("foob"), TEXT("Zm9vYg=="), TEXT("Zm9vYg")},
        {TEXT("fooba"), TEXT("Zm9vYmE="), TEXT("Zm9vYmE")},
        {TEXT("foobar"), TEXT("Zm9vYmFy"), TEXT("Zm9vYmFy")},
        {TEXT("\xff\xef\xbe"), TEXT("/+++"), TEXT("_---")}};
    for (size_t i = 0; i < ROWS(rows); i++) {
        char memory[16], *copy = check_copy(rows[i].bytes);
        struct buf out = buf_over(memory, sizeof memory);
        buf_base64(&out, (const unsigned char *)copy, rows[i].bytes.len);
        CHECK_TEXT(rows[i].bytes, buf_span(&out), rows[i].text);
        out.len = 0;
        buf_base64url(&out, (const unsigned char *)copy, rows[i].bytes.len);
        CHECK_TEXT(rows[i].bytes, buf_span(&out), rows[i].url);
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_appends),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_big_endian),
        cmocka_unit_test(test_exact_room),
        cmocka_unit_test(test_failure_sticks),
        cmocka_unit_test(test_each_way_fails),
        cmocka_unit_test(test_format_at_the_limit),
        cmocka_unit_test(test_reserved),
        cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_base64),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
