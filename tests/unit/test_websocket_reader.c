/* WebSocket frames as RFC 6455 has them, in the groups of the Autobahn test suite: framing, pings,
 * reserved bits, opcodes, fragments, UTF-8 and closing. Each row is read as it would come from a
 * server, and masked from a client; whole and in pieces, always with the same outcome. */
#include "tests/unit/check.h"

#include "proxy/http/websocket_reader.h"

#define A16  "aaaaaaaaaaaaaaaa"
#define A125 A16 A16 A16 A16 A16 A16 A16 "aaaaaaaaaaaaa"

/* What came of the bytes: for each step a mark. "t[ab]" a text frame with its payload, lower case
 * where more fragments follow (t b c), upper case for the last (T B C) and for X close, P ping, Q
 * pong; "..." where it has not ended; "!1002" for BAD. */
struct row {
    struct span bytes; /* as from a server */
    struct span outcome;
};

static const struct row framing[] = {
    {TEXT("\x81\0"), TEXT("T[]")},
    {TEXT("\x81\x05Hello"), TEXT("T[Hello]")},
    {TEXT("\x82\x01\xff"), TEXT("B[\xff]")},
    {TEXT("\x81\x7d" A125), TEXT("T[" A125 "]")},
    {TEXT("\x81\x7e\0\x7e" A125 "b"), TEXT("T[" A125 "b]")},
    {TEXT("\x81\x01"
          "a\x82\x01"
          "b"),
        TEXT("T[a]B[b]")},
    {TEXT(""), TEXT("")},
    {TEXT("\x81"), TEXT("")},
    {TEXT("\x81\x02"), TEXT("T[...")},
    {TEXT("\x81\x02"
          "a"),
        TEXT("T[a...")},
    {TEXT("\x82\x7f\0\0\0\0\0\x01\0\0xy"), TEXT("B[xy...")},
    {TEXT("\x82\x7e\x10"), TEXT("")},
    {TEXT("\x82\x7e\0\x7d"), TEXT("!1002")},
    {TEXT("\x82\x7e\0\0"), TEXT("!1002")},
    {TEXT("\x82\x7f\0\0\0\0\0\0\xff\xff"), TEXT("!1002")},
    {TEXT("\x82\x7f\x80\0\0\0\0\0\0\0"), TEXT("!1002")},
    {TEXT("\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff"), TEXT("!1002")},
    {TEXT("\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"), TEXT("!1009")},
    {TEXT("\x82\x7f\0\0\0\0\0\x10\0\0"), TEXT("B[...")},
    {TEXT("\x82\x7f\0\0\0\0\0\x10\0\x01"), TEXT("!1009")},
};

static const struct row pings[] = {
    {TEXT("\x89\0"), TEXT("P[]")},
    {TEXT("\x89\x02hi\x8a\x02hi"), TEXT("P[hi]Q[hi]")},
    {TEXT("\x89\x04\0\xff\xfe\xfd"), TEXT("P[\0\xff\xfe\xfd]")},
    {TEXT("\x89\x7d" A125), TEXT("P[" A125 "]")},
    {TEXT("\x89\x7e\0\x7e" A125 "b"), TEXT("!1002")},
    {TEXT("\x8a\x7f"), TEXT("!1002")},
    {TEXT("\x8a\0"), TEXT("Q[]")},
    {TEXT("\x09\0"), TEXT("!1002")},
    {TEXT("\x89\x03hi"), TEXT("")},
};

static const struct row reserved[] = {
    {TEXT("\xc1\0"), TEXT("!1002")},
    {TEXT("\xa1\0"), TEXT("!1002")},
    {TEXT("\x91\0"), TEXT("!1002")},
    {TEXT("\xf1\0"), TEXT("!1002")},
    {TEXT("\x81\x01"
          "a\xc1\x01"
          "b"),
        TEXT("T[a]!1002")},
    {TEXT("\xc9\0"), TEXT("!1002")},
    {TEXT("\xd8\0"), TEXT("!1002")},
    {TEXT("\x83\0"), TEXT("!1002")},
    {TEXT("\x84\0"), TEXT("!1002")},
    {TEXT("\x85\0"), TEXT("!1002")},
    {TEXT("\x86\0"), TEXT("!1002")},
    {TEXT("\x87\0"), TEXT("!1002")},
    {TEXT("\x8b\0"), TEXT("!1002")},
    {TEXT("\x8c\0"), TEXT("!1002")},
    {TEXT("\x8d\0"), TEXT("!1002")},
    {TEXT("\x8e\0"), TEXT("!1002")},
    {TEXT("\x8f\0"), TEXT("!1002")},
    {TEXT("\x81\x80"), TEXT("!1002")},
    {TEXT("\x89\x80"), TEXT("!1002")},
};

