/* The signer beyond AWS's suite: its cache of derived keys, and a whole signature. */
#include "tests/unit/check.h"

#include "proxy/aws/sign.h"

#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

static int set_up(void **state)
{
    *state = signer_create();
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    signer_destroy(*state);
    return 0;
}

/* The signature of "text" under the scope. */
struct vector {
    struct span secret, date, region, service, signature;
};

/* Computed with Python's hmac and hashlib. */
static const struct vector vectors[] = {
    {TEXT(SECRET), TEXT("20150830"), TEXT("us-east-1"), TEXT("iam"),
        TEXT("47e8dff75c264d02dd9075e1d160d1036c46d16500e36784e807c9d58fa22c3d")},
    {TEXT(SECRET), TEXT("20150830"), TEXT("eu-west-1"), TEXT("s3"),
        TEXT("e89605ceb62605d144f64b3d669b8ab818810a070304111d07478baa4329c124")},
    {TEXT(SECRET), TEXT("20150831"), TEXT("us-east-1"), TEXT("iam"),
        TEXT("8ccac1de612826066e5ca0a4585df9e4f1c8572387406b3fc30250b630ec13e6")},
    {TEXT("another-secret"), TEXT("20150830"), TEXT("us-east-1"), TEXT("iam"),
        TEXT("673d5bc61d11f283d56c313b9b59d4a528c63b76a329440bc3d9a68918f5e908")},
    {TEXT("kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"), TEXT("20150830"),
        TEXT("us-east-1"), TEXT("iam"),
        TEXT("4d3f5c556ee3056d22f34d2172394da2096a8f86d9bdb742b9411b518193030b")},
    {TEXT("kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"
          "k"),
        TEXT("20150830"), TEXT("us-east-1"), TEXT("iam"),
        TEXT("a00900b5ff55b73fdfb157133d183b1c8664ce7b0dc1aaf1cee6c26e22857c22")},
    {TEXT("kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"
          "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"
          "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"
          "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"
          "kkkkkkkkkkkk"),
        TEXT("20150830"), TEXT("us-east-1"), TEXT("iam"),
        TEXT("7707fc7a355049a882d0aa6a8a27e204c637eca1586f163c0cacbe06b76d8a55")},
};

static void sign_text(struct signer *signer, const struct vector *v)
{
    char hex[HASH_HEX_BYTES];
    struct credentials credentials = {.secret_access_key = v->secret};
    struct scope scope = {.region = v->region, .service = v->service};
    memcpy(scope.date.text, v->date.at, v->date.len);
    memcpy(scope.date.text + 8, "T000000Z", 9);
    assert_int_equal(signer_signature(signer, &credentials, &scope, SPAN("text"), hex), OK);
    CHECK_TEXT(v->service, ((struct span){hex, sizeof hex}), v->signature);
}

static void test_scopes_interleaved(void **state)
{
    for (size_t i = 0; i < 100; i++)
        sign_text(*state, &vectors[i % 3]);
}

static void test_more_scopes_than_are_kept(void **state)
{
    enum { SCOPES = 40 };
    struct signer *one_each[SCOPES];
    char names[SCOPES][16], hex[HASH_HEX_BYTES], expected[HASH_HEX_BYTES];
    struct credentials credentials = {.secret_access_key = SPAN(SECRET)};
    struct scope scope = {.date = {"20150830T000000Z"}, .region = SPAN("us-east-1")};
    for (size_t i = 0; i < SCOPES; i++) {
        (void)snprintf(names[i], sizeof names[i], "service%zu", i);
        one_each[i] = signer_create();
        assert_non_null(one_each[i]);
    }
    for (size_t i = 0; i < 5 * (size_t)SCOPES; i++) {
        size_t which = i * 7 % SCOPES;
        scope.service = span_of(names[which]);
        assert_int_equal(signer_signature(*state, &credentials, &scope, SPAN("text"), hex), OK);
        assert_int_equal(
            signer_signature(one_each[which], &credentials, &scope, SPAN("text"), expected), OK);
        assert_memory_equal(hex, expected, sizeof hex);
    }
    for (size_t i = 0; i < SCOPES; i++)
        signer_destroy(one_each[i]);
}

/* Kept keys are found by scope alone, so new credentials need a new start. */
static void test_forget(void **state)
{
    struct vector before = vectors[0], after = vectors[3];
    sign_text(*state, &before);
    signer_forget(*state);
    sign_text(*state, &after);
    signer_forget(*state);
    signer_forget(*state);
    sign_text(*state, &before);
}

