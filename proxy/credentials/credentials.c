#include "proxy/credentials/credentials.h"

#include <openssl/crypto.h>
#include <stdlib.h>

#include "proxy/aws/sign4a.h"
#include "proxy/base/clock.h"
#include "proxy/base/log.h"

enum {
    RENEW_BEFORE_MS = 5 * 60 * 1000,     /* the end, where it is known */
    RENEW_AFTER_MS = 15 * 60 * 1000,     /* where it is not, and for keys that live no longer */
    RENEW_AGAIN_MS = 10 * 1000,          /* after keys that were nearly over when they came */
    FAILED_PAUSE_MS = 1000,              /* after a fetch in vain */
    FAILED_PAUSE_SERVING_MS = 10 * 1000, /* the same, while there are keys that serve */
    RENEWED_PAUSE_MS = 2000,             /* before others are looked for than those just fetched */
    SOUGHT_PAUSE_MS = 60 * 1000, /* the same, where only a caller's word speaks for others */
    SDK_RENEW_BEFORE_MS = 15 * 60 * 1000, /* the end: botocore's advisory refresh, the earliest */
};

struct credentials_store {
    struct credentials_options options; /* but for the environment's keys: they are in base */
    struct credentials_means means;
    enum source source;
    struct issued *base;   /* of the source; the environment's own are there from the start */
    struct issued *former; /* those before: what a caller has signed with them is still its own */
    struct issued *role;   /* of options.role */
    int64_t fetched_ms, renew_ms; /* wall clock; renew_ms 0: a fetch is due */
    int64_t failed_ms;            /* of the last fetch, where it was in vain; else 0 */
    int64_t sought_ms;            /* of the last one at a caller's word, if that was not in vain */
    unsigned generation;
    struct refresh *refresh; /* under way */
    struct link waiting;
    struct fault fault; /* of the last fetch in vain */
    size_t token_bytes;
    char token[]; /* the container's */
};

struct credentials_store *credentials_create(const struct credentials_options *options)
{
    size_t token_bytes = options->container_token.len;
    struct credentials_store *store = calloc(1, sizeof *store + token_bytes);
    struct issued *base = issued_create(&options->environment, SPAN(""), SPAN(""));
    if (!store || !base) {
        free(store);
        issued_destroy(base);
        return NULL;
    }
    store->options = *options;
    store->options.environment = (struct credentials){.session_token = {NULL, 0}};
    store->source = source_of(options);
    if (token_bytes > 0)
        memcpy(store->token, options->container_token.at, store->token_bytes = token_bytes);
    store->options.container_token = (struct span){store->token, token_bytes};
    store->base = base;
    list_init(&store->waiting);
    return store;
}

void credentials_attach(struct credentials_store *store, const struct credentials_means *means)
{
    store->means = *means;
}

void credentials_detach(struct credentials_store *store)
{
    refresh_abandon(store->refresh);
    store->refresh = NULL;
    store->means.pool = NULL;
}

void credentials_destroy(struct credentials_store *store)
{
    if (!store)
        return;
    issued_destroy(store->base);
    issued_destroy(store->former);
    issued_destroy(store->role);
    OPENSSL_cleanse(store->token, store->token_bytes);
    free(store);
}

/* ---- what there is ---- */

bool credentials_assumes(const struct credentials_store *store)
{
    return store->options.role.len > 0;
}

static const struct issued *signing(const struct credentials_store *store)
{
    return credentials_assumes(store) ? store->role : store->base;
}

static bool whole(const struct credentials *keys)
{
    return keys->access_key_id.len > 0 && keys->secret_access_key.len > 0;
}

static bool serves(const struct issued *issued, int64_t now_ms)
{
    return issued && whole(&issued->keys)
        && (issued->expires_ms == 0 || now_ms < issued->expires_ms);
}

const struct credentials *credentials_current(const struct credentials_store *store)
{
    const struct issued *issued = signing(store);
    int64_t now_ms = issued && issued->expires_ms ? clock_wall_ms() : 0;
    return serves(issued, now_ms) ? &issued->keys : NULL;
}

bool credentials_renewable(const struct credentials_store *store)
{
    return source_first_step(store->source) != STEP_DONE
        || (credentials_assumes(store) && whole(&store->base->keys));
}

bool credentials_can_admit(const struct credentials_store *store)
{
    return credentials_renewable(store) || credentials_current(store)
        || store->base->keys.session_token.len > 0 || store->token_bytes > 0;
}

unsigned credentials_generation(const struct credentials_store *store)
{
    return store->generation;
}

const char *credentials_missing(const struct credentials_store *store)
{
    const struct credentials *base = &store->base->keys;
    if (base->access_key_id.len > 0 && base->secret_access_key.len == 0)
        return "AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not: set both, or neither.";
    if (base->secret_access_key.len > 0 && base->access_key_id.len == 0)
        return "AWS_SECRET_ACCESS_KEY is set, but AWS_ACCESS_KEY_ID is not: set both, or neither.";
    if (credentials_renewable(store) && store->fault.err)
        return store->fault.text;
    if (credentials_renewable(store))
        return "The credentials could not be fetched yet. Try again.";
    return "There are no credentials in the environment. In Lambda the function's role puts them "
           "there; elsewhere set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, "
           "then start again.";
}

