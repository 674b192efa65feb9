/* The door: whether the caller may, and whether there is something to sign with; where keys have to
 * be fetched first, the exchange waits here. */
#include "proxy/exchange/state.h"

static void on_settled(struct credentials_wait *wait)
{
    exchange_understood(CONTAINER_OF(wait, struct exchange, wait));
}

/* At most once: what is not there then will not come. newer: than those that there are. */
static bool wait_for_keys(struct exchange *x, bool newer)
{
    struct credentials_store *store = x->proxy->options.credentials;
    x->wait.on_settled = on_settled;
    if (x->waited)
        return false;
    x->waited = newer ? !credentials_seek(store, &x->wait) : !credentials_need(store, &x->wait);
    if (x->waited)
        exchange_enter(x, PHASE_CREDENTIALS);
    return x->waited;
}

static enum admission no_credentials(const struct exchange *x, struct fault *fault)
{
    (void)fault_set(
        fault, ERR_NO_CREDENTIALS, "%s", credentials_missing(x->proxy->options.credentials));
    return NOT_ADMITTED;
}

enum admission exchange_admit(struct exchange *x, bool needs_keys, struct fault *fault)
{
    const struct credentials_store *store = x->proxy->options.credentials;
    bool service = x->route.kind == ROUTE_SERVICE;
    if ((service || x->proxy->options.token_required) && !credentials_can_admit(store))
        return no_credentials(x, fault);
    if (x->claimed && !x->waited)
        self_note_claim(x->proxy, &x->claim);
    struct span hash = {EMPTY_SHA256, x->framing.kind == BODY_NONE ? HASH_HEX_BYTES : 0};
    struct claim_request request = {&x->head, &x->target, hash};
    enum access access =
        access_check(&x->proxy->access, &request, x->claimed ? &x->claim : NULL, fault);
    if (access == ACCESS_NEEDS_KEYS && wait_for_keys(x, true))
        return ADMISSION_WAITS;
    if (access == ACCESS_REFUSED || access == ACCESS_NEEDS_KEYS)
        return NOT_ADMITTED;
    if (needs_keys && wait_for_keys(x, false))
        return ADMISSION_WAITS;
    if (service && !credentials_current(store))
        return no_credentials(x, fault);
    x->access_open = access == ACCESS_NEEDS_HASH;
    return ADMITTED;
}
