/* A whole answer gathered in bounded memory: the same however it comes in pieces. */
#include "tests/unit/check.h"

#include "proxy/http/reply.h"

static struct reply reply;

#define V1 "HTTP/1.1 "

/* status 0: it is refused. until_end: it is whole only once the connection has ended. */
static const struct row {
    struct span bytes;
    unsigned status;
    struct span content;
    bool until_end;
} rows[] = {
    {TEXT(V1 "200 OK\r\nContent-Length: 5\r\n\r\nhello"), 200, TEXT("hello"), false},
    {TEXT(V1 "200 OK\r\nContent-Length: 0\r\n\r\n"), 200, TEXT(""), false},
    {TEXT(V1 "204 No Content\r\n\r\n"), 204, TEXT(""), false},
    {TEXT(V1 "404 Not Found\r\nContent-Length: 2\r\n\r\n{}"), 404, TEXT("{}"), false},
    {TEXT(V1 "500 \r\nContent-Length: 1\r\n\r\nx"), 500, TEXT("x"), false},
    {TEXT(V1 "200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n"),
        200, TEXT("hello"), false},
    {TEXT(V1 "200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-T: 1\r\n\r\n"), 200,
        TEXT("hello"), false},
    {TEXT(V1 "200 OK\r\n\r\nhello"), 200, TEXT("hello"), true},
    {TEXT(V1 "200 OK\r\n\r\n"), 200, TEXT(""), true},
    {TEXT("HTTP/1.0 200 OK\r\n\r\nhello"), 200, TEXT("hello"), true},
    {TEXT("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello"), 200, TEXT("hello"), false},
    {TEXT(V1 "100 Continue\r\n\r\n" V1 "200 OK\r\nContent-Length: 1\r\n\r\nx"), 200, TEXT("x"),
        false},
    {TEXT(V1 "103 Early Hints\r\nLink: </x>\r\n\r\n" V1 "100 Continue\r\n\r\n" V1
             "403 Forbidden\r\nContent-Length: 1\r\n\r\nx"),
        403, TEXT("x"), false},
    {TEXT(V1 "200 OK\r\nContent-Length: 3\r\n\r\na\0b"), 200, TEXT("a\0b"), false},
    {TEXT("SMTP ready\r\n\r\n"), 0, TEXT(""), false},
    {TEXT("\r\n" V1 "200 OK\r\nContent-Length: 0\r\n\r\n"), 0, TEXT(""), false},
    {TEXT(V1 "200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"), 0, TEXT(""), false},
    {TEXT(V1 "200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"), 0, TEXT(""),
        false},
    {TEXT(V1 "200 OK\r\nContent-Length: -1\r\n\r\n"), 0, TEXT(""), false},
    {TEXT(V1 "200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"), 0, TEXT(""), false},
    {TEXT(V1 "200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n"), 0, TEXT(""), false},
    {TEXT(V1 "200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloo"), 0, TEXT(""), false},
    {TEXT(V1 "200 OK\r\n X: folded\r\n\r\n"), 0, TEXT(""), false},
    {TEXT(V1 "200 OK\r\nX\r\n\r\n"), 0, TEXT(""), false},
    {TEXT(V1 "200 OK\nContent-Length: 0\n\n"), 0, TEXT(""), false},
    {TEXT(V1 "099 Odd\r\nContent-Length: 0\r\n\r\n"), 0, TEXT(""), false},
    {TEXT("HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n"), 0, TEXT(""), false},
};

/* Whether it was taken, in pieces of so many bytes, each from memory of just its size. */
static bool take(struct span bytes, size_t at_once)
{
    reply_begin(&reply);
    for (; bytes.len > 0; bytes = span_from(bytes, at_once)) {
        struct span piece = span_first(bytes, at_once);
        char *copy = check_copy(piece);
        const char *wrong = reply_take(&reply, (struct span){copy, piece.len});
        free(copy);
        if (wrong)
            return false;
    }
    return true;
}

