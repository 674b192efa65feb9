/* The content encoding aws-chunked, in each of its forms: whole, byte by byte, and in two parts at
 * every place, always with the same content, signatures, trailers and end; then written anew. */
#include "tests/unit/check.h"

#include "proxy/http/aws_chunked.h"

#define SIG_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SIG_B "0123456789abcdef0123456789abcdef0123456789ABCDEF0123456789ABCDEF"
#define SIGN  ";chunk-signature="
#define TRAIL "x-amz-trailer-signature:"

enum { UNSIGNED = 0, SIGNED = 1, TRAILERS = 2 };

struct row {
    unsigned form;
    uint64_t decoded;
    struct span bytes;
    enum aws_chunked_step end;
    struct span content, signatures, trailers; /* signatures: of the chunks, then the last one */
};

#define MORE AWS_CHUNKED_MORE
#define END  AWS_CHUNKED_END
#define BAD  AWS_CHUNKED_BAD

static const struct row plain[] = {
    {0, 0, TEXT("0\r\n\r\n"), END, TEXT(""), TEXT(""), TEXT("")},
    {0, 3, TEXT("3\r\nabc\r\n0\r\n\r\n"), END, TEXT("abc"), TEXT(""), TEXT("")},
    {0, 4, TEXT("2\r\n\r\n\r\n2\r\n0\r\r\n000\r\n\r\n"), END, TEXT("\r\n0\r"), TEXT(""), TEXT("")},
    {0, 10, TEXT("A\r\n0123456789\r\n0\r\n\r\n"), END, TEXT("0123456789"), TEXT(""), TEXT("")},
    {0, 1, TEXT("0000000000000001\r\na\r\n0\r\n\r\n"), END, TEXT("a"), TEXT(""), TEXT("")},
    {0, INT64_MAX, TEXT("7fffffffffffffff\r\na"), MORE, TEXT("a"), TEXT(""), TEXT("")},
    {0, 3, TEXT(""), MORE, TEXT(""), TEXT(""), TEXT("")},
    {0, 3, TEXT("3\r\nab"), MORE, TEXT("ab"), TEXT(""), TEXT("")},
    {0, 3, TEXT("3\r\nabc\r\n0\r\n\r"), MORE, TEXT("abc"), TEXT(""), TEXT("")},

    {0, UINT64_MAX, TEXT("8000000000000000\r\na"), BAD, TEXT(""), TEXT(""), TEXT("")},
    {0, 1, TEXT("00000000000000001\r\na"), BAD, TEXT(""), TEXT(""), TEXT("")},
    {0, 0, TEXT("\r\n"), BAD, TEXT(""), TEXT(""), TEXT("")},
    {0, 1, TEXT("-1\r\na"), BAD, TEXT(""), TEXT(""), TEXT("")},
    {0, 1, TEXT("+1\r\na"), BAD, TEXT(""), TEXT(""), TEXT("")},
    {0, 1, TEXT("0x1\r\na"), BAD, TEXT(""), TEXT(""), TEXT("")},
    {0, 1, TEXT(" 1\r\na"), BAD, TEXT(""), TEXT(""), TEXT("")},
    {0, 1, TEXT("1 \r\na"), BAD, TEXT(""), TEXT(""), TEXT("")},
    {0, 1, TEXT("1\t\r\na"), BAD, TEXT(""), TEXT(""), TEXT("")},
    {0, 1, TEXT("1\na"), BAD, TEXT(""), TEXT(""), TEXT("")},
    {0, 1, TEXT("1\r\r\na"), BAD, TEXT(""), TEXT(""), TEXT("")},
    {0, 1, TEXT("1;\r\na"), BAD, TEXT(""), TEXT(""), TEXT("")},
    {0, 1, TEXT("1;x=y\r\na"), BAD, TEXT(""), TEXT(""), TEXT("")},
    {0, 1, TEXT("1" SIGN SIG_A "\r\na"), BAD, TEXT(""), TEXT(""), TEXT("")},
    {0, 1, TEXT("1\r\nab\r\n"), BAD, TEXT("a"), TEXT(""), TEXT("")},
    {0, 1, TEXT("1\r\na\n0\r\n\r\n"), BAD, TEXT("a"), TEXT(""), TEXT("")},
    {0, 1, TEXT("1\r\na\r0\r\n\r\n"), BAD, TEXT("a"), TEXT(""), TEXT("")},
    {0, 1, TEXT("1\r\na\n\n0\r\n\r\n"), BAD, TEXT("a"), TEXT(""), TEXT("")},
    {0, 0, TEXT("0\r\n\r\n\n"), BAD, TEXT(""), TEXT(""), TEXT("")},
    {0, 2, TEXT("3\r\nabc"), BAD, TEXT(""), TEXT(""), TEXT("")},
    {0, 3, TEXT("2\r\nab\r\n2\r\ncd"), BAD, TEXT("ab"), TEXT(""), TEXT("")},
    {0, 3, TEXT("2\r\nab\r\n0\r\n\r\n"), BAD, TEXT("ab"), TEXT(""), TEXT("")},
    {0, 0, TEXT("0\r\na:b\r\n\r\n"), BAD, TEXT(""), TEXT(""), TEXT("")},
    {0, 0, TEXT("0\r\n\r\n\r\n"), BAD, TEXT(""), TEXT(""), TEXT("")},
    {0, 0, TEXT("0\r\n\r\n0\r\n\r\n"), BAD, TEXT(""), TEXT(""), TEXT("")},
};

