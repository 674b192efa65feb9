/* AWS's own test suite for Signature Version 4: each case in the header and in the query form, each
 * form at three stages: canonical request, string to sign, signature. Run at the signer, for
 * several of its requests cannot arrive over HTTP (spaces and raw UTF-8 in the target, folded
 * fields). */
#include "tests/unit/suite.h"

#include "proxy/aws/presign.h"

enum { RUNS = SUITE_CASES * SUITE_FORMS };

/* A form of a case: the state of one cmocka case. */
struct run {
    const struct suite_case *c;
    bool in_query;
    char title[80];
};

static struct suite suite;
static struct run runs[RUNS];

struct stage {
    struct signer *signer;
    struct scope scope;
    struct canonical canonical;
    char hash[HASH_HEX_BYTES];
    char query[4096];
};

static struct canonical_field take_host(struct canonical *canonical)
{
    struct canonical_field *fields = canonical->fields, host;
    size_t i = 0;
    while (i < canonical->count && !span_equal_nocase(fields[i].name, SPAN("host")))
        i++;
    assert_true(i < canonical->count);
    host = fields[i];
    memmove(fields + i, fields + i + 1, (--canonical->count - i) * sizeof *fields);
    return host;
}

/* The query of a presigned URL; the suite leaves the token out of what is signed by adding it
 * later.
 */
static void presign(const struct suite_case *c, struct stage *stage, struct buf *query)
{
    struct canonical *canonical = &stage->canonical;
    struct credentials credentials = c->credentials;
    struct presign request = {.method = c->method,
        .path = canonical->path,
        .query = canonical->query,
        .style = canonical->style,
        .payload_hash = canonical->payload_hash,
        .scope = stage->scope};
    struct canonical_field host = take_host(canonical);
    request.host = host.value;
    request.fields = canonical->fields;
    request.count = canonical->count;
    assert_true(span_to_number(c->expires, UINT64_MAX, &request.expires_s));
    if (c->omit_session_token)
        credentials.session_token.len = 0;
    assert_int_equal(presign_query(stage->signer, &credentials, &request, query), OK);
    canonical_add(canonical, host.name, host.value);
    canonical->query = buf_span(query);
    canonical->left_out = SPAN("X-Amz-Signature");
    CHECK_TEXT(
        c->name, span_from(buf_span(query), query->len - HASH_HEX_BYTES), c->form[1].signature);
}

static void add_headers(const struct suite_case *c, struct canonical *canonical)
{
    canonical_add(canonical, SPAN("X-Amz-Date"), c->time);
    if (c->sign_body)
        canonical_add(canonical, SPAN("x-amz-content-sha256"), canonical->payload_hash);
    if (c->credentials.session_token.len > 0 && !c->omit_session_token)
        canonical_add(canonical, SPAN("X-Amz-Security-Token"), c->credentials.session_token);
}

static void prepare(struct stage *stage, const struct suite_case *c, bool in_query)
{
    struct buf query = buf_over(stage->query, sizeof stage->query);
    *stage = (struct stage){
        .signer = signer_create(), .scope = {.region = c->region, .service = c->service}};
    suite_canonical(c, &stage->canonical);
    assert_non_null(stage->signer);
    hash_hex(c->body, stage->hash);
    memcpy(stage->scope.date.text, c->time.at, 16);
    stage->canonical.payload_hash = (struct span){stage->hash, sizeof stage->hash};
    if (in_query)
        presign(c, stage, &query);
    else
        add_headers(c, &stage->canonical);
}

/* Each stage is checked by itself, on what the suite says the stage before it gives. */
static void check_stages(
    struct stage *stage, const struct suite_case *c, const struct suite_form *form)
{
    char text[8192], names[1024], scratch[8192], hash[HASH_HEX_BYTES], hex[HASH_HEX_BYTES];
    struct buf canonical = buf_over(text, sizeof text),
               signed_headers = buf_over(names, sizeof names);
    assert_true(canonical_request(
        &stage->canonical, &canonical, &signed_headers, buf_over(scratch, sizeof scratch)));
    CHECK_TEXT(c->name, buf_span(&canonical), form->canonical);

    struct buf string = buf_over(text, sizeof text);
    hash_hex(form->canonical, hash);
    scope_write_string_to_sign(&stage->scope, hash, &string);
    CHECK_TEXT(c->name, buf_span(&string), form->string);

    assert_int_equal(
        signer_signature(stage->signer, &c->credentials, &stage->scope, form->string, hex), OK);
    CHECK_TEXT(c->name, ((struct span){hex, sizeof hex}), form->signature);
}

static void test_form(void **state)
{
    const struct run *run = *state;
    static struct stage stage;
    prepare(&stage, run->c, run->in_query);
    check_stages(&stage, run->c, &run->c->form[run->in_query]);
    signer_destroy(stage.signer);
}

static void test_suite_is_whole(void **state)
{
    (void)state;
    assert_int_equal(suite.count, SUITE_CASES);
    for (size_t i = 0; i < RUNS; i++) {
        const struct suite_case *c = &suite.cases[i / SUITE_FORMS];
        const struct suite_form *form = &c->form[i % SUITE_FORMS];
        CHECK_NUMBER(c->name, form->signature.len, HASH_HEX_BYTES);
        assert_true(form->canonical.len > 0);
        assert_true(form->string.len > 0);
    }
}

int main(void)
{
    static struct CMUnitTest tests[1 + RUNS];
    if (!suite_read(&suite, "tests/sigv4/cases.txt")) {
        (void)fprintf(stderr, "tests/sigv4/cases.txt cannot be read (%zu cases)\n", suite.count);
        return 1;
    }
    tests[0] = (struct CMUnitTest)cmocka_unit_test(test_suite_is_whole);
    for (size_t i = 0; i < RUNS; i++) {
        runs[i].c = &suite.cases[i / SUITE_FORMS];
        runs[i].in_query = i % SUITE_FORMS;
        (void)snprintf(runs[i].title, sizeof runs[i].title, "%.*s-in-%s",
            SPAN_ARGS(runs[i].c->name), runs[i].in_query ? "query" : "header");
        tests[1 + i] = (struct CMUnitTest){runs[i].title, test_form, NULL, NULL, &runs[i]};
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
