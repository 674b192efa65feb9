/* AWS's own test suite, tests/sigv4/cases.txt: each case in the header and in the query form, each
 * form at three stages: canonical request, string to sign, signature. Run at the signer, for
 * several of its requests cannot arrive over HTTP (spaces and raw UTF-8 in the target, folded
 * fields).
 *
 * The suite's paths are raw, and encoding a raw path once is what PATH_TWICE does to a path on the
 * wire; so its normalised cases are PATH_TWICE, and those that leave the path as it is PATH_ONCE.
 */
#include "tests/unit/check.h"

#include "proxy/aws/presign.h"

enum { CASES = 38, FORMS = 2, FIELDS = 16 };

struct form {
    struct span canonical, string, signature;
};

struct suite_case {
    struct span name;
    struct credentials credentials;
    struct span region, service, time, expires;
    bool normalize, sign_body, omit_session_token;
    struct span method, target, body;
    size_t fields;
    struct span field[FIELDS];
    struct form form[FORMS];
};

/* A form of a case: the state of one cmocka case. */
struct run {
    const struct suite_case *c;
    bool in_query;
    char title[80];
};

static struct suite_case cases[CASES];
static size_t case_count;
static char file[128 * 1024];
static struct run runs[CASES * FORMS];

/* --- Reading the cases ---------------------------------------------------------------------- */

/* Undoes the escapes in place: what comes out is never longer. */
static struct span unescape(char *text, size_t len)
{
    static const char names[] = "nt\\", bytes[] = "\n\t\\";
    size_t to = 0;
    for (size_t i = 0; i < len; i++) {
        const char *named = text[i] == '\\' && i + 1 < len ? strchr(names, text[i + 1]) : NULL;
        if (named) {
            text[to++] = bytes[named - names];
            i++;
        } else if (text[i] == '\\' && i + 3 < len && text[i + 1] == 'x') {
            text[to++] = (char)(ascii_hex(text[i + 2]) << 4 | ascii_hex(text[i + 3]));
            i += 3;
        } else {
            text[to++] = text[i];
        }
    }
    return (struct span){text, to};
}

static bool yes(struct span value)
{
    return span_equal(value, SPAN("yes"));
}

/* Where the value of that name is kept; NULL where it is no plain text. */
static struct span *place_of(struct suite_case *c, struct span name)
{
    const struct {
        struct span name;
        struct span *place;
    } places[] = {{TEXT("access_key_id"), &c->credentials.access_key_id},
        {TEXT("secret_access_key"), &c->credentials.secret_access_key},
        {TEXT("token"), &c->credentials.session_token}, {TEXT("region"), &c->region},
        {TEXT("service"), &c->service}, {TEXT("time"), &c->time}, {TEXT("expires"), &c->expires},
        {TEXT("method"), &c->method}, {TEXT("target"), &c->target}, {TEXT("body"), &c->body},
        {TEXT("header-canonical"), &c->form[0].canonical},
        {TEXT("header-string"), &c->form[0].string},
        {TEXT("header-signature"), &c->form[0].signature},
        {TEXT("query-canonical"), &c->form[1].canonical},
        {TEXT("query-string"), &c->form[1].string},
        {TEXT("query-signature"), &c->form[1].signature}};
    for (size_t i = 0; i < ROWS(places); i++)
        if (span_equal(places[i].name, name))
            return places[i].place;
    return NULL;
}

static bool set(struct suite_case *c, struct span name, struct span value)
{
    struct span *place = place_of(c, name);
    if (place)
        *place = value;
    else if (span_equal(name, SPAN("normalize")))
        c->normalize = yes(value);
    else if (span_equal(name, SPAN("sign_body")))
        c->sign_body = yes(value);
    else if (span_equal(name, SPAN("omit_session_token")))
        c->omit_session_token = yes(value);
    else if (span_equal(name, SPAN("field")) && c->fields < FIELDS)
        c->field[c->fields++] = value;
    else
        return false;
    return true;
}

/* The lines after a "|" that follow, moved together so that they are one text. */
static struct span take_block(char **at)
{
    char *start = *at, *to = *at;
    while (**at == '|') {
        size_t len = strcspn(*at + 1, "\n");
        if (to > start)
            *to++ = '\n';
        memmove(to, *at + 1, len);
        to += unescape(to, len).len;
        *at += 1 + len + 1;
    }
    return (struct span){start, (size_t)(to - start)};
}

