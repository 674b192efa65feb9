#include "proxy/permissions/recorder_table.h"

/* FNV-1a, 32 bits: http://www.isthe.com/chongo/tech/comp/fnv */
static uint32_t hash_byte(uint32_t hash, char c)
{
    return (hash ^ (unsigned char)c) * 16777619U;
}

static uint32_t hash_action(struct span action)
{
    uint32_t hash = 2166136261U;
    for (size_t i = 0; i < action.len; i++)
        hash = hash_byte(hash, action.at[i]);
    return hash_byte(hash, '\0');
}

uint32_t table_hash(struct span action, struct span resource)
{
    uint32_t hash = hash_action(action);
    for (size_t i = 0; i < resource.len; i++)
        hash = hash_byte(hash, resource.at[i]);
    return hash;
}

/* A folder and a resource of the same text are two. */
static uint32_t hash_folded(uint32_t hash, bool folded)
{
    return folded ? hash ^ 0x9e3779b9U : hash;
}

struct recorded table_pair(const struct recorder *r, size_t i)
{
    const struct entry *entry = &r->entries[i];
    const char *text = r->text + entry->text;
    return (struct recorded){{text, entry->action_bytes},
        {text + entry->action_bytes, entry->resource_bytes}, entry->folded, entry->widened};
}

static bool has(const struct recorder *r, uint32_t hash, struct recorded pair)
{
    for (size_t i = hash & (r->slots - 1); r->slot[i]; i = (i + 1) & (r->slots - 1)) {
        size_t at = r->slot[i] - 1U;
        if (r->entries[at].hash != hash)
            continue;
        struct recorded known = table_pair(r, at);
        if (known.folded == pair.folded && span_equal(known.resource, pair.resource)
            && span_equal(known.action, pair.action))
            return true;
    }
    return false;
}

bool table_covers(const struct recorder *r, struct recorded pair)
{
    uint32_t hash = hash_action(pair.action);
    struct recorded folder = {pair.action, {pair.resource.at, 0}, true, false};
    if (has(r, hash_folded(hash, true), folder))
        return true;
    for (size_t i = 0; i < pair.resource.len; i++) {
        hash = hash_byte(hash, pair.resource.at[i]);
        folder.resource.len = i + 1;
        if (pair.resource.at[i] == '/' && has(r, hash_folded(hash, true), folder))
            return true;
    }
    return has(r, hash_folded(hash, pair.folded), pair);
}

bool table_has_room(const struct recorder *r, struct recorded pair)
{
    return r->count < r->capacity
        && pair.action.len + pair.resource.len <= r->text_bytes - r->text_len;
}

static void link_slot(struct recorder *r, size_t entry)
{
    size_t i = r->entries[entry].hash & (r->slots - 1);
    while (r->slot[i])
        i = (i + 1) & (r->slots - 1);
    r->slot[i] = (uint16_t)(entry + 1);
}

static void add_text(struct recorder *r, struct span text)
{
    if (text.len > 0)
        memcpy(r->text + r->text_len, text.at, text.len);
    r->text_len += text.len;
}

void table_append(struct recorder *r, struct recorded pair)
{
    uint32_t hash = table_hash(pair.action, pair.resource);
    r->entries[r->count] = (struct entry){.hash = hash_folded(hash, pair.folded),
        .text = (uint32_t)r->text_len,
        .action_bytes = (uint16_t)pair.action.len,
        .resource_bytes = (uint16_t)pair.resource.len,
        .folded = pair.folded,
        .widened = pair.widened};
    add_text(r, pair.action);
    add_text(r, pair.resource);
    link_slot(r, r->count++);
}

void table_compact(struct recorder *r)
{
    size_t kept = 0, text_len = 0;
    memset(r->slot, 0, r->slots * sizeof *r->slot);
    for (size_t i = 0; i < r->count; i++) {
        struct entry entry = r->entries[i];
        size_t bytes = (size_t)entry.action_bytes + entry.resource_bytes;
        if (entry.dropped)
            continue;
        memmove(r->text + text_len, r->text + entry.text, bytes);
        entry.text = (uint32_t)text_len;
        text_len += bytes;
        r->entries[kept] = entry;
        link_slot(r, kept++);
    }
    r->count = kept;
    r->text_len = text_len;
}

bool table_within(struct recorded pair, struct span action, struct span folder)
{
    return span_starts(pair.resource, folder) && span_equal(pair.action, action);
}
