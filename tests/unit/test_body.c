/* Bodies read by their framing: whole, byte by byte, and in two parts at every place, always with
 * the same content, trailers and end. */
#include "tests/unit/check.h"

#include "proxy/http/body.h"

struct row {
    struct span bytes;
    enum body_step end; /* how it ends: BODY_END, BODY_BAD, or BODY_MORE where more must come */
    struct span content, trailers, left; /* left: what comes after a whole body */
};

static const struct row chunked[] = {
    {TEXT("0\r\n\r\n"), BODY_END, TEXT(""), TEXT(""), TEXT("")},
    {TEXT("3\r\nabc\r\n0\r\n\r\n"), BODY_END, TEXT("abc"), TEXT(""), TEXT("")},
    {TEXT("3\r\nabc\r\n2\r\n\r\n\r\n0\r\n\r\nGET /"), BODY_END, TEXT("abc\r\n"), TEXT(""),
        TEXT("GET /")},
    {TEXT("a\r\n0123456789\r\nA\r\n0123456789\r\n000\r\n\r\n"), BODY_END,
        TEXT("01234567890123456789"), TEXT(""), TEXT("")},
    {TEXT("0000000000000001\r\na\r\n0\r\n\r\n"), BODY_END, TEXT("a"), TEXT(""), TEXT("")},
    {TEXT("1;x\r\na\r\n0;y=z\r\n\r\n"), BODY_END, TEXT("a"), TEXT(""), TEXT("")},
    {TEXT("1 ; x = \"a;\\\"b\" ; z\r\na\r\n0\r\n\r\n"), BODY_END, TEXT("a"), TEXT(""), TEXT("")},
    {TEXT("0\r\nA: b\r\nC:d\r\n\r\n"), BODY_END, TEXT(""), TEXT("A: b\r\nC:d\r\n"), TEXT("")},
    {TEXT("0\r\nA: b\r\n"), BODY_MORE, TEXT(""), TEXT("A: b\r\n"), TEXT("")},
    {TEXT(""), BODY_MORE, TEXT(""), TEXT(""), TEXT("")},
    {TEXT("3\r\nab"), BODY_MORE, TEXT("ab"), TEXT(""), TEXT("")},
    {TEXT("3\r\nabc\r"), BODY_MORE, TEXT("abc"), TEXT(""), TEXT("")},
    {TEXT("0\r\n\r"), BODY_MORE, TEXT(""), TEXT(""), TEXT("")},
    {TEXT("7fffffffffffffff\r\na"), BODY_MORE, TEXT("a"), TEXT(""), TEXT("")},

    {TEXT("8000000000000000\r\na"), BODY_BAD, TEXT(""), TEXT(""), TEXT("")},
    {TEXT("10000000000000000\r\na"), BODY_BAD, TEXT(""), TEXT(""), TEXT("")},
    {TEXT("00000000000000001\r\na"), BODY_BAD, TEXT(""), TEXT(""), TEXT("")},
    {TEXT("\r\n"), BODY_BAD, TEXT(""), TEXT(""), TEXT("")},
    {TEXT("g\r\n"), BODY_BAD, TEXT(""), TEXT(""), TEXT("")},
    {TEXT("-1\r\n"), BODY_BAD, TEXT(""), TEXT(""), TEXT("")},
    {TEXT("+1\r\n"), BODY_BAD, TEXT(""), TEXT(""), TEXT("")},
    {TEXT("0x1\r\n"), BODY_BAD, TEXT(""), TEXT(""), TEXT("")},
    {TEXT(" 1\r\n"), BODY_BAD, TEXT(""), TEXT(""), TEXT("")},
    {TEXT("1 \r\n"), BODY_BAD, TEXT(""), TEXT(""), TEXT("")},
    {TEXT("1 2\r\n"), BODY_BAD, TEXT(""), TEXT(""), TEXT("")},
    {TEXT("1\na"), BODY_BAD, TEXT(""), TEXT(""), TEXT("")},
    {TEXT("1\rx"), BODY_BAD, TEXT(""), TEXT(""), TEXT("")},
    {TEXT("1\r\nab\r\n"), BODY_BAD, TEXT("a"), TEXT(""), TEXT("")},
    {TEXT("1\r\na\n0\r\n\r\n"), BODY_BAD, TEXT("a"), TEXT(""), TEXT("")},
    {TEXT("1\r\na\rb"), BODY_BAD, TEXT("a"), TEXT(""), TEXT("")},
    {TEXT("1\r\na0\r\n\r\n"), BODY_BAD, TEXT("a"), TEXT(""), TEXT("")},
    {TEXT("1;\r\na"), BODY_BAD, TEXT(""), TEXT(""), TEXT("")},
    {TEXT("1;x=\r\na"), BODY_BAD, TEXT(""), TEXT(""), TEXT("")},
    {TEXT("1;x=\"a\r\na"), BODY_BAD, TEXT(""), TEXT(""), TEXT("")},
    {TEXT("1;x=\"a\\\r\na"), BODY_BAD, TEXT(""), TEXT(""), TEXT("")},
    {TEXT("1;x=\"a\"b\r\na"), BODY_BAD, TEXT(""), TEXT(""), TEXT("")},
    {TEXT("1;x y\r\na"), BODY_BAD, TEXT(""), TEXT(""), TEXT("")},
    {TEXT("1;=y\r\na"), BODY_BAD, TEXT(""), TEXT(""), TEXT("")},
    {TEXT("1;x\x00\r\na"), BODY_BAD, TEXT(""), TEXT(""), TEXT("")},
    {TEXT("1,x\r\na"), BODY_BAD, TEXT(""), TEXT(""), TEXT("")},
    {TEXT("0\r\nA\r\n\r\n"), BODY_BAD, TEXT(""), TEXT(""), TEXT("")},
    {TEXT("0\r\nA : b\r\n\r\n"), BODY_BAD, TEXT(""), TEXT(""), TEXT("")},
    {TEXT("0\r\n A: b\r\n\r\n"), BODY_BAD, TEXT(""), TEXT(""), TEXT("")},
    {TEXT("0\r\nA: b\n\r\n"), BODY_BAD, TEXT(""), TEXT(""), TEXT("")},
    {TEXT("0\r\nA: \x01\r\n\r\n"), BODY_BAD, TEXT(""), TEXT(""), TEXT("")},
};

