/* The steps from a source to its keys: each request byte for byte, and what becomes of each answer.
 */
#include "tests/unit/check.h"

#include <sys/stat.h>
#include <unistd.h>

#include "proxy/credentials/source.h"

#define SERVER(host, port, tls, path)                                    \
    {                                                                    \
        {TEXT(host ":" #port), TEXT(host), port, false}, tls, TEXT(path) \
    }

static struct source_run run;
static const struct skew skew;
static struct reply reply;
static const struct endpoint endpoints[] = {{TEXT("COUNTERSIGN_ENDPOINT_STS"), TEXT("sts"),
    {TEXT("127.0.0.1:81"), TEXT("127.0.0.1"), 81, false}, false}};
static const struct route_options route = {
    .region = TEXT("eu-west-1"), .endpoints = 1, .endpoint = endpoints};
static const struct credentials base = {TEXT("ASIABASE"), TEXT("secret"), TEXT("base-token")};
static struct credentials_options options;
static char path[] = "/tmp/countersign-token-XXXXXX";

static int set_up(void **state)
{
    (void)state;
    options = (struct credentials_options){.container_token = SPAN("the-token"),
        .container = SERVER("127.0.0.1", 9001, false, "/creds?x=1"),
        .instance = SERVER("169.254.169.254", 80, false, ""),
        .session = SPAN("session"),
        .web_identity_role = SPAN("arn:aws:iam::123456789012:role/web"),
        .role = SPAN("arn:aws:iam::123456789012:role/further")};
    run = (struct source_run){.options = &options,
        .route = &route,
        .signer = signer_create(),
        .skew = &skew,
        .by = &base};
    memcpy(path, "/tmp/countersign-token-XXXXXX", sizeof path);
    int fd = mkstemp(path);
    return fd < 0 || !run.signer ? -1 : close(fd);
}

static int tear_down(void **state)
{
    (void)state;
    signer_destroy(run.signer);
    return unlink(path);
}

static void write_file(struct span text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text.at, 1, text.len, file), text.len);
    assert_int_equal(fclose(file), 0);
}

/* ---- which source ---- */

static void test_order(void **state)
{
    (void)state;
    struct credentials_options all = options;
    all.environment = base;
    all.web_identity_file = path;
    assert_int_equal(source_of(&all), SOURCE_ENVIRONMENT);
    all.environment.access_key_id.len =
        0; /* half of it: that is a mistake to be told, not healed */
    assert_int_equal(source_of(&all), SOURCE_ENVIRONMENT);
    all.environment.secret_access_key.len = 0; /* a token alone is none */
    assert_int_equal(source_of(&all), SOURCE_WEB_IDENTITY);
    all.web_identity_file = NULL;
    assert_int_equal(source_of(&all), SOURCE_CONTAINER);
    all.container.authority.text.len = 0;
    assert_int_equal(source_of(&all), SOURCE_INSTANCE);
    all.instance.authority.text.len = 0;
    assert_int_equal(source_of(&all), SOURCE_NONE);
    for (enum source source = SOURCE_NONE; source <= SOURCE_INSTANCE; source++) {
        bool fetches = source >= SOURCE_WEB_IDENTITY;
        assert_int_equal(source_first_step(source) != STEP_DONE, fetches);
        assert_true(strlen(source_text(source)) > 0);
    }
}

/* ---- tokens in files ---- */

