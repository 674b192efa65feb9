#include "proxy/permissions/recorder.h"

#include <stdlib.h>

#include "proxy/permissions/condition.h"
#include "proxy/permissions/folder.h"
#include "proxy/permissions/recorder_table.h"

struct recorder *recorder_create(size_t bytes)
{
    enum { LEAST_BYTES = 4096, BYTES_FOR_EACH = 96, MOST_ENTRIES = 16384 };
    bytes = bytes < LEAST_BYTES ? LEAST_BYTES : bytes;
    bytes = bytes > RECORDER_MAX_BYTES ? RECORDER_MAX_BYTES : bytes;
    struct recorder *r = calloc(1, bytes);
    if (!r)
        return NULL;
    r->capacity = bytes / BYTES_FOR_EACH;
    r->capacity = r->capacity > MOST_ENTRIES ? MOST_ENTRIES : r->capacity;
    r->slots = 2;
    while (r->slots < r->capacity * 2)
        r->slots *= 2;
    r->entries = (struct entry *)(r + 1);
    r->slot = (uint16_t *)(r->entries + r->capacity);
    r->text = (char *)(r->slot + r->slots);
    r->text_bytes = bytes - (size_t)(r->text - (char *)r);
    return r;
}

void recorder_destroy(struct recorder *r)
{
    free(r);
}

/* All in the folder becomes one pair. Something lies in it, and its text is as long, so there is
 * room. Its text may not be the recorder's. */
static void fold(struct recorder *r, struct recorded folder)
{
    for (size_t i = 0; i < r->count; i++)
        r->entries[i].dropped = table_within(table_pair(r, i), folder.action, folder.resource);
    table_compact(r);
    table_append(r, folder);
}

/* Whether more than `most` different names stand in this folder. */
static bool is_crowded(
    const struct recorder *r, struct span action, struct span folder, size_t most)
{
    enum { MOST = 8 };
    struct span names[MOST];
    size_t count = 0;
    for (size_t i = 0; i < r->count; i++) {
        struct recorded pair = table_pair(r, i);
        if (!table_within(pair, action, folder))
            continue;
        struct span name = span_from(pair.resource, folder.len);
        name = span_first(name, span_find(name, '/') + 1);
        size_t known = 0;
        while (known < count && !span_equal(names[known], name))
            known++;
        if (known < count)
            continue;
        if (count == most || count == MOST)
            return true;
        names[count++] = name;
    }
    return false;
}

/* The new pair may be one too many in a folder that it is in: the outermost such one folds. */
static void fold_crowded(struct recorder *r, struct recorded pair)
{
    enum { DEEPEST = 24 };
    struct folder_rule rule;
    folder_rule_of(pair.resource, &rule);
    struct span folder = span_first(pair.resource, rule.root);
    for (int depth = 0; rule.most > 0 && depth < DEEPEST; depth++) {
        if (is_crowded(r, pair.action, folder, rule.most)) {
            folder = folder_cut(folder, rule.root);
            fold(r, (struct recorded){pair.action, folder, true, false});
            return;
        }
        size_t more = span_find(span_from(pair.resource, folder.len), '/') + 1;
        if (folder.len + more > pair.resource.len)
            return;
        folder = span_first(pair.resource, folder.len + more);
    }
}

/* What may fold when there is no room left: an object's bucket, a resource's type, or all that an
 * action is asked for. */
enum squeeze { SQUEEZE_BUCKETS, SQUEEZE_TYPES, SQUEEZE_ACTIONS, SQUEEZE_COUNT };

static bool squeezed_folder(struct recorded pair, enum squeeze how, struct span *folder)
{
    struct folder_rule rule;
    folder_rule_of(pair.resource, &rule);
    *folder = span_first(pair.resource, how == SQUEEZE_ACTIONS ? 0 : rule.root);
    if (how == SQUEEZE_BUCKETS)
        return rule.object;
    return how == SQUEEZE_ACTIONS || (rule.root > 0 && !rule.object);
}

static size_t count_within(const struct recorder *r, struct span action, struct span folder)
{
    size_t count = 0;
    for (size_t i = 0; i < r->count; i++)
        count += table_within(table_pair(r, i), action, folder);
    return count;
}

static size_t count_group(const struct recorder *r, uint32_t group)
{
    size_t count = 0;
    for (size_t i = 0; group && i < r->count; i++)
        count += r->entries[i].group == group;
    return count;
}

/* Numbers that are the same for what may fold into one, as comparing texts pair by pair takes long;
 * the largest group's size. */
