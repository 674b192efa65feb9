/* Signs that the keys are not those of the function's role: each alone, and which one is told. */
#include "tests/unit/check.h"

#include "proxy/permissions/mistaken.h"

#define ROLE  "ASIAQNZGKIQY56JQ7WML" /* account 029608264753 */
#define USER  "AKIAXYZDQCEN4B6JSJQI"
#define OLDER "ASIAIOSFODNN7EXAMPLE" /* an id that does not hold its account */
#define ARN   "arn:aws:sts::029608264753:assumed-role/worker/"

static const struct {
    const char *label, *key, *arn, *function, *account;
    bool assumes, beside;
    const char *file;
    uint64_t foreign;
    size_t count;
    const char *first, *last; /* words of the first and the last warning */
} rows[] = {
    {"nothing is known", NULL, NULL, "", "", false, false, NULL, 0, 0, NULL, NULL},
    {"the role", ROLE, NULL, "", "", false, false, NULL, 0, 0, NULL, NULL},
    {"the role, of the function's account", ROLE, ARN "f", "f", "029608264753", false, false, NULL,
        0, 0, NULL, NULL},
    {"a user's", USER, NULL, "", "", false, false, NULL, 0, 1, "IAM user's long-term", NULL},
    {"a user's, of another account", USER, NULL, "f", "029608264753", false, true, NULL, 0, 1,
        "IAM user's long-term", NULL},
    {"another account's", ROLE, NULL, "f", "123456789012", false, false, NULL, 0, 1,
        "of the account 029608264753, the function is of 123456789012", NULL},
    {"another account's, on purpose", ROLE, "arn:aws:sts::123456789012:assumed-role/other/f", "f",
        "029608264753", true, false, NULL, 0, 0, NULL, NULL},
    {"a role is assumed with another account's", ROLE, NULL, "f", "123456789012", true, false, NULL,
        0, 1, "of the account 029608264753", NULL},
    {"an older id", OLDER, NULL, "f", "123456789012", false, false, NULL, 0, 0, NULL, NULL},
    {"an older id, and STS knows better", OLDER, ARN "f", "f", "123456789012", false, false, NULL,
        0, 1, "of the account 029608264753", NULL},
    {"somebody's session", ROLE, ARN "somebody", "f", "029608264753", false, false, NULL, 0, 1,
        "a session called somebody", NULL},
    {"somebody's session, not in Lambda", ROLE, ARN "somebody", "f", "", false, false, NULL, 0, 0,
        NULL, NULL},
    {"a user, says STS", ROLE, "arn:aws:iam::029608264753:user/me", "f", "029608264753", false,
        false, NULL, 0, 1, "an IAM user, not a role", NULL},
    {"beside Lambda's endpoint", ROLE, NULL, "f", "029608264753", false, true, NULL, 0, 1,
        "AWS_CONTAINER_CREDENTIALS_FULL_URI", NULL},
    {"a shared file", ROLE, NULL, "f", "", false, false, "AWS_PROFILE", 0, 1,
        "AWS_PROFILE leads SDKs", NULL},
    {"a client's own key", ROLE, NULL, "f", "", false, false, NULL, 1, 1,
        "1 request was signed with another key", NULL},
    {"all at once", USER, NULL, "f", "123456789012", false, true, "AWS_PROFILE", 7, 3,
        "IAM user's long-term", "7 requests were signed"},
};

static void test_signs(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct credentials keys = {.access_key_id = span_of(rows[i].key),
            .session_token = span_of(rows[i].key && rows[i].key[1] == 'S' ? "t" : "")};
        struct caller caller = {.account_bytes = 0};
        struct foreign_keys foreign = {rows[i].foreign, "AKIA...7XYZ", "a key"};
        struct mistaken_signs signs = {.credentials = rows[i].key ? &keys : NULL,
            .caller = rows[i].arn ? &caller : NULL,
            .assumes = rows[i].assumes,
            .beside_endpoint = rows[i].beside,
            .function_name = span_of(rows[i].function),
            .account = span_of(rows[i].account),
            .shared_file = rows[i].file,
            .foreign = &foreign};
        if (rows[i].arn) {
            memcpy(caller.arn, rows[i].arn, caller.arn_bytes = strlen(rows[i].arn));
            memcpy(caller.account, strstr(rows[i].arn, "::") + 2, caller.account_bytes = 12);
        }
        struct mistaken mistaken;
        mistaken_find(&signs, &mistaken);
        struct span label = span_of(rows[i].label);
        CHECK_NUMBER(label, mistaken.count, rows[i].count);
        if (rows[i].first && !strstr(mistaken.text[0], rows[i].first))
            fail_msg("%s: %s", rows[i].label, mistaken.text[0]);
        if (rows[i].last && !strstr(mistaken.text[mistaken.count - 1], rows[i].last))
            fail_msg("%s: %s", rows[i].label, mistaken.text[mistaken.count - 1]);
    }
}

/* The longest values that there may be still fit. */
static void test_room(void **state)
{
    (void)state;
    char arn[CALLER_ARN_BYTES];
    struct credentials keys = {.access_key_id = SPAN(OLDER), .session_token = SPAN("t")};
    struct caller caller = {.account = "123456789012", .account_bytes = 12};
    memset(arn, 'x', sizeof arn);
    memcpy(caller.arn, arn, caller.arn_bytes = sizeof arn);
    memcpy(caller.arn, ARN, sizeof ARN - 1);
    struct mistaken_signs signs = {.credentials = &keys,
        .caller = &caller,
        .function_name = {arn, sizeof arn},
        .account = SPAN("123456789012")};
    struct mistaken mistaken;
    mistaken_find(&signs, &mistaken);
    assert_int_equal(mistaken.count, 1);
    assert_non_null(strstr(mistaken.text[0], "its own role."));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_signs),
        cmocka_unit_test(test_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
