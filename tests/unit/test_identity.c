/* Who the credentials say the function is. */
#include "tests/unit/check.h"

#include "proxy/permissions/identity.h"

/* Worked examples that were published with their account, or whose account was computed:
 * AWS's documentation; test_keys of trufflesecurity with kingfisher's tests; a public SAM
 * project's README; "A short note on AWS KEY ID" by T. Be'ery; awsteele.com, "AWS access key
 * format". */
static const struct {
    struct span id, account;
} accounts[] = {
    {TEXT("AKIAIOSFODNN7EXAMPLE"), TEXT("")}, /* an older id does not hold it */
    {TEXT("AKIAXYZDQCEN4B6JSJQI"), TEXT("534261010715")},
    {TEXT("AROAXWO2SDPLLBS55Q345"), TEXT("529276214230")},
    {TEXT("ASIAQNZGKIQY56JQ7WML"), TEXT("029608264753")},
    {TEXT("ASIAY34FZKBOKMUTVV7A"), TEXT("609629065308")},
    {TEXT("ASIAPPPPPPPPPPPPPPPP"), TEXT("")}, /* the last letter of the older ones */
    {TEXT("ASIAQAAAAAAAAAAAAAAA"), TEXT("000000000000")},
    {TEXT("ASIA7777777777777777"), TEXT("")},             /* beyond 12 digits */
    {TEXT("ASIAY34FZKBOK1UTVV7A"), TEXT("609629065308")}, /* "1" behind what holds it */
    {TEXT("ASIAY34F1KBOKMUTVV7A"), TEXT("")},             /* no base32 */
    {TEXT("ASIAY34FZ"), TEXT("")},
    {TEXT(""), TEXT("")},
};

static void test_accounts(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(accounts); i++) {
        char *copy = check_copy(accounts[i].id);
        struct credentials credentials = {.access_key_id = {copy, accounts[i].id.len}};
        struct identity identity = identity_of(&credentials);
        CHECK_TEXT(accounts[i].id, span_of(identity.account), accounts[i].account);
        free(copy);
    }
}

static void test_kinds(void **state)
{
    (void)state;
    static const struct {
        struct span id, token;
        enum identity_kind kind;
        bool warns;
    } rows[] = {
        {TEXT("ASIAY34FZKBOKMUTVV7A"), TEXT("t"), IDENTITY_TEMPORARY, false},
        {TEXT("ASIAY34FZKBOKMUTVV7A"), TEXT(""), IDENTITY_BROKEN, true},
        {TEXT("AKIAXYZDQCEN4B6JSJQI"), TEXT(""), IDENTITY_USER, true},
        {TEXT("AKIAXYZDQCEN4B6JSJQI"), TEXT("t"), IDENTITY_BROKEN, true},
        {TEXT("A3TXXYZDQCEN4B6JSJQI"), TEXT(""), IDENTITY_USER, true},
        {TEXT("AROAXWO2SDPLLBS55Q345"), TEXT("t"), IDENTITY_OTHER, true},
        {TEXT("akid"), TEXT(""), IDENTITY_OTHER, true},
        {TEXT(""), TEXT(""), IDENTITY_OTHER, true},
        {TEXT("asia"), TEXT("t"), IDENTITY_OTHER, true},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct credentials credentials = {
            .access_key_id = rows[i].id, .session_token = rows[i].token};
        struct identity identity = identity_of(&credentials);
        CHECK_NUMBER(rows[i].id, identity.kind, rows[i].kind);
        CHECK_NUMBER(rows[i].id, identity.warning != NULL, rows[i].warns);
        assert_true(strlen(identity_kind_text(identity.kind)) > 0);
    }
    struct identity nobody = identity_of(NULL);
    assert_int_equal(nobody.kind, IDENTITY_NONE);
    assert_null(nobody.warning);
    assert_string_equal(nobody.account, "");
    assert_true(strlen(identity_kind_text(IDENTITY_NONE)) > 0);
}

static void test_key_text(void **state)
{
    (void)state;
    assert_string_equal(
        identity_key_text(SPAN("AKIAXYZDQCEN4B6JSJQI")), "an IAM user's long-term key");
    assert_string_equal(identity_key_text(SPAN("ASIAY34FZKBOKMUTVV7A")), "another session's key");
    assert_string_equal(identity_key_text(SPAN("")), "a key of unknown form");
}

/* What a stranger wrote into a claim comes out only where it has the form of a key id. */
static void test_mask(void **state)
{
    (void)state;
    static const struct {
        struct span id, masked;
    } rows[] = {
        {TEXT("AKIAXYZDQCEN4B6JSJQI"), TEXT("AKIA\xe2\x80\xa6SJQI")},
        {TEXT("ABCDEFGHIJKLMNOP"), TEXT("ABCD\xe2\x80\xa6MNOP")},
        {TEXT("ABCDEFGHIJKLMNO"), TEXT("an unknown key")},
        {TEXT(""), TEXT("an unknown key")},
        {TEXT("akiaxyzdqcen4b6jsjqi"), TEXT("an unknown key")},
        {TEXT("AKIA<script>alert(1)"), TEXT("an unknown key")},
        {TEXT("AKIAXYZDQCEN\nB6JSJQI"), TEXT("an unknown key")},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        char memory[64];
        struct buf out = buf_over(memory, sizeof memory);
        identity_mask(rows[i].id, &out);
        CHECK_TEXT(rows[i].id, buf_span(&out), rows[i].masked);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accounts),
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_key_text),
        cmocka_unit_test(test_mask),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