static size_t make_groups(struct recorder *r, enum squeeze how)
{
    struct span folder;
    size_t largest = 0;
    for (size_t i = 0; i < r->count; i++) {
        struct recorded pair = table_pair(r, i);
        bool folds = squeezed_folder(pair, how, &folder);
        r->entries[i].group = folds ? table_hash(pair.action, folder) | 1 : 0;
    }
    for (size_t i = 0; i < r->count; i++) {
        size_t count = count_group(r, r->entries[i].group);
        largest = count > largest ? count : largest;
    }
    return largest;
}

static void fold_copied(struct recorder *r, struct span action, struct span folder, bool widened)
{
    char copy[RECORDER_ACTION_BYTES + RECORDER_RESOURCE_BYTES];
    memcpy(copy, action.at, action.len);
    memcpy(copy + action.len, folder.at, folder.len);
    fold(r, (struct recorded){{copy, action.len}, {copy + action.len, folder.len}, true, widened});
}

/* Folds the places that hold most pairs, and those half as large, so that it is not needed again
 * soon; false where none holds two. */
static bool squeeze(struct recorder *r, enum squeeze how)
{
    struct span folder;
    size_t largest = make_groups(r, how), before = r->count;
    for (size_t i = 0; i < r->count && largest > 1; i++) {
        struct recorded pair = table_pair(r, i);
        size_t count = count_group(r, r->entries[i].group);
        if (count < 2 || count < largest / 2 || !squeezed_folder(pair, how, &folder)
            || count_within(r, pair.action, folder) < 2)
            continue;
        fold_copied(r, pair.action, folder, how != SQUEEZE_BUCKETS);
        r->widened = r->widened || how != SQUEEZE_BUCKETS;
    }
    return r->count < before;
}

static bool make_room(struct recorder *r, struct recorded pair)
{
    enum squeeze how = SQUEEZE_BUCKETS;
    while (!r->stuck && !table_has_room(r, pair)) {
        if (!squeeze(r, how))
            how++;
        r->stuck = how == SQUEEZE_COUNT;
    }
    return table_has_room(r, pair);
}

static struct recorded as_pair(const struct permission *permission)
{
    struct recorded pair = {permission->action, permission->resource, false, false};
    pair.folded = permission_is_folded(permission);
    pair.resource.len -= pair.folded;
    return pair;
}

/* "s3:GetObject": letters, digits and dashes, and a colon between two parts. No format needs more
 * to write it. */
static bool is_action(struct span action)
{
    size_t colon = span_find(action, ':');
    for (size_t i = 0; i < action.len; i++)
        if (i != colon && !ascii_alpha(action.at[i]) && !ascii_digit(action.at[i])
            && action.at[i] != '-')
            return false;
    return colon > 0 && colon + 1 < action.len && action.len <= RECORDER_ACTION_BYTES;
}

/* A condition is one that each format can write; it has nothing to fold. */
static bool is_resource(struct recorded pair)
{
    struct condition condition;
    return pair.resource.len <= RECORDER_RESOURCE_BYTES
        && (!condition_begins(pair.resource)
            || (!pair.folded && condition_read(pair.resource, &condition)));
}

void recorder_add_pair(struct recorder *r, struct recorded pair)
{
    if (table_covers(r, pair))
        return;
    if (!is_action(pair.action) || !is_resource(pair) || !make_room(r, pair)) {
        r->lost++;
        return;
    }
    if (table_covers(r, pair))
        return; /* what made room holds it now */
    if (pair.folded && count_within(r, pair.action, pair.resource) > 0)
        fold(r, pair);
    else
        table_append(r, pair);
    fold_crowded(r, pair);
}

void recorder_add(struct recorder *r, const struct permissions *permissions)
{
    for (size_t i = 0; i < permissions->count; i++)
        recorder_add_pair(r, as_pair(&permissions->needed[i]));
}

struct recorder_state recorder_state(const struct recorder *r)
{
    return (struct recorder_state){r->count, r->lost, r->widened};
}

void recorder_mark(struct recorder *r, uint64_t lost, bool widened)
{
    r->lost += lost;
    r->widened = r->widened || widened;
}

static int compare(const void *left, const void *right)
{
    const struct recorded *a = left, *b = right;
    int order = span_compare(a->action, b->action);
    order = order ? order : span_compare(a->resource, b->resource);
    return order ? order : a->folded - b->folded;
}

struct recorded *recorder_list(const struct recorder *r)
{
    struct recorded *list = calloc(r->count + 1, sizeof *list);
    for (size_t i = 0; list && i < r->count; i++)
        list[i] = table_pair(r, i);
    if (list)
        qsort(list, r->count, sizeof *list, compare);
    return list;
}