static const struct row with_trailers[] = {
    {TRAILERS, 1, TEXT("1\r\na\r\n0\r\nx-amz-checksum-crc32c:sOO8/Q==\r\n\r\n"), END, TEXT("a"),
        TEXT(""), TEXT("x-amz-checksum-crc32c:sOO8/Q==\r\n")},
    {TRAILERS, 0, TEXT("0\r\nA:b:c\r\nD:e\r\nAD:f\r\n\r\n"), END, TEXT(""), TEXT(""),
        TEXT("A:b:c\r\nD:e\r\nAD:f\r\n")},
    {TRAILERS, 0, TEXT("0\r\na:b\r\n"), MORE, TEXT(""), TEXT(""), TEXT("a:b\r\n")},
    {TRAILERS, 0, TEXT("0\r\n\r\n"), BAD, TEXT(""), TEXT(""), TEXT("")},
    {TRAILERS, 0, TEXT("0\r\na\r\n\r\n"), BAD, TEXT(""), TEXT(""), TEXT("")},
    {TRAILERS, 0, TEXT("0\r\na:\r\n\r\n"), BAD, TEXT(""), TEXT(""), TEXT("")},
    {TRAILERS, 0, TEXT("0\r\n:b\r\n\r\n"), BAD, TEXT(""), TEXT(""), TEXT("")},
    {TRAILERS, 0, TEXT("0\r\na: b\r\n\r\n"), BAD, TEXT(""), TEXT(""), TEXT("")},
    {TRAILERS, 0, TEXT("0\r\na:b \r\n\r\n"), BAD, TEXT(""), TEXT(""), TEXT("")},
    {TRAILERS, 0, TEXT("0\r\na:b\tc\r\n\r\n"), BAD, TEXT(""), TEXT(""), TEXT("")},
    {TRAILERS, 0, TEXT("0\r\na:\x7f\r\n\r\n"), BAD, TEXT(""), TEXT(""), TEXT("")},
    {TRAILERS, 0, TEXT("0\r\na:\xc3\xbc\r\n\r\n"), BAD, TEXT(""), TEXT(""), TEXT("")},
    {TRAILERS, 0, TEXT("0\r\na:\0\r\n\r\n"), BAD, TEXT(""), TEXT(""), TEXT("")},
    {TRAILERS, 0, TEXT("0\r\na :b\r\n\r\n"), BAD, TEXT(""), TEXT(""), TEXT("")},
    {TRAILERS, 0, TEXT("0\r\n a:b\r\n\r\n"), BAD, TEXT(""), TEXT(""), TEXT("")},
    {TRAILERS, 0, TEXT("0\r\na:b\r\n c\r\n\r\n"), BAD, TEXT(""), TEXT(""), TEXT("a:b\r\n")},
    {TRAILERS, 0, TEXT("0\r\na:b\n\r\n"), BAD, TEXT(""), TEXT(""), TEXT("")},
    {TRAILERS, 0, TEXT("0\r\na:b\rc:d\r\n\r\n"), BAD, TEXT(""), TEXT(""), TEXT("")},
    {TRAILERS, 0, TEXT("0\r\na:b\r\nc:d\r\nA:b\r\n\r\n"), BAD, TEXT(""), TEXT(""),
        TEXT("a:b\r\nc:d\r\n")},
    {TRAILERS, 0, TEXT("0\r\na:b\r\n\r\nc:d\r\n\r\n"), BAD, TEXT(""), TEXT(""), TEXT("a:b\r\n")},
    {TRAILERS, 0, TEXT("0\r\na:b\r\n" TRAIL SIG_A "\r\n\r\n"), BAD, TEXT(""), TEXT(""),
        TEXT("a:b\r\n")},
};

