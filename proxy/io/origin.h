/* Servers as the pool knows them: by name, port and TLS, each with its connections, those who wait
 * for one, and what makes the next handshake cheap. A table of them, bounded where they are unused.
 */
#pragma once

#include "proxy/io/upstream.h"

struct origin {
    struct link link;
    struct pool *pool;
    char server[256];
    size_t server_bytes;
    unsigned port;
    bool tls;
    unsigned connections; /* all that are not yet closed */
    unsigned becoming;    /* of them, those on their way to ready */
    struct link idle;     /* connections, the last used first */
    struct link busy;     /* on their way to ready, or lent */
    struct link waiting;  /* leases, in order */
    size_t waiters;
    struct ssl_session_st *session;
    struct addresses addresses;
    int64_t addresses_since_ms; /* wall clock */
};

struct origins {
    struct link list;
    size_t count;
};

void origins_init(struct origins *origins);

/* All must be unused. */
void origins_finish(struct origins *origins);

/* The one for the target, made where there is none; those that nobody uses make room. NULL where
 * memory is not to be had, or the server's name is longer than DNS allows. */
struct origin *origins_find(struct origins *origins, const struct upstream_target *target);

static inline struct origin *origin_at(struct link *link)
{
    return CONTAINER_OF(link, struct origin, link);
}
