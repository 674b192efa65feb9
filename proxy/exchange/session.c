/* What a request is signed with: the role's keys, or those of a directory bucket's session, which
 * it waits for. */
#include "proxy/exchange/state.h"

enum { WAITS_MAX = 3 }; /* for a first session, and for another where that has ended meanwhile */

/* Which reads another bucket too. Source: botocore 1.44.5, service model of s3,
 * DisableS3ExpressSessionAuth of CopyObject and UploadPartCopy (Apache-2.0). */
void session_plan(struct exchange *x)
{
    if (head_find_name(&x->head, SPAN("X-Amz-Copy-Source")))
        x->route.session = false;
}

bool session_waits(struct exchange *x, void (*again)(struct credentials_wait *wait))
{
    struct express *express = x->proxy->express;
    struct fault fault;
    unsigned serial;
    if (!x->route.session)
        return false;
    x->wait.on_settled = again;
    if (x->session_waits < WAITS_MAX && !express_need(express, &x->route, &x->wait)) {
        x->session_waits++;
        exchange_enter(x, PHASE_CREDENTIALS);
        return true;
    }
    if (express_current(express, &x->route, &serial))
        return false;
    express_missing(express, &x->route, &fault);
    exchange_fail(x, &fault);
    return true;
}

enum err session_keys(struct exchange *x, const struct credentials **keys, struct fault *fault)
{
    const struct credentials_store *store = x->proxy->options.credentials;
    if (x->route.session) {
        *keys = express_current(x->proxy->express, &x->route, &x->generation);
        if (!*keys)
            express_missing(x->proxy->express, &x->route, fault);
        return *keys ? OK : fault->err;
    }
    *keys = credentials_current(store);
    x->generation = credentials_generation(store);
    return *keys ? OK : fault_set(fault, ERR_NO_CREDENTIALS, "%s", credentials_missing(store));
}
