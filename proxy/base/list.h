/* A doubly linked list whose links live in the things it holds: nothing is allocated, and a thing
 * can leave its list without knowing which one it is in. A zeroed link is in no list. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct link {
    struct link *next;
    struct link *previous;
};

#define CONTAINER_OF(pointer, type, member) \
    ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

static inline void list_init(struct link *list)
{
    list->next = list->previous = list;
}

static inline bool list_empty(const struct link *list)
{
    return list->next == list;
}

static inline bool link_listed(const struct link *link)
{
    return link->next != NULL;
}

static inline void list_append(struct link *list, struct link *link)
{
    link->previous = list->previous;
    link->next = list;
    list->previous->next = link;
    list->previous = link;
}

static inline void list_prepend(struct link *list, struct link *link)
{
    list_append(list->next, link);
}

/* Out of whatever list it is in; harmless where it is in none. */
static inline void link_remove(struct link *link)
{
    if (!link_listed(link))
        return;
    link->previous->next = link->next;
    link->next->previous = link->previous;
    link->next = link->previous = NULL;
}