static const struct row with_signatures[] = {
    {SIGNED, 0, TEXT("0" SIGN SIG_A "\r\n\r\n"), END, TEXT(""), TEXT(SIG_A), TEXT("")},
    {SIGNED, 3, TEXT("3" SIGN SIG_A "\r\nabc\r\n0" SIGN SIG_B "\r\n\r\n"), END, TEXT("abc"),
        TEXT(SIG_A SIG_B), TEXT("")},
    {SIGNED, 3, TEXT("3" SIGN SIG_A "\r\nabc\r"), MORE, TEXT("abc"), TEXT(""), TEXT("")},
    {SIGNED, 3, TEXT("3" SIGN SIG_A "\r\nabc\r\n"), MORE, TEXT("abc"), TEXT(SIG_A), TEXT("")},
    {SIGNED, 0, TEXT("0" SIGN SIG_A "\r\n"), MORE, TEXT(""), TEXT(SIG_A), TEXT("")},
    {SIGNED, 0, TEXT("0\r\n\r\n"), BAD, TEXT(""), TEXT(""), TEXT("")},
    {SIGNED, 1, TEXT("1\r\na\r\n"), BAD, TEXT(""), TEXT(""), TEXT("")},
    {SIGNED, 0, TEXT("0" SIGN "\r\n\r\n"), BAD, TEXT(""), TEXT(""), TEXT("")},
    {SIGNED, 0, TEXT("0" SIGN SIG_A "a\r\n\r\n"), BAD, TEXT(""), TEXT(""), TEXT("")},
    {SIGNED, 0, TEXT("0" SIGN SIG_A ";x=y\r\n\r\n"), BAD, TEXT(""), TEXT(""), TEXT("")},
    {SIGNED, 0, TEXT("0;x=y" SIGN SIG_A "\r\n\r\n"), BAD, TEXT(""), TEXT(""), TEXT("")},
    {SIGNED, 0, TEXT("0 " SIGN SIG_A "\r\n\r\n"), BAD, TEXT(""), TEXT(""), TEXT("")},
    {SIGNED, 0, TEXT("0; chunk-signature=" SIG_A "\r\n\r\n"), BAD, TEXT(""), TEXT(""), TEXT("")},
    {SIGNED, 0, TEXT("0;Chunk-Signature=" SIG_A "\r\n\r\n"), BAD, TEXT(""), TEXT(""), TEXT("")},
    {SIGNED, 0, TEXT("0;chunk-signature=\"" SIG_A "\"\r\n\r\n"), BAD, TEXT(""), TEXT(""), TEXT("")},
    {SIGNED, 0,
        TEXT("0" SIGN "g123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\r\n\r\n"),
        BAD, TEXT(""), TEXT(""), TEXT("")},
    {SIGNED, 0, TEXT("0" SIGN SIG_A "\r\na:b\r\n\r\n"), BAD, TEXT(""), TEXT(SIG_A), TEXT("")},
    {SIGNED, 0, TEXT("0" SIGN SIG_A "\r\n" TRAIL SIG_B "\r\n\r\n"), BAD, TEXT(""), TEXT(SIG_A),
        TEXT("")},
};

