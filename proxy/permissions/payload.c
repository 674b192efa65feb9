#include "proxy/permissions/payload.h"

#include "proxy/permissions/cbor.h"
#include "proxy/permissions/json.h"

enum { NAME_BYTES = 64 }; /* no member that is looked for has a longer name */

static struct span skip_space(struct span s)
{
    while (s.len > 0 && strchr(" \t\r\n", s.at[0]) && s.at[0] != '\0')
        s = span_from(s, 1);
    return s;
}

struct value payload_of(struct span body, struct span content_type)
{
    enum payload_kind kind = PAYLOAD_NONE;
    struct span start = skip_space(body);
    if (span_starts_nocase(content_type, SPAN("application/x-www-form-urlencoded")))
        kind = PAYLOAD_FORM;
    else if (span_starts_nocase(content_type, SPAN("application/cbor")))
        kind = PAYLOAD_CBOR;
    else if (span_starts(start, SPAN("{")))
        kind = PAYLOAD_JSON;
    if (body.len > PAYLOAD_MAX_BYTES || body.len == 0)
        kind = PAYLOAD_NONE;
    return (struct value){kind, kind == PAYLOAD_JSON ? start : body};
}

struct walk payload_walk(struct value value)
{
    struct walk walk = {.kind = value.kind, .rest = value.raw};
    if (value.kind == PAYLOAD_JSON)
        json_begin(&walk);
    else if (value.kind == PAYLOAD_CBOR)
        cbor_begin(&walk);
    else
        walk.object = value.kind == PAYLOAD_FORM;
    return walk;
}

static bool form_next(struct walk *walk, struct value *key, struct value *item)
{
    struct span pair;
    if (walk->rest.len == 0 || !span_next(&walk->rest, '&', &pair))
        return false;
    size_t equals = span_find(pair, '=');
    *key = (struct value){PAYLOAD_FORM, span_first(pair, equals)};
    *item = (struct value){PAYLOAD_FORM, span_from(pair, equals + 1)};
    return true;
}

bool walk_next(struct walk *walk, struct value *key, struct value *item)
{
    if (walk->broken)
        return false;
    if (walk->kind == PAYLOAD_JSON)
        return json_next(walk, key, item);
    if (walk->kind == PAYLOAD_CBOR)
        return cbor_next(walk, key, item);
    return walk->kind == PAYLOAD_FORM && form_next(walk, key, item);
}

static enum presence is_named(struct value key, struct span name)
{
    char memory[NAME_BYTES];
    struct buf text = buf_over(memory, sizeof memory);
    if (payload_text(key, &text))
        return span_equal(buf_span(&text), name) ? PRESENT : ABSENT;
    return text.failed ? ABSENT : UNCLEAR; /* it is too long to be the one */
}

static bool is_null(struct value value)
{
    if (value.kind == PAYLOAD_CBOR) /* null and undefined */
        return span_equal(value.raw, SPAN("\xf6")) || span_equal(value.raw, SPAN("\xf7"));
    return value.kind == PAYLOAD_JSON && span_equal(value.raw, SPAN("null"));
}

enum presence payload_member(struct value object, struct span name, struct value *member)
{
    struct walk walk = payload_walk(object);
    struct value key, item;
    enum presence found = ABSENT;
    if (object.kind == PAYLOAD_NONE || is_null(object))
        return ABSENT;
    while (walk.object && walk_next(&walk, &key, &item)) {
        enum presence named = is_named(key, name);
        if (named == PRESENT)
            *member = item;
        if (named != ABSENT)
            found = found == ABSENT ? named : UNCLEAR;
    }
    if (walk.broken || !walk.object)
        return UNCLEAR;
    return found == PRESENT && is_null(*member) ? ABSENT : found;
}

/* A form's "+" is a space. */
static void form_text(struct span raw, struct buf *out)
{
    while (raw.len > 0) {
        int high = raw.len > 2 && raw.at[0] == '%' ? ascii_hex(raw.at[1]) : -1,
            low = high >= 0 ? ascii_hex(raw.at[2]) : -1;
        char plain = raw.at[0] == '+' ? ' ' : raw.at[0];
        buf_char(out, low >= 0 ? (char)(high << 4 | low) : plain);
        raw = span_from(raw, low >= 0 ? 3 : 1);
    }
}

bool payload_text(struct value value, struct buf *out)
{
    if (value.kind == PAYLOAD_JSON)
        return json_text(value.raw, out) && !out->failed;
    if (value.kind == PAYLOAD_CBOR)
        return cbor_text(value.raw, out) && !out->failed;
    form_text(value.raw, out);
    return value.kind == PAYLOAD_FORM && !out->failed;
}
