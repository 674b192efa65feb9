/* The cellar: spans, buffers, the clock, lists, the table of errors. */
#include "tests/unit/check.h"

#include "proxy/base/list.h"

/* --- span ------------------------------------------------------------------------------------ */

static void test_span_parts(void **state)
{
    (void)state;
    struct span s = SPAN("abc"), none = {NULL, 0};
    CHECK_TEXT(s, span_from(s, 0), s);
    CHECK_TEXT(s, span_from(s, 2), SPAN("c"));
    CHECK_TEXT(s, span_from(s, 9), SPAN(""));
    CHECK_TEXT(s, span_first(s, 2), SPAN("ab"));
    CHECK_TEXT(s, span_first(s, 9), s);
    CHECK_TEXT(s, span_from(none, 3), none);
    CHECK_TEXT(s, span_of("abc"), s);
    CHECK_TEXT(s, span_of(NULL), none);
    assert_true(span_starts(s, SPAN("ab")) && span_starts(s, SPAN("")) && span_starts(none, none));
    assert_false(span_starts(s, SPAN("abcd")) || span_starts(s, SPAN("b")));
    assert_true(span_ends(s, SPAN("bc")) && span_ends(s, s) && span_ends(s, SPAN("")));
    assert_false(span_ends(s, SPAN("xabc")) || span_ends(s, SPAN("b")));
    assert_int_equal(span_find(s, 'c'), 2);
    assert_int_equal(span_find(s, 'd'), 3);
    assert_int_equal(span_find(none, 'a'), 0);
    assert_true(span_equal(SPAN("a\0b"), SPAN("a\0b")));
    assert_false(span_equal(SPAN("a\0b"), SPAN("a\0c")));
}

static int sign(int number)
{
    return (number > 0) - (number < 0);
}

static void test_span_compare(void **state)
{
    (void)state;
    static const struct {
        struct span a, b;
        int exact, nocase;
    } rows[] = {
        {TEXT(""), TEXT(""), 0, 0},
        {TEXT("a"), TEXT("a"), 0, 0},
        {TEXT("a"), TEXT("A"), 1, 0},
        {TEXT("a"), TEXT("B"), 1, -1},
        {TEXT("a"), TEXT("ab"), -1, -1},
        {TEXT("ab"), TEXT("a"), 1, 1},
        {TEXT("a-b"), TEXT("ab"), -1, -1},
        {TEXT("\xff"), TEXT("a"), 1, 1},
        {TEXT("["), TEXT("{"), -1, -1}, /* 0x20 apart, but no letters */
        {TEXT("@"), TEXT("`"), -1, -1},
        {TEXT("_"), TEXT("A"), 1, -1},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct span a = rows[i].a, b = rows[i].b;
        CHECK_NUMBER(a, sign(span_compare(a, b)), rows[i].exact);
        CHECK_NUMBER(a, sign(span_compare(b, a)), -rows[i].exact);
        CHECK_NUMBER(a, sign(span_compare_nocase(a, b)), rows[i].nocase);
        CHECK_NUMBER(a, sign(span_compare_nocase(b, a)), -rows[i].nocase);
        CHECK_NUMBER(a, span_equal_nocase(a, b), rows[i].nocase == 0);
    }
    assert_true(span_starts_nocase(SPAN("X-Amz-Date"), SPAN("x-amz-")));
    assert_false(span_starts_nocase(SPAN("X-Am"), SPAN("x-amz-")));
}

static void test_span_trim(void **state)
{
    (void)state;
    static const struct {
        struct span in, out;
    } rows[] = {{TEXT(""), TEXT("")}, {TEXT(" \t "), TEXT("")}, {TEXT(" a b\t"), TEXT("a b")},
        {TEXT("\ra\n"), TEXT("\ra\n")}, {TEXT("a"), TEXT("a")}};
    for (size_t i = 0; i < ROWS(rows); i++)
        CHECK_TEXT(rows[i].in, span_trim(rows[i].in), rows[i].out);
}