static const struct row with_both[] = {
    {SIGNED | TRAILERS, 1,
        TEXT("1" SIGN SIG_A "\r\na\r\n0" SIGN SIG_A "\r\na:b\r\n" TRAIL SIG_B "\r\n\r\n"), END,
        TEXT("a"), TEXT(SIG_A SIG_A SIG_B), TEXT("a:b\r\n")},
    {SIGNED | TRAILERS, 0,
        TEXT("0" SIGN SIG_A "\r\nA:b\r\nX-Amz-Trailer-Signature:" SIG_B "\r\n\r\n"), END, TEXT(""),
        TEXT(SIG_A SIG_B), TEXT("A:b\r\n")},
    {SIGNED | TRAILERS, 0, TEXT("0" SIGN SIG_A "\r\na:b\r\n" TRAIL SIG_B "\r\n"), MORE, TEXT(""),
        TEXT(SIG_A), TEXT("a:b\r\n")},
    {SIGNED | TRAILERS, 0, TEXT("0" SIGN SIG_A "\r\na:b\r\n\r\n"), BAD, TEXT(""), TEXT(SIG_A),
        TEXT("a:b\r\n")},
    {SIGNED | TRAILERS, 0, TEXT("0" SIGN SIG_A "\r\n" TRAIL SIG_B "\r\n\r\n"), BAD, TEXT(""),
        TEXT(SIG_A), TEXT("")},
    {SIGNED | TRAILERS, 0, TEXT("0" SIGN SIG_A "\r\n\r\n"), BAD, TEXT(""), TEXT(SIG_A), TEXT("")},
    {SIGNED | TRAILERS, 0, TEXT("0" SIGN SIG_A "\r\na:b\r\n" TRAIL "\r\n\r\n"), BAD, TEXT(""),
        TEXT(SIG_A), TEXT("a:b\r\n")},
    {SIGNED | TRAILERS, 0, TEXT("0" SIGN SIG_A "\r\na:b\r\n" TRAIL " " SIG_B "\r\n\r\n"), BAD,
        TEXT(""), TEXT(SIG_A), TEXT("a:b\r\n")},
    {SIGNED | TRAILERS, 0, TEXT("0" SIGN SIG_A "\r\na:b\r\n" TRAIL SIG_B "\r\nc:d\r\n\r\n"), BAD,
        TEXT(""), TEXT(SIG_A), TEXT("a:b\r\n")},
    {SIGNED | TRAILERS, 0,
        TEXT("0" SIGN SIG_A "\r\na:b\r\n" TRAIL SIG_B "\r\n" TRAIL SIG_B "\r\n\r\n"), BAD, TEXT(""),
        TEXT(SIG_A), TEXT("a:b\r\n")},
};

static const struct {
    const struct row *rows;
    size_t count;
} tables[] = {
    {plain, ROWS(plain)},
    {with_trailers, ROWS(with_trailers)},
    {with_signatures, ROWS(with_signatures)},
    {with_both, ROWS(with_both)},
};

static void begin(struct aws_chunked *reader, unsigned form, uint64_t decoded)
{
    struct aws_chunked_form parts = {
        .is_signed = (form & SIGNED) != 0, .has_trailers = (form & TRAILERS) != 0};
    aws_chunked_begin(reader, parts, decoded);
}

/* Gives the reader one piece of its bytes. */
static enum aws_chunked_step feed(
    struct aws_chunked *reader, struct span bytes, struct buf *content, struct buf *signatures)
{
    char *copy = check_copy(bytes);
    struct span rest = {copy, bytes.len}, piece;
    enum aws_chunked_step step;
    do {
        step = aws_chunked_next(reader, &rest, &piece);
        if (step == AWS_CHUNKED_PIECE) {
            assert_true(piece.len > 0);
            buf_add(content, piece);
        } else if (step == AWS_CHUNKED_CHUNK) {
            buf_add(signatures, aws_chunked_signature(reader));
        }
    } while (step == AWS_CHUNKED_PIECE || step == AWS_CHUNKED_CHUNK);
    assert_true(step == AWS_CHUNKED_BAD || rest.len == 0);
    free(copy);
    return step;
}

