/* The recorder's memory: a table of pairs and their text, in one block. Of proxy/permissions/ only;
 * recorder.c decides what folds. */
#pragma once

#include "proxy/permissions/recorder.h"

struct entry {
    uint32_t hash;
    uint32_t text; /* the action, then the resource */
    uint16_t action_bytes;
    uint16_t resource_bytes;
    bool folded;
    bool widened;
    bool dropped;   /* to go with the next table_compact() */
    uint32_t group; /* while room is made: of those that may fold into one; 0 for none */
};

struct recorder {
    size_t count, capacity; /* of entries, in the order in which their text stands */
    size_t slots;           /* a power of two */
    size_t text_len, text_bytes;
    uint64_t lost;
    bool widened;
    bool stuck; /* full, and nothing is left to fold */
    struct entry *entries;
    uint16_t *slot; /* open addressing: an entry's number and 1, or 0 */
    char *text;
};

/* Of an action and a resource, neither folded. */
uint32_t table_hash(struct span action, struct span resource);

struct recorded table_pair(const struct recorder *r, size_t i);

/* Whether an entry is the pair, or a folder that holds it. */
bool table_covers(const struct recorder *r, struct recorded pair);

bool table_has_room(const struct recorder *r, struct recorded pair);

/* Needs room; what may be covered by the pair stays. */
void table_append(struct recorder *r, struct recorded pair);

/* Takes out what was marked as dropped, and its text. */
void table_compact(struct recorder *r);

/* Whether the pair lies in this folder of its action. */
bool table_within(struct recorded pair, struct span action, struct span folder);