static const struct row five_bytes[] = {
    {TEXT("abcde"), BODY_END, TEXT("abcde"), TEXT(""), TEXT("")},
    {TEXT("abcdefg"), BODY_END, TEXT("abcde"), TEXT(""), TEXT("fg")},
    {TEXT("abcd"), BODY_MORE, TEXT("abcd"), TEXT(""), TEXT("")},
    {TEXT(""), BODY_MORE, TEXT(""), TEXT(""), TEXT("")},
};

static const struct row none[] = {
    {TEXT(""), BODY_END, TEXT(""), TEXT(""), TEXT("")},
    {TEXT("GET /"), BODY_END, TEXT(""), TEXT(""), TEXT("GET /")},
};

static const struct row until_close[] = {
    {TEXT(""), BODY_MORE, TEXT(""), TEXT(""), TEXT("")},
    {TEXT("anything\r\n\r\n"), BODY_MORE, TEXT("anything\r\n\r\n"), TEXT(""), TEXT("")},
};

static const struct {
    struct framing framing;
    const struct row *rows;
    size_t count;
} tables[] = {
    {{.kind = BODY_CHUNKED, .length = 3}, chunked, ROWS(chunked)},
    {{.kind = BODY_LENGTH, .length = 5}, five_bytes, ROWS(five_bytes)},
    {{.kind = BODY_NONE, .length = 5}, none, ROWS(none)},
    {{.kind = BODY_UNTIL_CLOSE}, until_close, ROWS(until_close)},
};

/* Gives the body one piece of its bytes; content is what comes out. */
static enum body_step feed(struct body *body, struct span bytes, struct buf *content, size_t *used)
{
    char *copy = check_copy(bytes);
    struct span rest = {copy, bytes.len}, piece;
    enum body_step step = body_next(body, &rest, &piece);
    for (; step == BODY_PIECE; step = body_next(body, &rest, &piece)) {
        assert_true(piece.len > 0);
        buf_add(content, piece);
    }
    assert_true(step != BODY_MORE || rest.len == 0);
    *used = bytes.len - rest.len;
    free(copy);
    return step;
}

/* In pieces of that many bytes; the first may have another size. */
static void read_in_pieces(
    const struct framing *framing, const struct row *row, size_t first, size_t piece)
{
    char memory[256];
    struct buf content = buf_over(memory, sizeof memory);
    struct body body;
    struct span rest = row->bytes;
    size_t size = first, used;
    enum body_step step = BODY_MORE;
    body_begin(&body, framing);
    do {
        step = feed(&body, span_first(rest, size), &content, &used);
        rest = span_from(rest, used);
        size = piece;
    } while (step == BODY_MORE && rest.len > 0);
    CHECK_NUMBER(row->bytes, step, row->end);
    CHECK_TEXT(row->bytes, buf_span(&content), row->content);
    CHECK_TEXT(row->bytes, body_trailers(&body), row->trailers);
    CHECK_NUMBER(row->bytes, body_whole(&body), row->end == BODY_END);
    CHECK_NUMBER(row->bytes, body.why != NULL, row->end == BODY_BAD);
    if (row->end == BODY_END)
        CHECK_TEXT(row->bytes, rest, row->left);
    if (row->end != BODY_MORE) /* it stays as it is */
        CHECK_NUMBER(row->bytes, feed(&body, SPAN("0\r\n"), &content, &used), row->end);
}

