#include "proxy/io/origin.h"

#include <stdlib.h>

enum { ORIGINS_KEPT = 32 }; /* without a connection, for their TLS session */

void origins_init(struct origins *origins)
{
    list_init(&origins->list);
    origins->count = 0;
}

static void forget(struct origins *origins, struct origin *origin)
{
    link_remove(&origin->link);
    origins->count--;
    tls_session_free(origin->session);
    free(origin);
}

void origins_finish(struct origins *origins)
{
    for (struct link *at = origins->list.next, *next; at != &origins->list; at = next) {
        next = at->next;
        forget(origins, origin_at(at));
    }
}

/* The longest unused go first. */
static void trim(struct origins *origins)
{
    struct link *at = origins->list.previous;
    while (origins->count >= ORIGINS_KEPT && at != &origins->list) {
        struct origin *origin = origin_at(at);
        at = at->previous;
        if (origin->connections == 0 && list_empty(&origin->waiting))
            forget(origins, origin);
    }
}

static struct origin *make(struct origins *origins, const struct upstream_target *target)
{
    struct origin *o = target->server.len < sizeof o->server ? calloc(1, sizeof *o) : NULL;
    if (!o)
        return NULL;
    memcpy(o->server, target->server.at, o->server_bytes = target->server.len);
    o->port = target->port;
    o->tls = target->tls;
    list_init(&o->idle);
    list_init(&o->busy);
    list_init(&o->waiting);
    list_prepend(&origins->list, &o->link);
    origins->count++;
    return o;
}

struct origin *origins_find(struct origins *origins, const struct upstream_target *target)
{
    for (struct link *at = origins->list.next; at != &origins->list; at = at->next) {
        struct origin *o = origin_at(at);
        struct span server = {o->server, o->server_bytes};
        if (o->port == target->port && o->tls == target->tls && span_equal(server, target->server))
            return o;
    }
    trim(origins);
    return make(origins, target);
}
