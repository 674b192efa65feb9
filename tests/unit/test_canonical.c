/* The canonical request where AWS's suite says nothing: real double encoding, S3's paths, order of
 * the query's pairs, limits. */
#include "tests/unit/check.h"

#include "proxy/aws/canonical.h"

struct path_row {
    struct span path, once, twice;
};

static const struct path_row paths[] = {
    /* smithy-rs, aws-sigv4/aws-signing-test-suite: double-encode-path, double-url-encode. */
    {TEXT("/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-west-2%3A123456789012%3Afunction%3Af"),
        TEXT("/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-west-2%3A123456789012%3Afunction%3Af"),
        TEXT("/2015-03-31/functions/"
             "arn%253Aaws%253Alambda%253Aus-west-2%253A123456789012%253Afunction%253Af")},
    {TEXT("/test/@connections/JBDvjfGEIAMCERw%3D"), TEXT("/test/%40connections/JBDvjfGEIAMCERw%3D"),
        TEXT("/test/%40connections/JBDvjfGEIAMCERw%253D")},

    {TEXT("/"), TEXT("/"), TEXT("/")},
    {TEXT("/a%20b"), TEXT("/a%20b"), TEXT("/a%2520b")},
    {TEXT("/a+b"), TEXT("/a%2Bb"), TEXT("/a%2Bb")},
    {TEXT("/a*b('c')"), TEXT("/a%2Ab%28%27c%27%29"), TEXT("/a%2Ab%28%27c%27%29")},
    {TEXT("/b/a%2Fb"), TEXT("/b/a/b"), TEXT("/b/a%252Fb")},
    {TEXT("/%7euser"), TEXT("/~user"), TEXT("/%257euser")},
    {TEXT("/a//b"), TEXT("/a//b"), TEXT("/a/b")},
    {TEXT("//"), TEXT("//"), TEXT("/")},
    {TEXT("/a/./b/../c"), TEXT("/a/./b/../c"), TEXT("/a/c")},
    {TEXT("/a/.."), TEXT("/a/.."), TEXT("/")},
    {TEXT("/a/b/.."), TEXT("/a/b/.."), TEXT("/a/")},
    {TEXT("/a/b/../"), TEXT("/a/b/../"), TEXT("/a/")},
    {TEXT("/a/."), TEXT("/a/."), TEXT("/a/")},
    {TEXT("/../../a"), TEXT("/../../a"), TEXT("/a")},
    {TEXT("/.../a.b/..c"), TEXT("/.../a.b/..c"), TEXT("/.../a.b/..c")},
    {TEXT("/%2e%2e/a"), TEXT("/../a"), TEXT("/%252e%252e/a")},
    {TEXT("/100%"), TEXT("/100%25"), TEXT("/100%25")},
};

struct query_row {
    struct span query, canonical;
};

static const struct query_row queries[] = {
    {TEXT(""), TEXT("")},
    {TEXT("a"), TEXT("a=")},
    {TEXT("a="), TEXT("a=")},
    {TEXT("=a"), TEXT("=a")},
    {TEXT("a=b=c"), TEXT("a=b%3Dc")},
    {TEXT("&&b=2&&a=1&"), TEXT("a=1&b=2")},
    {TEXT("b=1&a=2&a=1"), TEXT("a=1&a=2&b=1")},
    {TEXT("uploads&prefix=a/b"), TEXT("prefix=a%2Fb&uploads=")},
    {TEXT("a=x+y"), TEXT("a=x%2By")},
    {TEXT("a=%41%7e%2f"), TEXT("a=A~%2F")},
    {TEXT("%61=1&A=2"), TEXT("A=2&a=1")},
    /* By name, then by value: not as the joined text, where "-" comes before "=". */
    {TEXT("a-b=1&a=2"), TEXT("a=2&a-b=1")},
    /* Sorted as encoded: "%" comes before letters and digits. */
    {TEXT("b=1&%C3%BC=2&a=3"), TEXT("%C3%BC=2&a=3&b=1")},
    {TEXT("a?b=c?d"), TEXT("a%3Fb=c%3Fd")},
};