/* In pieces of that many bytes; the first may have another size. */
static void read_in_pieces(const struct row *row, size_t first, size_t piece)
{
    static struct aws_chunked reader;
    char memory[256], hex[256];
    struct buf content = buf_over(memory, sizeof memory), signatures = buf_over(hex, sizeof hex);
    enum aws_chunked_step step = AWS_CHUNKED_MORE;
    begin(&reader, row->form, row->decoded);
    for (struct span rest = row->bytes; rest.len > 0 && step != BAD;) {
        step = feed(&reader, span_first(rest, first), &content, &signatures);
        rest = span_from(rest, first);
        first = piece;
    }
    if (step == END && row->form == (SIGNED | TRAILERS))
        buf_add(&signatures, aws_chunked_signature(&reader));
    CHECK_NUMBER(row->bytes, step, row->end);
    CHECK_TEXT(row->bytes, buf_span(&content), row->content);
    CHECK_TEXT(row->bytes, buf_span(&signatures), row->signatures);
    CHECK_TEXT(row->bytes, aws_chunked_trailers(&reader), row->trailers);
    CHECK_NUMBER(row->bytes, aws_chunked_whole(&reader), row->end == END);
    CHECK_NUMBER(row->bytes, reader.why != NULL, row->end == BAD);
    if (row->end != MORE) {
        CHECK_NUMBER(row->bytes, feed(&reader, SPAN(""), &content, &signatures), row->end);
        CHECK_NUMBER(row->bytes, feed(&reader, SPAN("\r\n"), &content, &signatures), BAD);
    }
}

static void test_whole(void **state)
{
    (void)state;
    for (size_t t = 0; t < ROWS(tables); t++)
        for (size_t i = 0; i < tables[t].count; i++)
            read_in_pieces(&tables[t].rows[i], SIZE_MAX, SIZE_MAX);
}

static void test_byte_by_byte(void **state)
{
    (void)state;
    for (size_t t = 0; t < ROWS(tables); t++)
        for (size_t i = 0; i < tables[t].count; i++)
            read_in_pieces(&tables[t].rows[i], 1, 1);
}

static void test_every_split(void **state)
{
    (void)state;
    for (size_t t = 0; t < ROWS(tables); t++)
        for (size_t i = 0; i < tables[t].count; i++)
            for (size_t at = 0; at <= tables[t].rows[i].bytes.len; at++)
                read_in_pieces(&tables[t].rows[i], at, SIZE_MAX);
}

/* Trailers of that many bytes together, each line with its CRLF, then the end. */
static enum aws_chunked_step read_trailers(size_t bytes, unsigned form, struct span last)
{
    static struct aws_chunked reader;
    static char memory[16 * 1024];
    struct buf text = buf_over(memory, sizeof memory), none = buf_over(NULL, 0);
    buf_add(&text, form & SIGNED ? SPAN("0" SIGN SIG_A "\r\n") : SPAN("0\r\n"));
    for (size_t line = 0; bytes > 0; line++) {
        size_t this_line = bytes >= 256 ? 128 : bytes, before = text.len;
        buf_format(&text, "n%zu:", line);
        while (text.len < before + this_line - 2)
            buf_char(&text, 'v');
        buf_text(&text, "\r\n");
        bytes -= this_line;
    }
    buf_add(&text, last);
    assert_false(text.failed);
    begin(&reader, form, 0);
    return feed(&reader, buf_span(&text), &none, &none);
}

static void test_limits(void **state)
{
    (void)state;
    enum { MOST = AWS_CHUNKED_TRAILER_BYTES };
    struct span end = SPAN("\r\n"), signature = SPAN(TRAIL SIG_A "\r\n\r\n");
    assert_int_equal(read_trailers(MOST, TRAILERS, end), END);
    assert_int_equal(read_trailers(MOST + 1, TRAILERS, end), BAD);
    assert_int_equal(read_trailers(MOST + 200, TRAILERS, end), BAD);
    assert_int_equal(read_trailers((size_t)MOST * 2, TRAILERS, end), BAD);
    assert_int_equal(read_trailers(MOST, SIGNED | TRAILERS, signature), END);
    assert_int_equal(read_trailers(MOST + 1, SIGNED | TRAILERS, signature), BAD);
}