static void test_whole(void **state)
{
    (void)state;
    for (size_t t = 0; t < ROWS(tables); t++)
        for (size_t i = 0; i < tables[t].count; i++)
            read_in_pieces(&tables[t].framing, &tables[t].rows[i], SIZE_MAX, SIZE_MAX);
}

static void test_byte_by_byte(void **state)
{
    (void)state;
    for (size_t t = 0; t < ROWS(tables); t++)
        for (size_t i = 0; i < tables[t].count; i++)
            read_in_pieces(&tables[t].framing, &tables[t].rows[i], 1, 1);
}

static void test_every_split(void **state)
{
    (void)state;
    for (size_t t = 0; t < ROWS(tables); t++)
        for (size_t i = 0; i < tables[t].count; i++)
            for (size_t at = 0; at <= tables[t].rows[i].bytes.len; at++)
                read_in_pieces(&tables[t].framing, &tables[t].rows[i], at, SIZE_MAX);
}

/* Reads text as a chunked body that begins with the given bytes of one kind in a line. */
static enum body_step read_long(struct span before, size_t bytes, struct span after, size_t times)
{
    static char memory[64 * 1024];
    struct buf text = buf_over(memory, sizeof memory), content = buf_over(NULL, 0);
    struct body body;
    struct framing framing = {.kind = BODY_CHUNKED};
    size_t used;
    for (size_t n = 0; n < times; n++) {
        buf_add(&text, before);
        for (size_t i = 0; i < bytes; i++)
            buf_char(&text, 'x');
        buf_add(&text, after);
    }
    assert_false(text.failed);
    body_begin(&body, &framing);
    (void)feed(&body, SPAN("0\r\n"), &content, &used);
    return feed(&body, buf_span(&text), &content, &used);
}

static void test_limits(void **state)
{
    (void)state;
    /* A line holds BODY_LINE_BYTES with its CR. */
    size_t room = BODY_LINE_BYTES - sizeof "A:" + 1 - sizeof "\r" + 1;
    assert_int_equal(read_long(SPAN("A:"), room, SPAN("\r\n"), 1), BODY_MORE);
    assert_int_equal(read_long(SPAN("A:"), room + 1, SPAN("\r\n"), 1), BODY_BAD);
    /* All trailer lines together BODY_TRAILER_BYTES with their CRLFs. */
    size_t line = 252 + sizeof "A:\r\n" - 1, lines = BODY_TRAILER_BYTES / line;
    assert_int_equal(lines * line, BODY_TRAILER_BYTES);
    assert_int_equal(read_long(SPAN("A:"), 252, SPAN("\r\n"), lines), BODY_MORE);
    assert_int_equal(read_long(SPAN("A:"), 252, SPAN("\r\n"), lines + 1), BODY_BAD);
}

static void test_trailers(void **state)
{
    (void)state;
    struct body body;
    struct framing framing = {.kind = BODY_CHUNKED};
    struct buf content = buf_over(NULL, 0);
    struct field field;
    size_t used;
    body_begin(&body, &framing);
    assert_int_equal(feed(&body, SPAN("0\r\nX-Amz-Checksum-Crc32c:  sOO8/Q== \r\nDate:\r\n\r\n"),
                         &content, &used),
        BODY_END);
    struct span rest = body_trailers(&body);
    assert_true(body_next_trailer(&rest, &field));
    CHECK_TEXT(rest, field.name, SPAN("X-Amz-Checksum-Crc32c"));
    CHECK_TEXT(rest, field.value, SPAN("sOO8/Q=="));
    assert_true(body_next_trailer(&rest, &field));
    CHECK_TEXT(rest, field.name, SPAN("Date"));
    CHECK_TEXT(rest, field.value, SPAN(""));
    assert_false(body_next_trailer(&rest, &field));
    body_begin(&body, &framing); /* used again, it has none of them */
    assert_int_equal(body_trailers(&body).len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_byte_by_byte),
        cmocka_unit_test(test_every_split),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_trailers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
