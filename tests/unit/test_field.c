/* Header fields: which one it is, what a proxy does with it, and which bytes it may hold. */
#include "tests/unit/check.h"

#include "proxy/http/field.h"

static void test_identify(void **state)
{
    (void)state;
    static const struct {
        struct span name;
        enum field_id id;
    } rows[] = {
#define X(id, name, flags) {TEXT(name), FIELD_##id},
        FIELD_LIST(X)
#undef X
            {TEXT("HOST"), FIELD_HOST},
        {TEXT("cOnTeNt-LeNgTh"), FIELD_CONTENT_LENGTH},
        {TEXT(""), FIELD_OTHER},
        {TEXT("hos"), FIELD_OTHER},
        {TEXT("hosts"), FIELD_OTHER},
        {TEXT("host "), FIELD_OTHER},
        {TEXT("content_length"), FIELD_OTHER},
        {TEXT("x-amz-meta-date"), FIELD_OTHER},
    };
    for (size_t i = 0; i < ROWS(rows); i++)
        CHECK_NUMBER(rows[i].name, field_identify(rows[i].name), rows[i].id);
}

static void test_flags(void **state)
{
    (void)state;
    static const struct {
        struct span name;
        unsigned flags;
    } rows[] = {
        {TEXT("Connection"), FIELD_HOP},
        {TEXT("TE"), FIELD_HOP},
        {TEXT("Authorization"), FIELD_MINE},
        {TEXT("Host"), FIELD_MINE | FIELD_KEEP},
        {TEXT("X-Amz-Target"), FIELD_KEEP},
        {TEXT("x-amz-meta-colour"), FIELD_KEEP},
        {TEXT("X-Amzn-Trace-Id"), FIELD_KEEP},
        {TEXT("Content-Encoding"), FIELD_KEEP},
        {TEXT("If-None-Match"), FIELD_KEEP},
        {TEXT("Range"), FIELD_KEEP},
        {TEXT("Accept-Encoding"), FIELD_KEEP},
        {TEXT("X-Custom"), 0},
        {TEXT("If"), 0},
        {TEXT("Xamz"), 0},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct field field = {.name = rows[i].name, .id = field_identify(rows[i].name)};
        CHECK_NUMBER(rows[i].name, field_flags(&field), rows[i].flags);
    }
}

/* Every byte there is, against the lists of RFC 9110, 5.6.2 and 5.5. */
static void test_every_byte(void **state)
{
    (void)state;
    static const char token[] = "!#$%&'*+-.^_`|~0123456789"
                                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    for (unsigned c = 0; c < 256; c++) {
        char text[3] = {'a', (char)c, 'z'};
        struct span s = {text, sizeof text};
        bool in_token = c != 0 && strchr(token, (int)c) != NULL;
        CHECK_NUMBER(s, field_name_valid(s), in_token && c < 0x80);
        CHECK_NUMBER(s, field_value_valid(s), c == '\t' || (c >= 0x20 && c != 0x7f));
    }
    assert_false(field_name_valid(SPAN("")));
    assert_true(field_value_valid(SPAN("")));
}

static void test_lines(void **state)
{
    (void)state;
    static const struct {
        struct span line;
        bool good;
        struct span name, value;
    } rows[] = {
        {TEXT("a: b"), true, TEXT("a"), TEXT("b")},
        {TEXT("a:b"), true, TEXT("a"), TEXT("b")},
        {TEXT("A:\t b c \t"), true, TEXT("A"), TEXT("b c")},
        {TEXT("a:"), true, TEXT("a"), TEXT("")},
        {TEXT("a:  "), true, TEXT("a"), TEXT("")},
        {TEXT("a:b:c"), true, TEXT("a"), TEXT("b:c")},
        {TEXT("a: \xc3\xbc"), true, TEXT("a"), TEXT("\xc3\xbc")},
        {TEXT("a"), false, TEXT(""), TEXT("")},
        {TEXT(""), false, TEXT(""), TEXT("")},
        {TEXT(":b"), false, TEXT(""), TEXT("")},
        {TEXT("a :b"), false, TEXT(""), TEXT("")},
        {TEXT(" a:b"), false, TEXT(""), TEXT("")},
        {TEXT("a b:c"), false, TEXT(""), TEXT("")},
        {TEXT("a:b\rc"), false, TEXT(""), TEXT("")},
        {TEXT("a:b\nc"), false, TEXT(""), TEXT("")},
        {TEXT("a:\x00"), false, TEXT(""), TEXT("")},
        {TEXT("a:\x7f"), false, TEXT(""), TEXT("")},
        {TEXT("\xc3\xbc:b"), false, TEXT(""), TEXT("")},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct field field = {.id = FIELD_OTHER};
        CHECK_NUMBER(rows[i].line, field_parse_line(rows[i].line, &field), rows[i].good);
        if (!rows[i].good)
            continue;
        CHECK_TEXT(rows[i].line, field.name, rows[i].name);
        CHECK_TEXT(rows[i].line, field.value, rows[i].value);
    }
    struct field field;
    assert_true(field_parse_line(SPAN("CONTENT-Length: 5"), &field));
    assert_int_equal(field.id, FIELD_CONTENT_LENGTH);
}

static void test_list_has(void **state)
{
    (void)state;
    static const struct {
        struct span list, token;
        bool has;
    } rows[] = {
        {TEXT("close"), TEXT("close"), true},
        {TEXT("Keep-Alive, CLOSE"), TEXT("close"), true},
        {TEXT(" , ,\tclose ,x"), TEXT("close"), true},
        {TEXT("closed"), TEXT("close"), false},
        {TEXT("clos e"), TEXT("close"), false},
        {TEXT("close;x"), TEXT("close"), false},
        {TEXT(""), TEXT("close"), false},
    };
    for (size_t i = 0; i < ROWS(rows); i++)
        CHECK_NUMBER(rows[i].list, field_list_has(rows[i].list, rows[i].token), rows[i].has);
    assert_false(field_list_has((struct span){NULL, 0}, SPAN("close")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_identify),
        cmocka_unit_test(test_flags),
        cmocka_unit_test(test_every_byte),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_list_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
