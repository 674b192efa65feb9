/* AWS's own test suite for Signature Version 4A: each case in the header and in the query form:
 * canonical request and string to sign compared, the suite's signature and one made here verified
 * with the suite's public key. Then the derived key, and a whole Authorization field. */
/* wrap: hmac */
#include "tests/unit/suite.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>

#include "proxy/aws/sign4a.h"
#include "proxy/aws/uri.h"

enum { RUNS = SUITE_CASES * SUITE_FORMS };

/* A form of a case: the state of one cmocka case. */
struct run {
    const struct suite_case *c;
    bool in_query;
    char title[80];
};

static struct suite suite;
static struct run runs[RUNS];
static struct signer *hasher;
static struct signer4a *signer;
static EVP_PKEY *verifier; /* the suite's public key */

static struct span from_hex(struct span hex, unsigned char *memory)
{
    for (size_t i = 0; i < hex.len / 2; i++)
        memory[i] = (unsigned char)(ascii_hex(hex.at[2 * i]) << 4 | ascii_hex(hex.at[2 * i + 1]));
    return (struct span){(const char *)memory, hex.len / 2};
}

static int set_up(void **state)
{
    (void)state;
    unsigned char point[SIGN4A_POINT_BYTES];
    char group[] = "prime256v1";
    struct span hex = suite.defaults.public_key;
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point),
        OSSL_PARAM_construct_end()};
    if (hex.len != 2 * sizeof point)
        return -1;
    (void)from_hex(hex, point);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    bool good = context && EVP_PKEY_fromdata_init(context) > 0
        && EVP_PKEY_fromdata(context, &verifier, EVP_PKEY_PUBLIC_KEY, parameters) > 0;
    EVP_PKEY_CTX_free(context);
    hasher = signer_create();
    signer = signer4a_create(hasher);
    return good && hasher && signer ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    signer4a_destroy(signer);
    signer_destroy(hasher);
    EVP_PKEY_free(verifier);
    return 0;
}

static bool verified(struct span signature_hex, struct span text)
{
    unsigned char memory[SIGN4A_MAX_HEX_BYTES / 2];
    assert_true(signature_hex.len <= 2 * sizeof memory);
    struct span der = from_hex(signature_hex, memory);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good = context
        && EVP_DigestVerifyInit_ex(context, NULL, "SHA256", NULL, NULL, verifier, NULL) > 0
        && EVP_DigestVerify(context, (const unsigned char *)der.at, der.len,
               (const unsigned char *)text.at, text.len)
            == 1;
    EVP_MD_CTX_free(context);
    return good;
}

static struct scope scope_of(const struct suite_case *c)
{
    struct scope scope = {.region = c->region, .service = c->service};
    memcpy(scope.date.text, c->time.at, 16);
    return scope;
}

static bool token_signed(const struct suite_case *c)
{
    return c->credentials.session_token.len > 0 && !c->omit_session_token;
}

static void add_headers(const struct suite_case *c, struct canonical *canonical)
{
    canonical_add(canonical, SPAN("X-Amz-Date"), c->time);
    canonical_add(canonical, SPAN("X-Amz-Region-Set"), c->region);
    if (c->sign_body)
        canonical_add(canonical, SPAN("x-amz-content-sha256"), canonical->payload_hash);
    if (token_signed(c))
        canonical_add(canonical, SPAN("X-Amz-Security-Token"), c->credentials.session_token);
}

static void add_parameters(
    const struct suite_case *c, struct canonical *canonical, struct buf *query)
{
    char memory[256], names_memory[256];
    struct buf credential = buf_over(memory, sizeof memory);
    struct buf names = buf_over(names_memory, sizeof names_memory);
    struct scope scope = scope_of(c);
    buf_add(&credential, c->credentials.access_key_id);
    buf_char(&credential, '/');
    scope4a_write(&scope, &credential);
    canonical_signed_headers(canonical, &names);
    buf_add(query, canonical->query);
    uri_add_parameter(query, SPAN("X-Amz-Algorithm"), SPAN("AWS4-ECDSA-P256-SHA256"));
    uri_add_parameter(query, SPAN("X-Amz-Credential"), buf_span(&credential));
    uri_add_parameter(query, SPAN("X-Amz-Date"), c->time);
    uri_add_parameter(query, SPAN("X-Amz-SignedHeaders"), buf_span(&names));
    uri_add_parameter(query, SPAN("X-Amz-Expires"), c->expires);
    uri_add_parameter(query, SPAN("X-Amz-Region-Set"), c->region);
    if (token_signed(c))
        uri_add_parameter(query, SPAN("X-Amz-Security-Token"), c->credentials.session_token);
    assert_false(query->failed);
    canonical->query = buf_span(query);
}

