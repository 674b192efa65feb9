#include "proxy/aws/canonical.h"

#include <stdlib.h>

#include "proxy/aws/uri.h"

/* Drops the last segment of what stands in out since start, for "..". */
static void drop_segment(struct buf *out, size_t start)
{
    while (out->len > start && out->at[out->len - 1] != '/')
        out->len--;
    if (out->len > start)
        out->len--;
}

/* RFC 3986, 5.2.4, and empty segments go too; the last slash of the path stays. */
static void normalised_path(struct buf *out, struct span path)
{
    size_t start = out->len;
    bool ends_in_slash =
        span_ends(path, SPAN("/")) || span_ends(path, SPAN("/.")) || span_ends(path, SPAN("/.."));
    struct span segment;
    while (span_next(&path, '/', &segment)) {
        if (segment.len == 0 || span_equal(segment, SPAN(".")))
            continue;
        if (span_equal(segment, SPAN(".."))) {
            drop_segment(out, start);
            continue;
        }
        buf_char(out, '/');
        uri_encode(out, segment, false);
    }
    if (ends_in_slash || out->len == start)
        buf_char(out, '/');
}

struct parameter {
    struct span name;
    struct span value;
};

static int by_name_and_value(const void *left, const void *right)
{
    const struct parameter *a = left, *b = right;
    int order = span_compare(a->name, b->name);
    return order ? order : span_compare(a->value, b->value);
}

/* The parameters in their normal form, in scratch; SIZE_MAX where there are too many. */
static size_t split_query(
    const struct canonical *c, struct parameter *parameters, struct buf *scratch)
{
    struct span query = c->query, pair;
    size_t count = 0;
    while (span_next(&query, '&', &pair)) {
        size_t equals = span_find(pair, '='), start = scratch->len;
        bool left_out = c->left_out.len > 0 && span_equal(span_first(pair, equals), c->left_out);
        if (pair.len == 0 || left_out)
            continue;
        if (count == CANONICAL_MAX_PARAMETERS)
            return SIZE_MAX;
        uri_recode(scratch, span_first(pair, equals), false);
        parameters[count].name = buf_since(scratch, start);
        start = scratch->len;
        uri_recode(scratch, span_from(pair, equals + 1), false);
        parameters[count++].value = buf_since(scratch, start);
    }
    return count;
}

/* Names and values are sorted as pairs: joined as "k=v", "a-b" would come before "a". */
static bool canonical_query(const struct canonical *c, struct buf *out, struct buf *scratch)
{
    struct parameter parameters[CANONICAL_MAX_PARAMETERS];
    size_t count = split_query(c, parameters, scratch);
    if (count == SIZE_MAX)
        return false;
    if (count > 1)
        qsort(parameters, count, sizeof *parameters, by_name_and_value);
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buf_char(out, '&');
        buf_add(out, parameters[i].name);
        buf_char(out, '=');
        buf_add(out, parameters[i].value);
    }
    out->failed = out->failed || scratch->failed;
    return true;
}

/* Stable, for fields of one name keep their order; there are few. */
static void sort_fields(struct canonical *c)
{
    for (size_t i = 1; i < c->count; i++) {
        struct canonical_field field = c->fields[i];
        size_t j = i;
        for (; j > 0 && span_compare_nocase(c->fields[j - 1].name, field.name) > 0; j--)
            c->fields[j] = c->fields[j - 1];
        c->fields[j] = field;
    }
}

/* What stands before the first white space. A session token is one word of a thousand bytes, so the
 * library looks, many bytes at a time. */
static struct span first_word(struct span text)
{
    for (const char *space = " \t\r\n"; *space; space++)
        text = span_first(text, span_find(text, *space));
    return text;
}

/* Trimmed, and every run of white space inside is one space. A folded line is such a run. */
static void canonical_value(struct buf *out, struct span value)
{
    size_t start = out->len;
    while (value.len > 0) {
        struct span word = first_word(value);
        if (word.len > 0 && out->len > start)
            buf_char(out, ' ');
        buf_add(out, word);
        value = span_from(value, word.len + 1);
    }
}

void canonical_signed_headers(struct canonical *c, struct buf *signed_headers)
{
    sort_fields(c);
    for (size_t i = 0; i < c->count; i++) {
        bool again = i > 0 && span_equal_nocase(c->fields[i - 1].name, c->fields[i].name);
        if (again)
            continue;
        if (i > 0)
            buf_char(signed_headers, ';');
        buf_lower(signed_headers, c->fields[i].name);
    }
}

static void canonical_fields(const struct canonical *c, struct buf *out)
{
    for (size_t i = 0; i < c->count; i++) {
        bool again = i > 0 && span_equal_nocase(c->fields[i - 1].name, c->fields[i].name);
        if (again) {
            out->len -=
                !out->failed; /* back over the line feed: values of one name share its line */
            buf_char(out, ',');
        } else {
            buf_lower(out, c->fields[i].name);
            buf_char(out, ':');
        }
        canonical_value(out, c->fields[i].value);
        buf_char(out, '\n');
    }
}

bool canonical_request(
    struct canonical *c, struct buf *out, struct buf *signed_headers, struct buf scratch)
{
    size_t names = signed_headers->len;
    buf_add(out, c->method);
    buf_char(out, '\n');
    if (c->style == PATH_ONCE)
        uri_recode(out, c->path, true);
    else
        normalised_path(out, c->path);
    buf_char(out, '\n');
    if (!canonical_query(c, out, &scratch))
        return false;
    buf_char(out, '\n');
    canonical_signed_headers(c, signed_headers);
    canonical_fields(c, out);
    buf_char(out, '\n');
    buf_add(out, buf_since(signed_headers, names));
    buf_char(out, '\n');
    buf_add(out, c->payload_hash);
    return true;
}

void canonical_write(struct canonical *c, struct buf *out, struct span name, struct span value)
{
    buf_add(out, name);
    buf_text(out, ": ");
    buf_add(out, value);
    buf_text(out, "\r\n");
    canonical_add(c, name, value);
}
