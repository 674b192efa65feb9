#include "proxy/io/pool.h"

#include <stdlib.h>

#include "proxy/base/clock.h"
#include "proxy/base/log.h"

enum {
    RECENT_MS = 4000,     /* load balancers keep a connection longer than this */
    ADDRESSES_MS = 10000, /* how long a lookup's answer is used again */
    SWEEP_MS = 1000,
    IDLE_MAX = 128, /* of all origins: descriptors are few in Lambda */
};

struct pool {
    struct pool_options options;
    struct tls_client *tls_client; /* made at the first need: it is no part of the start */
    uv_timer_t sweep;
    unsigned pending; /* the sweep's handle, and connections: at 0 the memory goes */
    struct origins origins;
    unsigned idle;
    struct pool_stats stats;
    unsigned epoch; /* how often all has been forgotten: what is older is not used again */
    struct fault fault;
    bool closing;
};

static struct upstream *upstream_at(struct link *link)
{
    return CONTAINER_OF(link, struct upstream, link);
}

static void leave_idle(struct upstream *u)
{
    struct origin *origin = u->origin;
    if (!u->idle)
        return;
    u->idle = false;
    origin->pool->idle--;
    link_remove(&u->link);
    list_append(&origin->busy, &u->link);
}

static void discard(struct upstream *u)
{
    leave_idle(u);
    upstream_close(u);
}

/* Idle for too long, or since later than now: the clock went back, nobody knows for how long. */
static bool too_old(const struct upstream *u, int64_t now_ms)
{
    int64_t idle_ms = now_ms - u->idle_since_ms;
    return idle_ms < 0 || idle_ms > ((struct origin *)u->origin)->pool->options.idle_ms;
}

static void on_sweep(uv_timer_t *timer)
{
    struct pool *pool = CONTAINER_OF(timer, struct pool, sweep);
    int64_t now_ms = clock_wall_ms();
    for (struct link *at = pool->origins.list.next; at != &pool->origins.list; at = at->next) {
        struct origin *o = origin_at(at);
        while (!list_empty(&o->idle) && too_old(upstream_at(o->idle.previous), now_ms))
            discard(upstream_at(o->idle.previous));
        for (struct link *idle = o->idle.next; idle != &o->idle; idle = idle->next)
            upstream_rest(upstream_at(idle));
    }
    if (pool->idle == 0)
        (void)uv_timer_stop(timer);
}

/* The one that has been idle for longest, of all origins. */
static void discard_oldest(struct pool *pool)
{
    struct upstream *oldest = NULL;
    for (struct link *at = pool->origins.list.next; at != &pool->origins.list; at = at->next) {
        struct origin *o = origin_at(at);
        struct upstream *last = list_empty(&o->idle) ? NULL : upstream_at(o->idle.previous);
        if (last && (!oldest || last->idle_since_ms < oldest->idle_since_ms))
            oldest = last;
    }
    if (oldest)
        discard(oldest);
}

static struct lease *next_waiting(struct origin *origin, bool used)
{
    for (struct link *at = origin->waiting.next; at != &origin->waiting; at = at->next) {
        struct lease *lease = CONTAINER_OF(at, struct lease, link);
        if (!used || !lease->fresh)
            return lease;
    }
    return NULL;
}

static enum err open_another(struct origin *origin);

/* As many are made ready as wait, up to the limit; one that waits for a fresh one takes the place
 * of an idle one. */
static void balance(struct origin *origin)
{
    unsigned max = origin->pool->options.max_per_origin;
    while (!origin->pool->closing && origin->becoming < origin->waiters)
        if (origin->connections >= max || open_another(origin) != OK)
            break;
    if (origin->becoming < origin->waiters && !list_empty(&origin->idle))
        discard(upstream_at(origin->idle.previous));
}