static void test_token_files(void **state)
{
    (void)state;
    static const struct {
        struct span file, token; /* no token: it is refused */
    } rows[] = {
        {TEXT("token"), TEXT("token")},
        {TEXT("token\n"), TEXT("token")},
        {TEXT("token\r\n"), TEXT("token")},
        {TEXT("token\n\n"), TEXT("token")},
        {TEXT("Bearer token"), TEXT("Bearer token")},
        {TEXT("0123456789abcde"), TEXT("0123456789abcde")},
        {TEXT("0123456789abcdef"), TEXT("")}, /* as large as the buffer: there may be more */
        {TEXT("0123456789abcdef0"), TEXT("")},
        {TEXT("0123456789abcde\n"), TEXT("")},
        {TEXT(""), TEXT("")},
        {TEXT("\n"), TEXT("")},
        {TEXT("a\nb"), TEXT("")},
        {TEXT("a\r\nX: 1"), TEXT("")},
        {TEXT("a\0b"), TEXT("")},
        {TEXT("a\tb"), TEXT("")},
        {TEXT("a\x7f"), TEXT("")},
        {TEXT("a\xc3\xb6"), TEXT("")},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        char memory[16];
        struct buf token = buf_over(memory, sizeof memory);
        write_file(rows[i].file);
        CHECK_NUMBER(rows[i].file, source_read_token(path, &token), rows[i].token.len > 0);
        if (rows[i].token.len > 0)
            CHECK_TEXT(rows[i].file, buf_span(&token), rows[i].token);
    }
    char memory[16];
    struct buf token = buf_over(memory, sizeof memory);
    assert_false(source_read_token("/no/such/file", &token));
    assert_false(source_read_token("/tmp", &token));
    assert_false(source_read_token("", &token));
}

/* ---- requests ---- */

#define COMMON "Accept: */*\r\nUser-Agent: countersign\r\n"
#define IMDS   "Host: 169.254.169.254:80\r\n" COMMON

struct written {
    struct source_request request;
    char memory[SOURCE_TEXT_BYTES];
    struct fault fault;
};

static struct written written;

static enum err write_step(enum step step, size_t room)
{
    written.request = (struct source_request){.text = buf_over(written.memory, room)};
    return source_write(&run, step, &written.request, &written.fault);
}

static void check_written(enum step step, struct span text, struct span server, unsigned port)
{
    CHECK_NUMBER(text, write_step(step, sizeof written.memory), OK);
    CHECK_TEXT(text, buf_span(&written.request.text), text);
    CHECK_TEXT(text, written.request.target.server, server);
    CHECK_NUMBER(text, written.request.target.port, port);
    assert_true(written.request.timeout_ms > 0);
}

static void test_container_requests(void **state)
{
    (void)state;
    struct span host = SPAN("127.0.0.1");
#define CREDS "GET /creds?x=1 HTTP/1.1\r\nHost: 127.0.0.1:9001\r\n" COMMON
    check_written(STEP_CONTAINER, SPAN(CREDS "Authorization: the-token\r\n\r\n"), host, 9001);
    assert_false(written.request.target.tls);
    write_file(SPAN("from the file\n"));
    options.container_token_file = path;
    check_written(STEP_CONTAINER, SPAN(CREDS "Authorization: from the file\r\n\r\n"), host, 9001);
    write_file(SPAN("rotated"));
    check_written(STEP_CONTAINER, SPAN(CREDS "Authorization: rotated\r\n\r\n"), host, 9001);
    write_file(SPAN("a\r\nb"));
    assert_int_equal(write_step(STEP_CONTAINER, sizeof written.memory), ERR_NO_CREDENTIALS);
    assert_non_null(strstr(written.fault.text, path));
    options.container_token_file = NULL;
    options.container_token = SPAN("");
    options.container.tls = true;
    check_written(STEP_CONTAINER, SPAN(CREDS "\r\n"), host, 9001);
    assert_true(written.request.target.tls);
}

static void name(unsigned which, const char *text)
{
    run.name_bytes[which] = strlen(text);
    memcpy(run.name[which], text, run.name_bytes[which]);
}

