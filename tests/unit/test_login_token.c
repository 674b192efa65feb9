/* Login tokens: published ones, whole, and what is refused. Others are compared with botocore's in
 * tests/e2e/test_token.py. */
#include "tests/unit/check.h"

#include "proxy/aws/login_token.h"

/* A token but for what is the same in all of them. */
struct row {
    struct login login;
    struct credentials credentials;
    struct amz_date date;
    struct span start, scope, signature;
};

static const struct row rows[] = {
    /* botocore, tests/unit/test_signers.py (Apache-2.0). */
    {{.kind = LOGIN_RDS,
         .host = TEXT("prod-instance.us-east-1.rds.amazonaws.com"),
         .port = 3306,
         .user = TEXT("someusername"),
         .region = TEXT("us-east-1")},
        {TEXT("akid"), TEXT("skid"), TEXT("")}, {"20161107T173933Z"},
        TEXT("prod-instance.us-east-1.rds.amazonaws.com:3306/?Action=connect&DBUser=someusername"),
        TEXT("akid%2F20161107%2Fus-east-1%2Frds-db%2Faws4_request"),
        TEXT("d1138cdbc0ca63eec012ec0fc6c2267e03642168f5884a7795320d4c18374c61")},
    {{.kind = LOGIN_DSQL,
         .host = TEXT("test.dsql.us-east-1.on.aws"),
         .user = TEXT("me"),
         .region = TEXT("us-east-1")},
        {TEXT("ACCESS_KEY"), TEXT("SECRET_KEY"), TEXT("SESSION_TOKEN")}, {"20241107T173933Z"},
        TEXT("test.dsql.us-east-1.on.aws/?Action=DbConnect"),
        TEXT("ACCESS_KEY%2F20241107%2Fus-east-1%2Fdsql%2Faws4_request"),
        TEXT("57fe03e060348aaa21405c239bf02572bbc911076e94dcd65c12ae569dd8fcf4")},
    /* aws-samples/elasticache-iam-auth-demo-app, IAMAuthTokenRequestTest.java; its SDK writes the
     * parameters in another order, which the signature does not depend on. */
    {{.kind = LOGIN_ELASTICACHE,
         .host = TEXT("my-replication-group-id"),
         .user = TEXT("my-user-id"),
         .region = TEXT("eu-west-1")},
        {TEXT("fakeAccessKeyId"), TEXT("fakeSecretKey"), TEXT("")}, {"20250101T000000Z"},
        TEXT("my-replication-group-id/?Action=connect&User=my-user-id"),
        TEXT("fakeAccessKeyId%2F20250101%2Feu-west-1%2Felasticache%2Faws4_request"),
        TEXT("9e361603d85874bce06114c6644725ed113e3b11ae6fa92efdf10c6bcf5de8d7")},
    {{.kind = LOGIN_ELASTICACHE,
         .host = TEXT("my-replication-group-id"),
         .user = TEXT("my-user-id"),
         .region = TEXT("eu-west-1")},
        {TEXT("fakeAccessKeyId"), TEXT("fakeSecretKey"), TEXT("fakeSessionToken")},
        {"20250101T000000Z"}, TEXT("my-replication-group-id/?Action=connect&User=my-user-id"),
        TEXT("fakeAccessKeyId%2F20250101%2Feu-west-1%2Felasticache%2Faws4_request"),
        TEXT("bbce2bd61bd78461297ecb92e7001ddbeab2d85906c3cbedad6c9b81fb3466dc")},
    /* Made by botocore 1.44.5. */
    {{.kind = LOGIN_ELASTICACHE,
         .host = TEXT("my-cache"),
         .user = TEXT("user123"),
         .serverless = true,
         .region = TEXT("eu-west-1")},
        {TEXT("accessKey"), TEXT("secretKey"), TEXT("")}, {"20240802T121150Z"},
        TEXT("my-cache/?Action=connect&User=user123&ResourceType=ServerlessCache"),
        TEXT("accessKey%2F20240802%2Feu-west-1%2Felasticache%2Faws4_request"),
        TEXT("5dda5db919b1337db6596b2a608924bc10197fb39289b933b60bdb114d5a70dc")},
    {{.kind = LOGIN_MEMORYDB,
         .host = TEXT("my-cluster"),
         .user = TEXT("me"),
         .region = TEXT("us-west-2")},
        {TEXT("akid"), TEXT("skid"), TEXT("")}, {"20161107T173933Z"},
        TEXT("my-cluster/?Action=connect&User=me"),
        TEXT("akid%2F20161107%2Fus-west-2%2Fmemorydb%2Faws4_request"),
        TEXT("c82a298035370730bcfd52625e8dfaf44e1f37441fb2edd094425f8f2e2d780c")},
};

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

static struct login_signing with(struct signer *signer, const struct row *row)
{
    return (struct login_signing){signer, &row->credentials, row->date, LOGIN_EXPIRES_S};
}

static void add_token(const struct row *row, struct buf *out)
{
    buf_add(out, row->start);
    buf_text(out, "&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=");
    buf_add(out, row->scope);
    buf_text(out, "&X-Amz-Date=");
    buf_add(out, amz_date_span(&row->date));
    buf_text(out, "&X-Amz-Expires=900&X-Amz-SignedHeaders=host");
    if (row->credentials.session_token.len > 0)
        buf_text(out, "&X-Amz-Security-Token=");
    buf_add(out, row->credentials.session_token);
    buf_text(out, "&X-Amz-Signature=");
    buf_add(out, row->signature);
}

