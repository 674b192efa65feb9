/* UTF-8: every two bytes with others at the edges of their ranges behind them, against what Unicode
 * allows; texts in pieces; and ASCII skipped over any length. */
#include "tests/unit/check.h"

#include "proxy/base/utf8.h"

/* How many bytes the sequence has, by decoding it: only the shortest form of a character counts. */
static size_t by_decoding(struct span s)
{
    for (size_t len = 1; len <= 4 && len <= s.len; len++) {
        char memory[4];
        struct buf again = buf_over(memory, sizeof memory);
        uint32_t character = (unsigned char)s.at[0];
        if (len > 1)
            character &= 0x3fu >> (len - 1);
        for (size_t i = 1; i < len; i++)
            character = character << 6 | (s.at[i] & 0x3f);
        buf_utf8(&again, character);
        if (span_equal(buf_span(&again), span_first(s, len)))
            return character > 0x10ffff || (character >= 0xd800 && character < 0xe000) ? 0 : len;
    }
    return 0;
}

/* Alone, and as a text that comes whole, and byte by byte. */
static void check_sequence(struct span s)
{
    size_t length = by_decoding(s);
    if (utf8_length(s) != length)
        CHECK_NUMBER(s, utf8_length(s), length);
    if (length > 0 && length < s.len)
        return;
    struct utf8 text = {0}, bytes = {0};
    bool whole = utf8_add(&text, s) && utf8_whole(&text), valid = true;
    for (size_t i = 0; i < s.len; i++)
        valid = valid && utf8_add(&bytes, span_first(span_from(s, i), 1));
    if (whole != (length == s.len) || (valid && utf8_whole(&bytes)) != whole)
        CHECK_NUMBER(s, whole, length == s.len);
}

static const char edges[] = {
    0x00, 0x41, 0x7f, (char)0x80, (char)0x8f, (char)0x90, (char)0xbf, (char)0xc0, (char)0xff};

static void test_up_to_three_bytes(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 1 << 16; i++)
        for (size_t third = 0; third < sizeof edges; third++) {
            char bytes[] = {(char)(i >> 8), (char)i, edges[third]};
            check_sequence((struct span){bytes, 3});
            check_sequence((struct span){bytes, 2});
            check_sequence((struct span){bytes, 1});
        }
}

static void test_four_bytes(void **state)
{
    (void)state;
    for (unsigned i = 0xf000; i < 1 << 16; i++)
        for (size_t third = 0; third < sizeof edges; third++)
            for (size_t fourth = 0; fourth < sizeof edges; fourth++) {
                char bytes[] = {(char)(i >> 8), (char)i, edges[third], edges[fourth]};
                check_sequence((struct span){bytes, 4});
            }
}

/* One wrong byte, or a right character, at each place of a text of each length. */
static void test_places(void **state)
{
    (void)state;
    for (size_t len = 1; len <= 40; len++)
        for (size_t at = 0; at < len; at++) {
            char text[42];
            memset(text, 'a', sizeof text);
            memcpy(text + at, "\xc3\xa4", 2);
            struct utf8 good = {0}, cut = {0}, bad = {0};
            assert_true(utf8_add(&good, (struct span){text, len + 1}) && utf8_whole(&good));
            assert_true(utf8_add(&cut, (struct span){text, at + 1}) && !utf8_whole(&cut));
            text[at] = (char)0x80;
            text[at + 1] = 'a';
            assert_false(utf8_add(&bad, (struct span){text, len + 1}));
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_up_to_three_bytes),
        cmocka_unit_test(test_four_bytes),
        cmocka_unit_test(test_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
