/* The password in an Authorization: Basic header. */
#include "tests/unit/check.h"

#include "proxy/http/basic.h"

static const struct {
    struct span value;
    bool good;
    struct span password;
} rows[] = {
    {TEXT("Basic eDpzZWNyZXQ="), true, TEXT("secret")}, /* x:secret */
    {TEXT("basic eDpzZWNyZXQ="), true, TEXT("secret")},
    {TEXT("BASIC \t eDpzZWNyZXQ= "), true, TEXT("secret")},
    {TEXT("Basic eDpzZWNyZXQ"), true, TEXT("secret")},  /* no padding */
    {TEXT("Basic OnNlY3JldA=="), true, TEXT("secret")}, /* :secret */
    {TEXT("Basic eDo="), true, TEXT("")},               /* x: */
    {TEXT("Basic eDphOmI6Yw=="), true, TEXT("a:b:c")},  /* x:a:b:c */
    {TEXT("Basic eDoAeQ=="), true, TEXT("\x00y")},
    {TEXT("Basic eDr//vvv"), true, TEXT("\xff\xfe\xfb\xef")},
    {TEXT("Basic eDr__vvv"), true, TEXT("\xff\xfe\xfb\xef")}, /* the URL's alphabet */
    {TEXT("Basic eA=="), false, TEXT("")},                    /* no colon */
    {TEXT("Basic "), false, TEXT("")}, {TEXT("Basic"), false, TEXT("")},
    {TEXT(""), false, TEXT("")}, {TEXT("Bearer eDpzZWNyZXQ="), false, TEXT("")},
    {TEXT("BasiceDpzZWNyZXQ="), false, TEXT("")}, {TEXT("Basic eDpzZW NyZXQ="), false, TEXT("")},
    {TEXT("Basic eDpzZ=WNyZXQ"), false, TEXT("")}, {TEXT("Basic eDpzZWNyZXQ=!"), false, TEXT("")},
    {TEXT("Basic eDpzZWNyZX\xc3"), false, TEXT("")},
    {TEXT("Basic eDpzZWNyZ"), false, TEXT("")}, /* a character too many */
};

static void test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        char memory[64], *copy = check_copy(rows[i].value);
        struct span value = {copy, rows[i].value.len};
        struct buf password = buf_over(memory, sizeof memory);
        buf_text(&password, "before ");
        CHECK_NUMBER(value, basic_password(value, &password), rows[i].good);
        if (rows[i].good) {
            CHECK_TEXT(value, span_first(buf_span(&password), 7), SPAN("before "));
            CHECK_TEXT(value, span_from(buf_span(&password), 7), rows[i].password);
        }
        free(copy);
    }
}

static void test_no_room(void **state)
{
    (void)state;
    char memory[7];
    struct buf password = buf_over(memory, sizeof memory);
    assert_false(basic_password(SPAN("Basic eDpzZWNyZXQ="), &password));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