/* ---- fetching ---- */

/* When to look for newer ones: before they end; but an end that is nearly here, or long past where
 * it came (a clock that is off, an endpoint that does not say), must not make a loop. */
static int64_t time_to_renew(struct issued *issued, int64_t now_ms)
{
    if (issued->expires_ms != 0 && issued->expires_ms <= now_ms)
        issued->expires_ms = 0;
    if (issued->expires_ms == 0)
        return now_ms + RENEW_AFTER_MS;
    int64_t due = issued->expires_ms - RENEW_BEFORE_MS, soonest = now_ms + RENEW_AGAIN_MS;
    return due > soonest ? due : soonest;
}

static bool changes(const struct issued *from, const struct issued *to)
{
    return !from || !span_equal(from->keys.access_key_id, to->keys.access_key_id);
}

static void replace_base(struct credentials_store *store, struct issued *base)
{
    struct issued **place = changes(store->base, base) ? &store->former : &store->base;
    issued_destroy(*place);
    if (place == &store->former)
        store->former = store->base;
    store->base = base;
}

/* What was derived from keys that are not to be used any more. */
static void forget_derived(struct credentials_store *store)
{
    store->generation++;
    signer_forget(store->means.signer);
    signer4a_forget(store->means.signer4a);
}

/* Takes over what was fetched; the keys derived from older ones go. */
static void take(struct credentials_store *store, struct refreshed refreshed, int64_t now_ms)
{
    struct issued *newest = refreshed.role ? refreshed.role : refreshed.base;
    if (changes(signing(store), newest))
        forget_derived(store);
    store->fetched_ms = now_ms;
    store->renew_ms = time_to_renew(newest, now_ms);
    store->failed_ms = 0;
    store->fault.err = OK;
    if (refreshed.role) {
        issued_destroy(store->role);
        store->role = refreshed.role;
    }
    if (refreshed.base)
        replace_base(store, refreshed.base);
    log_line(LOG_DEBUG, "new credentials from %s%s", source_text(store->source),
        refreshed.role ? ", for the role of COUNTERSIGN_ROLE_ARN" : "");
}

static void note_failure(struct credentials_store *store, const struct fault *fault, int64_t now_ms)
{
    bool serving = serves(signing(store), now_ms);
    store->failed_ms = now_ms;
    store->sought_ms = 0;
    (void)fault_set(&store->fault, ERR_NO_CREDENTIALS,
        "Credentials could not be fetched (%s): %.300s", source_text(store->source), fault->text);
    bool needed = serving || !list_empty(&store->waiting); /* else it was ahead of any need */
    log_line(needed ? LOG_WARN : LOG_DEBUG, "%s%s", store->fault.text,
        serving ? "; those from before serve until they end" : "");
}

/* All that wait look again; what one of them starts anew is for the next time. */
static void settle(struct credentials_store *store)
{
    struct link settled;
    if (list_empty(&store->waiting))
        return;
    settled = store->waiting;
    settled.next->previous = settled.previous->next = &settled;
    list_init(&store->waiting);
    while (!list_empty(&settled)) {
        struct credentials_wait *wait = CONTAINER_OF(settled.next, struct credentials_wait, link);
        link_remove(&wait->link);
        wait->on_settled(wait);
    }
}

static void on_refreshed(void *owner, struct refreshed refreshed, const struct fault *fault)
{
    struct credentials_store *store = owner;
    int64_t now_ms = clock_wall_ms();
    store->refresh = NULL;
    if (fault) {
        if (refreshed.base) /* the role could not be assumed, but callers hold these already */
            replace_base(store, refreshed.base);
        note_failure(store, fault, now_ms);
    } else {
        take(store, refreshed, now_ms);
    }
    settle(store);
}

/* Whether the last fetch was in vain so short a time ago that another would be no better. */
static bool pauses(const struct credentials_store *store, int64_t now_ms)
{
    int64_t pause = serves(signing(store), now_ms) ? FAILED_PAUSE_SERVING_MS : FAILED_PAUSE_MS;
    int64_t age = now_ms - store->failed_ms;
    return store->failed_ms != 0 && age >= 0 && age < pause;
}

/* A source that gives keys of its own is asked for both, the environment's are there already. */
static void fetch(struct credentials_store *store, int64_t now_ms)
{
    if (store->refresh || !store->means.pool || pauses(store, now_ms))
        return;
    enum step first = source_first_step(store->source);
    struct refresh_setup setup = {.means = &store->means,
        .options = &store->options,
        .first = first == STEP_DONE ? STEP_ASSUME_ROLE : first,
        .by = &store->base->keys};
    store->refresh = refresh_start(&setup, on_refreshed, store);
}