struct field_row {
    struct canonical_field fields[4];
    struct span lines, names;
};

static const struct field_row field_rows[] = {
    {{{TEXT("Host"), TEXT("h")}}, TEXT("host:h\n"), TEXT("host")},
    {{{TEXT("X-Amz-Date"), TEXT("d")}, {TEXT("HOST"), TEXT("H")}}, TEXT("host:H\nx-amz-date:d\n"),
        TEXT("host;x-amz-date")},
    {{{TEXT("b"), TEXT("2")}, {TEXT("a"), TEXT("")}, {TEXT("B"), TEXT("1")}}, TEXT("a:\nb:2,1\n"),
        TEXT("a;b")},
    {{{TEXT("a-b"), TEXT("1")}, {TEXT("a"), TEXT("2")}}, TEXT("a:2\na-b:1\n"), TEXT("a;a-b")},
    {{{TEXT("a"), TEXT(" \t x  y\t\tz \r\n w ")}}, TEXT("a:x y z w\n"), TEXT("a")},
    {{{TEXT("a"), TEXT("\"x  y\"")}}, TEXT("a:\"x y\"\n"), TEXT("a")},
};

struct output {
    char text[8192], names[1024], scratch[8192];
    struct buf canonical, signed_headers;
    bool done;
};

static void run(struct output *output, const struct canonical *canonical)
{
    struct canonical copy = *canonical;
    output->canonical = buf_over(output->text, sizeof output->text);
    output->signed_headers = buf_over(output->names, sizeof output->names);
    output->done = canonical_request(&copy, &output->canonical, &output->signed_headers,
        buf_over(output->scratch, sizeof output->scratch));
}

/* The n-th line, from 0. */
static struct span line(const struct output *output, size_t n)
{
    struct span text = buf_span(&output->canonical), item = {NULL, 0};
    for (size_t i = 0; i <= n; i++)
        assert_true(span_next(&text, '\n', &item));
    return item;
}

static void test_paths(void **state)
{
    (void)state;
    struct output output;
    struct canonical canonical = {.method = SPAN("GET")};
    for (size_t i = 0; i < ROWS(paths); i++) {
        canonical.path = paths[i].path;
        canonical.style = PATH_ONCE;
        run(&output, &canonical);
        CHECK_TEXT(paths[i].path, line(&output, 1), paths[i].once);
        canonical.style = PATH_TWICE;
        run(&output, &canonical);
        CHECK_TEXT(paths[i].path, line(&output, 1), paths[i].twice);
    }
}

static void test_queries(void **state)
{
    (void)state;
    struct output output;
    struct canonical canonical = {.method = SPAN("GET"), .path = SPAN("/")};
    for (size_t i = 0; i < ROWS(queries); i++) {
        canonical.query = queries[i].query;
        run(&output, &canonical);
        CHECK_TEXT(queries[i].query, line(&output, 2), queries[i].canonical);
    }
}

static void test_signature_left_out(void **state)
{
    (void)state;
    struct output output;
    struct canonical canonical = {.method = SPAN("GET"),
        .path = SPAN("/"),
        .query = SPAN("X-Amz-Signature=0&b=1&X-Amz-Signature2=3&X-Amz-Signature"),
        .left_out = SPAN("X-Amz-Signature")};
    run(&output, &canonical);
    CHECK_TEXT(SPAN("left out"), line(&output, 2), SPAN("X-Amz-Signature2=3&b=1"));
}