static void test_span_next(void **state)
{
    (void)state;
    static const struct {
        struct span list, joined;
        size_t count;
    } rows[] = {{TEXT("a,b"), TEXT("<a><b>"), 2}, {TEXT("a"), TEXT("<a>"), 1},
        {TEXT(""), TEXT("<>"), 1}, {TEXT(","), TEXT("<><>"), 2},
        {TEXT("a,,b,"), TEXT("<a><><b><>"), 4}};
    for (size_t i = 0; i < ROWS(rows); i++) {
        char memory[64];
        struct buf out = buf_over(memory, sizeof memory);
        struct span rest = rows[i].list, item;
        size_t count = 0;
        for (; span_next(&rest, ',', &item); count++) {
            buf_char(&out, '<');
            buf_add(&out, item);
            buf_char(&out, '>');
        }
        CHECK_TEXT(rows[i].list, buf_span(&out), rows[i].joined);
        CHECK_NUMBER(rows[i].list, count, rows[i].count);
    }
    struct span none = {NULL, 0}, item;
    assert_false(span_next(&none, ',', &item));
}

static void test_span_to_number(void **state)
{
    (void)state;
    static const struct {
        struct span text;
        uint64_t max, number;
        bool good;
    } rows[] = {
        {TEXT("0"), 9, 0, true},
        {TEXT("007"), 9, 7, true},
        {TEXT("65535"), 65535, 65535, true},
        {TEXT("65536"), 65535, 0, false},
        {TEXT("65540"), 65535, 0, false},
        {TEXT("18446744073709551615"), UINT64_MAX, UINT64_MAX, true},
        {TEXT("18446744073709551616"), UINT64_MAX, 0, false},
        {TEXT("99999999999999999999"), UINT64_MAX, 0, false},
        {TEXT("9223372036854775807"), INT64_MAX, INT64_MAX, true},
        {TEXT("9223372036854775808"), INT64_MAX, 0, false},
        {TEXT("3"), 3, 3, true},
        {TEXT("4"), 3, 0, false},
        {TEXT("9"), 3, 0, false},
        {TEXT("00"), 0, 0, true},
        {TEXT("1"), 0, 0, false},
        {TEXT(""), 9, 0, false},
        {TEXT("+1"), 9, 0, false},
        {TEXT("-1"), 9, 0, false},
        {TEXT(" 1"), 9, 0, false},
        {TEXT("1 "), 9, 0, false},
        {TEXT("0x1"), 9, 0, false},
        {TEXT("1\0"), 9, 0, false},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        uint64_t number = 0;
        bool good = span_to_number(rows[i].text, rows[i].max, &number);
        CHECK_NUMBER(rows[i].text, good, rows[i].good);
        assert_true(number == rows[i].number);
    }
}

static void test_span_to_hex_number(void **state)
{
    (void)state;
    static const struct {
        struct span text;
        uint64_t max, number;
        bool good;
    } rows[] = {
        {TEXT("0"), 9, 0, true},
        {TEXT("00f"), 15, 15, true},
        {TEXT("10"), 15, 0, false},
        {TEXT("aBcDeF"), UINT64_MAX, 0xabcdef, true},
        {TEXT("ffffffffffffffff"), UINT64_MAX, UINT64_MAX, true},
        {TEXT("00000000000000000"), UINT64_MAX, 0, false},
        {TEXT("7fffffffffffffff"), INT64_MAX, INT64_MAX, true},
        {TEXT("8000000000000000"), INT64_MAX, 0, false},
        {TEXT(""), 9, 0, false},
        {TEXT("0x1"), 9, 0, false},
        {TEXT("+1"), 9, 0, false},
        {TEXT(" 1"), 9, 0, false},
        {TEXT("1g"), 99, 0, false},
        {TEXT("1\0"), 99, 0, false},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        uint64_t number = 0;
        bool good = span_to_hex_number(rows[i].text, rows[i].max, &number);
        CHECK_NUMBER(rows[i].text, good, rows[i].good);
        assert_true(number == rows[i].number);
    }
}

