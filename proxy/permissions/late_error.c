#include "proxy/permissions/late_error.h"

#include "proxy/aws/error_code.h"

bool late_error_possible(struct span operation)
{
    static const struct span names[] = {TEXT("DeleteObjects"), TEXT("CopyObject"),
        TEXT("UploadPartCopy"), TEXT("CompleteMultipartUpload")};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (span_equal(operation, names[i]))
            return true;
    return false;
}

void late_error_begin(struct late_error *reader, struct buf memory)
{
    *reader = (struct late_error){.text = memory};
}

/* Whether the tag ends with this byte; no tag begins anew within itself but at its first byte. */
static bool matches(struct late_error *reader, struct span tag, char c)
{
    if (tag.at[reader->tag_bytes] != c)
        reader->tag_bytes = 0;
    reader->tag_bytes += tag.at[reader->tag_bytes] == c;
    bool whole = reader->tag_bytes == tag.len;
    if (whole)
        reader->tag_bytes = 0;
    return whole;
}

bool late_error_next(struct late_error *reader, struct span *piece, struct span *element)
{
    static const struct span open = TEXT("<Error>"), close = TEXT("</Error>");
    struct buf *text = &reader->text;
    for (size_t i = 0; i < piece->len; i++) {
        char c = piece->at[i];
        bool ends = matches(reader, reader->inside ? close : open, c);
        if (reader->inside)
            buf_char(text, c);
        if (!ends)
            continue;
        bool found = reader->inside && !text->failed;
        *element = (struct span){text->at, found ? text->len - close.len : 0};
        reader->inside = !reader->inside;
        *text = buf_over(text->at, text->max);
        if (found) {
            *piece = span_from(*piece, i + 1);
            return true;
        }
    }
    *piece = span_from(*piece, piece->len);
    return false;
}

bool late_error_write_delete(struct span element, struct buf *body)
{
    struct span key = xml_text(element, SPAN("Key")),
                version = xml_text(element, SPAN("VersionId"));
    buf_text(body, "<Delete><Object><Key>");
    buf_add(body, key);
    buf_text(body, "</Key>");
    if (version.len > 0) {
        buf_text(body, "<VersionId>");
        buf_add(body, version);
        buf_text(body, "</VersionId>");
    }
    buf_text(body, "</Object></Delete>");
    return key.len > 0 && !body->failed;
}