static void check_canonical(const struct run *run)
{
    char text[8192], names[1024], scratch[8192], query_memory[4096], hash[HASH_HEX_BYTES];
    const struct suite_case *c = run->c;
    struct buf out = buf_over(text, sizeof text), signed_headers = buf_over(names, sizeof names);
    struct buf query = buf_over(query_memory, sizeof query_memory);
    struct canonical canonical;
    suite_canonical(c, &canonical);
    hash_hex(c->body, hash);
    canonical.payload_hash = (struct span){hash, sizeof hash};
    if (run->in_query)
        add_parameters(c, &canonical, &query);
    else
        add_headers(c, &canonical);
    assert_true(
        canonical_request(&canonical, &out, &signed_headers, buf_over(scratch, sizeof scratch)));
    CHECK_TEXT(c->name, buf_span(&out), c->form[run->in_query].canonical);
}

/* Each stage is checked by itself, on what the suite says the stage before it gives. */
static void test_form(void **state)
{
    const struct run *run = *state;
    const struct suite_form *form = &run->c->form[run->in_query];
    char text[512], hex[SIGN4A_MAX_HEX_BYTES], hash[HASH_HEX_BYTES];
    struct buf string = buf_over(text, sizeof text), signature = buf_over(hex, sizeof hex);
    struct scope scope = scope_of(run->c);
    check_canonical(run);
    hash_hex(form->canonical, hash);
    signer4a_string_to_sign(&scope, hash, &string);
    CHECK_TEXT(run->c->name, buf_span(&string), form->string);
    assert_int_equal(
        signer4a_signature(signer, &run->c->credentials, form->string, &signature), OK);
    assert_true(verified(buf_span(&signature), form->string));
    assert_true(verified(form->signature, form->string));
    assert_false(verified(buf_span(&signature), form->canonical));
}

static void test_suite_is_whole(void **state)
{
    (void)state;
    assert_int_equal(suite.count, SUITE_CASES);
    for (size_t i = 0; i < RUNS; i++) {
        const struct suite_form *form = &suite.cases[i / SUITE_FORMS].form[i % SUITE_FORMS];
        assert_true(span_starts(form->string, SPAN("AWS4-ECDSA-P256-SHA256\n")));
        assert_true(span_starts(form->signature, SPAN("30")));
        assert_true(form->canonical.len > 0);
    }
}

static void test_public_key(void **state)
{
    (void)state;
    unsigned char point[SIGN4A_POINT_BYTES], expected[SIGN4A_POINT_BYTES];
    (void)from_hex(suite.defaults.public_key, expected);
    assert_int_equal(signer4a_public_key(signer, &suite.defaults.credentials, point), OK);
    assert_memory_equal(point, expected, sizeof point);
}