/* Queues the wait where there is something to wait for. */
static bool nothing_to_wait_for(struct credentials_store *store, struct credentials_wait *wait)
{
    if (!store->refresh)
        return true;
    if (wait)
        list_append(&store->waiting, &wait->link);
    return false;
}

bool credentials_need(struct credentials_store *store, struct credentials_wait *wait)
{
    if (!credentials_renewable(store))
        return true;
    int64_t now_ms = clock_wall_ms();
    bool serving = serves(signing(store), now_ms);
    if (!serving || now_ms >= store->renew_ms || now_ms < store->fetched_ms - RENEW_AFTER_MS)
        fetch(store, now_ms);
    return serving || nothing_to_wait_for(store, wait);
}

bool credentials_renew(
    struct credentials_store *store, unsigned generation, struct credentials_wait *wait)
{
    int64_t now_ms = clock_wall_ms(), age = now_ms - store->fetched_ms;
    bool just_fetched = store->fetched_ms != 0 && age >= 0 && age < RENEWED_PAUSE_MS;
    if (!credentials_renewable(store) || generation != store->generation)
        return true;
    if (!just_fetched)
        fetch(store, now_ms);
    return nothing_to_wait_for(store, wait);
}

/* Whether callers may be expected to have newer keys than these by now. */
static bool nearly_over(const struct issued *issued, int64_t now_ms)
{
    return issued->expires_ms != 0 && now_ms >= issued->expires_ms - SDK_RENEW_BEFORE_MS;
}

bool credentials_seek(struct credentials_store *store, struct credentials_wait *wait)
{
    const struct refresh *before = store->refresh;
    int64_t now_ms = clock_wall_ms(), age = now_ms - store->sought_ms;
    bool sought = store->sought_ms != 0 && age >= 0 && age < SOUGHT_PAUSE_MS;
    if (sought && !before && !nearly_over(store->base, now_ms))
        return true;
    bool settled = credentials_renew(store, store->generation, wait);
    if (!before && store->refresh)
        store->sought_ms = now_ms;
    return settled;
}

void credentials_leave(struct credentials_wait *wait)
{
    link_remove(&wait->link);
}

void credentials_forget(struct credentials_store *store)
{
    if (!credentials_renewable(store))
        return;
    refresh_abandon(store->refresh);
    issued_destroy(store->role);
    issued_destroy(store->former);
    store->refresh = NULL;
    store->role = store->former = NULL;
    store->renew_ms = store->fetched_ms = store->failed_ms = store->sought_ms = 0;
    if (source_first_step(store->source) != STEP_DONE)
        issued_empty(store->base);
    forget_derived(store);
    if (!list_empty(&store->waiting))
        fetch(store, clock_wall_ms());
}

/* ---- of the caller ---- */

static bool same_secret(struct span shown, struct span token)
{
    return token.len > 0 && shown.len == token.len
        && CRYPTO_memcmp(shown.at, token.at, token.len) == 0;
}

static bool file_matches(const char *path, struct span shown)
{
    char memory[SOURCE_BODY_BYTES];
    struct buf token = buf_over(memory, sizeof memory);
    bool same = source_read_token(path, &token) && same_secret(shown, buf_span(&token));
    OPENSSL_cleanse(memory, token.len);
    return same;
}

bool credentials_token_matches(const struct credentials_store *store, struct span shown)
{
    const struct credentials_options *options = &store->options;
    struct span session_token = store->base->keys.session_token;
    if (store->source == SOURCE_ENVIRONMENT && session_token.len > 0)
        return same_secret(shown, session_token);
    return same_secret(shown, options->container_token) || same_secret(shown, session_token)
        || (store->former && same_secret(shown, store->former->keys.session_token))
        || (options->container_token_file && file_matches(options->container_token_file, shown));
}

const struct credentials *credentials_of_caller(
    const struct credentials_store *store, struct span access_key_id)
{
    const struct issued *own[] = {store->base, store->former};
    int64_t now_ms = clock_wall_ms();
    for (size_t i = 0; i < 2; i++)
        if (serves(own[i], now_ms) && span_equal(own[i]->keys.access_key_id, access_key_id))
            return &own[i]->keys;
    return NULL;
}

bool credentials_may_issue(const struct credentials_store *store, struct span access_key_id)
{
    return source_first_step(store->source) != STEP_DONE && store->source != SOURCE_WEB_IDENTITY
        && span_starts(access_key_id, SPAN("ASIA"));
}

/* ---- for the pages ---- */

struct credentials_facts credentials_facts(const struct credentials_store *store)
{
    const struct issued *issued = signing(store);
    return (struct credentials_facts){.source = store->source,
        .role = issued && issued->role.len > 0 ? issued->role : store->options.role,
        .expires_ms = issued ? issued->expires_ms : 0};
}

const struct credentials *credentials_given(const struct credentials_store *store)
{
    return store->source == SOURCE_ENVIRONMENT ? &store->base->keys : NULL;
}