static void test_secrets_of_every_length(void **state)
{
    for (size_t i = 0; i < ROWS(vectors); i++) {
        signer_forget(*state);
        sign_text(*state, &vectors[i]);
    }
}

/* Names beyond what a key is kept for are refused, and what is kept stays right. */
static void test_too_long(void **state)
{
    char long_name[65], hex[HASH_HEX_BYTES], secret[257];
    memset(long_name, 'n', sizeof long_name);
    memset(secret, 's', sizeof secret);
    struct credentials credentials = {.secret_access_key = SPAN(SECRET)};
    struct scope scope = {.date = {"20150830T000000Z"},
        .region = {long_name, sizeof long_name},
        .service = SPAN("s3")};
    sign_text(*state, &vectors[0]);
    assert_int_not_equal(signer_signature(*state, &credentials, &scope, SPAN("text"), hex), OK);
    scope.region = SPAN("us-east-1");
    scope.service = (struct span){long_name, sizeof long_name};
    assert_int_not_equal(signer_signature(*state, &credentials, &scope, SPAN("text"), hex), OK);
    credentials.secret_access_key = (struct span){secret, sizeof secret};
    scope.service = SPAN("s3");
    assert_int_not_equal(signer_signature(*state, &credentials, &scope, SPAN("text"), hex), OK);
    sign_text(*state, &vectors[0]);
    sign_text(*state, &vectors[1]);
}

/* Source: botocore, tests/unit/test_signers.py (Apache-2.0): a database login token. */
static void test_rds_token(void **state)
{
    char names[64];
    struct signature signature = {.signed_headers = buf_over(names, sizeof names)};
    struct credentials credentials = {
        .access_key_id = SPAN("akid"), .secret_access_key = SPAN("skid")};
    struct scope scope = {
        .date = {"20161107T173933Z"}, .region = SPAN("us-east-1"), .service = SPAN("rds-db")};
    struct canonical canonical = {.method = SPAN("GET"),
        .path = SPAN("/"),
        .query = SPAN("Action=connect&DBUser=someusername&X-Amz-Algorithm=AWS4-HMAC-SHA256"
                      "&X-Amz-Date=20161107T173933Z&X-Amz-SignedHeaders=host&X-Amz-Expires=900"
                      "&X-Amz-Credential=akid%2F20161107%2Fus-east-1%2Frds-db%2Faws4_request"),
        .style = PATH_TWICE,
        .payload_hash = SPAN(EMPTY_SHA256)};
    canonical_add(&canonical, SPAN("Host"), SPAN("prod-instance.us-east-1.rds.amazonaws.com:3306"));
    assert_int_equal(signer_sign(*state, &credentials, &scope, &canonical, &signature), OK);
    CHECK_TEXT(SPAN("names"), buf_span(&signature.signed_headers), SPAN("host"));
    CHECK_TEXT(SPAN("RDS"), ((struct span){signature.hex, sizeof signature.hex}),
        SPAN("d1138cdbc0ca63eec012ec0fc6c2267e03642168f5884a7795320d4c18374c61"));
}

static void test_scope_write(void **state)
{
    (void)state;
    char memory[64];
    struct buf out = buf_over(memory, sizeof memory);
    struct scope scope = {
        .date = {"20150830T123600Z"}, .region = SPAN("us-east-1"), .service = SPAN("s3")};
    scope_write(&scope, &out);
    CHECK_TEXT(SPAN("scope"), buf_span(&out), SPAN("20150830/us-east-1/s3/aws4_request"));
}

static void test_string_to_sign_needs_room(void **state)
{
    (void)state;
    char memory[64];
    struct buf out = buf_over(memory, sizeof memory);
    struct scope scope = {
        .date = {"20150830T123600Z"}, .region = SPAN("us-east-1"), .service = SPAN("s3")};
    scope_write_string_to_sign(&scope, EMPTY_SHA256, &out);
    assert_true(out.failed);
}

/* Nothing of a signer comes to light when it ends without having begun. */
static void test_destroy_null(void **state)
{
    (void)state;
    signer_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_scopes_interleaved, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_more_scopes_than_are_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_forget, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_secrets_of_every_length, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_too_long, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rds_token, set_up, tear_down),
        cmocka_unit_test(test_scope_write),
        cmocka_unit_test_setup_teardown(test_string_to_sign_needs_room, set_up, tear_down),
        cmocka_unit_test(test_destroy_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