/* Computed with Python's hmac and cryptography; the second has the longest id. */
static void test_other_keys(void **state)
{
    (void)state;
    static const struct {
        struct span key_id, secret, point;
    } rows[] = {
        {TEXT("AKIAIOSFODNN7EXAMPLE"), TEXT("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
            TEXT("0418b7d04643359f6ec270dcbab8dce6d169d66ddc9778c75cfb08dfdb701637ab"
                 "fa36b35e4fe67e3112261d2e17a956ef85b06e44712d2850bcd3c2161e9993f2")},
        {TEXT("ASIA"
              "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"
              "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"),
            TEXT("kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"),
            TEXT("049cc5775743a2b1b0283527a97dc046a081bf003d984f01c00f0a4a2d67e11e8e"
                 "b16899aa23f519a9e528a722a3fc99ea727cc7cbeda577aca39a6f15fabfdae9")},
        {TEXT("AKISORANDOMAASORANDOM"), TEXT("q+jcrXGc+0zWN6uzclKVhvMmUsIfRPa4rlRandom"),
            TEXT("0415d242ceebf8d8169fd6a8b5a746c41140414c3b07579038da06af89190fffcb"
                 "0515242cedd82e94799482e4c0514b505afccf2c0c98d6a553bf539f424c5ec0")},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        unsigned char point[SIGN4A_POINT_BYTES], expected[SIGN4A_POINT_BYTES];
        struct credentials credentials = {
            .access_key_id = rows[i].key_id, .secret_access_key = rows[i].secret};
        (void)from_hex(rows[i].point, expected);
        assert_int_equal(signer4a_public_key(signer, &credentials, point), OK);
        assert_memory_equal(point, expected, sizeof point);
    }
}

/* --- Candidates that the keys of a test never give -------------------------------------------- */

/* What hmac() gives instead, in hexadecimal, one after the other; the last one again and again. */
static const struct span *forced;
static size_t forced_left, attempts;

void __real_hmac(const struct hmac_key *key, struct span message, unsigned char out[HASH_BYTES]);

void __wrap_hmac(const struct hmac_key *key, struct span message, unsigned char out[HASH_BYTES])
{
    if (!forced) {
        __real_hmac(key, message, out);
        return;
    }
    assert_int_equal(
        message.at[message.len - 5] & 0xff, ++attempts); /* before the length: the number */
    (void)from_hex(*forced, out);
    if (forced_left > 1) {
        forced_left--;
        forced++;
    }
}

#define ORDER_HEAD "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc6325"
#define BASE_X     "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
#define BASE_Y     "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
#define MINUS_Y    "b01cbd1c01e58065711814b583f061e9d431cca994cea1313449bf97c840ae0a"

/* By keys whose points are well known: 1 gives the curve's base point, n - 1 its opposite (SEC 2,
 * 2.4.2); 256's was computed with Python's cryptography. */
static void test_candidates(void **state)
{
    (void)state;
    static const struct {
        struct span candidates[3];
        size_t count, attempts;
        struct span point;
    } rows[] = {
        {{TEXT("0000000000000000000000000000000000000000000000000000000000000000")}, 1, 1,
            TEXT("04" BASE_X BASE_Y)},
        {{TEXT("00000000000000000000000000000000000000000000000000000000000000ff")}, 1, 1,
            TEXT("0434a2d4a3b009165987ffd1528603ed61190d0b710d6a564c2db2e35f12d0441b"
                 "beaaed6a53a1e3c22bca71046e777fc0e7d766b9deddd81db424e7845e93b146")},
        {{TEXT(ORDER_HEAD "4f")}, 1, 1, TEXT("04" BASE_X MINUS_Y)},
        {{TEXT(ORDER_HEAD "50"), TEXT(ORDER_HEAD "4f")}, 2, 2, TEXT("04" BASE_X MINUS_Y)},
        {{TEXT(ORDER_HEAD "51"), TEXT(ORDER_HEAD "ff"), TEXT(ORDER_HEAD "4f")}, 3, 3,
            TEXT("04" BASE_X MINUS_Y)},
        {{TEXT("ffffffff00000001ffffffffffffffffbce6faada7179e84f3b9cac2fc632500"),
             TEXT(ORDER_HEAD "4f")},
            2, 2, TEXT("04" BASE_X MINUS_Y)},
        {{TEXT("ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff")}, 1, 254,
            TEXT("")},
    };
    const struct credentials credentials = {
        .access_key_id = SPAN("id"), .secret_access_key = SPAN("secret")};
    for (size_t i = 0; i < ROWS(rows); i++) {
        unsigned char point[SIGN4A_POINT_BYTES], expected[SIGN4A_POINT_BYTES];
        signer4a_forget(signer);
        forced = rows[i].candidates;
        forced_left = rows[i].count;
        attempts = 0;
        enum err err = signer4a_public_key(signer, &credentials, point);
        forced = NULL;
        CHECK_NUMBER(rows[i].candidates[0], attempts, rows[i].attempts);
        CHECK_NUMBER(rows[i].candidates[0], err == OK, rows[i].point.len > 0);
        if (err == OK) {
            (void)from_hex(rows[i].point, expected);
            assert_memory_equal(point, expected, sizeof point);
        }
    }
    signer4a_forget(signer);
}

/* A kept key is used without being derived again, until the access key is another. */
static void test_kept(void **state)
{
    (void)state;
    static const struct span zero[] = {
        TEXT("0000000000000000000000000000000000000000000000000000000000000000")};
    unsigned char point[SIGN4A_POINT_BYTES], again[SIGN4A_POINT_BYTES];
    struct credentials credentials = suite.defaults.credentials;
    assert_int_equal(signer4a_public_key(signer, &credentials, point), OK);
    forced = zero;
    forced_left = 1;
    attempts = 0;
    assert_int_equal(signer4a_public_key(signer, &credentials, again), OK);
    assert_memory_equal(point, again, sizeof point);
    assert_int_equal(attempts, 0);
    credentials.access_key_id = SPAN("AKIDEXAMPL");
    assert_int_equal(signer4a_public_key(signer, &credentials, again), OK);
    assert_int_equal(attempts, 1);
    forced = NULL;
    signer4a_forget(signer);
}

/* --- The whole -------------------------------------------------------------------------------- */

static void test_authorize(void **state)
{
    (void)state;
    char memory[1024], hash[HASH_HEX_BYTES];
    const struct suite_case *c = &suite.cases[0];
    struct buf out = buf_over(memory, sizeof memory);
    struct scope scope = scope_of(c);
    struct canonical canonical;
    suite_canonical(c, &canonical);
    hash_hex(c->body, hash);
    canonical.payload_hash = (struct span){hash, sizeof hash};
    add_headers(c, &canonical);
    assert_int_equal(signer4a_authorize(signer, &c->credentials, &scope, &canonical, &out), OK);
    struct span start =
        SPAN("Authorization: AWS4-ECDSA-P256-SHA256 Credential=AKIDEXAMPLE/20150830/service/"
             "aws4_request, SignedHeaders=host;my-header1;x-amz-date;x-amz-region-set, Signature=");
    struct span line = buf_span(&out);
    CHECK_TEXT(c->name, span_first(line, start.len), start);
    assert_true(span_ends(line, SPAN("\r\n")));
    struct span signature = span_first(span_from(line, start.len), line.len - start.len - 2);
    assert_true(verified(signature, c->form[0].string));
}

static void test_refused(void **state)
{
    (void)state;
    char memory[64], hex[SIGN4A_MAX_HEX_BYTES], long_name[300];
    struct buf small = buf_over(memory, sizeof memory), out = buf_over(hex, sizeof hex);
    struct credentials credentials = suite.defaults.credentials;
    struct scope scope = scope_of(&suite.cases[0]);
    struct canonical canonical = {.method = SPAN("GET"), .path = SPAN("/")};
    memset(long_name, 'n', sizeof long_name);
    assert_int_equal(
        signer4a_authorize(signer, &credentials, &scope, &canonical, &small), ERR_OUT_OF_MEMORY);
    small = buf_over(memory, sizeof memory);
    assert_int_equal(
        signer4a_signature(signer, &credentials, SPAN("text"), &small), ERR_OUT_OF_MEMORY);
    credentials.access_key_id = (struct span){long_name, 129};
    assert_int_not_equal(signer4a_signature(signer, &credentials, SPAN("text"), &out), OK);
    credentials.access_key_id = SPAN("id");
    credentials.secret_access_key = (struct span){long_name, 257};
    assert_int_not_equal(signer4a_signature(signer, &credentials, SPAN("text"), &out), OK);
    assert_int_equal(out.len, 0);
    assert_false(out.failed);
    signer4a_destroy(NULL);
}

int main(void)
{
    static struct CMUnitTest tests[RUNS + 7] = {
        [RUNS] = cmocka_unit_test(test_suite_is_whole),
        cmocka_unit_test(test_public_key),
        cmocka_unit_test(test_other_keys),
        cmocka_unit_test(test_candidates),
        cmocka_unit_test(test_kept),
        cmocka_unit_test(test_authorize),
        cmocka_unit_test(test_refused),
    };
    if (!suite_read(&suite, "tests/sigv4/cases.txt")
        || !suite_read(&suite, "tests/sigv4/cases-v4a.txt")) {
        (void)fprintf(stderr, "tests/sigv4/cases*.txt cannot be read (%zu)\n", suite.count);
        return 1;
    }
    for (size_t i = 0; i < RUNS; i++) {
        runs[i].c = &suite.cases[i / SUITE_FORMS];
        runs[i].in_query = i % SUITE_FORMS;
        (void)snprintf(runs[i].title, sizeof runs[i].title, "%.*s-in-%s",
            SPAN_ARGS(runs[i].c->name), runs[i].in_query ? "query" : "header");
        tests[i] = (struct CMUnitTest){runs[i].title, test_form, NULL, NULL, &runs[i]};
    }
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