static void test_instance_requests(void **state)
{
    (void)state;
    struct span host = SPAN("169.254.169.254");
    check_written(STEP_INSTANCE_TOKEN,
        SPAN("PUT /latest/api/token HTTP/1.1\r\n" IMDS
             "X-aws-ec2-metadata-token-ttl-seconds: 300\r\nContent-Length: 0\r\n\r\n"),
        host, 80);
    name(0, "session==");
    check_written(STEP_INSTANCE_ROLE,
        SPAN("GET /latest/meta-data/iam/security-credentials/ HTTP/1.1\r\n" IMDS
             "X-aws-ec2-metadata-token: session==\r\n\r\n"),
        host, 80);
    name(1, "my-role");
    check_written(STEP_INSTANCE_KEYS,
        SPAN("GET /latest/meta-data/iam/security-credentials/my-role HTTP/1.1\r\n" IMDS
             "X-aws-ec2-metadata-token: session==\r\n\r\n"),
        host, 80);
}

static bool holds(const char *text)
{
    return memmem(written.request.text.at, written.request.text.len, text, strlen(text)) != NULL;
}

/* What STS is sent is test_sts.c's; here only who asks, and for which role. */
static void test_sts_requests(void **state)
{
    (void)state;
    assert_int_equal(write_step(STEP_ASSUME_ROLE, sizeof written.memory), OK);
    assert_true(holds("Action=AssumeRole&") && holds("role%2Ffurther&RoleSessionName=session"));
    assert_true(holds("Credential=ASIABASE/") && holds("X-Amz-Security-Token: base-token\r\n"));
    CHECK_TEXT(SPAN("assume"), written.request.target.server, SPAN("127.0.0.1"));
    CHECK_NUMBER(SPAN("assume"), written.request.target.port, 81);
    write_file(SPAN("jwt.jwt.jwt\n"));
    options.web_identity_file = path;
    assert_int_equal(write_step(STEP_WEB_IDENTITY, sizeof written.memory), OK);
    assert_true(holds("role%2Fweb&RoleSessionName=session&WebIdentityToken=jwt.jwt.jwt"));
    assert_false(holds("Authorization") || holds("base-token") || holds("ASIABASE"));
    write_file(SPAN(""));
    assert_int_equal(write_step(STEP_WEB_IDENTITY, sizeof written.memory), ERR_NO_CREDENTIALS);
    assert_non_null(strstr(written.fault.text, path));
}

static void test_too_little_room(void **state)
{
    (void)state;
    write_file(SPAN("jwt"));
    options.web_identity_file = path;
    for (enum step step = STEP_CONTAINER; step <= STEP_ASSUME_ROLE; step++)
        assert_int_equal(write_step(step, 20), ERR_OUT_OF_MEMORY);
}

/* ---- answers ---- */

static enum err read_step(enum step *step, struct span text, struct issued **issued)
{
    reply_begin(&reply);
    CHECK_TEXT(text, span_of(reply_take(&reply, text)), SPAN(""));
    CHECK_NUMBER(text, reply_whole(&reply), true);
    return source_read(&run, &reply, step, issued, &written.fault);
}

static void make_answer(unsigned status, struct span content, struct buf *out)
{
    buf_format(out, "HTTP/1.1 %u X\r\nContent-Length: %zu\r\n\r\n", status, content.len);
    buf_add(out, content);
}

#define JSON "{\"AccessKeyId\":\"ASIA1\",\"SecretAccessKey\":\"s\",\"Token\":\"t\"}"
#define XML                                                                                \
    "<X><Credentials><AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>s</SecretAccessKey>" \
    "<SessionToken>t</SessionToken></Credentials></X>"
#define C64 "CodeCodeCodeCodeCodeCodeCodeCodeCodeCodeCodeCodeCodeCodeCodeCode"

