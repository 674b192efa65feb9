/* One connection to a server: resolved, connected to the first of its addresses that answers,
 * secured, then lent to one exchange at a time. Plain bytes on this side, whatever the wire
 * carries.
 *
 *   RESOLVING -> CONNECTING (each address in turn) -> SECURING -> READY -> closed
 *
 * Memory is freed when all its handles are closed, and nowhere else. */
#pragma once

#include "proxy/base/err.h"
#include "proxy/base/list.h"
#include "proxy/io/lookup.h"
#include "proxy/io/stream.h"
#include "proxy/io/tls.h"

/* Whoever has a ready connection on loan. The callbacks come from the loop, never from within a
 * call to upstream_*. */
struct upstream_user {
    /* Plain bytes, in the loop's memory. */
    void (*on_bytes)(struct upstream_user *user, struct span bytes);
    /* What was written has gone out: more is welcome. */
    void (*on_drained)(struct upstream_user *user);
    /* The connection has ended; it is no longer the user's. whole: by a proper end (of TLS, where
     * there is TLS). */
    void (*on_gone)(struct upstream_user *user, bool whole);
};

struct upstream;

/* Deadlines are counted in slices, each with its own timer: a freeze of the environment is one of
 * them, however long it was. */
static inline unsigned slice_of(unsigned ms)
{
    enum { SLICE_MS = 100 };
    return ms < SLICE_MS ? ms : SLICE_MS;
}

enum upstream_phase { UPSTREAM_RESOLVING, UPSTREAM_CONNECTING, UPSTREAM_SECURING, UPSTREAM_READY };

struct upstream_target {
    struct span server; /* name or address; must hold as long as the upstream */
    unsigned port;
    bool tls;
    unsigned timeout_ms; /* for all of it until it is ready */
};

/* What the pool gives an upstream, and hears from it. */
struct upstream_owner {
    /* Ready for its first loan. */
    void (*on_ready)(struct upstream *upstream);
    /* Could not be made ready; it is closing by itself. */
    void (*on_failed)(struct upstream *upstream, const struct fault *fault);
    /* A loan given back is truly over: it may be lent again. */
    void (*on_free)(struct upstream *upstream);
    /* It ended while nobody had it; it is closing by itself. */
    void (*on_lost)(struct upstream *upstream);
    /* Its memory is about to go. */
    void (*on_dropped)(struct upstream *upstream);
    /* Addresses that a lookup gave, to be kept for the next. */
    void (*on_resolved)(struct upstream *upstream, const struct addresses *addresses);
};

struct upstream {
    struct link link;      /* the pool's */
    void *origin;          /* the pool's */
    int64_t idle_since_ms; /* wall clock; the pool's */
    bool idle;             /* the pool's */
    unsigned epoch;        /* the pool's */
    const struct upstream_owner *owner;
    struct upstream_user *user; /* NULL while nobody has it */
    enum upstream_phase phase;
    struct upstream_target target;
    struct stream stream;
    struct tls tls;
    struct tls_client *tls_client;
    struct ssl_session_st **session;
    struct lookup *lookup;
    uv_connect_t connect;
    uv_timer_t timer;
    struct addresses addresses;
    size_t next_address;
    unsigned left_ms;   /* to be made ready, by slices */
    unsigned share_ms;  /* of that, for the address under way */
    struct fault fault; /* the last attempt's */
    unsigned pending;   /* open handles */
    bool closing;
    bool in_read; /* inside the read callback: a loan given back ends when it ends */
    bool returned;
    bool used; /* has served an exchange before, or stood idle: it may have died unheard */
};

struct upstream_setup {
    uv_loop_t *loop;
    struct upstream_target target;
    struct tls_client *tls_client;     /* where target.tls */
    struct ssl_session_st **session;   /* one to resume, or a pointer to NULL */
    const struct addresses *addresses; /* known ones, or NULL */
    const struct upstream_owner *owner;
    void *origin;
};

/* Begins; the owner hears the rest. NULL where memory is not to be had. */
struct upstream *upstream_open(const struct upstream_setup *setup);

/* Lends it: from now on the user hears of it. */
void upstream_lend(struct upstream *upstream, struct upstream_user *user);

/* The user has done with it; the owner's on_free follows, perhaps within this call. Only for a
 * connection on which request and answer are whole; else upstream_close(). */
void upstream_return(struct upstream *upstream);

/* Sends; a dead connection is told by on_gone. */
void upstream_write(struct upstream *upstream, const uv_buf_t *buffers, unsigned count);

static inline bool upstream_blocked(const struct upstream *upstream)
{
    return stream_blocked(&upstream->stream);
}

/* Stops or goes on reading: the other side cannot take more, or can again. */
static inline void upstream_read(struct upstream *upstream, bool on)
{
    stream_read(&upstream->stream, on);
}

/* Whether an idle connection can still be lent: not closed meanwhile, and no bytes have come that
 * nobody asked for. A server's TLS tickets that have just come are taken in. */
bool upstream_usable(struct upstream *upstream);

/* It will be idle for a while: what memory it can do without is freed. */
void upstream_rest(struct upstream *upstream);

/* May be called any number of times; nobody hears of it any more but on_dropped. */
void upstream_close(struct upstream *upstream);