static const struct row fragments[] = {
    {TEXT("\x01\x02"
          "ab\x80\x02"
          "cd"),
        TEXT("t[ab]C[cd]")},
    {TEXT("\x02\0\0\0\x80\0"), TEXT("b[]c[]C[]")},
    {TEXT("\x01\x01"
          "a\x89\x01"
          "p\0\x01"
          "b\x8a\0\x80\x01"
          "c\x81\0"),
        TEXT("t[a]P[p]c[b]Q[]C[c]T[]")},
    {TEXT("\x80\0"), TEXT("!1002")},
    {TEXT("\0\0"), TEXT("!1002")},
    {TEXT("\x81\0\x80\0"), TEXT("T[]!1002")},
    {TEXT("\x01\x01"
          "a\x81\x01"
          "b"),
        TEXT("t[a]!1002")},
    {TEXT("\x01\x01"
          "a\x02\0"),
        TEXT("t[a]!1002")},
    {TEXT("\x01\0\x80\0\x80\0"), TEXT("t[]C[]!1002")},
    {TEXT("\x08\0"), TEXT("!1002")},
    {TEXT("\x02\x7f\0\0\0\0\0\x10\0\0"), TEXT("b[...")},
    {TEXT("\x02\x01"
          "a\x80\x7f\0\0\0\0\0\x10\0\0"),
        TEXT("b[a]!1009")},
    {TEXT("\x82\x01"
          "a\x82\x7f\0\0\0\0\0\x10\0\0"),
        TEXT("B[a]B[...")},
};

static const struct row utf8[] = {
    {TEXT("\x81\x0f"
          "Hello-\xc2\xb5@\xc3\x9f\xc3\xb6\xc3\xa4"),
        TEXT("T[Hello-\xc2\xb5@\xc3\x9f\xc3\xb6\xc3\xa4]")},
    {TEXT("\x81\x0b\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5"),
        TEXT("T[\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5]")},
    {TEXT("\x01\x01\xce\0\0\x80\x01\xba"), TEXT("t[\xce]c[]C[\xba]")},
    {TEXT("\x01\x01\xce\x89\x01\xff\x80\x01\xba"), TEXT("t[\xce]P[\xff]C[\xba]")},
    {TEXT("\x81\x04\xf0\x9f\x98\x80"), TEXT("T[\xf0\x9f\x98\x80]")},
    {TEXT("\x81\x04\xf4\x8f\xbf\xbf"), TEXT("T[\xf4\x8f\xbf\xbf]")},
    {TEXT("\x81\x03\xed\x9f\xbf"), TEXT("T[\xed\x9f\xbf]")},
    {TEXT("\x81\x03\xee\x80\x80"), TEXT("T[\xee\x80\x80]")},
    {TEXT("\x81\x03\xef\xbf\xbf"), TEXT("T[\xef\xbf\xbf]")},
    {TEXT("\x81\x01\0"), TEXT("T[\0]")},
    {TEXT("\x82\x02\xff\xff"), TEXT("B[\xff\xff]")},
    {TEXT("\x02\x01\xff\x80\x01\xff\x81\x01"
          "a"),
        TEXT("b[\xff]C[\xff]T[a]")},
    {TEXT("\x81\x02\xce\xce"), TEXT("!1007")},
    {TEXT("\x81\x01\xce"), TEXT("!1007")},
    {TEXT("\x01\x01\xce\x80\0"), TEXT("!1007")},
    {TEXT("\x81\x01\x80"), TEXT("!1007")},
    {TEXT("\x81\x01\xbf"), TEXT("!1007")},
    {TEXT("\x81\x02\xc0\x80"), TEXT("!1007")},
    {TEXT("\x81\x02\xc1\xbf"), TEXT("!1007")},
    {TEXT("\x81\x03\xe0\x9f\xbf"), TEXT("!1007")},
    {TEXT("\x81\x04\xf0\x8f\xbf\xbf"), TEXT("!1007")},
    {TEXT("\x81\x03\xed\xa0\x80"), TEXT("!1007")},
    {TEXT("\x81\x04\xf4\x90\x80\x80"), TEXT("!1007")},
    {TEXT("\x81\x02\xf5\x80"), TEXT("!1007")},
    {TEXT("\x81\x01\xff"), TEXT("!1007")},
    {TEXT("\x81\x10"
          "0123456789abcde\xff"),
        TEXT("!1007")},
    {TEXT("\x01\x02\xf4\x90"), TEXT("!1007")},
};

