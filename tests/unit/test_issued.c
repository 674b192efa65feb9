/* Keys as the sources write them, and what is no set of keys. */
#include "tests/unit/check.h"

#include "proxy/credentials/issued.h"

#define END_MS 1798621200000 /* 2026-12-30T09:00:00Z */

struct row {
    struct span text;
    bool good;
    struct span id, secret, token, role;
    int64_t expires_ms;
};

#define BAD  {NULL, 0}, {NULL, 0}, {NULL, 0}, {NULL, 0}, 0
#define KEYS "\"AccessKeyId\":\"ASIA1\",\"SecretAccessKey\":\"s/e+c\",\"Token\":\"t==\""
#define GOOD TEXT("ASIA1"), TEXT("s/e+c"), TEXT("t==")

static const struct row json_rows[] = {
    {TEXT("{" KEYS ",\"Expiration\":\"2026-12-30T09:00:00Z\"}"), true, GOOD, TEXT(""), END_MS},
    {TEXT("{" KEYS ",\"Expiration\":\"2026-12-30T09:00:00.5Z\",\"RoleArn\":\"arn:x\"}"), true, GOOD,
        TEXT("arn:x"), END_MS},
    {TEXT(" {\n\"Code\" : \"Success\", \"LastUpdated\":\"x\",\"Type\":\"AWS-HMAC\", " KEYS " }\n"),
        true, GOOD, TEXT(""), 0},
    {TEXT("{" KEYS "}"), true, GOOD, TEXT(""), 0},
    {TEXT("{" KEYS ",\"Expiration\":\"0001-01-01T00:00:00Z\"}"), true, GOOD, TEXT(""),
        -62135596800000},
    {TEXT("{" KEYS ",\"Expiration\":\"soon\"}"), true, GOOD, TEXT(""), 0},
    {TEXT("{" KEYS ",\"Expiration\":1798621200}"), true, GOOD, TEXT(""), 0},
    {TEXT("{" KEYS ",\"Expiration\":null,\"RoleArn\":null}"), true, GOOD, TEXT(""), 0},
    {TEXT("{\"AccessKeyId\":\"ASIA\\u0031\",\"SecretAccessKey\":\"s\\/e+c\",\"Token\":\"t==\"}"),
        true, GOOD, TEXT(""), 0},
    {TEXT(""), false, BAD},
    {TEXT("null"), false, BAD},
    {TEXT("[]"), false, BAD},
    {TEXT("{}"), false, BAD},
    {TEXT("{" KEYS), false, BAD},
    {TEXT("\"AccessKeyId\""), false, BAD},
    {TEXT("<Credentials/>"), false, BAD},
    {TEXT("{\"Credentials\":{" KEYS "}}"), false, BAD},
    {TEXT("{\"AccessKeyId\":\"ASIA1\",\"SecretAccessKey\":\"s\"}"), false, BAD},
    {TEXT("{\"AccessKeyId\":\"ASIA1\",\"Token\":\"t\"}"), false, BAD},
    {TEXT("{\"SecretAccessKey\":\"s\",\"Token\":\"t\"}"), false, BAD},
    {TEXT("{\"accesskeyid\":\"ASIA1\",\"SecretAccessKey\":\"s\",\"Token\":\"t\"}"), false, BAD},
    {TEXT("{\"AccessKeyId\":\"\",\"SecretAccessKey\":\"s\",\"Token\":\"t\"}"), false, BAD},
    {TEXT("{\"AccessKeyId\":\"ASIA1\",\"SecretAccessKey\":\"\",\"Token\":\"t\"}"), false, BAD},
    {TEXT("{\"AccessKeyId\":\"ASIA1\",\"SecretAccessKey\":\"s\",\"Token\":\"\"}"), false, BAD},
    {TEXT("{\"AccessKeyId\":1,\"SecretAccessKey\":\"s\",\"Token\":\"t\"}"), false, BAD},
    {TEXT("{\"AccessKeyId\":[\"A\"],\"SecretAccessKey\":\"s\",\"Token\":\"t\"}"), false, BAD},
    {TEXT("{\"AccessKeyId\":\"A B\",\"SecretAccessKey\":\"s\",\"Token\":\"t\"}"), false, BAD},
    {TEXT("{\"AccessKeyId\":\"A\\r\\nX: 1\",\"SecretAccessKey\":\"s\",\"Token\":\"t\"}"), false,
        BAD},
    {TEXT("{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"s\\u0001\",\"Token\":\"t\"}"), false, BAD},
    {TEXT("{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"s\",\"Token\":\"t\x7f\"}"), false, BAD},
    {TEXT("{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"s\",\"Token\":\"t\xc3\xb6\"}"), false, BAD},
    {TEXT("{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"s\",\"Token\":\"t\\n\"}"), false, BAD},
};

#define XML                                                                    \
    "<AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>s/e+c</SecretAccessKey>" \
    "<SessionToken>t==</SessionToken>"
#define STS(inner) \
    TEXT("<AssumeRoleResponse xmlns=\"x\"><AssumeRoleResult>" inner "</AssumeRoleResult>")
#define USER "<AssumedRoleUser><AssumedRoleId>A:s</AssumedRoleId><Arn>arn:x</Arn></AssumedRoleUser>"

