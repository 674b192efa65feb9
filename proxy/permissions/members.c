#include "proxy/permissions/members.h"

static enum presence captured(const struct members *members, struct span name, struct value *value)
{
    enum presence found = ABSENT;
    for (size_t i = 0; i < members->count; i++)
        if (span_equal(members->captures[i].name, name)) {
            *value = (struct value){PAYLOAD_FORM, members->captures[i].value};
            found = found == ABSENT ? PRESENT : UNCLEAR;
        }
    return found;
}

static enum presence find_first(
    const struct members *members, struct span name, struct value *value)
{
    struct value other;
    if (span_starts(name, SPAN("?")))
        return payload_member(members->parameters, span_from(name, 1), value);
    enum presence found = captured(members, name, value);
    if (found != ABSENT)
        return found;
    found = payload_member(members->query, name, value);
    enum presence again = payload_member(members->body, name, found == ABSENT ? value : &other);
    if (found == ABSENT || again == ABSENT)
        return found == ABSENT ? again : found;
    return UNCLEAR;
}

/* Down a path of names; the first may stand in the path or the query too. */
static enum presence descend(const struct members *members, struct span path, struct value *value)
{
    struct span name;
    if (!span_next(&path, '.', &name))
        return ABSENT;
    enum presence found = find_first(members, name, value);
    while (found == PRESENT && span_next(&path, '.', &name))
        found = payload_member(*value, name, value);
    return found;
}

/* Whether the form has something in a list or structure of that name. */
static bool form_has(struct value form, struct span name)
{
    struct walk walk = payload_walk(form);
    struct value key, item;
    bool found = false;
    while (!found && form.kind == PAYLOAD_FORM && walk_next(&walk, &key, &item)) {
        char memory[64];
        struct buf text = buf_over(memory, sizeof memory);
        (void)payload_text(key, &text); /* of one that is longer its beginning */
        struct span shown = buf_span(&text);
        found = span_starts(shown, name) && span_starts(span_from(shown, name.len), SPAN("."));
    }
    return found;
}

enum presence members_have(const struct members *members, struct span path)
{
    struct value value;
    enum presence found = descend(members, path, &value);
    bool nested = form_has(members->query, path) || form_has(members->body, path);
    return found == ABSENT && nested ? PRESENT : found;
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
    enum presence found = descend(members, walk.first, &value);
    if (found == PRESENT)
        walk.items = payload_walk(value);
    walk.done = found != PRESENT;
    walk.unclear =
        found == UNCLEAR || (found == ABSENT && members_have(members, walk.first) != ABSENT);
    return walk;
}

static bool put(struct member_walk *walk, enum presence found, struct value value, struct buf *out)
{
    size_t start = out->len;
    walk->missing = found != PRESENT || !payload_text(value, out);
    walk->unclear |= found == UNCLEAR || (found == PRESENT && walk->missing);
    if (walk->missing)
        out->len = start;
    return true;
}

bool member_next(struct member_walk *walk, struct buf *out)
{
    struct value key, item;
    struct span name, rest = walk->rest;
    enum presence found = PRESENT;
    if (walk->done)
        return false;
    if (!walk->listed) {
        walk->done = true;
        found = descend(walk->members, walk->first, &item);
        return found != ABSENT && put(walk, found, item, out);
    }
    if (!walk_next(&walk->items, &key, &item)) {
        walk->done = true;
        walk->unclear |= walk->items.broken;
        return false;
    }
    if (walk->keys)
        return put(walk, walk->items.object ? PRESENT : UNCLEAR, key, out);
    while (found == PRESENT && rest.len > 0 && span_next(&rest, '.', &name))
        found = payload_member(item, name, &item);
    return put(walk, found, item, out);
}