static bool read_line(struct suite_case *defaults, char **at)
{
    char *line = *at;
    size_t len = strcspn(line, "\n"), name_len = strcspn(line, " \n");
    *at += len + 1;
    struct span name = {line, name_len};
    if (len == 0 || line[0] == '#')
        return true;
    char *value_at = line + (name_len < len ? name_len + 1 : len);
    struct span value = unescape(value_at, (size_t)(line + len - value_at));
    if (span_equal(name, SPAN("case"))) {
        if (case_count == CASES)
            return false;
        cases[case_count] = *defaults;
        cases[case_count++].name = value;
        return true;
    }
    if (**at == '|')
        value = take_block(at);
    return set(case_count ? &cases[case_count - 1] : defaults, name, value);
}

static bool read_cases(void)
{
    struct suite_case defaults = {.fields = 0};
    FILE *in = fopen("tests/sigv4/cases.txt", "rb");
    size_t len = in ? fread(file, 1, sizeof file - 1, in) : 0;
    bool good = in != NULL && len < sizeof file - 1;
    if (in)
        (void)fclose(in);
    for (char *at = file; good && at < file + len;)
        good = read_line(&defaults, &at);
    return good && case_count == CASES;
}

/* --- Running one ---------------------------------------------------------------------------- */

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
    size_t mark = span_find(c->target, '?');
    *stage = (struct stage){.signer = signer_create(),
        .scope = {.region = c->region, .service = c->service},
        .canonical = {.method = c->method,
            .path = span_first(c->target, mark),
            .style = c->normalize ? PATH_TWICE : PATH_ONCE}};
    assert_non_null(stage->signer);
    assert_int_equal(signer_hash(stage->signer, c->body, stage->hash), OK);
    memcpy(stage->scope.date.text, c->time.at, 16);
    stage->canonical.payload_hash = (struct span){stage->hash, sizeof stage->hash};
    for (size_t i = 0; i < c->fields; i++) {
        size_t colon = span_find(c->field[i], ':');
        canonical_add(
            &stage->canonical, span_first(c->field[i], colon), span_from(c->field[i], colon + 1));
    }
    stage->canonical.query = span_from(c->target, mark + 1);
    if (in_query)
        presign(c, stage, &query);
    else
        add_headers(c, &stage->canonical);
}

/* Each stage is checked by itself, on what the suite says the stage before it gives. */
static void check_stages(struct stage *stage, const struct suite_case *c, const struct form *form)
{
    char text[8192], names[1024], scratch[8192], hex[HASH_HEX_BYTES];
    struct buf canonical = buf_over(text, sizeof text),
               signed_headers = buf_over(names, sizeof names);
    assert_true(canonical_request(
        &stage->canonical, &canonical, &signed_headers, buf_over(scratch, sizeof scratch)));
    CHECK_TEXT(c->name, buf_span(&canonical), form->canonical);

    struct buf string = buf_over(text, sizeof text);
    assert_int_equal(
        signer_string_to_sign(stage->signer, &stage->scope, form->canonical, &string), OK);
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
    assert_int_equal(case_count, CASES);
    for (size_t i = 0; i < CASES; i++)
        for (size_t form = 0; form < FORMS; form++) {
            CHECK_NUMBER(cases[i].name, cases[i].form[form].signature.len, HASH_HEX_BYTES);
            assert_true(cases[i].form[form].canonical.len > 0);
            assert_true(cases[i].form[form].string.len > 0);
        }
}

int main(void)
{
    static struct CMUnitTest tests[1 + CASES * FORMS];
    if (!read_cases()) {
        (void)fprintf(stderr, "tests/sigv4/cases.txt cannot be read (%zu cases)\n", case_count);
        return 1;
    }
    tests[0] = (struct CMUnitTest)cmocka_unit_test(test_suite_is_whole);
    for (size_t i = 0; i < CASES * FORMS; i++) {
        runs[i].c = &cases[i / FORMS];
        runs[i].in_query = i % FORMS;
        (void)snprintf(runs[i].title, sizeof runs[i].title, "%.*s-in-%s",
            SPAN_ARGS(cases[i / FORMS].name), i % FORMS ? "query" : "header");
        tests[1 + i] = (struct CMUnitTest){runs[i].title, test_form, NULL, NULL, &runs[i]};
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
