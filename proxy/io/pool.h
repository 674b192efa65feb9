/* Connections to servers, kept alive and lent to one exchange at a time: per origin (name, port,
 * TLS) the idle ones, those being made ready, and the exchanges that wait, in order. */
#pragma once

#include "proxy/io/origin.h"

struct pool_options {
    uv_loop_t *loop;
    unsigned max_per_origin;
    unsigned connect_timeout_ms;
    unsigned idle_ms;
    const char *ca_bundle; /* PEM file; NULL for the built-in and the system's roots */
};

struct pool;

/* An exchange's place in the queue, embedded in it; the callbacks must be set. */
struct lease {
    struct link link;
    struct origin *origin;
    bool fresh; /* only a connection that has served nobody before */
    /* The connection is the exchange's: it calls upstream_lend() first. */
    void (*on_ready)(struct lease *lease, struct upstream *upstream);
    void (*on_failed)(struct lease *lease, const struct fault *fault);
};

/* How much trust the connection must deserve. */
enum pool_trust {
    POOL_ANY,    /* idle as long as the options allow: the request can be sent again */
    POOL_RECENT, /* used a moment ago: the request cannot be sent again */
    POOL_FRESH,  /* a new one: the request is being sent again */
};

struct pool_stats {
    unsigned open;   /* connections, whatever they do */
    uint64_t opened; /* ever */
};

struct pool *pool_create(const struct pool_options *options);

/* Closes all connections; the memory goes when the loop has run until they are closed. */
void pool_destroy(struct pool *pool);

/* OK with *upstream set: it is the caller's now. OK with *upstream NULL: the lease waits, and
 * hears. Errors: OUT_OF_MEMORY, UPSTREAM_TLS (the bundle of roots cannot be read). */
MUST_USE enum err pool_take(struct pool *pool, const struct upstream_target *target,
    enum pool_trust trust, struct lease *lease, struct upstream **upstream);

/* Opens a connection that nobody waits for yet, where there is none; whether it comes to stand is
 * logged at DEBUG only. Errors: as pool_take()'s. */
MUST_USE enum err pool_prewarm(struct pool *pool, const struct upstream_target *target);

/* This process may be a copy of the one that made them: no connection, TLS session, address or
 * random state from before is used again. Exchanges under way keep theirs until they end. */
void pool_forget(struct pool *pool);

/* Whether a connection that is lent was made before that: then no new request may use it. */
bool pool_forgot(const struct upstream *upstream);

uv_loop_t *pool_loop(const struct pool *pool);

/* Leaves the queue; harmless where it is in none. */
void pool_leave(struct lease *lease);

/* Whether the lease waits for a server that has not answered, and not for a place. */
bool pool_waits_for_server(const struct lease *lease);

/* In words, after pool_take() has failed. */
const struct fault *pool_fault(const struct pool *pool);

struct pool_stats pool_stats(const struct pool *pool);