/* A line that never ends is refused before the memory is full of it. */
static void test_line_without_end(void **state)
{
    (void)state;
    static struct aws_chunked reader;
    struct buf none = buf_over(NULL, 0);
    size_t bytes = 0;
    begin(&reader, SIGNED, 1);
    while (feed(&reader, SPAN("0"), &none, &none) == MORE)
        assert_true(bytes++ < AWS_CHUNKED_LINE_BYTES);
    assert_int_equal(bytes, AWS_CHUNKED_LINE_BYTES);
}

/* Reads what the writer wrote, and compares its length with the one foretold. */
static void write_and_read(uint64_t decoded, uint64_t chunk, struct span trailers)
{
    static struct aws_chunked reader;
    static char memory[8192], plain_memory[2048];
    struct buf out = buf_over(memory, sizeof memory), none = buf_over(NULL, 0);
    struct buf content = buf_over(plain_memory, sizeof plain_memory);
    uint64_t length = 0;
    for (uint64_t left = decoded, size; left > 0; left -= size) {
        size = left < chunk ? left : chunk;
        aws_chunked_write_size(&out, size);
        for (uint64_t i = 0; i < size; i++)
            buf_char(&out, 'c');
        buf_add(&out, AWS_CHUNKED_AFTER);
    }
    aws_chunked_write_end(&out, trailers);
    assert_false(out.failed);
    assert_true(aws_chunked_length(decoded, chunk, trailers.len, &length));
    assert_int_equal(length, out.len);
    begin(&reader, trailers.len ? TRAILERS : UNSIGNED, decoded);
    assert_int_equal(feed(&reader, buf_span(&out), &content, &none), END);
    assert_int_equal(content.len, decoded);
    CHECK_TEXT(buf_span(&out), aws_chunked_trailers(&reader), trailers);
}

static void test_written(void **state)
{
    (void)state;
    static const uint64_t chunks[] = {1, 15, 16, 17, 100, 255, 256, 257, 1000};
    for (size_t i = 0; i < ROWS(chunks); i++)
        for (uint64_t decoded = 0; decoded <= 1000; decoded += decoded < 40 ? 1 : 37) {
            write_and_read(decoded, chunks[i], SPAN(""));
            write_and_read(decoded, chunks[i], SPAN("x-amz-checksum-crc32c:sOO8/Q==\r\n"));
        }
}

static void test_size_line(void **state)
{
    (void)state;
    static const struct {
        uint64_t size;
        struct span line;
    } rows[] = {{1, TEXT("1\r\n")}, {15, TEXT("f\r\n")}, {16, TEXT("10\r\n")},
        {65536, TEXT("10000\r\n")}, {0xabcdef, TEXT("abcdef\r\n")},
        {INT64_MAX, TEXT("7fffffffffffffff\r\n")}};
    for (size_t i = 0; i < ROWS(rows); i++) {
        char memory[32];
        struct buf out = buf_over(memory, sizeof memory);
        aws_chunked_write_size(&out, rows[i].size);
        CHECK_TEXT(rows[i].line, buf_span(&out), rows[i].line);
    }
}

static void test_length_beyond(void **state)
{
    (void)state;
    uint64_t length = 7;
    assert_true(aws_chunked_length(0, 1, 0, &length));
    assert_int_equal(length, 5);
    assert_true(aws_chunked_length(UINT64_C(5) << 40, 65536, 32, &length));
    assert_int_equal(length, (UINT64_C(5) << 40) + (UINT64_C(5) << 24) * 9 + 32 + 5);
    length = 7;
    assert_false(aws_chunked_length(INT64_MAX, 65536, 0, &length));
    assert_false(aws_chunked_length(UINT64_MAX, 1, 0, &length));
    assert_false(aws_chunked_length(UINT64_MAX, UINT64_MAX, 0, &length));
    assert_int_equal(length, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_byte_by_byte),
        cmocka_unit_test(test_every_split),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_line_without_end),
        cmocka_unit_test(test_written),
        cmocka_unit_test(test_size_line),
        cmocka_unit_test(test_length_beyond),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