/* To the first that waits, else to the idle ones. */
static void offer(struct upstream *u)
{
    struct origin *origin = u->origin;
    struct pool *pool = origin->pool;
    if (u->epoch != pool->epoch) {
        upstream_close(u);
        return;
    }
    struct lease *lease = next_waiting(origin, u->used);
    if (lease) {
        pool_leave(lease);
        balance(origin);
        lease->on_ready(lease, u);
        return;
    }
    u->idle_since_ms = clock_wall_ms();
    u->idle = u->used = true; /* from now on it may die unheard */
    link_remove(&u->link);
    list_prepend(&origin->idle, &u->link);
    if (++pool->idle > IDLE_MAX)
        discard_oldest(pool);
    if (!uv_is_active((uv_handle_t *)&pool->sweep))
        (void)uv_timer_start(&pool->sweep, on_sweep, SWEEP_MS, SWEEP_MS);
    balance(origin); /* one that waits for a fresh connection may take its place */
}

static void on_ready(struct upstream *u)
{
    ((struct origin *)u->origin)->becoming--;
    offer(u);
}

static void on_failed(struct upstream *u, const struct fault *fault)
{
    struct origin *origin = u->origin;
    struct lease *lease = next_waiting(origin, false);
    origin->becoming--;
    origin->addresses.count = 0;
    if (!lease) {
        log_line(LOG_DEBUG, "a connection that nobody waits for failed: %s", fault->text);
        return;
    }
    pool_leave(lease);
    lease->on_failed(lease, fault);
}

static void on_lost(struct upstream *u)
{
    leave_idle(u);
}

static void on_resolved(struct upstream *u, const struct addresses *addresses)
{
    struct origin *origin = u->origin;
    origin->addresses = *addresses;
    origin->addresses_since_ms = clock_wall_ms();
}

/* The last one out, once the pool is closing, turns off the light. */
static void drop(struct pool *pool)
{
    if (--pool->pending > 0)
        return;
    origins_finish(&pool->origins);
    tls_client_destroy(pool->tls_client);
    free(pool);
}

static void on_dropped(struct upstream *u)
{
    struct origin *origin = u->origin;
    struct pool *pool = origin->pool;
    link_remove(&u->link);
    origin->connections--;
    pool->stats.open--;
    balance(origin);
    drop(pool);
}

static const struct upstream_owner ownership = {
    on_ready, on_failed, offer, on_lost, on_dropped, on_resolved};

/* By the wall clock: the loop's own stands still, or jumps, where the environment is frozen. */
static bool addresses_known(const struct origin *origin)
{
    int64_t age_ms = clock_wall_ms() - origin->addresses_since_ms;
    return origin->addresses.count > 0 && age_ms >= 0 && age_ms < ADDRESSES_MS;
}

static enum err open_another(struct origin *origin)
{
    struct pool *pool = origin->pool;
    const struct pool_options *options = &pool->options;
    struct upstream_setup setup = {.loop = options->loop,
        .tls_client = pool->tls_client,
        .origin = origin,
        .session = &origin->session,
        .addresses = addresses_known(origin) ? &origin->addresses : NULL,
        .owner = &ownership,
        .target = {{origin->server, origin->server_bytes}, origin->port, origin->tls,
            options->connect_timeout_ms}};
    struct upstream *u = upstream_open(&setup);
    if (!u)
        return fault_set(
            &pool->fault, ERR_OUT_OF_MEMORY, "There is not enough memory for another connection.");
    u->epoch = pool->epoch;
    list_append(&origin->busy, &u->link);
    origin->connections++;
    origin->becoming++;
    pool->pending++;
    pool->stats.open++;
    pool->stats.opened++;
    return OK;
}

/* Servers hand out a session a connection or two; the last one is kept for the next handshake. */
static void on_session(void *user, struct ssl_session_st *session)
{
    const struct upstream *u = user;
    struct origin *origin = u->origin;
    if (u->epoch != origin->pool->epoch) {
        tls_session_free(session);
        return;
    }
    tls_session_free(origin->session);
    origin->session = session;
}

static enum err need_tls(struct pool *pool)
{
    if (pool->tls_client)
        return OK;
    pool->tls_client = tls_client_create(pool->options.ca_bundle, &pool->fault);
    if (!pool->tls_client)
        return pool->fault.err;
    tls_client_on_session(pool->tls_client, on_session);
    return OK;
}

struct pool *pool_create(const struct pool_options *options)
{
    struct pool *pool = calloc(1, sizeof *pool);
    if (!pool || uv_timer_init(options->loop, &pool->sweep) < 0) {
        free(pool);
        return NULL;
    }
    pool->options = *options;
    pool->pending = 1;
    origins_init(&pool->origins);
    return pool;
}

