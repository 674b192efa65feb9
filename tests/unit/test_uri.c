/* Percent-encoding. */
#include "tests/unit/check.h"

#include "proxy/aws/uri.h"

struct row {
    struct span in, encoded, kept_slash, recoded, decoded;
};

static const struct row rows[] = {
    {TEXT(""), TEXT(""), TEXT(""), TEXT(""), TEXT("")},
    {TEXT("AZaz09-._~"), TEXT("AZaz09-._~"), TEXT("AZaz09-._~"), TEXT("AZaz09-._~"),
        TEXT("AZaz09-._~")},
    {TEXT("/a/b"), TEXT("%2Fa%2Fb"), TEXT("/a/b"), TEXT("/a/b"), TEXT("/a/b")},
    {TEXT("a b"), TEXT("a%20b"), TEXT("a%20b"), TEXT("a%20b"), TEXT("a b")},
    {TEXT("%41%7e%7E"), TEXT("%2541%257e%257E"), TEXT("%2541%257e%257E"), TEXT("A~~"), TEXT("A~~")},
    {TEXT("%2f%2F"), TEXT("%252f%252F"), TEXT("%252f%252F"), TEXT("//"), TEXT("//")},
    {TEXT("a+b"), TEXT("a%2Bb"), TEXT("a%2Bb"), TEXT("a%2Bb"), TEXT("a+b")},
    {TEXT("!*'();:@&=$,?#[]"), TEXT("%21%2A%27%28%29%3B%3A%40%26%3D%24%2C%3F%23%5B%5D"),
        TEXT("%21%2A%27%28%29%3B%3A%40%26%3D%24%2C%3F%23%5B%5D"),
        TEXT("%21%2A%27%28%29%3B%3A%40%26%3D%24%2C%3F%23%5B%5D"), TEXT("!*'();:@&=$,?#[]")},
    /* An escape that is none stands for its own characters. */
    {TEXT("%"), TEXT("%25"), TEXT("%25"), TEXT("%25"), TEXT("%")},
    {TEXT("%4"), TEXT("%254"), TEXT("%254"), TEXT("%254"), TEXT("%4")},
    {TEXT("%zz%4g"), TEXT("%25zz%254g"), TEXT("%25zz%254g"), TEXT("%25zz%254g"), TEXT("%zz%4g")},
    {TEXT("%%41"), TEXT("%25%2541"), TEXT("%25%2541"), TEXT("%25A"), TEXT("%A")},
    /* Once: what comes out may look like an escape again. */
    {TEXT("%2541"), TEXT("%252541"), TEXT("%252541"), TEXT("%2541"), TEXT("%41")},
    {TEXT("\xc3\xbc%c3%bc"), TEXT("%C3%BC%25c3%25bc"), TEXT("%C3%BC%25c3%25bc"),
        TEXT("%C3%BC%C3%BC"), TEXT("\xc3\xbc\xc3\xbc")},
    {TEXT("\x00%00\x7f\xff"), TEXT("%00%2500%7F%FF"), TEXT("%00%2500%7F%FF"), TEXT("%00%00%7F%FF"),
        TEXT("\x00\x00\x7f\xff")},
};

static void test_table(void **state)
{
    (void)state;
    char memory[256];
    for (size_t i = 0; i < ROWS(rows); i++) {
        char *copy = check_copy(rows[i].in);
        struct span in = {copy, rows[i].in.len};
        struct buf out = buf_over(memory, sizeof memory);
        uri_encode(&out, in, false);
        CHECK_TEXT(rows[i].in, buf_span(&out), rows[i].encoded);
        out = buf_over(memory, sizeof memory);
        uri_encode(&out, in, true);
        CHECK_TEXT(rows[i].in, buf_span(&out), rows[i].kept_slash);
        out = buf_over(memory, sizeof memory);
        uri_recode(&out, in, true);
        CHECK_TEXT(rows[i].in, buf_span(&out), rows[i].recoded);
        out = buf_over(memory, sizeof memory);
        uri_decode(&out, in);
        CHECK_TEXT(rows[i].in, buf_span(&out), rows[i].decoded);
        free(copy);
    }
}

static void test_recode_encodes_a_slash(void **state)
{
    (void)state;
    char memory[32];
    struct buf out = buf_over(memory, sizeof memory);
    uri_recode(&out, SPAN("a/b%2fc"), false);
    CHECK_TEXT(SPAN("a/b%2fc"), buf_span(&out), SPAN("a%2Fb%2Fc"));
}

/* Recoding what is recoded changes nothing: it is a normal form. */
static void test_recode_is_a_normal_form(void **state)
{
    (void)state;
    char first[256], second[256];
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct buf once = buf_over(first, sizeof first), twice = buf_over(second, sizeof second);
        uri_recode(&once, rows[i].in, false);
        uri_recode(&twice, buf_span(&once), false);
        CHECK_TEXT(rows[i].in, buf_span(&twice), buf_span(&once));
    }
}

static void test_no_room(void **state)
{
    (void)state;
    char memory[4];
    struct buf out = buf_over(memory, sizeof memory);
    uri_encode(&out, SPAN("aa  "), false);
    assert_true(out.failed);
    assert_true(out.len <= sizeof memory);
}

static void test_parameters(void **state)
{
    (void)state;
    char memory[64];
    struct buf query = buf_over(memory, sizeof memory);
    uri_add_parameter(&query, SPAN("a"), SPAN("b c/d"));
    uri_add_parameter(&query, SPAN("e"), SPAN(""));
    CHECK_TEXT(SPAN("parameters"), buf_span(&query), SPAN("a=b%20c%2Fd&e="));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_recode_encodes_a_slash),
        cmocka_unit_test(test_recode_is_a_normal_form),
        cmocka_unit_test(test_no_room),
        cmocka_unit_test(test_parameters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
