/* The request for a directory bucket's session, and one that is signed with it, byte for byte. The
 * signatures were computed once with botocore 1.44.5 (S3SigV4Auth). */
#include "tests/unit/check.h"

#include "proxy/credentials/create_session.h"
#include "proxy/exchange/outgoing.h"

enum { NOW = 1440938160 }; /* 20150830T123600Z */

#define HOST "mine--usw2-az1--x-s3.s3express-usw2-az1.us-west-2.amazonaws.com"
#define SCOPE                                                                   \
    "Authorization: AWS4-HMAC-SHA256 Credential=ASIAIOSFODNN7EXAMPLE/20150830/" \
    "us-west-2/s3express/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date;"

static const struct credentials keys = {.access_key_id = TEXT("ASIAIOSFODNN7EXAMPLE"),
    .secret_access_key = TEXT("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
    .session_token = TEXT("SESSION/TOKEN+==")};

static const struct route bucket = {.kind = ROUTE_SERVICE,
    .path = TEXT("/k"),
    .service = TEXT("s3express"),
    .region = TEXT("us-west-2"),
    .host = TEXT(HOST),
    .session = true,
    .s3 = true};

static const struct span asked =
    TEXT("GET /?session HTTP/1.1\r\nHost: " HOST "\r\nX-Amz-Date: 20150830T123600Z\r\n"
         "X-Amz-Content-Sha256: " EMPTY_SHA256 "\r\n"
         "X-Amz-Security-Token: SESSION/TOKEN+==\r\n" SCOPE "x-amz-security-token, Signature="
         "99b6ee0150f7fdd5edf76e095da5f4897580c602dd92f4ce188cdf19d81b8ffa"
         "\r\n\r\n");
static const struct span signed_by_session =
    TEXT("GET /k HTTP/1.1\r\nHost: " HOST "\r\nX-Amz-Date: 20150830T123600Z\r\n"
         "X-Amz-Content-Sha256: " EMPTY_SHA256 "\r\n"
         "X-Amz-S3session-Token: SESSION/TOKEN+==\r\n" SCOPE "x-amz-s3session-token, Signature="
         "16415e9c8e0c409365ca94ef35970b0b980be4643bdccaf3ca9f167e3a5ab1f0\r\n\r\n");

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

static void test_asked(void **state)
{
    char memory[1024];
    struct buf out = buf_over(memory, sizeof memory);
    assert_int_equal(create_session_write(&bucket, &keys, *state, NOW, &out), OK);
    CHECK_TEXT(SPAN("CreateSession"), buf_span(&out), asked);
}

static void test_no_room(void **state)
{
    for (size_t room = 0; room < asked.len; room += 7) {
        char *memory = malloc(room ? room : 1);
        struct buf out = buf_over(memory, room);
        assert_int_equal(
            create_session_write(&bucket, &keys, *state, NOW, &out), ERR_OUT_OF_MEMORY);
        free(memory);
    }
}

/* What the client says of these is not its to say. */
static void test_signed_by_session(void **state)
{
    static struct head head;
    char request[] = "GET /s3/x HTTP/1.1\r\nHost: localhost\r\nX-Amz-S3session-Token: x\r\n"
                     "X-Amz-Region-Set: x\r\nX-Amz-Security-Token: x\r\n\r\n";
    char memory[1024], scratch[64];
    struct buf out = buf_over(memory, sizeof memory);
    struct fault fault;
    assert_int_equal(head_parse_request(&head, request, sizeof request - 1, &fault), OK);
    struct outgoing outgoing = {.head = &head,
        .route = &bucket,
        .credentials = &keys,
        .signer = *state,
        .body = {.hash = SPAN(EMPTY_SHA256)}};
    assert_int_equal(
        outgoing_write(&outgoing, NOW, &out, buf_over(scratch, sizeof scratch), &fault), OK);
    CHECK_TEXT(SPAN("request"), buf_span(&out), signed_by_session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_asked),
        cmocka_unit_test(test_no_room),
        cmocka_unit_test(test_signed_by_session),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
