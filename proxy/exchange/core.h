/* What the clients and the exchanges of a running proxy share: its state, its clock, and who it
 * works for. Private to this room and to proxy.c, which creates and ends it. */
#pragma once

#include "proxy/aws/buckets.h"
#include "proxy/base/skew.h"
#include "proxy/credentials/express.h"
#include "proxy/exchange/access.h"
#include "proxy/exchange/options.h"
#include "proxy/exchange/part_memory.h"
#include "proxy/io/listener.h"
#include "proxy/io/memory.h"
#include "proxy/io/pool.h"
#include "proxy/pages/pages.h"
#include "proxy/permissions/caller.h"
#include "proxy/permissions/denied.h"
#include "proxy/permissions/mistaken.h"
#include "proxy/permissions/recorder.h"

enum {
    TICK_MS =
        100, /* deadlines are counted in ticks: a freeze is one of them, however long it was */
    SCRATCH_BYTES =
        96 * 1024, /* a head as it goes out: 64 KiB in, a session token and the signature added */
    SPARE_AT_REST = 16,
};

struct proxy {
    struct proxy_options options;
    struct access_rules access;
    struct route_options route;
    struct listeners listeners;
    struct pool *pool;
    struct signer *signer;
    struct signer4a *signer4a;
    struct express *express; /* directory buckets' sessions */
    struct link clients;     /* all, in the order they came */
    struct link exchanges;   /* all that are under way */
    struct link spare;       /* exchanges to be used again, the warmest first */
    size_t client_count;
    size_t spare_count, spare_least; /* now, and the least since the last tick */
    size_t held_bytes;               /* of bodies, all exchanges together */
    size_t unproven_bytes;           /* of them, of callers whose signature is not verified yet */
    struct part_memory parts;
    uv_timer_t tick;
    uv_timer_t grace;       /* of a drain */
    unsigned grace_left_ms; /* once uploads are broken off */
    struct counters counters;
    int64_t last_use_ms;               /* wall clock */
    struct skew skew;                  /* of the clock, as servers told */
    struct recorder *recorder;         /* what was asked and allowed; NULL: it is not recorded */
    struct denied *denied;             /* and what was denied */
    char hint[DENIAL_HINT_BYTES + 32]; /* a header line */
    struct caller caller;              /* who STS said that the function is */
    unsigned caller_generation;        /* of the keys that it said so of */
    char account[13];                  /* the function's, as Lambda told; or empty */
    struct foreign_keys foreign;       /* that clients have signed with */
    struct buckets buckets;            /* where they lie, as S3 told */
    bool draining;
    bool listeners_closed;
    void (*on_drained)(void *user);
    void *user;
    void (*on_idle)(void *user);
    void *idle_user;
    char scratch[SCRATCH_BYTES]; /* heads on their way out */
    char query_scratch[SCRATCH_BYTES];
};

/* The first exchange under way that fits, or NULL. Ending one may end others, so whoever does
 * begins anew. */
struct exchange *proxy_find(const struct proxy *proxy, bool (*fits)(const struct exchange *x));

/* An exchange has ended or a client has gone: a draining proxy may be done. */
void proxy_check_drained(struct proxy *proxy);

/* Somebody uses the proxy: where this process may have been restored since the last use, what is
 * from before is forgotten. True where it has been. */
bool proxy_used(struct proxy *proxy);

/* Who STS said that the function is, where it was asked and the keys are still those; else NULL. */
static inline const struct caller *proxy_caller(const struct proxy *proxy)
{
    bool same = proxy->caller_generation == credentials_generation(proxy->options.credentials);
    return same && proxy->caller.arn_bytes > 0 ? &proxy->caller : NULL;
}

/* self.c */
/* The account that the keys in use belong to, as far as anybody tells; may be empty. The span may
 * point into *identity. */
struct span self_account(const struct proxy *proxy, struct identity *identity);
/* What MistakenIdentity is told by. */
struct mistaken_signs self_signs(const struct proxy *proxy);
/* A client's request is signed: a key that is not the function's is remembered. */
struct claim;
void self_note_claim(struct proxy *proxy, const struct claim *claim);

/* Memory of an exchange that is over, for the next; NULL where there is none. An exchange is large
 * enough that malloc() would take it from the system each time, and give it back. */
struct exchange *proxy_take_spare(struct proxy *proxy);
void proxy_keep_spare(struct proxy *proxy, struct exchange *x);
/* Frees the coldest, down to so many. */
void proxy_trim_spare(struct proxy *proxy, size_t kept);

/* The tick runs while exchanges are under way or clients linger. */
void proxy_need_tick(struct proxy *proxy);