static const struct answer_row {
    enum step step;
    unsigned status;
    struct span content;
    enum step next;    /* STEP_DONE with words: it is refused */
    const char *words; /* in the fault; NULL: it is taken */
    const char * not ; /* what the fault may not hold */
} answers[] = {
    {STEP_CONTAINER, 200, TEXT(JSON), STEP_DONE, NULL, NULL},
    {STEP_INSTANCE_KEYS, 200, TEXT(JSON), STEP_DONE, NULL, NULL},
    {STEP_WEB_IDENTITY, 200, TEXT(XML), STEP_DONE, NULL, NULL},
    {STEP_ASSUME_ROLE, 200, TEXT(XML), STEP_DONE, NULL, NULL},
    {STEP_INSTANCE_TOKEN, 200, TEXT("abc=="), STEP_INSTANCE_ROLE, NULL, NULL},
    {STEP_INSTANCE_ROLE, 200, TEXT("role\n"), STEP_INSTANCE_KEYS, NULL, NULL},
    {STEP_INSTANCE_ROLE, 200, TEXT("role\r\nsecond\r\n"), STEP_INSTANCE_KEYS, NULL, NULL},
    {STEP_CONTAINER, 200, TEXT(XML), STEP_DONE, "secret access key", "ASIA1"},
    {STEP_ASSUME_ROLE, 200, TEXT(JSON), STEP_DONE, "secret access key", "ASIA1"},
    {STEP_CONTAINER, 200, TEXT(""), STEP_DONE, "secret access key", NULL},
    {STEP_CONTAINER, 204, TEXT(""), STEP_DONE, "204:", NULL},
    {STEP_CONTAINER, 201, TEXT(JSON), STEP_DONE, "201:", "ASIA1"},
    {STEP_CONTAINER, 302, TEXT(""), STEP_DONE, "302:", NULL},
    {STEP_CONTAINER, 404, TEXT("{\"code\":\"AccessDenied\",\"message\":\"t0p\"}"), STEP_DONE,
        "404 AccessDenied: ", "t0p"},
    {STEP_CONTAINER, 401, TEXT("the-token is wrong"), STEP_DONE,
        "AWS_CONTAINER_AUTHORIZATION_TOKEN", "the-token"},
    {STEP_CONTAINER, 400, TEXT("{\"code\":\"the token t0p\"}"), STEP_DONE, "400:", "t0p"},
    {STEP_CONTAINER, 400, TEXT("{\"code\":\"a-t0p\"}"), STEP_DONE, "400:", "t0p"},
    {STEP_CONTAINER, 400, TEXT("{\"code\":\"a\\nt0p\"}"), STEP_DONE, "400:", "t0p"},
    {STEP_CONTAINER, 400, TEXT("{\"code\":\"a%st0p\"}"), STEP_DONE, "400:", "t0p"},
    {STEP_CONTAINER, 400, TEXT("{\"code\":\"" C64 "\"}"), STEP_DONE, "400 " C64 ": ", NULL},
    {STEP_CONTAINER, 400, TEXT("{\"code\":\"" C64 "t0p\"}"), STEP_DONE, "400:", "t0p"},
    {STEP_WEB_IDENTITY, 400,
        TEXT("<ErrorResponse><Error><Code>InvalidIdentityToken</Code><Message>t0p</Message>"
             "</Error></ErrorResponse>"),
        STEP_DONE, "400 InvalidIdentityToken: ", "t0p"},
    {STEP_WEB_IDENTITY, 403, TEXT(""), STEP_DONE, "AWS_WEB_IDENTITY_TOKEN_FILE", NULL},
    {STEP_ASSUME_ROLE, 403, TEXT("<Error><Code>AccessDenied</Code></Error>"), STEP_DONE,
        "403 AccessDenied: this function's role needs sts:AssumeRole", NULL},
    {STEP_INSTANCE_TOKEN, 403, TEXT(""), STEP_DONE, "switched on", NULL},
    {STEP_INSTANCE_ROLE, 404, TEXT(""), STEP_DONE, "instance profile", NULL},
    {STEP_INSTANCE_KEYS, 500, TEXT(""), STEP_DONE, "instance profile", NULL},
    {STEP_INSTANCE_TOKEN, 200, TEXT(""), STEP_DONE, "a token", NULL},
    {STEP_INSTANCE_TOKEN, 200, TEXT("\nt0p"), STEP_DONE, "a token", "t0p"},
    {STEP_INSTANCE_TOKEN, 200, TEXT("t0p t0p"), STEP_DONE, "a token", "t0p"},
    {STEP_INSTANCE_TOKEN, 200, TEXT("t0p\x01"), STEP_DONE, "a token", "t0p"},
    {STEP_INSTANCE_TOKEN, 200, TEXT("a/b?c#%"), STEP_INSTANCE_ROLE, NULL, NULL},
    {STEP_INSTANCE_ROLE, 200, TEXT("t0p/../../user-data"), STEP_DONE, "role's name", "t0p"},
    {STEP_INSTANCE_ROLE, 200, TEXT("t0p?x"), STEP_DONE, "role's name", "t0p"},
    {STEP_INSTANCE_ROLE, 200, TEXT("t0p#x"), STEP_DONE, "role's name", "t0p"},
    {STEP_INSTANCE_ROLE, 200, TEXT("t0p%2f"), STEP_DONE, "role's name", "t0p"},
    {STEP_INSTANCE_ROLE, 200, TEXT("<t0p>"), STEP_DONE, "role's name", "t0p"},
    {STEP_INSTANCE_ROLE, 200, TEXT("azAZ09+=,.@_-"), STEP_INSTANCE_KEYS, NULL, NULL},
    {STEP_INSTANCE_ROLE, 200, TEXT("t0p\xff"), STEP_DONE, "role's name", "t0p"},
    {STEP_INSTANCE_ROLE, 200, TEXT("t0p\0"), STEP_DONE, "role's name", "t0p"},
};

