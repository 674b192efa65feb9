#include "proxy/permissions/denial_message.h"

#include <cjson/cJSON.h>

#include "proxy/aws/error_code.h"

static void add_clipped(struct buf *out, struct span text)
{
    buf_add(out, span_first(text, out->max - out->len));
}

/* The five entities of XML, and what else may stand for a quote (XML 1.0, 4.6). */
static void add_unescaped(struct buf *out, struct span xml)
{
    static const struct {
        struct span entity;
        char stands_for;
    } entities[] = {{{"&quot;", 6}, '"'}, {{"&amp;", 5}, '&'}, {{"&lt;", 4}, '<'},
        {{"&gt;", 4}, '>'}, {{"&apos;", 6}, '\''}, {{"&#39;", 5}, '\''}, {{"&#34;", 5}, '"'}};
    while (xml.len > 0 && out->len < out->max) {
        char c = xml.at[0];
        size_t bytes = 1;
        for (size_t i = 0; c == '&' && bytes == 1 && i < sizeof entities / sizeof *entities; i++)
            if (span_starts(xml, entities[i].entity)) {
                c = entities[i].stands_for;
                bytes = entities[i].entity.len;
            }
        buf_char(out, c);
        xml = span_from(xml, bytes);
    }
}

static void read_json(struct span body, struct buf *out)
{
    cJSON *root = cJSON_ParseWithLength(body.at, body.len);
    const cJSON *message = cJSON_GetObjectItem(root, "message"); /* in any case */
    add_clipped(out, span_of(cJSON_GetStringValue(message)));
    cJSON_Delete(root);
}

/* The text behind the key "message" of a map (RFC 8949, 3: major type 3). */
static void read_cbor(struct span body, struct buf *out)
{
    const struct span key = SPAN("\x67message");
    const char *hit = memmem(body.at, body.len, key.at, key.len);
    if (!hit)
        return;
    struct span rest = span_from(body, (size_t)(hit - body.at) + key.len);
    unsigned char bytes[3] = {0, 0, 0};
    memcpy(bytes, rest.at, rest.len < sizeof bytes ? rest.len : sizeof bytes);
    if (bytes[0] >= 0x60 && bytes[0] < 0x78)
        add_clipped(out, span_first(span_from(rest, 1), bytes[0] - 0x60U));
    else if (bytes[0] == 0x78)
        add_clipped(out, span_first(span_from(rest, 2), bytes[1]));
    else if (bytes[0] == 0x79)
        add_clipped(out, span_first(span_from(rest, 3), (size_t)bytes[1] << 8 | bytes[2]));
}

void denial_message_read(struct span body, struct buf *out)
{
    struct span start = body;
    while (start.len > 0 && span_find(SPAN(" \t\r\n"), start.at[0]) < 4)
        start = span_from(start, 1);
    if (start.len == 0)
        return;
    if (start.at[0] == '<') {
        struct span message = xml_text(body, SPAN("Message"));
        add_unescaped(out, message.at ? message : xml_text(body, SPAN("message")));
    } else if (start.at[0] == '{') {
        read_json(start, out);
    } else {
        read_cbor(body, out);
    }
}
