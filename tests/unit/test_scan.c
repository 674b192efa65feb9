/* The end of a head found as its bytes arrive: whole, byte by byte, and in two parts at every
 * place, always with the same verdict at the same byte. */
#include "tests/unit/check.h"

#include "proxy/http/scan.h"

struct row {
    struct span bytes;
    enum scan_verdict verdict;
    size_t taken;
    unsigned lines;
};

static const struct row rows[] = {
    {TEXT(""), SCAN_MORE, 0, 0},
    {TEXT("GET / HTTP/1.1\r\n\r\n"), SCAN_COMPLETE, 18, 1},
    {TEXT("GET / HTTP/1.1\r\nA: b\r\n\r\n"), SCAN_COMPLETE, 24, 2},
    {TEXT("GET / HTTP/1.1\r\n\r\nbody\n"), SCAN_COMPLETE, 18, 1},
    {TEXT("GET / HTTP/1.1\r\nA:\tb\xc3\xbc\r\n\r\n"), SCAN_COMPLETE, 26, 2},
    {TEXT("\r\nGET /\r\n\r\n"), SCAN_COMPLETE, 11, 1},
    {TEXT("GET / HTTP/1.1\r\nA: b\r\n\r"), SCAN_MORE, 23, 2},
    {TEXT("GET / HTTP/1.1\r\nA: b\r\n"), SCAN_MORE, 22, 2},
    {TEXT("\r\n"), SCAN_MORE, 2, 0},
    {TEXT("\r\n\r\nGET"), SCAN_BAD, 4, 0},
    {TEXT("G\n"), SCAN_BAD, 2, 0},
    {TEXT("\n"), SCAN_BAD, 1, 0},
    {TEXT("G\rE"), SCAN_BAD, 3, 0},
    {TEXT("G\r\r\n"), SCAN_BAD, 3, 0},
    {TEXT("GET /\r\nA: b\n\r\n"), SCAN_BAD, 12, 1},
    {TEXT("GET /\r\nA: b\r\n\n"), SCAN_BAD, 14, 2},
    {TEXT("GET /\r\nA: \x00\r\n\r\n"), SCAN_BAD, 11, 1},
    {TEXT("GET /\r\nA: \x7f\r\n\r\n"), SCAN_BAD, 11, 1},
    {TEXT("GET /\r\nA: \x1b\r\n\r\n"), SCAN_BAD, 11, 1},
    {TEXT("GET /\r\nA: b\r\n c\r\n\r\n"), SCAN_BAD, 14, 2},
    {TEXT("GET /\r\nA: b\r\n\tc\r\n\r\n"), SCAN_BAD, 14, 2},
    {TEXT("GET /\r\n A: b\r\n\r\n"), SCAN_BAD, 8, 1},
    {TEXT(" GET /\r\n\r\n"), SCAN_BAD, 1, 0},
    {TEXT("\r\n GET /\r\n\r\n"), SCAN_BAD, 3, 0},
};

static void check_end(
    const struct row *row, const struct scan *scan, enum scan_verdict verdict, size_t taken)
{
    CHECK_NUMBER(row->bytes, verdict, row->verdict);
    CHECK_NUMBER(row->bytes, taken, row->taken);
    CHECK_NUMBER(row->bytes, scan->lines, row->lines);
    CHECK_NUMBER(row->bytes, scan->why != NULL, row->verdict == SCAN_BAD);
}

/* In pieces of that many bytes; the first may have another size. */
static void scan_in_pieces(const struct row *row, size_t first, size_t piece)
{
    struct scan scan = {.lines = 0};
    enum scan_verdict verdict = SCAN_MORE;
    size_t done = 0, size = first;
    while (verdict == SCAN_MORE && done < row->bytes.len) {
        size_t taken = 0;
        struct span more = span_first(span_from(row->bytes, done), size);
        char *copy = check_copy(more);
        verdict = scan_head(&scan, (struct span){copy, more.len}, &taken);
        free(copy);
        assert_true(taken == more.len || verdict != SCAN_MORE);
        done += taken;
        size = piece;
    }
    check_end(row, &scan, verdict, done);
}

static void test_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++)
        scan_in_pieces(&rows[i], SIZE_MAX, SIZE_MAX);
}

static void test_byte_by_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++)
        scan_in_pieces(&rows[i], 1, 1);
}

static void test_every_split(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++)
        for (size_t at = 1; at < rows[i].bytes.len; at++)
            scan_in_pieces(&rows[i], at, SIZE_MAX);
}

static void test_plausible(void **state)
{
    (void)state;
    static const struct {
        struct span head;
        bool request, status;
    } lines[] = {
        {TEXT(""), true, true},
        {TEXT("G"), true, false},
        {TEXT("H"), true, true},
        {TEXT("HTTP/"), true, true},
        {TEXT("HTTP/1.1 200 OK\r\n"), false, true},
        {TEXT("GET / HTTP/1.1\r\n"), true, false},
        {TEXT("GET / HTTP/1.1\r"), true, false},
        {TEXT("GET /\r\n"), false, false},
        {TEXT("GET / HTTQ/1.1\r\n"), false, false},
        {TEXT(" HTTP/1.1\r\n"), false, false},
        {TEXT("\x16\x03\x01\x02\x00"), true, false}, /* a control: scan_head() refuses it */
        {TEXT("GET /\xc3"), false, false},
        {TEXT("\x80"), false, false},
        {TEXT("HTTQ"), true, false},
        {TEXT("\r\n"), true, false},
    };
    for (size_t i = 0; i < ROWS(lines); i++) {
        CHECK_NUMBER(lines[i].head, scan_request_line_plausible(lines[i].head), lines[i].request);
        CHECK_NUMBER(lines[i].head, scan_status_line_plausible(lines[i].head), lines[i].status);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_byte_by_byte),
        cmocka_unit_test(test_every_split),
        cmocka_unit_test(test_plausible),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
