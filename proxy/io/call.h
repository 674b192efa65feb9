/* One HTTP call of the proxy's own, for credentials: a request as text on a fresh connection of the
 * pool, and a bounded answer. Both may hold secrets: their memory is wiped before it is let go. */
#pragma once

#include "proxy/http/reply.h"
#include "proxy/io/pool.h"

struct call;

struct call_request {
    struct upstream_target target; /* server is copied; its timeout is the pool's */
    struct span text;              /* the whole request; copied */
    unsigned timeout_ms;           /* for all of it */
};

/* on_done comes once, from the loop, never from within this call: with the whole answer, whatever
 * its status, or with reply == NULL and the fault. Both are gone when it returns. NULL where memory
 * is not to be had. */
struct call *call_start(struct pool *pool, const struct call_request *request,
    void (*on_done)(void *owner, struct reply *reply, const struct fault *fault), void *owner);

/* The owner goes away: it hears no more. NULL is fine. */
void call_abandon(struct call *call);
