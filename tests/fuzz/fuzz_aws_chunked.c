/* A body in aws-chunked, read whole and in two parts: both must give the same; and what was whole
 * is so again when it is written without signatures. The input's first byte is the place where it
 * is parted, the second the form (1: signed, 2: with trailers), the third the length of the
 * content; the rest is the body. */
#include "tests/fuzz/fuzz.h"

#include "proxy/http/aws_chunked.h"
#include "proxy/http/body.h"

struct result {
    struct aws_chunked reader;
    enum aws_chunked_step step;
    struct buf content;
    size_t chunks;
};

static void feed(struct result *result, struct span bytes)
{
    char *copy = fuzz_copy(bytes);
    struct span whole = {copy, copy ? bytes.len : 0}, rest = whole, piece;
    do {
        result->step = aws_chunked_next(&result->reader, &rest, &piece);
        result->chunks += result->step == AWS_CHUNKED_CHUNK;
        if (result->step != AWS_CHUNKED_PIECE)
            continue;
        REQUIRE(piece.len > 0 && fuzz_within(piece, whole));
        buf_add(&result->content, piece);
    } while (result->step == AWS_CHUNKED_PIECE || result->step == AWS_CHUNKED_CHUNK);
    REQUIRE(result->step == AWS_CHUNKED_BAD || rest.len == 0);
    REQUIRE((result->step == AWS_CHUNKED_END) == aws_chunked_whole(&result->reader));
    REQUIRE((result->step == AWS_CHUNKED_BAD) == (result->reader.why != NULL));
    free(copy);
}

static void begin(struct result *result, const uint8_t *data, char *memory, size_t size)
{
    struct aws_chunked_form form = {.is_signed = data[1] & 1, .has_trailers = data[1] & 2};
    aws_chunked_begin(&result->reader, form, data[2]);
    result->content = buf_over(memory, size);
    result->chunks = 0;
}

static void check_same(const struct result *a, const struct result *b)
{
    REQUIRE(a->step == b->step && a->chunks == b->chunks);
    REQUIRE(!a->content.failed);
    REQUIRE(span_equal(buf_span(&a->content), buf_span(&b->content)));
    REQUIRE(span_equal(aws_chunked_trailers(&a->reader), aws_chunked_trailers(&b->reader)));
}

/* The trailers are fields that http/ can walk. */
static void check_trailers(struct span trailers)
{
    struct field field;
    while (body_next_trailer(&trailers, &field))
        REQUIRE(field_name_valid(field.name) && field.value.len > 0);
    REQUIRE(trailers.len == 0);
}

/* Written anew in one chunk, without signatures. */
static void check_again(const struct result *result, const uint8_t *data)
{
    static struct result again;
    static char memory[8192], content[512];
    uint8_t head[] = {0, data[1] & 2, data[2]};
    struct span trailers = aws_chunked_trailers(&result->reader);
    struct buf out = buf_over(memory, sizeof memory);
    uint64_t length;
    if (result->content.len > 0) {
        aws_chunked_write_size(&out, result->content.len);
        buf_add(&out, buf_span(&result->content));
        buf_add(&out, AWS_CHUNKED_AFTER);
    }
    aws_chunked_write_end(&out, trailers);
    REQUIRE(aws_chunked_length(data[2], 256, trailers.len, &length));
    REQUIRE(!out.failed && length == out.len);
    begin(&again, head, content, sizeof content);
    feed(&again, buf_span(&out));
    REQUIRE(again.step == AWS_CHUNKED_END);
    REQUIRE(span_equal(buf_span(&again.content), buf_span(&result->content)));
    REQUIRE(span_equal(aws_chunked_trailers(&again.reader), trailers));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct result whole, parts;
    if (size < 3)
        return 0;
    struct span bytes = fuzz_span(data + 3, size - 3);
    size_t split = data[0] % (bytes.len + 1);
    char *first = malloc(size), *second = malloc(size);
    if (!first || !second)
        abort();
    begin(&whole, data, first, size);
    begin(&parts, data, second, size);
    feed(&whole, bytes);
    feed(&parts, span_first(bytes, split));
    if (parts.step != AWS_CHUNKED_BAD)
        feed(&parts, span_from(bytes, split));
    check_same(&whole, &parts);
    check_trailers(aws_chunked_trailers(&whole.reader));
    if (whole.step == AWS_CHUNKED_END)
        check_again(&whole, data);
    free(first);
    free(second);
    return 0;
}