#define CODE(high, low) TEXT("\x88\x02" high low), TEXT("X[" high low "]")
#define NOT(high, low)  TEXT("\x88\x02" high low), TEXT("!1002")

static const struct row closing[] = {
    {TEXT("\x88\0"), TEXT("X[]")},
    {TEXT("\x88\x05\x03\xe8"
          "bye"),
        TEXT("X[\x03\xe8"
             "bye]")},
    {TEXT("\x88\x02\x03\xe8\x89\0\x81\x01\xff\xff\xff"), TEXT("X[\x03\xe8]")},
    {TEXT("\x01\x01"
          "a\x88\0\x80\0"),
        TEXT("t[a]X[]")},
    {TEXT("\x88\x01\x03"), TEXT("!1002")},
    {TEXT("\x88\x05\x03\xe8"
          "a\xc3"
          "b"),
        TEXT("!1007")},
    {TEXT("\x88\x03\x03\xe8\xc3"), TEXT("!1007")},
    {TEXT("\x88\x04\x03\xe8\xc3\xa4"), TEXT("X[\x03\xe8\xc3\xa4]")},
    {NOT("\x00", "\x00")},
    {NOT("\x03", "\xe7")},
    {CODE("\x03", "\xe8")},
    {CODE("\x03", "\xeb")},
    {NOT("\x03", "\xec")},
    {NOT("\x03", "\xed")},
    {NOT("\x03", "\xee")},
    {CODE("\x03", "\xef")},
    {CODE("\x03", "\xf6")},
    {NOT("\x03", "\xf7")},
    {NOT("\x07", "\xd0")},
    {NOT("\x0b", "\xb7")},
    {CODE("\x0b", "\xb8")},
    {CODE("\x13", "\x87")},
    {NOT("\x13", "\x88")},
    {NOT("\xff", "\xff")},
};

static const struct {
    const struct row *rows;
    size_t count;
} tables[] = {
    {framing, ROWS(framing)},
    {pings, ROWS(pings)},
    {reserved, ROWS(reserved)},
    {fragments, ROWS(fragments)},
    {utf8, ROWS(utf8)},
    {closing, ROWS(closing)},
};

static const unsigned char mask[] = {0x37, 0xfa, 0x21, 0x3d};

/* --- Reading ---------------------------------------------------------------------------------- */

struct reading {
    struct websocket_reader reader;
    struct buf outcome;
    bool in_frame;
    char memory[1024];
};

static void begin(struct reading *r, bool from_client, bool check_text)
{
    websocket_reader_begin(&r->reader,
        (struct websocket_form){
            .from_client = from_client, .check_text = check_text, .max_message_bytes = 1 << 20});
    r->outcome = buf_over(r->memory, sizeof r->memory);
    r->in_frame = false;
}

static void note_frame(struct reading *r)
{
    static const char last[] = "CTB.....XPQ", more[] = "ctb";
    const struct websocket_frame *frame = &r->reader.frame;
    buf_char(&r->outcome, frame->fin ? last[frame->opcode] : more[frame->opcode]);
    buf_char(&r->outcome, '[');
    assert_false(r->in_frame);
    r->in_frame = true;
}

/* Nothing else comes out before the frame of a control frame has ended. */
static void note(struct reading *r, enum websocket_step step, struct span piece)
{
    if (step == WEBSOCKET_FRAME)
        note_frame(r);
    if (step == WEBSOCKET_PIECE) {
        assert_true(r->in_frame && piece.len > 0);
        buf_add(&r->outcome, piece);
        if (websocket_is_control(r->reader.frame.opcode))
            CHECK_TEXT(piece, piece, websocket_control(&r->reader));
    }
    if (step == WEBSOCKET_END) {
        assert_true(r->in_frame);
        r->in_frame = false;
        buf_char(&r->outcome, ']');
    }
}

/* Gives the reader one piece of its bytes; false once it is bad. */
static bool feed(struct reading *r, struct span bytes)
{
    char *copy = check_copy(bytes);
    struct websocket_bytes rest = {copy, bytes.len};
    struct span piece = {NULL, 0};
    enum websocket_step step;
    do {
        step = websocket_reader_next(&r->reader, &rest, &piece);
        note(r, step, piece);
    } while (step != WEBSOCKET_MORE && step != WEBSOCKET_BAD);
    assert_true(step == WEBSOCKET_BAD || rest.len == 0);
    assert_int_equal(step == WEBSOCKET_BAD, r->reader.why != NULL);
    free(copy);
    return step != WEBSOCKET_BAD;
}

