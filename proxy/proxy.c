#include "proxy/proxy.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include "proxy/base/log.h"
#include "proxy/exchange/client.h"
#include "proxy/exchange/core.h"
#include "proxy/exchange/state.h"
#include "proxy/permissions/record_line.h"

static bool on_client(struct listeners *listeners, uv_stream_t *server)
{
    struct proxy *proxy = CONTAINER_OF(listeners, struct proxy, listeners);
    bool taken = client_accept(proxy, server);
    if (!taken)
        proxy_need_tick(proxy);
    return taken;
}

static void on_listeners_closed(struct listeners *listeners)
{
    struct proxy *proxy = CONTAINER_OF(listeners, struct proxy, listeners);
    proxy->listeners_closed = true;
    proxy_check_drained(proxy);
}

struct proxy *proxy_create(const struct proxy_options *options)
{
    struct proxy *proxy = calloc(1, sizeof *proxy);
    if (!proxy)
        return NULL;
    struct pool_options pool = {.loop = options->loop,
        .max_per_origin = options->max_upstream,
        .connect_timeout_ms = options->connect_timeout_ms,
        .idle_ms = options->idle_ms,
        .ca_bundle = options->ca_bundle};
    proxy->options = *options;
    proxy->route = options->route;
    list_init(&proxy->clients);
    list_init(&proxy->exchanges);
    list_init(&proxy->spare);
    part_memory_init(&proxy->parts, options->parts);
    proxy->signer = signer_create();
    proxy->signer4a = proxy->signer ? signer4a_create(proxy->signer) : NULL;
    proxy->express = proxy->signer4a ? express_create() : NULL;
    proxy->pool = proxy->express ? pool_create(&pool) : NULL;
    if (options->records && proxy->pool) {
        proxy->recorder = recorder_create(RECORDER_BYTES); /* where there is no memory for them */
        proxy->denied = denied_create();                   /* the proxy does without */
    }
    if (!proxy->pool) {
        express_destroy(proxy->express);
        signer4a_destroy(proxy->signer4a);
        signer_destroy(proxy->signer);
        free(proxy);
        return NULL;
    }
    (void)uv_timer_init(options->loop, &proxy->tick); /* cannot fail */
    (void)uv_timer_init(options->loop, &proxy->grace);
    proxy->access = (struct access_rules){.token_required = options->token_required,
        .credentials = options->credentials,
        .signer = proxy->signer};
    credentials_attach(options->credentials,
        &(struct credentials_means){
            proxy->pool, proxy->signer, proxy->signer4a, &proxy->route, &proxy->skew});
    express_attach(proxy->express,
        &(struct express_means){proxy->pool, proxy->signer, options->credentials, &proxy->skew});
    proxy->listeners.on_client = on_client;
    proxy->listeners.on_closed = on_listeners_closed;
    return proxy;
}

void proxy_know_account(struct proxy *proxy, struct span account)
{
    uint64_t number;
    if (account.len != sizeof proxy->account - 1 || !span_to_number(account, UINT64_MAX, &number))
        return;
    memcpy(proxy->account, account.at, account.len);
    proxy->account[account.len] = '\0';
}

/* What is known without a call. Keys that are still to be fetched are nobody's yet. */
static void log_identity(const struct proxy *proxy)
{
    const struct credentials_store *store = proxy->options.credentials;
    const struct credentials *keys = credentials_current(store);
    char memory[64] = {0};
    struct buf key = buf_over(memory, sizeof memory - 1);
    struct identity identity;
    struct span account = self_account(proxy, &identity);
    const char *source = source_text(credentials_facts(store).source);
    if (!keys) {
        log_line(LOG_INFO, "no credentials yet; source: %s", source);
        return;
    }
    identity_mask(keys->access_key_id, &key);
    log_line(LOG_INFO, "signs with %s, %s%s%.*s; source: %s", memory,
        identity_kind_text(identity_of(keys).kind), account.len > 0 ? ", of account " : "",
        SPAN_ARGS(account), source);
}

void proxy_introduce(const struct proxy *proxy)
{
    struct mistaken_signs signs = self_signs(proxy);
    struct mistaken mistaken;
    log_identity(proxy);
    mistaken_find(&signs, &mistaken);
    for (size_t i = 0; i < mistaken.count; i++)
        log_line(LOG_WARN, "MistakenIdentity: %s", mistaken.text[i]);
}

/* Other spellings of this machine: 0.0.0.0, ::, 2130706433, ::ffff:127.0.0.1. */
static bool means_loopback(struct span host)
{
    char text[64] = {0};
    struct in_addr v4;
    struct in6_addr v6;
    memcpy(text, host.at, host.len < sizeof text ? host.len : sizeof text - 1);
    if (inet_pton(AF_INET6, text, &v6) == 1) {
        bool mapped = IN6_IS_ADDR_V4MAPPED(&v6) && (v6.s6_addr[12] == 127 || v6.s6_addr[12] == 0);
        return mapped || IN6_IS_ADDR_UNSPECIFIED(&v6) || IN6_IS_ADDR_LOOPBACK(&v6);
    }
    if (inet_aton(text, &v4) == 0)
        return false;
    uint32_t first = ntohl(v4.s_addr) >> 24;
    return first == 127 || v4.s_addr == 0;
}

static bool is_this_machine(const struct route_options *route, const struct authority *authority)
{
    return route_own_name(route, authority) || means_loopback(authority->host);
}

