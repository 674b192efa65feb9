#include "proxy/permissions/members.h"

static bool captured(const struct members *members, struct span name, struct value *value)
{
    for (size_t i = 0; i < members->count; i++)
        if (span_equal(members->captures[i].name, name)) {
            *value = (struct value){PAYLOAD_FORM, members->captures[i].value};
            return true;
        }
    return false;
}

/* Down a path of names; the first may stand in the path or the query too. */
static bool descend(const struct members *members, struct span path, struct value *value)
{
    struct span name;
    if (!span_next(&path, '.', &name))
        return false;
    bool found = captured(members, name, value) || payload_member(members->query, name, value)
        || payload_member(members->body, name, value);
    while (found && span_next(&path, '.', &name))
        found = payload_member(*value, name, value);
    return found;
}

static bool payload_has(struct value object, struct span name)
{
    struct walk walk = payload_walk(object);
    struct value key, item;
    bool found = false;
    while (!found && walk.object && walk_next(&walk, &key, &item)) {
        char memory[64];
        struct buf text = buf_over(memory, sizeof memory);
        struct span shown;
        found = payload_text(key, &text) && (shown = buf_span(&text), span_starts(shown, name))
            && (shown.len == name.len || (key.kind == PAYLOAD_FORM && shown.at[name.len] == '.'));
    }
    return found;
}

bool members_have(const struct members *members, struct span path)
{
    struct value value;
    return descend(members, path, &value) || payload_has(members->query, path)
        || payload_has(members->body, path);
}

struct member_walk member_begin(const struct members *members, struct span path)
{
    static const struct span list = {"[]", 2}, map = {"{}", 2};
    struct member_walk walk = {.members = members, .first = path};
    const char *mark = memmem(path.at, path.len, list.at, list.len);
    walk.keys = span_ends(path, map);
    walk.listed = mark || walk.keys;
    if (!walk.listed)
        return walk;
    walk.first.len = mark ? (size_t)(mark - path.at) : path.len - map.len;
    walk.rest = span_from(path, walk.first.len + 3); /* "[]." */
    struct value value;
    if (descend(members, walk.first, &value))
        walk.items = payload_walk(value);
    else
        walk.done = true;
    return walk;
}

static bool put(struct member_walk *walk, bool found, struct value value, struct buf *out)
{
    size_t start = out->len;
    walk->missing = !found || !payload_text(value, out);
    if (walk->missing)
        out->len = start;
    return true;
}

bool member_next(struct member_walk *walk, struct buf *out)
{
    struct value key, item;
    struct span name, rest = walk->rest;
    bool found = true;
    if (walk->done)
        return false;
    if (!walk->listed) {
        walk->done = true;
        return descend(walk->members, walk->first, &item) && put(walk, true, item, out);
    }
    if (!walk_next(&walk->items, &key, &item)) {
        walk->done = true;
        return false;
    }
    if (walk->keys)
        return put(walk, walk->items.object, key, out);
    while (found && rest.len > 0 && span_next(&rest, '.', &name))
        found = payload_member(item, name, &item);
    return put(walk, found, item, out);
}