static void check_answer(const struct answer_row *row)
{
    char memory[2048];
    struct buf text = buf_over(memory, sizeof memory);
    struct issued *issued = NULL;
    enum step step = row->step;
    make_answer(row->status, row->content, &text);
    enum err err = read_step(&step, buf_span(&text), &issued);
    CHECK_NUMBER(row->content, err, row->words ? ERR_NO_CREDENTIALS : OK);
    bool keys = !row->words && row->next == STEP_DONE;
    CHECK_NUMBER(row->content, issued != NULL, keys);
    if (!row->words) {
        CHECK_NUMBER(row->content, step, row->next);
    } else if (!strstr(written.fault.text, row->words)
        || (row->not &&strstr(written.fault.text, row->not ))) {
        CHECK_TEXT(row->content, span_of(written.fault.text), span_of(row->words));
    }
    issued_destroy(issued);
}

static void test_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(answers); i++)
        check_answer(&answers[i]);
    CHECK_NUMBER(SPAN("the token"), run.name_bytes[0], 7);
    CHECK_NUMBER(SPAN("the role"), run.name_bytes[1], 13);
}

static void test_names_as_long_as_they_may_be(void **state)
{
    (void)state;
    for (size_t bytes = SOURCE_NAME_BYTES - 2; bytes < SOURCE_NAME_BYTES + 2; bytes++) {
        char content[SOURCE_NAME_BYTES + 2], memory[1024];
        struct buf text = buf_over(memory, sizeof memory);
        struct issued *issued = NULL;
        enum step step = STEP_INSTANCE_TOKEN;
        memset(content, 'n', sizeof content);
        make_answer(200, (struct span){content, bytes}, &text);
        CHECK_NUMBER(SPAN("bytes"), read_step(&step, buf_span(&text), &issued),
            bytes < SOURCE_NAME_BYTES ? OK : ERR_NO_CREDENTIALS);
        CHECK_NUMBER(SPAN("kept"), run.name_bytes[0],
            bytes < SOURCE_NAME_BYTES ? bytes : SOURCE_NAME_BYTES - 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_token_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_container_requests, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_instance_requests, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sts_requests, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_too_little_room, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_answers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_names_as_long_as_they_may_be, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
