/* The objects that a DeleteObjects body names. It is read as its SDKs write it and no other way: a
 * comment, CDATA, a namespace's prefix or an unknown element make it any object of the bucket, so
 * that no two readers can differ over it. */
#include "proxy/permissions/s3_needed.h"

enum {
    KEY_BYTES = 1024,   /* the longest key of S3 */
    EACH_MAX = 8,       /* so many objects are told each, of more what their keys begin with */
    EACH_BYTES = 2048,  /* and of so many bytes of body */
    OBJECTS_MAX = 1000, /* that one request may name */
};

struct reading {
    struct span rest;
    struct span tag;  /* read last: "Key", "/Key" */
    struct span text; /* before it */
};

struct object {
    struct span key; /* as it stands there */
    bool versioned;
};

/* What all the objects have in common. */
struct summary {
    size_t count;
    struct span prefix;
    bool any_plain, any_versioned;
};

static bool is_known(struct span tag)
{
    static const char names[][20] = {
        "Delete", "Object", "Key", "VersionId", "Quiet", "ETag", "LastModifiedTime", "Size"};
    struct span name = span_starts(tag, SPAN("/")) ? span_from(tag, 1) : tag;
    if (span_starts(tag, SPAN("Delete ")) && tag.at[tag.len - 1] != '/')
        return true;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (span_equal(name, span_of(names[i])))
            return true;
    return false;
}

/* On to the next tag; false at the end or where it is none that is known: then the tag is empty. */
static bool next_tag(struct reading *reading)
{
    size_t open = span_find(reading->rest, '<');
    struct span inside = span_from(reading->rest, open + 1);
    size_t close = span_find(inside, '>');
    reading->text = span_first(reading->rest, open);
    reading->tag = close < inside.len && is_known(span_first(inside, close))
        ? span_first(inside, close)
        : SPAN("");
    reading->rest = span_from(inside, close + 1);
    return reading->tag.len > 0;
}

/* One that names an encoding other than UTF-8 stays, and is no tag that is known. */
static void skip_prolog(struct span *xml)
{
    *xml = span_trim(*xml);
    struct span prolog = span_first(*xml, span_find(*xml, '>') + 1);
    bool other = prolog.len > 0 && memmem(prolog.at, prolog.len, "encoding", 8)
        && !memmem(prolog.at, prolog.len, "UTF-8", 5) && !memmem(prolog.at, prolog.len, "utf-8", 5);
    if (span_starts(*xml, SPAN("<?xml ")) && !other)
        *xml = span_from(*xml, prolog.len);
}

/* On to the next object; false at the end, and where the body is not plain: *plain tells. */
static bool next_object(struct reading *reading, struct object *object, bool *plain)
{
    bool inside = false;
    struct span before = {NULL, 0};
    *object = (struct object){.key = {NULL, 0}};
    for (; next_tag(reading); before = reading->tag) {
        if (span_equal(reading->tag, SPAN("Object"))) {
            *plain = !inside;
            inside = true;
        } else if (span_equal(reading->tag, SPAN("/Key"))) {
            *plain = inside && !object->key.at && span_equal(before, SPAN("Key"));
            object->key = reading->text;
        } else if (span_equal(reading->tag, SPAN("/VersionId"))) {
            *plain = span_equal(before, SPAN("VersionId")) && reading->text.len > 0;
            object->versioned = true;
        } else if (span_equal(reading->tag, SPAN("/Object"))) {
            *plain = inside && object->key.len > 0;
            return *plain;
        } else if (span_equal(reading->tag, SPAN("/Delete"))) {
            *plain = !inside && span_find(reading->rest, '<') == reading->rest.len;
            return false;
        }
        if (!*plain)
            return false;
    }
    *plain = false;
    return false;
}

static struct span common(struct span a, struct span b)
{
    size_t len = 0;
    while (len < a.len && len < b.len && a.at[len] == b.at[len])
        len++;
    return span_first(a, len);
}

static bool summarize(struct span body, struct summary *summary)
{
    struct reading reading = {.rest = body};
    struct object object;
    bool plain = true;
    *summary = (struct summary){.count = 0};
    skip_prolog(&reading.rest);
    while (summary->count <= OBJECTS_MAX && next_object(&reading, &object, &plain)) {
        summary->prefix = summary->count++ ? common(summary->prefix, object.key) : object.key;
        summary->any_versioned |= object.versioned;
        summary->any_plain |= !object.versioned;
    }
    while (summary->prefix.len > 0 && summary->prefix.at[summary->prefix.len - 1] != '/')
        summary->prefix.len--;
    return plain && summary->count > 0 && summary->count <= OBJECTS_MAX;
}

/* What stands between "&" and ";". */
static bool put_entity(struct buf *out, struct span name)
{
    static const struct {
        char name[5], character;
    } named[] = {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};
    uint64_t number;
    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        if (span_equal(name, span_of(named[i].name))) {
            buf_char(out, named[i].character);
            return true;
        }
    bool hex = span_starts(name, SPAN("#x")), decimal = !hex && span_starts(name, SPAN("#"));
    if (!(hex && span_to_hex_number(span_from(name, 2), 0x10ffff, &number))
        && !(decimal && span_to_number(span_from(name, 1), 0x10ffff, &number)))
        return false;
    buf_utf8(out, (uint32_t)number);
    return true;
}

/* Appends what stands in an element, decoded; false where it holds what is no entity, or is too
 * long. */
static bool write_text(struct need *need, struct span text)
{
    char memory[KEY_BYTES];
    struct buf plain = buf_over(memory, sizeof memory);
    while (text.len > 0 && !plain.failed) {
        size_t amp = span_find(text, '&');
        buf_add(&plain, span_first(text, amp));
        text = span_from(text, amp);
        if (text.len == 0)
            break;
        size_t end = span_find(text, ';');
        if (!put_entity(&plain, span_first(span_from(text, 1), end - 1)))
            return false;
        text = span_from(text, end + 1);
    }
    buf_add(&need->text, buf_span(&plain));
    return !plain.failed;
}

static void add(
    struct need *need, const struct s3_needs *s3, struct span resource, const struct summary *which)
{
    if (which->any_plain)
        s3_add(need, s3, SPAN("s3:DeleteObject"), resource);
    if (which->any_versioned)
        s3_add(need, s3, SPAN("s3:DeleteObjectVersion"), resource);
}

/* False where a key cannot be read. */
static bool add_each(struct need *need, const struct s3_needs *s3)
{
    struct reading reading = {.rest = need->request->body};
    struct object object;
    bool plain = true;
    skip_prolog(&reading.rest);
    while (next_object(&reading, &object, &plain)) {
        struct summary which = {.any_plain = !object.versioned, .any_versioned = object.versioned};
        size_t start = need->text.len;
        if (!write_text(need, object.key))
            return false;
        struct span key = need_since(need, start);
        add(need, s3, s3_place_key(need, &s3->place, key), &which);
    }
    return true;
}

void s3_needed_deletes(struct need *need, const struct s3_needs *s3)
{
    struct summary summary, all = {.any_plain = true, .any_versioned = true};
    struct span body = need->request->body;
    bool plain = body.len > 0 && summarize(body, &summary);
    need->out->wants_body = body.len == 0;
    if (plain && summary.count <= EACH_MAX && body.len <= EACH_BYTES && add_each(need, s3))
        return;
    size_t start = need->text.len;
    if (plain && write_text(need, summary.prefix)) {
        struct span prefix = need_since(need, start);
        add(need, s3, s3_place_objects(need, &s3->place, prefix), &summary);
    } else
        add(need, s3, s3_place_objects(need, &s3->place, SPAN("")), &all);
}