static void test_published(void **state)
{
    char memory[2048], expected_memory[2048];
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct buf out = buf_over(memory, sizeof memory);
        struct buf expected = buf_over(expected_memory, sizeof expected_memory);
        struct login_signing signing = with(*state, &rows[i]);
        buf_text(&out, "before ");
        add_token(&rows[i], &expected);
        assert_int_equal(login_token(&rows[i].login, &signing, &out), OK);
        CHECK_TEXT(rows[i].start, buf_since(&out, 7), buf_span(&expected));
    }
}

/* https://kafka.us-west-2.amazonaws.com/?Action=kafka-cluster%3AConnect&X-Amz-Algorithm=... in
 * base64url. */
static void test_wrapped(void **state)
{
    char memory[2048];
    struct buf out = buf_over(memory, sizeof memory);
    struct login_signing signing = with(*state, &rows[0]);
    struct login login = {.kind = LOGIN_MSK, .region = SPAN("us-west-2")};
    assert_int_equal(login_token(&login, &signing, &out), OK);
    CHECK_TEXT(login.region, buf_span(&out),
        SPAN("aHR0cHM6Ly9rYWZrYS51cy13ZXN0LTIuYW1hem9uYXdzLmNvbS8_QWN0aW9uPWthZmthLWNsdXN0ZXIlM0FD"
             "b25uZWN0JlgtQW16LUFsZ29yaXRobT1BV1M0LUhNQUMtU0hBMjU2JlgtQW16LUNyZWRlbnRpYWw9YWtpZCUy"
             "RjIwMTYxMTA3JTJGdXMtd2VzdC0yJTJGa2Fma2EtY2x1c3RlciUyRmF3czRfcmVxdWVzdCZYLUFtei1EYXRl"
             "PTIwMTYxMTA3VDE3MzkzM1omWC1BbXotRXhwaXJlcz05MDAmWC1BbXotU2lnbmVkSGVhZGVycz1ob3N0Jlgt"
             "QW16LVNpZ25hdHVyZT01ZmQwZjc5YTFmMGFmMTZhM2VkNTc4NmYyOTk5MGQ0YjZlMGI0MjEwYTcyYWRiMGFj"
             "ZTQ1ODM5MTliMTc4MjM0JlVzZXItQWdlbnQ9Y291bnRlcnNpZ24"));
    for (size_t room = 0, whole = out.len; room < whole; room++) {
        struct buf less = buf_over(memory, room);
        assert_int_equal(login_token(&login, &signing, &less), ERR_OUT_OF_MEMORY);
    }
}

static void test_kinds(void **state)
{
    static const struct {
        struct span name;
        enum login_kind kind;
    } names[] = {{TEXT("rds"), LOGIN_RDS}, {TEXT("dsql"), LOGIN_DSQL},
        {TEXT("elasticache"), LOGIN_ELASTICACHE}, {TEXT("memorydb"), LOGIN_MEMORYDB},
        {TEXT("msk"), LOGIN_MSK}, {TEXT(""), LOGIN_NONE}, {TEXT("RDS"), LOGIN_NONE},
        {TEXT("rds-db"), LOGIN_NONE}, {TEXT("rd"), LOGIN_NONE}, {TEXT("redshift"), LOGIN_NONE}};
    (void)state;
    for (size_t i = 0; i < ROWS(names); i++)
        assert_int_equal(login_kind_of(names[i].name), names[i].kind);
}

static void test_expiry(void **state)
{
    char memory[2048];
    static const uint64_t refused[] = {0, LOGIN_EXPIRES_S + 1, UINT64_MAX};
    struct buf out = buf_over(memory, sizeof memory);
    struct login_signing signing = with(*state, &rows[0]);
    for (size_t i = 0; i < ROWS(refused); i++) {
        signing.expires_s = refused[i];
        assert_int_equal(login_token(&rows[0].login, &signing, &out), ERR_BAD_REQUEST);
    }
    signing.expires_s = 1;
    assert_int_equal(login_token(&rows[0].login, &signing, &out), OK);
}

/* The longest host and user that the page takes, every byte of which is encoded. */
static void test_longest(void **state)
{
    static char host[LOGIN_HOST_MAX], user[LOGIN_USER_MAX + 64], memory[16 * 1024];
    struct buf out = buf_over(memory, sizeof memory);
    struct login_signing signing = with(*state, &rows[0]);
    memset(host, 'h', sizeof host);
    memset(user, '/', sizeof user);
    struct login login = {.kind = LOGIN_RDS,
        .host = {host, sizeof host},
        .port = 65535,
        .user = {user, LOGIN_USER_MAX},
        .region = SPAN("us-east-1")};
    assert_int_equal(login_token(&login, &signing, &out), OK);
    assert_true(out.len > sizeof host + (size_t)3 * LOGIN_USER_MAX);
    login.user.len = sizeof user;
    assert_int_equal(login_token(&login, &signing, &out), ERR_OUT_OF_MEMORY);
}

/* Room that lacks one byte is too little, wherever it ends. */
static void test_no_room(void **state)
{
    char memory[2048];
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct buf whole = buf_over(memory, sizeof memory);
        add_token(&rows[i], &whole);
        for (size_t room = 0; room < whole.len; room++) {
            struct login_signing signing = with(*state, &rows[i]);
            struct buf less = buf_over(malloc(room + 1), room);
            assert_int_equal(login_token(&rows[i].login, &signing, &less), ERR_OUT_OF_MEMORY);
            free(less.at);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published),
        cmocka_unit_test(test_wrapped),
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_expiry),
        cmocka_unit_test(test_longest),
        cmocka_unit_test(test_no_room),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