/* An endpoint that leads back here would be asked, and ask itself, until memory is gone. */
static enum err refuse_loops(const struct proxy *proxy, struct fault *fault)
{
    const struct route_options *route = &proxy->route;
    for (size_t i = 0; i < route->endpoints; i++) {
        const struct authority *a = &route->endpoint[i].authority;
        if (is_this_machine(route, a) && listeners_have_port(&proxy->listeners, a->port))
            return fault_set(fault, ERR_BAD_REQUEST,
                "%.*s=...%.*s:%u is this proxy's own address, so every request would go in a "
                "circle. Name the server that the proxy is to send to; SDKs find the proxy by "
                "AWS_ENDPOINT_URL.",
                SPAN_ARGS(route->endpoint[i].variable), SPAN_ARGS(a->host), a->port);
    }
    return OK;
}

enum err proxy_listen(struct proxy *proxy, struct fault *fault)
{
    enum err err =
        listeners_open(&proxy->listeners, proxy->options.loop, proxy->options.listen, fault);
    return err ? err : refuse_loops(proxy, fault);
}

void proxy_prewarm(struct proxy *proxy)
{
    struct span list = proxy->options.prewarm, item;
    struct route route;
    struct fault fault;
    if (list.len == 0 || proxy->options.may_be_copied)
        return;
    (void)proxy_used(proxy);
    (void)credentials_need(proxy->options.credentials, NULL);
    while (span_next(&list, ',', &item)) {
        enum err err = route_of_service(&proxy->route, span_trim(item), &route, &fault);
        struct upstream_target target = {
            .server = route.server, .port = route.port, .tls = route.tls};
        if (!err && (err = pool_prewarm(proxy->pool, &target)) != OK)
            fault = *pool_fault(proxy->pool);
        if (err)
            log_line(LOG_DEBUG, "connecting ahead to %.*s failed: %s", SPAN_ARGS(item), fault.text);
    }
}

bool proxy_record(const struct proxy *proxy, struct buf *line)
{
    return proxy->recorder && record_line_write(proxy->recorder, line) && !line->failed;
}

struct proxy_totals proxy_totals(const struct proxy *proxy)
{
    const struct counters *c = &proxy->counters;
    return (struct proxy_totals){.requests = c->exchanges,
        .errors = c->statuses[0] + c->statuses[4] + c->statuses[5],
        .bytes_sent = c->bytes_sent,
        .bytes_received = c->bytes_received,
        .upstream_ms = c->upstream_us / 1000,
        .connections = pool_stats(proxy->pool).opened,
        .foreign = proxy->foreign.requests};
}

unsigned proxy_busy(const struct proxy *proxy)
{
    return proxy->counters.in_flight;
}

void proxy_on_idle(struct proxy *proxy, void (*on_idle)(void *user), void *user)
{
    proxy->on_idle = on_idle;
    proxy->idle_user = user;
}

void proxy_notify_idle(struct proxy *proxy)
{
    if (proxy->on_idle && proxy->counters.in_flight == 0)
        proxy->on_idle(proxy->idle_user);
}

/* What is still under way has had its time. */
static void on_grace_over(uv_timer_t *timer)
{
    struct proxy *proxy = CONTAINER_OF(timer, struct proxy, grace);
    while (!list_empty(&proxy->exchanges))
        exchange_abort(CONTAINER_OF(proxy->exchanges.next, struct exchange, link));
    for (struct link *at = proxy->clients.next; at != &proxy->clients; at = at->next)
        client_break(CONTAINER_OF(at, struct client, link), false);
}

/* An upload in parts that has not ended by now is broken off while there is time to abort it. */
static void on_grace_near(uv_timer_t *timer)
{
    struct proxy *proxy = CONTAINER_OF(timer, struct proxy, grace);
    struct exchange *x;
    while ((x = proxy_find(proxy, exchange_uploads)))
        exchange_break(x, true);
    (void)uv_timer_start(timer, on_grace_over, proxy->grace_left_ms, 0);
}

void proxy_drain(struct proxy *proxy, unsigned grace_ms, void (*on_drained)(void *user), void *user)
{
    proxy->draining = true;
    proxy->on_drained = on_drained;
    proxy->user = user;
    for (struct link *at = proxy->clients.next; at != &proxy->clients; at = at->next) {
        struct client *client = CONTAINER_OF(at, struct client, link);
        if (client_idle(client) && client->exchange)
            exchange_abort(client->exchange);
        else if (client_idle(client))
            client_break(client, false);
    }
    for (struct link *at = proxy->exchanges.next; at != &proxy->exchanges; at = at->next)
        exchange_hurry(CONTAINER_OF(at, struct exchange, link));
    proxy->grace_left_ms = grace_ms / 4;
    (void)uv_timer_start(&proxy->grace, on_grace_near, grace_ms - proxy->grace_left_ms, 0);
    listeners_close(&proxy->listeners);
}

static void on_timer_closed(uv_handle_t *handle)
{
    (void)handle;
}

void proxy_close(struct proxy *proxy)
{
    if (!proxy->listeners.closing)
        listeners_close(&proxy->listeners);
    on_grace_over(&proxy->grace);
    credentials_detach(proxy->options.credentials);
    express_destroy(proxy->express);
    proxy->express = NULL;
    pool_destroy(proxy->pool);
    uv_close((uv_handle_t *)&proxy->tick, on_timer_closed);
    uv_close((uv_handle_t *)&proxy->grace, on_timer_closed);
}

void proxy_free(struct proxy *proxy)
{
    if (!proxy)
        return;
    proxy_trim_spare(proxy, 0);
    recorder_destroy(proxy->recorder);
    denied_destroy(proxy->denied);
    signer4a_destroy(proxy->signer4a);
    signer_destroy(proxy->signer);
    free(proxy);
}
