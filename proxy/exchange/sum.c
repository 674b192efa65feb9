/* A checksum for a plain upload to S3 (COUNTERSIGN_CHECKSUM), so that S3 verifies what left the
 * function: a header where the body is held, and where it streams a trailer, computed on the way.
 */
#include "proxy/base/crc.h"
#include "proxy/exchange/state.h"

enum { CHUNK_BYTES = 256 * 1024 };

static const struct {
    struct span name, line; /* as a header, and as a trailer up to its value */
    struct span algorithm;
    size_t value_bytes;
} sums[] = {
    [SUM_NONE] = {{"", 0}, {"", 0}, {"", 0}, 0},
    [SUM_CRC64NVME] = {{"x-amz-checksum-crc64nvme", 24}, {"x-amz-checksum-crc64nvme:", 25},
        {"CRC64NVME", 9}, 12},
    [SUM_CRC32C] = {{"x-amz-checksum-crc32c", 21}, {"x-amz-checksum-crc32c:", 22}, {"CRC32C", 6},
        8},
};

struct span sum_name(const struct exchange *x)
{
    return sums[x->sum_kind].name;
}

struct span sum_algorithm(const struct exchange *x)
{
    return sums[x->sum_kind].algorithm;
}

bool sum_has_own(const struct head *head)
{
    static const struct span beginnings[] = {{"x-amz-checksum-", 15}, {"x-amz-sdk-checksum", 18},
        {"x-amz-trailer", 13}, {"x-amz-copy-source", 17}, {"content-md5", 11},
        {"x-amz-decoded-content", 21}};
    for (size_t i = 0; i < head->count; i++)
        for (size_t j = 0; j < sizeof beginnings / sizeof *beginnings; j++)
            if (span_starts_nocase(head->fields[i].name, beginnings[j]))
                return true;
    return false;
}

/* An object's content, or a part's: not its tags, not a bucket's settings. */
static bool puts_content(const struct exchange *x)
{
    struct span bucket, query = x->route.query, parameter, path = span_from(x->route.path, 1);
    if (!head_method_is(&x->head, SPAN("PUT")) || !span_equal(x->route.service, SPAN("s3"))
        || !route_bucket(&x->route, x->proxy->route.region, &bucket))
        return false;
    while (span_next(&query, '&', &parameter))
        if (!span_starts(parameter, SPAN("partNumber="))
            && !span_starts(parameter, SPAN("uploadId=")))
            return false;
    bool in_path =
        bucket.at >= x->route.path.at && bucket.at < x->route.path.at + x->route.path.len;
    return in_path ? path.len > bucket.len + 1 : path.len > 0;
}

void sum_plan(struct exchange *x)
{
    bool content = x->splits || (x->framing.kind == BODY_LENGTH && x->framing.length > 0);
    if (x->proxy->options.checksum == SUM_NONE || !content
        || !span_equal(x->hash, SPAN("UNSIGNED-PAYLOAD")) || x->opens || sum_has_own(&x->head)
        || !puts_content(x))
        return;
    x->sum_kind = x->proxy->options.checksum;
    x->sum = 0;
    x->sum_left = x->framing.length;
    x->sum_chunk_left = 0;
}

uint64_t sum_of(const struct exchange *x, uint64_t before, struct span content)
{
    return x->sum_kind == SUM_CRC32C ? crc32c((uint32_t)before, content)
                                     : crc64nvme(before, content);
}

struct span sum_value(const struct exchange *x, uint64_t sum, char memory[SUM_VALUE_BYTES])
{
    struct buf text = buf_over(memory, SUM_VALUE_BYTES);
    if (x->sum_kind == SUM_CRC32C)
        crc32c_text((uint32_t)sum, &text);
    else
        crc64nvme_text(sum, &text);
    return buf_span(&text);
}

void sum_describe(struct exchange *x, struct outgoing_body *body)
{
    if (x->sum_kind == SUM_NONE)
        return;
    body->checksum = sums[x->sum_kind].name;
    if (x->holds) {
        body->checksum_value = sum_value(x, sum_of(x, 0, steps_message(x).held), x->sum_value);
        return;
    }
    body->decoded_length = x->framing.length;
    body->hash = SPAN("STREAMING-UNSIGNED-PAYLOAD-TRAILER");
    (void)aws_chunked_length(x->framing.length, CHUNK_BYTES,
        sums[x->sum_kind].line.len + sums[x->sum_kind].value_bytes + 2, &body->length);
}

enum err sum_take(struct exchange *x, struct span piece, open_sink *sink, struct fault *fault)
{
    char memory[AWS_CHUNKED_LINE_BYTES];
    enum err err = OK;
    while (!err && piece.len > 0) {
        struct buf line = buf_over(memory, sizeof memory);
        if (x->sum_chunk_left == 0) {
            x->sum_chunk_left = x->sum_left < CHUNK_BYTES ? x->sum_left : CHUNK_BYTES;
            aws_chunked_write_size(&line, x->sum_chunk_left);
            err = sink(x, buf_span(&line), fault);
        }
        struct span part = span_first(piece, (size_t)x->sum_chunk_left);
        x->sum = sum_of(x, x->sum, part);
        x->sum_left -= part.len;
        x->sum_chunk_left -= part.len;
        piece = span_from(piece, part.len);
        if (!err)
            err = sink(x, part, fault);
        if (!err && x->sum_chunk_left == 0)
            err = sink(x, AWS_CHUNKED_AFTER, fault);
    }
    return err;
}

enum err sum_end(struct exchange *x, open_sink *sink, struct fault *fault)
{
    char memory[128], trailer_memory[64], value_memory[SUM_VALUE_BYTES];
    struct buf end = buf_over(memory, sizeof memory);
    struct buf trailer = buf_over(trailer_memory, sizeof trailer_memory);
    buf_add(&trailer, sums[x->sum_kind].line);
    buf_add(&trailer, sum_value(x, x->sum, value_memory));
    buf_text(&trailer, "\r\n");
    aws_chunked_write_end(&end, buf_span(&trailer));
    return sink(x, buf_span(&end), fault);
}
