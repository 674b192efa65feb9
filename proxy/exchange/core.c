#include "proxy/exchange/core.h"

#include "proxy/base/clock.h"
#include "proxy/base/log.h"
#include "proxy/exchange/client.h"
#include "proxy/exchange/state.h"

struct exchange *proxy_find(const struct proxy *proxy, bool (*fits)(const struct exchange *x))
{
    for (struct link *at = proxy->exchanges.next; at != &proxy->exchanges; at = at->next) {
        struct exchange *x = CONTAINER_OF(at, struct exchange, link);
        if (fits(x))
            return x;
    }
    return NULL;
}

struct exchange *proxy_take_spare(struct proxy *proxy)
{
    if (list_empty(&proxy->spare))
        return NULL;
    struct exchange *x = CONTAINER_OF(proxy->spare.next, struct exchange, link);
    link_remove(&x->link);
    proxy->spare_count--;
    if (proxy->spare_count < proxy->spare_least)
        proxy->spare_least = proxy->spare_count;
    return x;
}

void proxy_keep_spare(struct proxy *proxy, struct exchange *x)
{
    list_prepend(&proxy->spare, &x->link);
    proxy->spare_count++;
}

void proxy_trim_spare(struct proxy *proxy, size_t kept)
{
    while (proxy->spare_count > kept) {
        struct exchange *x = CONTAINER_OF(proxy->spare.previous, struct exchange, link);
        link_remove(&x->link);
        proxy->spare_count--;
        exchange_free(x);
    }
}

/* Those that nobody needed for a whole tick go, and at rest all but a few. */
static void trim_unneeded(struct proxy *proxy)
{
    bool rests = list_empty(&proxy->exchanges);
    size_t needed = rests ? 0 : proxy->spare_count - proxy->spare_least;
    proxy_trim_spare(proxy, needed > SPARE_AT_REST ? needed : SPARE_AT_REST);
    proxy->spare_least = proxy->spare_count;
}

static bool overdue(const struct exchange *x)
{
    return x->ticks_left == 0;
}

static bool tick_clients(struct proxy *proxy)
{
    bool lingering = false;
    for (struct link *at = proxy->clients.next; at != &proxy->clients; at = at->next) {
        struct client *client = CONTAINER_OF(at, struct client, link);
        client_tick(client);
        lingering = lingering || client->linger_ticks > 0;
    }
    return lingering;
}

static void on_tick(uv_timer_t *timer)
{
    struct proxy *proxy = CONTAINER_OF(timer, struct proxy, tick);
    struct exchange *x;
    (void)proxy_used(proxy); /* an exchange under way is a use, and must not hide a restore */
    for (struct link *at = proxy->exchanges.next; at != &proxy->exchanges; at = at->next)
        exchange_tick(CONTAINER_OF(at, struct exchange, link));
    while ((x = proxy_find(proxy, overdue)))
        exchange_timeout(x);
    bool waiting = listeners_retry(&proxy->listeners);
    trim_unneeded(proxy);
    if (!tick_clients(proxy) && !waiting && list_empty(&proxy->exchanges))
        (void)uv_timer_stop(timer);
}

void proxy_need_tick(struct proxy *proxy)
{
    if (!uv_is_active((uv_handle_t *)&proxy->tick) && !uv_is_closing((uv_handle_t *)&proxy->tick))
        (void)uv_timer_start(&proxy->tick, on_tick, TICK_MS, TICK_MS);
}

/* A restored copy cannot be told from one that was frozen, so every longer gap counts as a restore;
 * it costs a handshake. Where the clock went back, the gap is of unknown length. */
bool proxy_used(struct proxy *proxy)
{
    enum { GAP_MS = 4000 };
    int64_t now_ms = clock_wall_ms(), gap_ms = now_ms - proxy->last_use_ms;
    bool gap = proxy->last_use_ms != 0 && (gap_ms > GAP_MS || gap_ms < 0);
    proxy->last_use_ms = now_ms;
    if (!gap || !proxy->options.may_be_copied)
        return false;
    log_line(LOG_DEBUG, "not used for %lld ms: connections and credentials are made anew",
        (long long)gap_ms);
    proxy->skew.offset_ms = 0;
    pool_forget(proxy->pool);
    credentials_forget(proxy->options.credentials);
    express_forget(proxy->express);
    return true;
}

void proxy_check_drained(struct proxy *proxy)
{
    if (proxy->counters.in_flight > 0)
        return;
    if (proxy->on_idle)
        proxy->on_idle(proxy->idle_user);
    if (!proxy->on_drained || proxy->client_count > 0 || !proxy->listeners_closed)
        return;
    void (*on_drained)(void *) = proxy->on_drained;
    proxy->on_drained = NULL;
    (void)uv_timer_stop(&proxy->grace);
    on_drained(proxy->user);
}
