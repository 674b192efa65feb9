#include "proxy/aws/dialect.h"

static bool speaks(struct span protocols, struct span protocol)
{
    struct span item;
    while (span_next(&protocols, ',', &item))
        if (span_equal(item, protocol))
            return true;
    return false;
}

enum dialect dialect_of_request(struct span content_type, struct span protocols)
{
    bool form = span_starts_nocase(content_type, SPAN("application/x-www-form-urlencoded"));
    bool json = span_starts_nocase(content_type, SPAN("application/"))
        && !span_starts_nocase(content_type, SPAN("application/octet-stream"))
        && !span_starts_nocase(content_type, SPAN("application/xml"));
    if (span_starts_nocase(content_type, SPAN("application/cbor")))
        return DIALECT_CBOR;
    if ((form || !json) && speaks(protocols, SPAN("ec2")))
        return DIALECT_EC2;
    if (form
        || (!json && (speaks(protocols, SPAN("query")) || speaks(protocols, SPAN("rest-xml")))))
        return DIALECT_QUERY;
    return DIALECT_JSON;
}

struct span dialect_content_type(enum dialect dialect)
{
    static const struct span types[] = {
        [DIALECT_JSON] = {"application/json", 16},
        [DIALECT_S3] = {"application/xml", 15},
        [DIALECT_QUERY] = {"text/xml", 8},
        [DIALECT_EC2] = {"text/xml", 8},
        [DIALECT_CBOR] = {"application/cbor", 16},
    };
    return types[dialect];
}

static void write_xml(struct buf *out, struct span code, struct span message)
{
    buf_text(out, "<Code>");
    buf_xml(out, code);
    buf_text(out, "</Code><Message>");
    buf_xml(out, message);
    buf_text(out, "</Message></Error>");
}

/* A text string with a length of two bytes: never the shortest form, always a valid one. */
static void write_cbor_text(struct buf *out, struct span text)
{
    enum { TEXT_OF_TWO_BYTES_LENGTH = 0x79 };
    buf_char(out, TEXT_OF_TWO_BYTES_LENGTH);
    buf_char(out, (char)(text.len >> 8 & 0xff));
    buf_char(out, (char)(text.len & 0xff));
    buf_add(out, text);
}

static void write_cbor(struct buf *out, struct span code, struct span message)
{
    static const char map_of_two = (char)0xa2;
    buf_char(out, map_of_two);
    write_cbor_text(out, SPAN("__type"));
    write_cbor_text(out, code);
    write_cbor_text(out, SPAN("message"));
    write_cbor_text(out, message);
}

static void write_json(struct buf *out, struct span code, struct span message)
{
    buf_text(out, "{\"__type\":\"");
    buf_json(out, code);
    buf_text(out, "\",\"message\":\"");
    buf_json(out, message);
    buf_text(out, "\"}\n");
}

void dialect_write_error(
    struct buf *out, enum dialect dialect, struct span code, struct span message)
{
    switch (dialect) {
    case DIALECT_S3:
        buf_text(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>");
        write_xml(out, code, message);
        buf_char(out, '\n');
        break;
    case DIALECT_QUERY:
        buf_text(out,
            "<?xml version=\"1.0\" "
            "encoding=\"UTF-8\"?>\n<ErrorResponse><Error><Type>Sender</Type>");
        write_xml(out, code, message);
        buf_text(out, "</ErrorResponse>\n");
        break;
    case DIALECT_EC2:
        buf_text(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error>");
        write_xml(out, code, message);
        buf_text(out, "</Errors></Response>\n");
        break;
    case DIALECT_CBOR:
        write_cbor(out, code, message);
        break;
    case DIALECT_JSON:
    default:
        write_json(out, code, message);
        break;
    }
}
