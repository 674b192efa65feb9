/* Uploads signed chunk by chunk: AWS's published examples, from the head's signature to the last
 * one, as bytes that are read as they would arrive.
 * Sources: Amazon S3 API Reference, "Signature calculations for the Authorization header:
 * transferring payload in multiple chunks" and "... including trailing headers";
 * awslabs/aws-c-auth, tests/test_chunked_signing.c (Apache-2.0), for the order of trailers. */
#include "tests/unit/check.h"

#include "proxy/aws/chunk_signature.h"
#include "proxy/http/aws_chunked.h"

enum { CHUNKS = 3 };

struct example {
    bool has_trailers;
    struct span payload; /* x-amz-content-sha256 */
    struct span seed;
    struct span chunks[CHUNKS];
};

static const struct example plain = {false, TEXT("STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
    TEXT("4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"),
    {TEXT("ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"),
        TEXT("0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"),
        TEXT("b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9")}};

static const struct example trailing = {true, TEXT("STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"),
    TEXT("106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"),
    {TEXT("b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2"),
        TEXT("1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7"),
        TEXT("2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992")}};

#define TRAILER_SIGNATURE "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435"

static const size_t sizes[CHUNKS] = {65536, 1024, 0};
static char as[65536];

static const struct credentials credentials = {.access_key_id = {"AKIAIOSFODNN7EXAMPLE", 20},
    .secret_access_key = {"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", 40}};
static const struct scope scope = {
    .date = {"20130524T000000Z"}, .region = {"us-east-1", 9}, .service = {"s3", 2}};

static int set_up(void **state)
{
    memset(as, 'a', sizeof as);
    *state = signer_create();
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    signer_destroy(*state);
    return 0;
}

/* The signature of the head that the example begins with. */
static void sign_seed(struct signer *signer, const struct example *e, char hex[HASH_HEX_BYTES])
{
    char names[256];
    struct signature signature = {.signed_headers = buf_over(names, sizeof names)};
    struct canonical head = {.method = SPAN("PUT"),
        .path = SPAN("/examplebucket/chunkObject.txt"),
        .payload_hash = e->payload};
    canonical_add(&head, SPAN("Host"), SPAN("s3.amazonaws.com"));
    canonical_add(&head, SPAN("x-amz-date"), amz_date_span(&scope.date));
    canonical_add(&head, SPAN("x-amz-storage-class"), SPAN("REDUCED_REDUNDANCY"));
    canonical_add(&head, SPAN("x-amz-content-sha256"), e->payload);
    canonical_add(&head, SPAN("Content-Encoding"), SPAN("aws-chunked"));
    canonical_add(&head, SPAN("x-amz-decoded-content-length"), SPAN("66560"));
    if (e->has_trailers)
        canonical_add(&head, SPAN("x-amz-trailer"), SPAN("x-amz-checksum-crc32c"));
    else
        canonical_add(&head, SPAN("Content-Length"), SPAN("66824"));
    assert_int_equal(signer_sign(signer, &credentials, &scope, &head, &signature), OK);
    memcpy(hex, signature.hex, sizeof signature.hex);
    CHECK_TEXT(e->payload, ((struct span){hex, HASH_HEX_BYTES}), e->seed);
}

static void begin(struct chunk_chain *chain, struct signer *signer, const struct example *e)
{
    char seed[HASH_HEX_BYTES];
    sign_seed(signer, e, seed);
    chunk_chain_init(chain, &scope, seed);
}

static void check_chunk(
    struct chunk_chain *chain, const struct chunk_signer *by, struct span expected)
{
    char hex[HASH_HEX_BYTES];
    assert_int_equal(chunk_chain_sign(chain, by, hex), OK);
    CHECK_TEXT(expected, ((struct span){hex, sizeof hex}), expected);
}

/* Each chunk's content in pieces of that many bytes. */
static void check_chain(struct signer *signer, const struct example *e, size_t piece)
{
    struct chunk_chain chain;
    const struct chunk_signer by = {signer, &credentials};
    begin(&chain, signer, e);
    for (size_t i = 0; i < CHUNKS; i++) {
        for (size_t done = 0; done < sizes[i]; done += piece) {
            size_t more = sizes[i] - done < piece ? sizes[i] - done : piece;
            chunk_chain_add(&chain, (struct span){as, more});
        }
        check_chunk(&chain, &by, e->chunks[i]);
    }
}

static void test_chains(void **state)
{
    static const size_t pieces[] = {1, 63, 64, 65, 1000, 65536};
    for (size_t i = 0; i < ROWS(pieces); i++) {
        check_chain(*state, &plain, pieces[i]);
        check_chain(*state, &trailing, pieces[i]);
    }
}

/* Names in any case and order: sorted and in lower case they are the published ones. */
static void test_trailers_sorted(void **state)
{
    static const struct span rows[] = {TEXT("first:1st\r\nsecond:2nd\r\nthird:3rd\r\n"),
        TEXT("third:3rd\r\nsecond:2nd\r\nfirst:1st\r\n"),
        TEXT("Second:2nd\r\nTHIRD:3rd\r\nfirst:1st\r\n")};
    const struct chunk_signer by = {*state, &credentials};
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct chunk_chain chain;
        char hex[HASH_HEX_BYTES];
        chunk_chain_init(&chain, &scope, plain.chunks[2].at);
        assert_int_equal(chunk_chain_sign_trailers(&chain, &by, rows[i], hex), OK);
        CHECK_TEXT(rows[i], ((struct span){hex, sizeof hex}),
            SPAN("df5735bd9f3295cd9386572292562fefc93ba94e80a0a1ddcbd652c4e0a75e6c"));
    }
}

