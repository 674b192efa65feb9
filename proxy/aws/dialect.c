#include "proxy/aws/dialect.h"

struct span dialect_content_type(enum dialect dialect)
{
    return dialect == DIALECT_S3 ? SPAN("application/xml") : SPAN("application/json");
}

void dialect_write_error(struct buf *out, enum dialect dialect, struct span code, struct span message)
{
    if (dialect == DIALECT_S3) {
        buf_text(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>");
        buf_xml(out, code);
        buf_text(out, "</Code><Message>");
        buf_xml(out, message);
        buf_text(out, "</Message></Error>\n");
        return;
    }
    buf_text(out, "{\"__type\":\"");
    buf_json(out, code);
    buf_text(out, "\",\"message\":\"");
    buf_json(out, message);
    buf_text(out, "\"}\n");
}