static void test_ascii(void **state)
{
    (void)state;
    static const char hex[] = "0123456789abcdef", big[] = "0123456789ABCDEF";
    for (int c = -128; c < 256; c++) {
        const char *small_at = c > 0 ? strchr(hex, c) : NULL,
                   *big_at = c > 0 ? strchr(big, c) : NULL;
        int expected = small_at ? (int)(small_at - hex) : big_at ? (int)(big_at - big) : -1;
        assert_int_equal(ascii_hex((char)c), expected);
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        assert_int_equal(ascii_alpha((char)c), letter);
        assert_int_equal(ascii_lower((char)c), letter ? (char)(c | 0x20) : (char)c);
        assert_int_equal(ascii_digit((char)c), c >= '0' && c <= '9');
    }
}

/* --- clock ----------------------------------------------------------------------------------- */

/* --- list ------------------------------------------------------------------------------------ */

struct thing {
    int number;
    struct link link;
};

static int digits_of(const struct link *list)
{
    int digits = 0;
    for (struct link *at = list->next; at != list; at = at->next) {
        assert_ptr_equal(at->next->previous, at);
        digits = digits * 10 + CONTAINER_OF(at, struct thing, link)->number;
    }
    return digits;
}

static void test_list(void **state)
{
    (void)state;
    struct link list;
    struct thing things[4] = {{.number = 1}, {.number = 2}, {.number = 3}, {.number = 4}};
    list_init(&list);
    assert_true(list_empty(&list));
    link_remove(&things[0].link); /* in no list: nothing happens */
    assert_false(link_listed(&things[0].link));
    for (size_t i = 0; i < 3; i++)
        list_append(&list, &things[i].link);
    list_prepend(&list, &things[3].link);
    assert_int_equal(digits_of(&list), 4123);
    link_remove(&things[1].link);
    assert_false(link_listed(&things[1].link));
    link_remove(&things[1].link);
    assert_int_equal(digits_of(&list), 413);
    list_append(&list, &things[1].link);
    assert_int_equal(digits_of(&list), 4132);
    for (size_t i = 0; i < 4; i++)
        link_remove(&things[i].link);
    assert_true(list_empty(&list));
}

/* --- err ------------------------------------------------------------------------------------- */

static void test_err(void **state)
{
    (void)state;
    static const struct {
        enum err err;
        int status;
        struct span code;
    } rows[] = {{OK, 200, TEXT("OK")},
#define X(name, status, code) {ERR_##name, status, TEXT(code)},
        ERR_LIST(X)
#undef X
    };
    assert_int_equal(ROWS(rows), ERR_COUNT);
    for (size_t i = 0; i < ROWS(rows); i++) {
        CHECK_NUMBER(rows[i].code, err_status(rows[i].err), rows[i].status);
        CHECK_TEXT(rows[i].code, span_of(err_code(rows[i].err)), rows[i].code);
        assert_true(i == 0 || (rows[i].status >= 400 && rows[i].status < 600));
    }
}

/* Words that are too long are cut, never unterminated. */
static void test_fault(void **state)
{
    (void)state;
    struct fault fault;
    char words[2 * sizeof fault.text];
    memset(words, 'w', sizeof words - 1);
    words[sizeof words - 1] = '\0';
    assert_int_equal(fault_set(&fault, ERR_TOO_BUSY, "%s %d", "busy", 3), ERR_TOO_BUSY);
    assert_int_equal(fault.err, ERR_TOO_BUSY);
    assert_string_equal(fault.text, "busy 3");
    assert_int_equal(fault_set(&fault, ERR_NOT_FOUND, "%s", words), ERR_NOT_FOUND);
    assert_int_equal(strlen(fault.text), sizeof fault.text - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_span_parts),
        cmocka_unit_test(test_span_compare),
        cmocka_unit_test(test_span_trim),
        cmocka_unit_test(test_span_next),
        cmocka_unit_test(test_span_to_number),
        cmocka_unit_test(test_span_to_hex_number),
        cmocka_unit_test(test_ascii),
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_err),
        cmocka_unit_test(test_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