static void test_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++)
        for (size_t at_once = 1; at_once <= rows[i].bytes.len; at_once++) {
            const struct row *row = &rows[i];
            CHECK_NUMBER(row->bytes, take(row->bytes, at_once), row->status != 0);
            if (row->status == 0)
                continue;
            CHECK_NUMBER(row->bytes, reply_whole(&reply), !row->until_end);
            CHECK_NUMBER(row->bytes, reply_end(&reply), true);
            CHECK_NUMBER(row->bytes, reply_status(&reply), row->status);
            CHECK_TEXT(row->bytes, reply_content(&reply), row->content);
        }
}

/* Cut anywhere, nothing is whole but what the connection's end is to end. */
static void test_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++)
        for (size_t bytes = 0; rows[i].status > 0 && bytes < rows[i].bytes.len; bytes++) {
            struct span cut = span_first(rows[i].bytes, bytes);
            assert_true(take(cut, bytes + 1));
            CHECK_NUMBER(cut, reply_whole(&reply), false);
            CHECK_NUMBER(cut, reply_end(&reply), rows[i].until_end && reply_status(&reply) != 0);
        }
}

static void test_nothing_yet(void **state)
{
    (void)state;
    reply_begin(&reply);
    assert_null(reply_take(&reply, SPAN("")));
    assert_false(reply_whole(&reply));
    assert_false(reply_end(&reply));
    assert_int_equal(reply_status(&reply), 0);
    assert_int_equal(reply_content(&reply).len, 0);
}

/* What one answer has left does not show in the next. */
static void test_begun_again(void **state)
{
    (void)state;
    struct span first = rows[5].bytes;
    assert_true(take(span_first(first, first.len - 3), first.len));
    assert_true(take(rows[0].bytes, 7));
    assert_true(reply_whole(&reply));
    CHECK_TEXT(rows[0].bytes, reply_content(&reply), SPAN("hello"));
}

/* Whether an answer with so large a head (0: none to speak of) and content is taken. */
static bool fits(size_t head, size_t content, bool chunked)
{
    static char block[4096];
    memset(block, 'a', sizeof block);
    reply_begin(&reply);
    const char *wrong = reply_take(&reply, SPAN("HTTP/1.1 200 OK\r\nX: "));
    for (size_t left = head; left > 0 && !wrong; left -= left < 4096 ? left : 4096)
        wrong = reply_take(&reply, (struct span){block, left < 4096 ? left : 4096});
    if (!wrong)
        wrong = reply_take(
            &reply, chunked ? SPAN("\r\nTransfer-Encoding: chunked\r\n\r\n") : SPAN("\r\n\r\n"));
    for (size_t left = content; left > 0 && !wrong; left -= left < 4096 ? left : 4096) {
        if (chunked)
            wrong = reply_take(&reply, SPAN("1000\r\n"));
        if (!wrong)
            wrong = reply_take(&reply, (struct span){block, left < 4096 ? left : 4096});
        if (chunked && !wrong)
            wrong = reply_take(&reply, SPAN("\r\n"));
    }
    return !wrong;
}

static void test_bounds(void **state)
{
    (void)state;
    const size_t head = sizeof "HTTP/1.1 200 OK\r\nX: \r\n\r\n" - 1;
    assert_true(fits(0, REPLY_BYTES - head, false));
    assert_int_equal(reply_content(&reply).len, REPLY_BYTES - head);
    assert_false(fits(0, REPLY_BYTES - head + 1, false));
    assert_false(fits(0, 4096 * 64, true));
    assert_true(fits(HEAD_MAX_BYTES - head, 0, false));
    assert_false(fits(HEAD_MAX_BYTES - head + 1, 0, false));
    assert_true(fits(HEAD_MAX_BYTES - head, REPLY_BYTES - HEAD_MAX_BYTES, false));
    assert_false(fits(HEAD_MAX_BYTES - head, REPLY_BYTES - HEAD_MAX_BYTES + 1, false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_nothing_yet),
        cmocka_unit_test(test_begun_again),
        cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