static const struct row sts_rows[] = {
    {STS(USER "<Credentials>" XML "<Expiration>2026-12-30T09:00:00Z</Expiration></Credentials>"),
        true, GOOD, TEXT("arn:x"), END_MS},
    {STS("<Credentials>" XML
         "<Expiration>2026-12-30T09:00:00.123Z</Expiration></Credentials>" USER),
        true, GOOD, TEXT("arn:x"), END_MS},
    {STS("<Credentials>\n  " XML "\n</Credentials>"), true, GOOD, TEXT(""), 0},
    {STS("<Credentials>" XML "<Expiration>soon</Expiration></Credentials>"), true, GOOD, TEXT(""),
        0},
    {STS("<Arn>arn:not-this</Arn><Credentials>" XML "</Credentials>"), true, GOOD, TEXT(""), 0},
    {TEXT(""), false, BAD},
    {TEXT("{" KEYS "}"), false, BAD},
    {STS(XML), false, BAD},
    {STS("<Credentials>" XML), false, BAD},
    {STS("<Credentials></Credentials>" XML), false, BAD},
    {STS("<Credentials><AccessKeyId>A</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
         "</Credentials>"),
        false, BAD},
    {STS("<Credentials><AccessKeyId>A</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
         "<SessionToken></SessionToken></Credentials>"),
        false, BAD},
    {STS("<Credentials><AccessKeyId>A\r\nX: 1</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
         "<SessionToken>t</SessionToken></Credentials>"),
        false, BAD},
    {STS("<Credentials><AccessKeyId>A</AccessKeyId><SecretAccessKey>s\0</SecretAccessKey>"
         "<SessionToken>t</SessionToken></Credentials>"),
        false, BAD},
    {STS("<Credentials><AccessKeyId>A</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
         "<SessionToken>t <!-- --></SessionToken></Credentials>"),
        false, BAD},
};

typedef enum err reader(struct span text, struct issued **issued, struct fault *fault);

static void check_row(const struct row *row, reader *read)
{
    struct issued *issued = NULL;
    struct fault fault = {.err = OK};
    char *copy = check_copy(row->text);
    enum err err = read((struct span){copy, row->text.len}, &issued, &fault);
    free(copy); /* what was read must not need it */
    CHECK_NUMBER(row->text, err, row->good ? OK : ERR_NO_CREDENTIALS);
    CHECK_NUMBER(row->text, issued != NULL, row->good);
    if (!row->good) {
        CHECK_NUMBER(row->text, fault.err, ERR_NO_CREDENTIALS);
        assert_null(strstr(fault.text, "ASIA1"));
        return;
    }
    CHECK_TEXT(row->text, issued->keys.access_key_id, row->id);
    CHECK_TEXT(row->text, issued->keys.secret_access_key, row->secret);
    CHECK_TEXT(row->text, issued->keys.session_token, row->token);
    CHECK_TEXT(row->text, issued->role, row->role);
    CHECK_NUMBER(row->text, issued->expires_ms, row->expires_ms);
    issued_destroy(issued);
}

static void test_json(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(json_rows); i++)
        check_row(&json_rows[i], issued_from_json);
}

static void test_sts(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(sts_rows); i++)
        check_row(&sts_rows[i], issued_from_sts);
}

/* A cut answer never gives half a key. */
static void test_cut(void **state)
{
    (void)state;
    struct span json = json_rows[0].text, xml = sts_rows[0].text;
    size_t ends = xml.len - (sizeof "</AssumeRoleResult>" - 1);
    for (size_t bytes = 0; bytes < json.len; bytes++) {
        struct row row = {span_first(json, bytes), false, BAD};
        check_row(&row, issued_from_json);
    }
    for (size_t bytes = 0; bytes < ends; bytes++) {
        struct row row = {span_first(xml, bytes), false, BAD};
        check_row(&row, issued_from_sts);
    }
}

static void test_empty(void **state)
{
    (void)state;
    struct credentials keys = {SPAN("id"), SPAN("secret"), SPAN("token")};
    struct issued *issued = issued_create(&keys, SPAN("role"), SPAN("2026-12-30T09:00:00Z"));
    assert_non_null(issued);
    assert_int_equal(issued->bytes, strlen("idsecrettokenrole"));
    assert_memory_equal(issued->memory, "idsecrettokenrole", issued->bytes);
    issued_empty(issued);
    for (size_t i = 0; i < issued->bytes; i++)
        assert_int_equal(issued->memory[i], 0);
    assert_int_equal(issued->keys.access_key_id.len, 0);
    assert_int_equal(issued->keys.secret_access_key.len, 0);
    assert_int_equal(issued->keys.session_token.len, 0);
    assert_int_equal(issued->role.len, 0);
    issued_destroy(issued);
    issued_destroy(NULL);
}

/* The environment's, of which each part may be missing. */
static void test_nothing(void **state)
{
    (void)state;
    struct credentials none = {{NULL, 0}, {NULL, 0}, {NULL, 0}};
    struct issued *issued = issued_create(&none, SPAN(""), SPAN(""));
    assert_non_null(issued);
    assert_int_equal(issued->bytes, 0);
    assert_int_equal(issued->expires_ms, 0);
    issued_destroy(issued);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_sts),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
