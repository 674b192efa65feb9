/* Bodies in which a service tells how it went: an upload in parts, errors inside an answer that is
 * 200, what would make a refused request pass, a transcription job. The input's first byte says how
 * the body is parted, its second the status. */
#include "tests/fuzz/fuzz.h"

#include <cjson/cJSON.h>

#include "proxy/aws/multipart.h"
#include "proxy/aws/partition.h"
#include "proxy/aws/remedy.h"
#include "proxy/pages/job_page.h"
#include "proxy/permissions/late_error.h"

static char memory[64 * 1024];

static void check_upload(struct span body)
{
    struct buf text = buf_over(memory, MULTIPART_ETAG_BYTES),
               list = buf_over(memory, sizeof memory);
    struct span etag, id = multipart_upload_id(body);
    REQUIRE(fuzz_within(id, body) && id.len <= MULTIPART_ID_BYTES);
    unsigned status = multipart_completed(body, &text, &etag);
    REQUIRE(status >= 200 && status < 600 && status / 100 != 3);
    if (status != 200)
        return;
    char kept[MULTIPART_ETAG_BYTES];
    REQUIRE(etag.len <= sizeof kept && multipart_etag_valid(etag));
    memcpy(kept, etag.at, etag.len);
    struct multipart_listed listed = {.number = 1, .etag = {kept, etag.len}};
    multipart_write_listed(&list, &listed);
    REQUIRE(!list.failed && list.len <= MULTIPART_LISTED_BYTES);
}

static bool is_object(struct span text)
{
    cJSON *json = cJSON_ParseWithLength(text.at, text.len);
    bool object = cJSON_IsObject(json);
    cJSON_Delete(json);
    return object;
}

/* What a page's client gets is JSON, whatever Transcribe told. */
static void check_job(struct span body)
{
    static struct job_state state;
    static struct job_order order;
    struct buf out = buf_over(memory, sizeof memory);
    if (!job_state_read(body, &state))
        return;
    REQUIRE(state.status.len > 0);
    job_write_state(&out, SPAN("name"), &state);
    REQUIRE(!out.failed && is_object(buf_span(&out)));
    out.len = 0;
    order.name = SPAN("name");
    order.media = SPAN("s3://bucket/key");
    job_write_started(&out, &order, SPAN("localhost:2774"), &state);
    REQUIRE(!out.failed && is_object(buf_span(&out)));
}

static void check_remedy(unsigned status, struct span body)
{
    struct refusal refusal = {.status = status, .s3 = status & 1, .body = body};
    struct span region = {NULL, 0};
    if (remedy_of(&refusal, &region) == REMEDY_REGION)
        REQUIRE(region_shaped(region) && fuzz_within(region, body));
}

struct errors {
    struct late_error reader;
    char text[2048];
    size_t found;
    uint64_t sum; /* of all that was found */
};

static void take(struct errors *errors, struct span piece)
{
    char body_memory[8192];
    char *copy = fuzz_copy(piece);
    struct span rest = {copy, copy ? piece.len : 0}, element;
    while (late_error_next(&errors->reader, &rest, &element)) {
        struct buf body = buf_over(body_memory, sizeof body_memory);
        errors->found++;
        for (size_t i = 0; i < element.len; i++)
            errors->sum = errors->sum * 31 + (unsigned char)element.at[i];
        (void)late_error_write_delete(element, &body);
    }
    REQUIRE(rest.len == 0);
    free(copy);
}

/* However they come, the errors are the same. */
static void check_errors(struct span body, size_t at_once)
{
    static struct errors whole, pieces;
    whole.found = pieces.found = 0;
    whole.sum = pieces.sum = 0;
    late_error_begin(&whole.reader, buf_over(whole.text, sizeof whole.text));
    late_error_begin(&pieces.reader, buf_over(pieces.text, sizeof pieces.text));
    take(&whole, body);
    for (; body.len > 0; body = span_from(body, at_once))
        take(&pieces, span_first(body, at_once));
    REQUIRE(whole.found == pieces.found && whole.sum == pieces.sum);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    struct span bytes = fuzz_span(data + 2, size - 2);
    char *copy = fuzz_copy(bytes);
    struct span body = {copy, copy ? bytes.len : 0};
    check_upload(body);
    check_job(body);
    check_remedy(300U + data[1], body);
    check_errors(body, data[0] + 1U);
    free(copy);
    return 0;
}