/* As the sender writes it. */
static void write_body(const struct example *e, struct buf *out)
{
    for (size_t i = 0; i < CHUNKS; i++) {
        buf_format(out, "%zx;chunk-signature=%.*s\r\n", sizes[i], SPAN_ARGS(e->chunks[i]));
        buf_add(out, (struct span){as, sizes[i]});
        if (sizes[i] > 0 || !e->has_trailers)
            buf_text(out, "\r\n");
    }
    if (e->has_trailers)
        buf_text(out,
            "x-amz-checksum-crc32c:sOO8/Q==\r\n"
            "x-amz-trailer-signature:" TRAILER_SIGNATURE "\r\n\r\n");
    assert_false(out->failed);
}

/* Reads the body and verifies as it goes; where a signature is wrong, the number of right ones. */
static size_t verify(struct signer *signer, const struct example *e, struct span body)
{
    static struct aws_chunked reader;
    struct chunk_chain chain;
    const struct chunk_signer by = {signer, &credentials};
    char hex[HASH_HEX_BYTES];
    size_t right = 0;
    struct span piece;
    enum aws_chunked_step step;
    bool same = true;
    begin(&chain, signer, e);
    aws_chunked_begin(&reader, (struct aws_chunked_form){true, e->has_trailers}, 66560);
    do {
        step = aws_chunked_next(&reader, &body, &piece);
        if (step == AWS_CHUNKED_PIECE)
            chunk_chain_add(&chain, piece);
        else if (step == AWS_CHUNKED_CHUNK)
            assert_int_equal(chunk_chain_sign(&chain, &by, hex), OK);
        else if (step == AWS_CHUNKED_END && e->has_trailers)
            assert_int_equal(
                chunk_chain_sign_trailers(&chain, &by, aws_chunked_trailers(&reader), hex), OK);
        else
            break;
        if (step != AWS_CHUNKED_PIECE) {
            same = signature_equal(hex, aws_chunked_signature(&reader));
            right += same;
        }
    } while (same && step != AWS_CHUNKED_END);
    return right;
}

static char body_memory[68 * 1024];

static void test_bodies(void **state)
{
    struct buf body = buf_over(body_memory, sizeof body_memory);
    write_body(&plain, &body);
    assert_int_equal(body.len, 66824); /* as the published head says */
    assert_int_equal(verify(*state, &plain, buf_span(&body)), 3);
    body.len = 0;
    write_body(&trailing, &body);
    assert_int_equal(verify(*state, &trailing, buf_span(&body)), 4);
}

/* One byte changed, and all that goes before it is still right, but nothing after. */
static void test_changed(void **state)
{
    static const struct {
        size_t at; /* from the end, where it is not content */
        size_t right;
    } rows[] = {{100, 0}, {65535 + 88, 0}, {65536 + 200, 1}, {66560 + 200, 2}};
    struct buf body = buf_over(body_memory, sizeof body_memory);
    write_body(&trailing, &body);
    for (size_t i = 0; i < ROWS(rows); i++) {
        char *byte = &body.at[rows[i].at];
        *byte ^= 1;
        assert_int_equal(verify(*state, &trailing, buf_span(&body)), rows[i].right);
        *byte ^= 1;
    }
    struct span checksum = SPAN("sOO8/Q==");
    size_t trailer = body.len;
    while (!span_starts(span_from(buf_span(&body), trailer), checksum))
        trailer--;
    body.at[trailer] = 't';
    assert_int_equal(verify(*state, &trailing, buf_span(&body)), 3);
}

static void test_signature_equal(void **state)
{
    (void)state;
    const char hex[] = TRAILER_SIGNATURE;
    assert_true(signature_equal(hex, SPAN(TRAILER_SIGNATURE)));
    assert_false(signature_equal(hex, plain.seed));
    assert_false(signature_equal(hex, span_first(SPAN(TRAILER_SIGNATURE), 63)));
    assert_false(signature_equal(hex, SPAN(TRAILER_SIGNATURE "0")));
    assert_false(signature_equal(hex, SPAN("")));
}

static void test_too_long(void **state)
{
    static char long_trailer[AWS_CHUNKED_TRAILER_BYTES + 8];
    char hex[HASH_HEX_BYTES];
    const struct chunk_signer by = {*state, &credentials};
    struct chunk_chain chain;
    chunk_chain_init(&chain, &scope, plain.seed.at);
    memset(long_trailer, 'v', sizeof long_trailer);
    memcpy(long_trailer, "a:", 2);
    memcpy(long_trailer + sizeof long_trailer - 2, "\r\n", 2);
    assert_int_not_equal(chunk_chain_sign_trailers(
                             &chain, &by, (struct span){long_trailer, sizeof long_trailer}, hex),
        OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chains),
        cmocka_unit_test(test_trailers_sorted),
        cmocka_unit_test(test_bodies),
        cmocka_unit_test(test_changed),
        cmocka_unit_test(test_signature_equal),
        cmocka_unit_test(test_too_long),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
