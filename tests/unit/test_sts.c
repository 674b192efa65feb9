/* Requests to STS, byte for byte; the signatures are botocore's for the same request. */
#include "tests/unit/check.h"

#include "proxy/credentials/sts.h"

enum { NOW = 1440938160 }; /* 20150830T123600Z */

#define HEAD "POST / HTTP/1.1\r\nHost: "
#define TYPE \
    "\r\nContent-Type: application/x-www-form-urlencoded; charset=utf-8\r\nContent-Length: "
#define DATE   "160\r\nX-Amz-Date: 20150830T123600Z\r\n"
#define TOKEN  "X-Amz-Security-Token: IQoJ/token+1==\r\n"
#define BY     "Authorization: AWS4-HMAC-SHA256 Credential=ASIAIOSFODNN7EXAMPLE/20150830/"
#define NAMES  "/sts/aws4_request, SignedHeaders=content-type;host;x-amz-date"
#define TOKENS ";x-amz-security-token"
#define IS     ", Signature="
#define END    "\r\n\r\n"
#define BODY                                                            \
    "Action=AssumeRole&Version=2011-06-15&DurationSeconds=3600"         \
    "&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fteam%2Fworker" \
    "&RoleSessionName=my.session%40x%2By%3D"
#define WEB                                                                    \
    "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&DurationSeconds=3600" \
    "&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fteam%2Fworker"        \
    "&RoleSessionName=my.session%40x%2By%3D&WebIdentityToken=ab.c_d-e%2F%2B%3D%26"

#define ROLE    TEXT("arn:aws:iam::123456789012:role/team/worker")
#define SESSION TEXT("my.session@x+y=")

static const struct credentials with_token = {TEXT("ASIAIOSFODNN7EXAMPLE"),
    TEXT("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), TEXT("IQoJ/token+1==")};
static const struct credentials without_token = {
    TEXT("ASIAIOSFODNN7EXAMPLE"), TEXT("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), TEXT("")};
static const struct endpoint endpoints[] = {{TEXT("COUNTERSIGN_ENDPOINT_STS"), TEXT("sts"),
    {TEXT("sts.example:8443"), TEXT("sts.example"), 8443, false}, true}};
static const struct route_options ireland = {.region = TEXT("eu-west-1")};
static const struct route_options beijing = {.region = TEXT("cn-north-1")};
static const struct route_options elsewhere = {
    .region = TEXT("eu-west-1"), .endpoints = 1, .endpoint = endpoints};
static const struct route_options nowhere = {.endpoints = 0};

static const struct row {
    struct span name;
    const struct route_options *route;
    struct sts_request request;
    struct span server, text;
    unsigned port;
} rows[] = {
    {TEXT("with a token"), &ireland, {ROLE, SESSION, TEXT(""), &with_token},
        TEXT("sts.eu-west-1.amazonaws.com"),
        TEXT(HEAD "sts.eu-west-1.amazonaws.com" TYPE DATE TOKEN BY "eu-west-1" NAMES TOKENS IS
                  "3d7abb316edd7a03cf6258af96cdb709a05807bc1efb00ed0900b77f79e0a2a3" END BODY),
        443},
    {TEXT("without"), &ireland, {ROLE, SESSION, TEXT(""), &without_token},
        TEXT("sts.eu-west-1.amazonaws.com"),
        TEXT(HEAD "sts.eu-west-1.amazonaws.com" TYPE DATE BY "eu-west-1" NAMES IS
                  "570fe5dd9aba20e329b8b17cf7fc3a5cfbd1af8848bfc36abf9c18e993ee2e90" END BODY),
        443},
    {TEXT("an endpoint"), &elsewhere, {ROLE, SESSION, TEXT(""), &with_token}, TEXT("sts.example"),
        TEXT(HEAD "sts.example:8443" TYPE DATE TOKEN BY "eu-west-1" NAMES TOKENS IS
                  "d4b70a939a637bf51286a48e8cb69c58dd09801a59460b233017f322ee577248" END BODY),
        8443},
    {TEXT("another partition"), &beijing, {ROLE, SESSION, TEXT(""), &with_token},
        TEXT("sts.cn-north-1.amazonaws.com.cn"),
        TEXT(HEAD "sts.cn-north-1.amazonaws.com.cn" TYPE DATE TOKEN BY "cn-north-1" NAMES TOKENS IS
                  "29864b81c3a672771390b9205fcb91f9f39ce920f1fc4654f6c50cf11ec2417e" END BODY),
        443},
    {TEXT("web identity"), &ireland, {ROLE, SESSION, TEXT("ab.c_d-e/+=&"), &with_token},
        TEXT("sts.eu-west-1.amazonaws.com"),
        TEXT(HEAD "sts.eu-west-1.amazonaws.com" TYPE "213" END WEB), 443},
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

/* Twice with one signer: the derived keys that it keeps change nothing. */
static void test_requests(void **state)
{
    for (size_t i = 0; i < 2 * ROWS(rows); i++) {
        const struct row *row = &rows[i % ROWS(rows)];
        char memory[4096], body[1024];
        struct fault fault = {.err = OK};
        struct route to;
        struct buf out = buf_over(memory, sizeof memory);
        struct sts_means means = {row->route, *state, NOW, buf_over(body, sizeof body)};
        CHECK_NUMBER(row->name, sts_write(&row->request, &means, &to, &out, &fault), OK);
        CHECK_TEXT(row->name, buf_span(&out), row->text);
        CHECK_TEXT(row->name, to.server, row->server);
        CHECK_NUMBER(row->name, to.port, row->port);
        CHECK_NUMBER(row->name, to.tls, true);
    }
}

static void test_no_region(void **state)
{
    char memory[4096], body[1024];
    struct fault fault = {.err = OK};
    struct route to;
    struct buf out = buf_over(memory, sizeof memory);
    struct sts_means means = {&nowhere, *state, NOW, buf_over(body, sizeof body)};
    assert_int_equal(sts_write(&rows[0].request, &means, &to, &out, &fault), ERR_BAD_REQUEST);
    assert_non_null(strstr(fault.text, "AWS_REGION"));
}

/* Whatever has too little room, no cut request is passed off as a whole one. */
static void test_room(void **state)
{
    struct fault fault;
    struct route to;
    for (size_t i = 0; i < ROWS(rows); i++) {
        size_t whole = rows[i].text.len;
        for (size_t bytes = 0; bytes <= whole; bytes++) {
            char *memory = malloc(bytes + 1), body[1024];
            assert_non_null(memory);
            struct buf out = buf_over(memory, bytes);
            struct sts_means means = {rows[i].route, *state, NOW, buf_over(body, sizeof body)};
            enum err err = sts_write(&rows[i].request, &means, &to, &out, &fault);
            CHECK_NUMBER(rows[i].name, err, bytes < whole ? ERR_OUT_OF_MEMORY : OK);
            free(memory);
        }
        for (size_t bytes = 0; bytes < 160; bytes += 7) {
            char memory[4096], body[160];
            struct buf out = buf_over(memory, sizeof memory);
            struct sts_means means = {rows[i].route, *state, NOW, buf_over(body, bytes)};
            CHECK_NUMBER(rows[i].name, sts_write(&rows[i].request, &means, &to, &out, &fault),
                ERR_OUT_OF_MEMORY);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_requests, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_region, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_room, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