/* What comes before BAD depends on the pieces where a text is bad; so only that it is bad counts.
 */
static void finish(struct reading *r, bool whole)
{
    if (whole && r->in_frame)
        buf_text(&r->outcome, "...");
    if (!whole && r->reader.bad_code == WEBSOCKET_BAD_DATA)
        r->outcome.len = 0;
    if (!whole)
        buf_format(&r->outcome, "!%d", (int)r->reader.bad_code);
    if (!whole)
        assert_false(feed(r, SPAN("\x81\0")));
}

static void check_row(const struct row *row, struct span bytes, bool from_client, size_t piece)
{
    static struct reading r;
    bool whole = true;
    begin(&r, from_client, true);
    for (struct span rest = bytes; rest.len > 0 && whole; rest = span_from(rest, piece))
        whole = feed(&r, span_first(rest, piece));
    finish(&r, whole);
    CHECK_TEXT(row->bytes, buf_span(&r.outcome), row->outcome);
}

/* The same frames as a client sends them; as far as they are frames, by a reading of lengths that
 * is the test's own. */
static struct span masked(struct span bytes, struct buf *out)
{
    while (bytes.len >= 2) {
        unsigned short_length = (unsigned char)bytes.at[1];
        size_t more = short_length == 127 ? 8 : short_length == 126 ? 2 : 0;
        uint64_t length = more ? 0 : short_length;
        for (size_t i = 0; i < more && 2 + i < bytes.len; i++)
            length = length << 8 | (unsigned char)bytes.at[2 + i];
        buf_char(out, bytes.at[0]);
        buf_char(out, (char)(short_length ^ 0x80));
        buf_add(out, span_first(span_from(bytes, 2), more));
        bool whole_head = bytes.len >= 2 + more;
        bytes = span_from(bytes, 2 + more);
        if (whole_head)
            buf_add(out, (struct span){(const char *)mask, sizeof mask});
        for (size_t i = 0; i < length && i < bytes.len; i++)
            buf_char(out, (char)(bytes.at[i] ^ mask[i % 4]));
        bytes = span_from(bytes, length < bytes.len ? (size_t)length : bytes.len);
    }
    buf_add(out, bytes);
    assert_false(out->failed);
    return buf_span(out);
}

static void test_rows(void **state)
{
    static const size_t pieces[] = {SIZE_MAX, 1, 2, 3, 7};
    (void)state;
    for (size_t t = 0; t < ROWS(tables); t++)
        for (size_t i = 0; i < tables[t].count; i++)
            for (size_t p = 0; p < ROWS(pieces); p++) {
                const struct row *row = &tables[t].rows[i];
                char memory[1024];
                struct buf out = buf_over(memory, sizeof memory);
                check_row(row, row->bytes, false, pieces[p]);
                check_row(row, masked(row->bytes, &out), true, pieces[p]);
            }
}

/* A relay that passes texts on leaves them to the far end; reasons it reads all the same. */
static void test_unchecked_text(void **state)
{
    (void)state;
    static struct reading r;
    begin(&r, false, false);
    assert_true(feed(&r, SPAN("\x81\x02\xff\xff\x01\x01\xce\x80\0")));
    CHECK_TEXT(SPAN("text"), buf_span(&r.outcome), SPAN("T[\xff\xff]t[\xce]C[]"));
    assert_false(feed(&r, SPAN("\x88\x03\x03\xe8\xff")));
    assert_int_equal(r.reader.bad_code, WEBSOCKET_BAD_DATA);
}

static void test_close_parts(void **state)
{
    (void)state;
    static struct reading r;
    begin(&r, false, true);
    assert_true(feed(&r, SPAN("\x89\x03no!")));
    assert_false(websocket_closed(&r.reader));
    assert_true(feed(&r,
        SPAN("\x88\x05\x03\xe9"
             "bye\x81")));
    assert_true(websocket_closed(&r.reader));
    assert_int_equal(websocket_close_code(&r.reader), WEBSOCKET_GOING_AWAY);
    CHECK_TEXT(SPAN("reason"), websocket_close_reason(&r.reader), SPAN("bye"));
    begin(&r, false, true);
    assert_true(feed(&r, SPAN("\x88\0")));
    assert_int_equal(websocket_close_code(&r.reader), WEBSOCKET_NO_CODE);
    CHECK_TEXT(SPAN("reason"), websocket_close_reason(&r.reader), SPAN(""));
    begin(&r, false, true);
    assert_false(feed(&r, SPAN("\x88\x02\0\0")));
    assert_false(websocket_closed(&r.reader));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_unchecked_text),
        cmocka_unit_test(test_close_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
