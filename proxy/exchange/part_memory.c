#include "proxy/exchange/part_memory.h"

#include <sys/mman.h>

void part_memory_init(struct part_memory *parts, unsigned limit)
{
    memset(parts, 0, sizeof *parts);
    parts->limit = limit < PARTS_AT_MOST ? limit : PARTS_AT_MOST;
    list_init(&parts->waiting);
}

/* Mapped, not allocated: pages cost nothing until content is written to them, and a part that is
 * dropped is the system's at once, whatever else is allocated. */
static bool map(struct part *part, size_t bytes)
{
    void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED)
        return false;
    *part = (struct part){.at = at, .max = bytes};
    return true;
}

static void unmap(struct part *part)
{
    if (part->at)
        (void)munmap(part->at, part->max);
    *part = (struct part){.at = NULL};
}

/* A free one, best of the right size. */
static unsigned find_free(const struct part_memory *parts, size_t bytes)
{
    unsigned found = parts->limit;
    for (unsigned i = 0; i < parts->limit; i++) {
        if (parts->used[i])
            continue;
        if (parts->part[i].at && parts->part[i].max == bytes)
            return i;
        if (found == parts->limit || !parts->part[i].at)
            found = i;
    }
    return found;
}

static struct part *lend(struct part_memory *parts, size_t bytes)
{
    unsigned i = find_free(parts, bytes);
    struct part *part = &parts->part[i];
    if (part->max != bytes)
        unmap(part);
    if (!part->at && !map(part, bytes))
        return NULL;
    part->bytes = 0;
    parts->used[i] = true;
    parts->lent++;
    return part;
}

bool part_memory_take(struct part_memory *parts, struct part_wait *wait, struct part **part)
{
    bool queues = parts->lent == parts->limit || !list_empty(&parts->waiting);
    *part = NULL;
    if (queues)
        list_append(&parts->waiting, &wait->link);
    else
        *part = lend(parts, wait->bytes);
    return !queues;
}

void part_memory_return(struct part_memory *parts, struct part *part)
{
    if (!part)
        return;
    parts->used[part - parts->part] = false;
    parts->lent--;
    while (!list_empty(&parts->waiting) && parts->lent < parts->limit) {
        struct part_wait *first = CONTAINER_OF(parts->waiting.next, struct part_wait, link);
        link_remove(&first->link);
        first->on_lent(first, lend(parts, first->bytes));
    }
}

void part_memory_join(struct part_memory *parts)
{
    parts->users++;
}

void part_memory_leave(struct part_memory *parts)
{
    if (--parts->users > 0)
        return;
    for (unsigned i = 0; i < parts->limit; i++)
        unmap(&parts->part[i]);
}
