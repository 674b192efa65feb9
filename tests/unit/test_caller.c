/* Who STS says a caller is, and what there is to say of it. */
#include "tests/unit/check.h"

#include "proxy/permissions/caller.h"

#define RESULT(arn, id, account)                                                             \
    TEXT("<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>" arn "</Arn><UserId>" id \
         "</UserId><Account>" account "</Account></GetCallerIdentityResult>"                 \
         "</GetCallerIdentityResponse>")

static const struct {
    struct span xml;
    bool good;
} answers[] = {
    {RESULT("arn:aws:sts::123456789012:assumed-role/r/f", "AROA1:f", "123456789012"), true},
    {RESULT("", "AROA1:f", "123456789012"), false},
    {RESULT("arn:aws:iam::1:root", "", "123456789012"), false},
    {RESULT("arn:aws:iam::1:root", "1", "1234567890123"), false},
    {RESULT("arn:aws:iam::1:user/&lt;b&gt;", "1", "123456789012"), false},
    {RESULT("arn:aws:iam::1:user/a b", "1", "123456789012"), false},
    {TEXT("<ErrorResponse><Error><Code>x</Code></Error></ErrorResponse>"), false},
    {TEXT(""), false},
};

static void test_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(answers); i++) {
        struct caller caller;
        CHECK_NUMBER(answers[i].xml, caller_parse(answers[i].xml, &caller), answers[i].good);
    }
    struct caller caller;
    assert_true(caller_parse(answers[0].xml, &caller));
    CHECK_TEXT(
        SPAN("arn"), caller_arn(&caller), SPAN("arn:aws:sts::123456789012:assumed-role/r/f"));
    CHECK_TEXT(SPAN("id"), caller_user_id(&caller), SPAN("AROA1:f"));
    CHECK_TEXT(SPAN("account"), caller_account(&caller), SPAN("123456789012"));
}

static const struct {
    struct span arn, role, session;
    bool warns;
} arns[] = {
    {TEXT("arn:aws:sts::123456789012:assumed-role/worker/my-function"),
        TEXT("arn:aws:iam::123456789012:role/worker"), TEXT("my-function"), false},
    {TEXT("arn:aws-cn:sts::123456789012:assumed-role/worker/a/b"),
        TEXT("arn:aws-cn:iam::123456789012:role/worker"), TEXT("a/b"), false},
    {TEXT("arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Admin_1f/me@example.com"),
        TEXT("arn:aws:iam::123456789012:role/AWSReservedSSO_Admin_1f"), TEXT("me@example.com"),
        true},
    {TEXT("arn:aws:iam::123456789012:root"), TEXT(""), TEXT(""), true},
    {TEXT("arn:aws:iam::123456789012:user/path/me"), TEXT(""), TEXT(""), true},
    {TEXT("arn:aws:sts::123456789012:federated-user/me"), TEXT(""), TEXT(""), true},
    {TEXT("arn:aws:sts::123456789012:assumed-role/worker"), TEXT(""), TEXT(""), true},
    {TEXT("nonsense"), TEXT(""), TEXT(""), true},
    {TEXT(""), TEXT(""), TEXT(""), true},
};

static void test_arns(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(arns); i++) {
        char memory[256];
        struct buf written = buf_over(memory, sizeof memory);
        struct span role, session;
        bool is_session = caller_session(arns[i].arn, &role, &session);
        caller_write_role(arns[i].arn, &written);
        CHECK_NUMBER(arns[i].arn, is_session, arns[i].session.len > 0);
        CHECK_TEXT(arns[i].arn, buf_span(&written), arns[i].role);
        if (is_session)
            CHECK_TEXT(arns[i].arn, session, arns[i].session);
        CHECK_NUMBER(arns[i].arn, caller_warning(arns[i].arn) != NULL, arns[i].warns);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_arns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
