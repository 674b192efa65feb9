/* Errors inside an answer that says 200, whole and in pieces. */
#include "tests/unit/check.h"

#include "proxy/permissions/late_error.h"

#define LONG "0123456789012345678901234567890123456789"

static const struct {
    const char *label, *answer, *errors; /* what stands in each, parted by "|" */
} rows[] = {
    {"nothing", "", ""},
    {"none", "<DeleteResult><Deleted><Key>a</Key></Deleted></DeleteResult>", ""},
    {"one", "<R><Error><Key>a</Key></Error></R>", "<Key>a</Key>"},
    {"two", "<Error>a</Error><Error>b</Error>", "a|b"},
    {"after others", "<Deleted/><Error>a</Error><Deleted/>", "a"},
    {"empty", "<Error></Error><Error>b</Error>", "|b"},
    {"begins twice", "<Er<Error>a</Er</Error>", "a</Er"},
    {"begins a little", "<<<Error>a<<</Error>", "a<<"},
    {"another name", "<Errors>a</Errors><Errors><Error>b</Error></Errors>", "b"},
    {"no end", "<Error>a", ""},
    {"too long, then another", "<Error>" LONG LONG "</Error><Error>b</Error>", "b"},
};

static void read_in_pieces(const char *label, const char *answer, const char *errors, size_t size)
{
    char found_text[256] = "", memory[64];
    struct late_error reader;
    struct buf found = buf_over(found_text, sizeof found_text - 1);
    struct span rest = span_of(answer), element;
    bool first = true;
    late_error_begin(&reader, buf_over(memory, sizeof memory));
    while (rest.len > 0) {
        struct span piece = span_first(rest, size);
        rest = span_from(rest, size);
        while (late_error_next(&reader, &piece, &element)) {
            buf_add(&found, first ? SPAN("") : SPAN("|"));
            buf_add(&found, element);
            first = false;
        }
        assert_int_equal(piece.len, 0);
    }
    CHECK_TEXT(span_of(label), buf_span(&found), span_of(errors));
}

static void test_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++)
        for (size_t size = 1; size <= 17; size += 4)
            read_in_pieces(rows[i].label, rows[i].answer, rows[i].errors, size);
}

static void test_delete_of_one(void **state)
{
    (void)state;
    static const struct {
        struct span element, body;
    } deletes[] = {
        {TEXT("<Key>a&amp;b</Key><Code>AccessDenied</Code>"),
            TEXT("<Delete><Object><Key>a&amp;b</Key></Object></Delete>")},
        {TEXT("<Key>a</Key><VersionId>1</VersionId>"),
            TEXT("<Delete><Object><Key>a</Key><VersionId>1</VersionId></Object></Delete>")},
        {TEXT("<Code>AccessDenied</Code>"), TEXT("")},
    };
    for (size_t i = 0; i < ROWS(deletes); i++) {
        char memory[128];
        struct buf body = buf_over(memory, sizeof memory);
        bool named = late_error_write_delete(deletes[i].element, &body);
        CHECK_NUMBER(deletes[i].element, named, deletes[i].body.len > 0);
        if (named)
            CHECK_TEXT(deletes[i].element, buf_span(&body), deletes[i].body);
    }
}

static void test_operations(void **state)
{
    (void)state;
    assert_true(late_error_possible(SPAN("DeleteObjects")));
    assert_true(late_error_possible(SPAN("CompleteMultipartUpload")));
    assert_false(late_error_possible(SPAN("DeleteObject")));
    assert_false(late_error_possible(SPAN("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_found),
        cmocka_unit_test(test_delete_of_one),
        cmocka_unit_test(test_operations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
