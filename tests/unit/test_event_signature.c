/* Events that are signed one by one: AWS's published chain, what is written around each, midnight,
 * and too little room.
 * Source of the chain: awslabs/aws-c-auth, tests/sigv4_event_signing (Apache-2.0). */
#include "tests/unit/check.h"

#include "proxy/aws/event_signature.h"
#include "proxy/http/event_stream.h"

enum { RAW_BYTES = 32 };

#define SEED "e1d8e8c8815e60969f2a34765c9a15945ffc0badbaa4b7e3b163ea19131e949b"

static const struct {
    struct span inner, signature;
} published[] = {
    {TEXT("A"), TEXT("7aabf85b765e6a4d0d500b6e968657b14726fa3e1eb7e839302728ffd77629a5")},
    {TEXT("B"), TEXT("f72aa9642f571d24a6e1ae42f10f073ad9448d8a028b6bcd82da081335adda02")},
    {TEXT("C"), TEXT("632af120435b57ec241d8bfbb12e496dfd5e2730a1a02ac0ab6eaa230ae02e9a")},
    {TEXT(""), TEXT("c6f679ddb3af68f5e82f0cf6761244cb2338cf11e7d01a24130aea1b7c17e53e")},
};

static const struct credentials credentials = {
    .access_key_id = TEXT("access"), .secret_access_key = TEXT("secret")};
static const struct scope scope = {
    .date = {"19810116T063000Z"}, .region = TEXT("us-east-1"), .service = TEXT("demo")};
static const int64_t begun_ms = INT64_C(348474600000);

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

/* Reads what was written: date, signature and content are as they must be, and nothing else. */
static void check_event(struct span bytes, int64_t date, struct span inner, struct span signature)
{
    struct event_stream_message message;
    struct event_stream_header header;
    char memory[2 * RAW_BYTES];
    struct buf hex = buf_over(memory, sizeof memory);
    size_t used;
    assert_int_equal(event_stream_read(bytes, SIZE_MAX, &message, &used), EVENT_STREAM_MESSAGE);
    assert_int_equal(used, bytes.len);
    assert_int_equal(used, inner.len + EVENT_SIGNATURE_BYTES);
    CHECK_TEXT(inner, message.payload, inner);
    struct span rest = message.headers;
    assert_true(event_stream_next_header(&rest, &header));
    CHECK_TEXT(inner, header.name, SPAN(":date"));
    assert_int_equal(header.type, EVENT_STREAM_TIMESTAMP);
    CHECK_NUMBER(inner, header.number, date);
    assert_true(event_stream_next_header(&rest, &header));
    CHECK_TEXT(inner, header.name, SPAN(":chunk-signature"));
    assert_int_equal(header.type, EVENT_STREAM_BYTES);
    buf_hex(&hex, (const unsigned char *)header.value.at, header.value.len);
    CHECK_TEXT(inner, buf_span(&hex), signature);
    assert_int_equal(rest.len, 0);
}

/* Whoever signs the request has the seed from it. */
static void test_seed(void **state)
{
    char names[64];
    struct signature signature = {.signed_headers = buf_over(names, sizeof names)};
    struct canonical head = {.method = SPAN("POST"),
        .path = SPAN("/streaming"),
        .payload_hash = SPAN("STREAMING-AWS4-HMAC-SHA256-EVENTS")};
    canonical_add(&head, SPAN("Content-Encoding"), SPAN("application/vnd.amazon.eventstream"));
    canonical_add(&head, SPAN("Host"), SPAN("demo.us-east-1.amazonaws.com"));
    canonical_add(&head, SPAN("x-amz-content-sha256"), SPAN("STREAMING-AWS4-HMAC-SHA256-EVENTS"));
    canonical_add(&head, SPAN("x-amz-date"), amz_date_span(&scope.date));
    assert_int_equal(signer_sign(*state, &credentials, &scope, &head, &signature), OK);
    CHECK_TEXT(SPAN("seed"), ((struct span){signature.hex, sizeof signature.hex}), SPAN(SEED));
}

static void test_published(void **state)
{
    struct event_chain chain;
    const struct chunk_signer by = {*state, &credentials};
    event_chain_init(&chain, &scope, SEED);
    for (size_t i = 0; i < ROWS(published); i++) {
        char memory[128];
        struct buf out = buf_over(memory, sizeof memory);
        int64_t date = begun_ms + 1000 * (int64_t)(i + 1);
        assert_int_equal(event_signature_write(&chain, &by, date, published[i].inner, &out), OK);
        check_event(buf_span(&out), date, published[i].inner, published[i].signature);
        CHECK_TEXT(published[i].inner, ((struct span){chain.previous, sizeof chain.previous}),
            published[i].signature);
    }
}

/* In too little room nothing is signed: the event can be written again, elsewhere. */
static void test_no_room(void **state)
{
    struct event_chain chain;
    const struct chunk_signer by = {*state, &credentials};
    char *memory = malloc(EVENT_SIGNATURE_BYTES + 1);
    assert_non_null(memory);
    event_chain_init(&chain, &scope, SEED);
    for (size_t room = 0; room <= EVENT_SIGNATURE_BYTES + 1; room++) {
        struct buf out = buf_over(memory, room);
        enum err err = event_signature_write(&chain, &by, begun_ms + 1000, SPAN("A"), &out);
        assert_int_equal(err, room < EVENT_SIGNATURE_BYTES + 1 ? ERR_OUT_OF_MEMORY : OK);
        CHECK_TEXT(SPAN("A"), ((struct span){chain.previous, sizeof chain.previous}),
            err ? SPAN(SEED) : published[0].signature);
    }
    free(memory);
}

/* The milliseconds stand in the date's header only; from midnight on key and scope are the new
 * day's, as they are for a chain that begins there. */
static void test_midnight(void **state)
{
    struct event_chain chain, next_day;
    const struct chunk_signer by = {*state, &credentials};
    const int64_t midnight = INT64_C(348537600000);
    struct scope that_day = scope;
    char memory[3][128], seed[HASH_HEX_BYTES];
    struct buf before = buf_over(memory[0], 128), after = buf_over(memory[1], 128);
    struct buf anew = buf_over(memory[2], 128);
    event_chain_init(&chain, &scope, SEED);
    assert_int_equal(event_signature_write(&chain, &by, midnight - 1, SPAN("A"), &before), OK);
    CHECK_TEXT(SPAN("before"), amz_date_span(&chain.scope.date), SPAN("19810116T235959Z"));
    memcpy(seed, chain.previous, sizeof seed);
    assert_int_equal(event_signature_write(&chain, &by, midnight, SPAN("B"), &after), OK);
    CHECK_TEXT(SPAN("after"), amz_date_span(&chain.scope.date), SPAN("19810117T000000Z"));
    that_day.date = (struct amz_date){"19810117T000000Z"};
    event_chain_init(&next_day, &that_day, seed);
    assert_int_equal(event_signature_write(&next_day, &by, midnight, SPAN("B"), &anew), OK);
    CHECK_TEXT(SPAN("midnight"), buf_span(&after), buf_span(&anew));
    check_event(buf_span(&before), midnight - 1, SPAN("A"), ((struct span){seed, sizeof seed}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_seed),
        cmocka_unit_test(test_published),
        cmocka_unit_test(test_no_room),
        cmocka_unit_test(test_midnight),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