static void test_fields(void **state)
{
    (void)state;
    struct output output;
    for (size_t i = 0; i < ROWS(field_rows); i++) {
        struct canonical canonical = {.method = SPAN("PUT"),
            .path = SPAN("/k"),
            .query = SPAN("q"),
            .payload_hash = SPAN("UNSIGNED-PAYLOAD")};
        char memory[512];
        struct buf expected = buf_over(memory, sizeof memory);
        for (size_t n = 0; n < 4 && field_rows[i].fields[n].name.len > 0; n++)
            canonical_add(&canonical, field_rows[i].fields[n].name, field_rows[i].fields[n].value);
        run(&output, &canonical);
        buf_text(&expected, "PUT\n/k\nq=\n");
        buf_add(&expected, field_rows[i].lines);
        buf_char(&expected, '\n');
        buf_add(&expected, field_rows[i].names);
        buf_text(&expected, "\nUNSIGNED-PAYLOAD");
        CHECK_TEXT(field_rows[i].names, buf_span(&output.canonical), buf_span(&expected));
        CHECK_TEXT(field_rows[i].names, buf_span(&output.signed_headers), field_rows[i].names);
    }
}

/* The limit is one of parameters: as many are signed, one more is refused. */
static void test_parameters(void **state)
{
    (void)state;
    struct output output;
    char query[2 * CANONICAL_MAX_PARAMETERS + 1];
    for (size_t i = 0; i < sizeof query; i++)
        query[i] = i % 2 ? '&' : 'a';
    struct canonical canonical = {
        .method = SPAN("GET"), .path = SPAN("/"), .query = {query, sizeof query - 2}};
    run(&output, &canonical);
    assert_true(output.done);
    assert_false(output.canonical.failed);
    canonical.query.len = sizeof query;
    run(&output, &canonical);
    assert_false(output.done);
}

static void test_fields_at_the_limit(void **state)
{
    (void)state;
    static struct canonical canonical;
    for (size_t i = 0; i < CANONICAL_MAX_FIELDS + 3; i++)
        canonical_add(&canonical, SPAN("a"), SPAN("1"));
    assert_int_equal(canonical.count, CANONICAL_MAX_FIELDS);
}

/* A buffer that is too small by any number of bytes has failed; none is written past. */
static void test_every_lack_of_room(void **state)
{
    (void)state;
    struct output whole;
    struct canonical canonical = {.method = SPAN("GET"),
        .path = SPAN("/a/b"),
        .query = SPAN("b=1&a=%20"),
        .payload_hash = SPAN("UNSIGNED-PAYLOAD")};
    canonical_add(&canonical, SPAN("Host"), SPAN("h"));
    canonical_add(&canonical, SPAN("a"), SPAN("1"));
    canonical_add(&canonical, SPAN("A"), SPAN("2"));
    run(&whole, &canonical);
    for (size_t lack = 1; lack <= whole.canonical.len; lack++) {
        size_t room = whole.canonical.len - lack;
        char *memory = malloc(room ? room : 1);
        struct canonical copy = canonical;
        struct buf out = buf_over(memory, room), names = buf_over(whole.names, sizeof whole.names);
        assert_true(
            canonical_request(&copy, &out, &names, buf_over(whole.scratch, sizeof whole.scratch)));
        assert_true(out.failed);
        free(memory);
    }
    for (size_t room = 0; room < sizeof "a;host" - 1; room++) {
        char memory[8];
        struct canonical copy = canonical;
        struct buf out = buf_over(whole.text, sizeof whole.text), names = buf_over(memory, room);
        assert_true(
            canonical_request(&copy, &out, &names, buf_over(whole.scratch, sizeof whole.scratch)));
        assert_true(names.failed);
    }
    for (size_t room = 0; room < sizeof "a%20b1" - 1; room++) {
        char memory[8];
        struct canonical copy = canonical;
        struct buf out = buf_over(whole.text, sizeof whole.text),
                   names = buf_over(whole.names, sizeof whole.names);
        assert_true(canonical_request(&copy, &out, &names, buf_over(memory, room)));
        assert_true(out.failed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_queries),
        cmocka_unit_test(test_signature_left_out),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_parameters),
        cmocka_unit_test(test_fields_at_the_limit),
        cmocka_unit_test(test_every_lack_of_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
