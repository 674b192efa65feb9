/* A body in the chunked coding, read whole and in two parts: both must give the same. The input's
 * first byte is the place where it is parted; the rest is the body. */
#include "tests/fuzz/fuzz.h"

#include "proxy/base/buf.h"
#include "proxy/exchange/answer.h"
#include "proxy/http/body.h"

struct result {
    struct body body;
    enum body_step step;
    size_t taken;
    struct buf content;
};

static void feed(struct result *result, struct span bytes)
{
    char *copy = fuzz_copy(bytes);
    struct span whole = {copy, copy ? bytes.len : 0}, rest = whole, piece;
    do {
        result->step = body_next(&result->body, &rest, &piece);
        if (result->step != BODY_PIECE)
            continue;
        REQUIRE(piece.len > 0 && fuzz_within(piece, whole));
        buf_add(&result->content, piece);
    } while (result->step == BODY_PIECE);
    REQUIRE(result->step != BODY_MORE || rest.len == 0);
    REQUIRE((result->step == BODY_END) == body_whole(&result->body));
    REQUIRE((result->step == BODY_BAD) == (result->body.why != NULL));
    result->taken += whole.len - rest.len;
    free(copy);
}

/* What is passed on is well formed too. */
static void check_trailers(const struct body *body)
{
    char memory[2 * BODY_TRAILER_BYTES];
    struct buf out = buf_over(memory, sizeof memory);
    struct span rest;
    struct field field;
    size_t lines = 0;
    answer_write_trailers(&out, body_trailers(body), true);
    REQUIRE(!out.failed);
    for (rest = buf_span(&out); body_next_trailer(&rest, &field); lines++)
        REQUIRE(field_name_valid(field.name) && field_value_valid(field.value));
    REQUIRE(rest.len == 0);
    for (rest = body_trailers(body); body_next_trailer(&rest, &field);)
        continue;
    REQUIRE(rest.len == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct result whole, parts;
    struct framing framing = {.kind = BODY_CHUNKED};
    if (size < 1)
        return 0;
    struct span bytes = fuzz_span(data + 1, size - 1);
    size_t split = bytes.len > 0 ? data[0] % (bytes.len + 1) : 0;
    char *first = malloc(size), *second = malloc(size);
    if (!first || !second)
        abort();
    whole.content = buf_over(first, size);
    parts.content = buf_over(second, size);
    whole.taken = parts.taken = 0;
    body_begin(&whole.body, &framing);
    body_begin(&parts.body, &framing);
    feed(&whole, bytes);
    feed(&parts, span_first(bytes, split));
    if (parts.step == BODY_MORE)
        feed(&parts, span_from(bytes, split));
    REQUIRE(whole.step == parts.step && whole.taken == parts.taken);
    REQUIRE(!whole.content.failed);
    REQUIRE(span_equal(buf_span(&whole.content), buf_span(&parts.content)));
    REQUIRE(span_equal(body_trailers(&whole.body), body_trailers(&parts.body)));
    check_trailers(&whole.body);
    free(first);
    free(second);
    return 0;
}
