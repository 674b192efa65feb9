/* A response's head, and the head that the client is given in its place. The input is what a
 * server sends; its first byte chooses the client's version and whether it asked by HEAD. */
#include "tests/fuzz/fuzz.h"

#include "proxy/exchange/answer.h"
#include "proxy/http/scan.h"

enum { OWN_FIELDS = 2 }; /* the length and Connection */

static char relayed[4 * HEAD_MAX_BYTES];
static struct head head, again;

/* What is relayed can be read again, and says the same of where the body ends. */
static void check_relayed(
    struct buf *out, const struct framing *framing, bool to_head, enum answer_framing how)
{
    struct fault fault;
    struct framing told;
    struct scan scan = {.lines = 0};
    size_t taken = 0;
    REQUIRE(!out->failed);
    REQUIRE(scan_head(&scan, buf_span(out), &taken) == SCAN_COMPLETE && taken == out->len);
    if (head.count + OWN_FIELDS > HEAD_MAX_FIELDS)
        return; /* with the proxy's own fields it may have too many */
    REQUIRE(head_parse_response(&again, out->at, out->len, &fault) == OK);
    REQUIRE(framing_of_response(&again, to_head, &told, &fault) == OK);
    REQUIRE(again.status == head.status);
    REQUIRE(how != ANSWER_CHUNKED || to_head || told.kind == BODY_CHUNKED);
    REQUIRE(framing->kind != BODY_LENGTH || told.length == framing->length);
    REQUIRE(head_count(&again, FIELD_CONTENT_LENGTH) <= 1);
}

static void relay(const struct framing *framing, bool to_head, unsigned minor)
{
    struct buf out = buf_over(relayed, sizeof relayed);
    struct answer_connection connection = {.close = !framing->keep_alive, .minor = minor};
    enum answer_framing how = answer_framing_for(framing, minor);
    answer_relay(&out, &head, framing, how, connection);
    check_relayed(&out, framing, to_head, how);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct scan scan = {.lines = 0};
    struct fault fault;
    struct framing framing;
    size_t taken = 0;
    if (size < 1)
        return 0;
    bool to_head = data[0] & 1;
    unsigned minor = data[0] >> 1 & 1;
    enum scan_verdict verdict = scan_head(&scan, fuzz_span(data + 1, size - 1), &taken);
    if (verdict != SCAN_COMPLETE || taken > HEAD_MAX_BYTES)
        return 0;
    char *copy = fuzz_copy(fuzz_span(data + 1, taken));
    if (copy && head_parse_response(&head, copy, taken, &fault) == OK) {
        REQUIRE(head.status >= 100 && head.status <= 599);
        if (framing_of_response(&head, to_head, &framing, &fault) == OK)
            relay(&framing, to_head, minor);
    }
    free(copy);
    return 0;
}
