#include "proxy/aws/s3_arn.h"

enum { FIELDS = 5 }; /* "arn", partition, service, region, account */

/* A byte of the path, decoded; *bytes is how many it takes on the wire. */
static char decoded(struct span path, size_t *bytes)
{
    int high = path.len > 2 ? ascii_hex(path.at[1]) : -1,
        low = path.len > 2 ? ascii_hex(path.at[2]) : -1;
    *bytes = path.at[0] == '%' && high >= 0 && low >= 0 ? 3 : 1;
    return *bytes == 3 ? (char)(high << 4 | low) : path.at[0];
}

struct part {
    struct span text;
    char end; /* the separator, which is taken too; 0 at the path's end */
    bool raw; /* it was not percent-encoded */
};

static struct part take_part(struct span *path, struct buf *memory)
{
    struct part part = {.end = 0};
    size_t start = memory->len, bytes;
    while (path->len > 0 && part.end == 0) {
        char c = decoded(*path, &bytes);
        *path = span_from(*path, bytes);
        part.raw = bytes == 1;
        if (c == ':' || c == '/')
            part.end = c;
        else
            buf_char(memory, c);
    }
    part.text = buf_since(memory, start);
    return part;
}

bool s3_arn_begins(struct span path)
{
    struct span rest = span_from(path, 1);
    return span_starts(rest, SPAN("arn:")) || span_starts_nocase(rest, SPAN("arn%3A"));
}

bool s3_arn_parse(struct span path, struct buf *memory, struct s3_arn *arn)
{
    struct span fields[FIELDS], rest = span_from(path, 1);
    struct part part = {.end = 0};
    for (size_t i = 0; i < FIELDS; i++) {
        part = take_part(&rest, memory);
        if (part.end != ':')
            return false;
        fields[i] = part.text;
    }
    *arn = (struct s3_arn){fields[1], fields[2], fields[3], fields[4], .resources = 2};
    if (span_equal(arn->service, SPAN("s3-outposts")))
        arn->resources = S3_ARN_RESOURCES;
    for (size_t i = 0; i < arn->resources; i++) {
        if (part.end == 0)
            return false;
        part = take_part(&rest, memory);
        arn->resource[i] = part.text;
    }
    bool key_follows = part.end == '/' && part.raw;
    arn->rest = key_follows ? (struct span){rest.at - 1, rest.len + 1} : rest;
    return (key_follows || part.end == 0) && !memory->failed;
}
