/* Memory for the parts of objects whose length nobody knows yet: few for all exchanges together,
 * the others wait in order. What nobody needs goes back to the system. */
#pragma once

#include "proxy/base/list.h"
#include "proxy/base/span.h"

struct part {
    char *at;
    size_t bytes; /* of content */
    size_t max;
};

enum { PARTS_AT_MOST = 64 };

struct part_memory {
    unsigned limit; /* at once */
    unsigned lent;
    unsigned users; /* exchanges that may want one again: meanwhile memory is kept */
    struct link waiting;
    struct part part[PARTS_AT_MOST]; /* lent or kept; at == NULL: neither */
    bool used[PARTS_AT_MOST];
};

/* A place in the queue, embedded in whatever waits. */
struct part_wait {
    struct link link;
    size_t bytes;
    /* One is free and lent, or part == NULL: there is no memory. It is not waiting any more. */
    void (*on_lent)(struct part_wait *wait, struct part *part);
};

void part_memory_init(struct part_memory *parts, unsigned limit);

/* Lends one with room for wait->bytes. True: *part is it, or NULL where there is no memory. False:
 * all are lent, and wait is in the queue and hears. */
bool part_memory_take(struct part_memory *parts, struct part_wait *wait, struct part **part);

/* NULL is fine. The first that waits gets it, and hears of it from within. */
void part_memory_return(struct part_memory *parts, struct part *part);

/* Somebody begins, or has done with them: part_memory_return() first. */
void part_memory_join(struct part_memory *parts);
void part_memory_leave(struct part_memory *parts);
