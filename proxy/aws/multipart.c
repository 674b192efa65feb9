#include "proxy/aws/multipart.h"

#include "proxy/aws/error_code.h"
#include "proxy/aws/uri.h"

enum { FIRST_PART_BYTES = 8 * 1024 * 1024, PARTS_OF_ONE_SIZE = 1000 };

uint64_t multipart_part_bytes(unsigned number)
{
    return (uint64_t)FIRST_PART_BYTES << (number - 1) / PARTS_OF_ONE_SIZE;
}

uint64_t multipart_most_bytes(void)
{
    uint64_t bytes = 0;
    for (unsigned number = 1; number <= MULTIPART_LAST_NUMBER; number += PARTS_OF_ONE_SIZE)
        bytes += multipart_part_bytes(number) * PARTS_OF_ONE_SIZE;
    return bytes;
}

/* ---- fields ---- */

enum { ON_PART = 1, ON_COMPLETE = 2, ON_ABORT = 4 };

/* What goes beyond the first step. */
static const struct {
    struct span name;
    unsigned steps;
} further[] = {
    {TEXT("user-agent"), ON_PART | ON_COMPLETE | ON_ABORT},
    {TEXT("x-amz-request-payer"), ON_PART | ON_COMPLETE | ON_ABORT},
    {TEXT("x-amz-expected-bucket-owner"), ON_PART | ON_COMPLETE | ON_ABORT},
    {TEXT("x-amz-server-side-encryption-customer-algorithm"), ON_PART | ON_COMPLETE},
    {TEXT("x-amz-server-side-encryption-customer-key"), ON_PART | ON_COMPLETE},
    {TEXT("x-amz-server-side-encryption-customer-key-md5"), ON_PART | ON_COMPLETE},
    {TEXT("if-match"), ON_COMPLETE},
    {TEXT("if-none-match"), ON_COMPLETE},
};

static unsigned further_steps(struct span name)
{
    for (size_t i = 0; i < sizeof further / sizeof *further; i++)
        if (span_equal_nocase(further[i].name, name))
            return further[i].steps;
    return 0;
}

bool multipart_field_goes(enum multipart_step step, const struct field *field)
{
    unsigned steps = further_steps(field->name);
    switch (step) {
    case MULTIPART_CREATE:
        return steps != ON_COMPLETE;
    case MULTIPART_PART:
        return steps & ON_PART;
    case MULTIPART_COMPLETE:
        return steps & ON_COMPLETE;
    case MULTIPART_ABORT:
        return steps & ON_ABORT;
    case MULTIPART_NONE:
    default:
        return true;
    }
}

/* ---- queries ---- */

/* Visible ASCII that means itself in XML and in a header. */
static bool plain_text(struct span text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] <= ' ' || text.at[i] >= 0x7f || strchr("&<>", text.at[i]))
            return false;
    return text.len > 0;
}

struct span multipart_upload_id(struct span xml)
{
    struct span id = xml_text(xml, SPAN("UploadId"));
    return plain_text(id) && id.len <= MULTIPART_ID_BYTES ? id : (struct span){NULL, 0};
}

void multipart_write_query(
    struct buf *query, enum multipart_step step, unsigned number, struct span id)
{
    if (step == MULTIPART_CREATE) {
        buf_text(query, "uploads=");
        return;
    }
    if (step == MULTIPART_PART) {
        buf_text(query, "partNumber=");
        buf_number(query, number);
    }
    uri_add_parameter(query, SPAN("uploadId"), id);
}

/* ---- bodies ---- */

bool multipart_etag_valid(struct span etag)
{
    return plain_text(etag) && etag.len <= MULTIPART_ETAG_BYTES;
}

void multipart_write_listed(struct buf *list, const struct multipart_listed *part)
{
    buf_text(list, "<Part><PartNumber>");
    buf_number(list, part->number);
    buf_text(list, "</PartNumber><ETag>");
    buf_xml(list, part->etag);
    buf_text(list, "</ETag>");
    if (part->checksum.len > 0)
        buf_format(list, "<Checksum%.*s>%.*s</Checksum%.*s>", SPAN_ARGS(part->algorithm),
            SPAN_ARGS(part->checksum), SPAN_ARGS(part->algorithm));
    buf_text(list, "</Part>");
}

/* Quotes are all that S3 escapes in an ETag. */
static void decode_quotes(struct span xml, struct buf *text)
{
    static const struct span quotes[] = {TEXT("&quot;"), TEXT("&#34;"), TEXT("&#x22;")};
    while (xml.len > 0) {
        size_t taken = 1;
        for (size_t i = 0; i < sizeof quotes / sizeof *quotes; i++)
            if (span_starts(xml, quotes[i]))
                taken = quotes[i].len;
        buf_char(text, taken > 1 ? '"' : xml.at[0]);
        xml = span_from(xml, taken);
    }
}

static unsigned status_of(struct span code)
{
    static const struct {
        struct span code;
        unsigned status;
    } known[] = {
        {TEXT("PreconditionFailed"), 412},
        {TEXT("ConditionalRequestConflict"), 409},
        {TEXT("SlowDown"), 503},
        {TEXT("ServiceUnavailable"), 503},
        {TEXT("AccessDenied"), 403},
        {TEXT("NoSuchUpload"), 404},
        {TEXT("BadDigest"), 400},
        {TEXT("InvalidPart"), 400},
        {TEXT("EntityTooSmall"), 400},
        {TEXT("RequestTimeout"), 400},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (span_equal(known[i].code, code))
            return known[i].status;
    return 500;
}

unsigned multipart_completed(struct span xml, struct buf *text, struct span *etag)
{
    struct span found = xml_text(xml, SPAN("ETag"));
    size_t start = text->len;
    if (xml_text(xml, SPAN("Code")).len > 0 || found.len == 0)
        return status_of(error_code_find(SPAN(""), xml));
    decode_quotes(found, text);
    *etag = buf_since(text, start);
    return !text->failed && multipart_etag_valid(*etag) ? 200 : 500;
}