static void on_sweep_closed(uv_handle_t *handle)
{
    drop(CONTAINER_OF(handle, struct pool, sweep));
}

void pool_destroy(struct pool *pool)
{
    if (!pool)
        return;
    pool->closing = true;
    for (struct link *at = pool->origins.list.next; at != &pool->origins.list; at = at->next) {
        struct origin *o = origin_at(at);
        while (!list_empty(&o->idle))
            discard(upstream_at(o->idle.next));
        for (struct link *u = o->busy.next; u != &o->busy; u = u->next)
            upstream_close(upstream_at(u));
    }
    uv_close((uv_handle_t *)&pool->sweep, on_sweep_closed);
}

static struct upstream *take_idle(struct origin *origin, enum pool_trust trust)
{
    unsigned age = trust == POOL_RECENT ? RECENT_MS : origin->pool->options.idle_ms;
    int64_t now = clock_wall_ms();
    while (trust != POOL_FRESH && !list_empty(&origin->idle)) {
        struct upstream *u = upstream_at(origin->idle.next);
        if (too_old(u, now) || !upstream_usable(u)) {
            discard(u);
            continue;
        }
        if (now - u->idle_since_ms > age)
            return NULL; /* good, but not for this request */
        leave_idle(u);
        return u;
    }
    return NULL;
}

enum err pool_take(struct pool *pool, const struct upstream_target *target, enum pool_trust trust,
    struct lease *lease, struct upstream **upstream)
{
    struct origin *origin = origins_find(&pool->origins, target);
    enum err err = OK;
    if (!origin)
        return fault_set(
            &pool->fault, ERR_OUT_OF_MEMORY, "There is not enough memory for another server.");
    origin->pool = pool;
    if (target->tls)
        err = need_tls(pool);
    if (err)
        return err;
    *upstream = take_idle(origin, trust);
    if (*upstream)
        return OK;
    lease->origin = origin;
    lease->fresh = trust == POOL_FRESH;
    list_append(&origin->waiting, &lease->link);
    origin->waiters++;
    balance(origin);
    if (origin->connections > 0)
        return OK;
    pool_leave(lease); /* not one could be opened: nobody would ever serve it */
    return pool->fault.err;
}

enum err pool_prewarm(struct pool *pool, const struct upstream_target *target)
{
    struct origin *origin = origins_find(&pool->origins, target);
    if (!origin)
        return fault_set(
            &pool->fault, ERR_OUT_OF_MEMORY, "There is not enough memory for another server.");
    origin->pool = pool;
    enum err err = target->tls ? need_tls(pool) : OK;
    return err || origin->connections > 0 ? err : open_another(origin);
}

/* One on its way to ready; those who wait for it get another once it is closed. */
static void give_up(struct upstream *u)
{
    if (u->phase == UPSTREAM_READY || u->closing)
        return;
    ((struct origin *)u->origin)->becoming--;
    upstream_close(u);
}

void pool_forget(struct pool *pool)
{
    pool->epoch++;
    for (struct link *at = pool->origins.list.next; at != &pool->origins.list; at = at->next) {
        struct origin *o = origin_at(at);
        while (!list_empty(&o->idle))
            discard(upstream_at(o->idle.next));
        for (struct link *busy = o->busy.next; busy != &o->busy; busy = busy->next)
            give_up(upstream_at(busy));
        tls_session_free(o->session);
        o->session = NULL;
        o->addresses.count = 0;
    }
    tls_reseed();
}

bool pool_forgot(const struct upstream *upstream)
{
    const struct origin *origin = upstream->origin;
    return upstream->epoch != origin->pool->epoch;
}

void pool_leave(struct lease *lease)
{
    if (!link_listed(&lease->link))
        return;
    link_remove(&lease->link);
    lease->origin->waiters--;
}

bool pool_waits_for_server(const struct lease *lease)
{
    return link_listed(&lease->link) && lease->origin->becoming > 0;
}

uv_loop_t *pool_loop(const struct pool *pool)
{
    return pool->options.loop;
}

const struct fault *pool_fault(const struct pool *pool)
{
    return &pool->fault;
}

struct pool_stats pool_stats(const struct pool *pool)
{
    return pool->stats;
}
