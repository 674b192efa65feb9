/* Presigned URLs beyond AWS's suite, which test_sigv4.c runs: S3's own example, boto3's results for
 * random keys (tests/sigv4/presigned.txt), and what is refused. */
#include "tests/unit/check.h"

#include "proxy/aws/presign.h"

enum { URLS = 200 };

#define TOKEN                                            \
    "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22w+D" \
    "Ok4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTfl=="

static const struct credentials example = {.access_key_id = {"AKIAIOSFODNN7EXAMPLE", 20},
    .secret_access_key = {"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", 40}};
static const struct scope s3 = {
    .date = {"20130524T000000Z"}, .region = {"us-east-1", 9}, .service = {"s3", 2}};

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

static struct presign get(struct span host, struct span path, uint64_t expires_s)
{
    return (struct presign){.method = SPAN("GET"),
        .host = host,
        .path = path,
        .style = PATH_ONCE,
        .payload_hash = SPAN("UNSIGNED-PAYLOAD"),
        .scope = s3,
        .expires_s = expires_s};
}

/* Source: Amazon S3 API Reference, "Authenticating requests: using query parameters". */
static void test_published(void **state)
{
    char memory[1024];
    struct buf out = buf_over(memory, sizeof memory);
    struct presign request = get(SPAN("examplebucket.s3.amazonaws.com"), SPAN("/test.txt"), 86400);
    buf_text(&out, "https://examplebucket.s3.amazonaws.com/test.txt?");
    assert_int_equal(presign_query(*state, &example, &request, &out), OK);
    CHECK_TEXT(request.path, buf_span(&out),
        SPAN("https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256"
             "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
             "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
             "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"));
}

/* Made as presigned.txt is. */
static void test_order(void **state)
{
    char memory[1024];
    struct buf out = buf_over(memory, sizeof memory);
    struct credentials credentials = example;
    struct presign request = get(SPAN("s3.amazonaws.com"), SPAN("/examplebucket/a%20b"), 900);
    request.query = SPAN("versionId=v%2B1");
    credentials.session_token = SPAN(TOKEN);
    assert_int_equal(presign_query(*state, &credentials, &request, &out), OK);
    CHECK_TEXT(request.path, buf_span(&out),
        SPAN("versionId=v%2B1&X-Amz-Algorithm=AWS4-HMAC-SHA256"
             "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
             "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=900&X-Amz-SignedHeaders=host"
             "&X-Amz-Security-Token=AQoDYXdzEPT%2F%2F%2F%2F%2F%2F%2F%2F%2F%2FwEXAMPLEtc764bNrC9SAP"
             "BSM22w%2BDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTfl%3D%3D"
             "&X-Amz-Signature=2bfd2fcb1433c835153a7b5ffe2d094e5d422d27bfb13cbade118b1adc8be454"));
}

static void check_line(struct signer *signer, struct span line)
{
    char memory[4096];
    struct buf out = buf_over(memory, sizeof memory);
    struct span parts[6], rest = line;
    for (size_t i = 0; i < ROWS(parts); i++)
        assert_true(span_next(&rest, ' ', &parts[i]));
    struct credentials credentials = example;
    struct presign request = get(SPAN("s3.amazonaws.com"), parts[1], 0);
    request.method = parts[0];
    request.query = span_equal(parts[2], SPAN("-")) ? SPAN("") : parts[2];
    if (span_equal(parts[3], SPAN("yes")))
        credentials.session_token = SPAN(TOKEN);
    assert_true(span_to_number(parts[4], PRESIGN_MAX_EXPIRES_S, &request.expires_s));
    assert_int_equal(presign_query(signer, &credentials, &request, &out), OK);
    assert_true(span_starts(buf_span(&out), request.query));
    CHECK_TEXT(line, span_from(buf_span(&out), out.len - HASH_HEX_BYTES), parts[5]);
}

static void test_as_boto3(void **state)
{
    static char file[64 * 1024];
    FILE *in = fopen("tests/sigv4/presigned.txt", "rb");
    assert_non_null(in);
    struct span rest = {file, fread(file, 1, sizeof file, in)}, line;
    (void)fclose(in);
    size_t count = 0;
    while (span_next(&rest, '\n', &line)) {
        if (line.len == 0 || line.at[0] == '#')
            continue;
        check_line(*state, line);
        count++;
    }
    assert_int_equal(count, URLS);
}

static void test_fields(void **state)
{
    char memory[1024], again[1024];
    struct buf out = buf_over(memory, sizeof memory), other = buf_over(again, sizeof again);
    const struct canonical_field fields[] = {
        {SPAN("X-Amz-Meta-A"), SPAN("1")}, {SPAN("Content-Type"), SPAN("text/plain")}};
    struct presign request = get(SPAN("s3.amazonaws.com"), SPAN("/b/k"), 60);
    request.fields = fields;
    request.count = 2;
    assert_int_equal(presign_query(*state, &example, &request, &out), OK);
    struct span names = SPAN("&X-Amz-SignedHeaders=content-type%3Bhost%3Bx-amz-meta-a&");
    size_t at = 0;
    while (at < out.len && !span_starts(span_from(buf_span(&out), at), names))
        at++;
    assert_true(at < out.len);
    request.count = 1;
    assert_int_equal(presign_query(*state, &example, &request, &other), OK);
    assert_memory_not_equal(
        memory + out.len - HASH_HEX_BYTES, again + other.len - HASH_HEX_BYTES, HASH_HEX_BYTES);
}

static void test_refused(void **state)
{
    char memory[1024];
    static const uint64_t expires[] = {0, PRESIGN_MAX_EXPIRES_S + 1, UINT64_MAX};
    static struct canonical_field many[CANONICAL_MAX_FIELDS];
    struct buf out = buf_over(memory, sizeof memory);
    struct presign request = get(SPAN("s3.amazonaws.com"), SPAN("/b/k"), PRESIGN_MAX_EXPIRES_S);
    buf_text(&out, "before");
    assert_int_equal(presign_query(*state, &example, &request, &out), OK);
    out.len = sizeof "before" - 1;
    for (size_t i = 0; i < ROWS(expires); i++) {
        request.expires_s = expires[i];
        assert_int_equal(presign_query(*state, &example, &request, &out), ERR_BAD_REQUEST);
    }
    for (size_t i = 0; i < ROWS(many); i++)
        many[i] = (struct canonical_field){SPAN("x"), SPAN("y")};
    request.expires_s = 1;
    request.fields = many;
    request.count = ROWS(many);
    assert_int_equal(presign_query(*state, &example, &request, &out), ERR_BAD_REQUEST);
    request.count--;
    assert_int_equal(presign_query(*state, &example, &request, &out), OK);
    assert_true(out.len > sizeof "before" - 1);
}

/* Room that lacks one byte is too little, wherever it ends; and nothing is written then. */
static void test_no_room(void **state)
{
    char memory[1024];
    struct buf out = buf_over(memory, sizeof memory);
    struct presign request = get(SPAN("s3.amazonaws.com"), SPAN("/b/k"), 60);
    assert_int_equal(presign_query(*state, &example, &request, &out), OK);
    for (size_t room = 0; room < out.len; room++) {
        struct buf less = buf_over(malloc(room + 1), room);
        assert_int_equal(presign_query(*state, &example, &request, &less), ERR_OUT_OF_MEMORY);
        assert_int_equal(less.len, 0);
        free(less.at);
    }
    struct buf failed = {.at = memory, .max = sizeof memory, .failed = true};
    assert_int_equal(presign_query(*state, &example, &request, &failed), ERR_OUT_OF_MEMORY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_as_boto3),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_no_room),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
