/* What the request needs of the role's policy: the guard is asked before anything leaves, what was
 * allowed is recorded, and what was denied is told. */
#include "proxy/aws/partition.h"
#include "proxy/base/clock.h"
#include "proxy/exchange_state.h"
#include "proxy/permissions/identity.h"
#include "proxy/permissions/needed.h"

/* The account that the keys belong to, where STS or the key id tells. */
static struct span account_of(const struct proxy *proxy, struct identity *identity)
{
    const struct credentials_store *store = proxy->options.credentials;
    bool asked = proxy->caller.account_bytes > 0
        && proxy->caller_generation == credentials_generation(store);
    if (asked)
        return caller_account(&proxy->caller);
    *identity = identity_of(credentials_current(store));
    return span_of(identity->account);
}

static bool find_needed(const struct exchange *x, struct permissions *needed)
{
    struct identity identity;
    const struct route *route = &x->route;
    struct needed_request request = {.method = x->head.method,
        .path = route->path,
        .query = route->query,
        .head = &x->head,
        .host = span_first(route->host, span_find(route->host, ':')),
        .signing = route->service,
        .region = route->region,
        .partition = partition_of_region(route->region)->name,
        .account = account_of(x->proxy, &identity),
        .content_type = head_value(&x->head, FIELD_CONTENT_TYPE)};
    if (x->held && (!route->s3 || head_method_is(&x->head, SPAN("POST"))))
        request.body = (struct span){x->held, x->held_bytes};
    return permissions_of(&request, needed);
}

bool permit_admits(struct exchange *x)
{
    struct proxy *proxy = x->proxy;
    const struct permission *refused = NULL;
    struct permissions needed;
    struct denial denial;
    struct fault fault;
    if (x->permitted || !proxy->options.guard)
        return true;
    bool known = find_needed(x, &needed);
    bool unread = needed.wants_body && x->framing.kind != BODY_NONE;
    x->permitted = guard_allows(proxy->options.guard, &needed, &refused) && !unread;
    if (x->permitted)
        return true;
    if (refused) {
        denial_of_guard(refused, &denial);
        if (proxy->denied)
            denied_add(proxy->denied, &denial, NULL, clock_wall_ms());
        (void)fault_set(&fault, ERR_GUARD_DENIED,
            "The guard (COUNTERSIGN_ALLOW) does not allow %.*s on %.*s. Nothing was sent.",
            SPAN_ARGS(refused->action),
            (int)(refused->resource.len < 200 ? refused->resource.len : 200), refused->resource.at);
    } else {
        (void)fault_set(&fault, ERR_GUARD_DENIED,
            "The guard (COUNTERSIGN_ALLOW) cannot tell which actions this request needs%s, so it "
            "refuses it. Nothing was sent.",
            known ? "" : ", for it is no operation that is known");
    }
    exchange_fail(x, &fault);
    return false;
}

/* Whether AWS has let the request in: what it answers then may still be that nothing is there. */
static bool was_allowed(unsigned status)
{
    return status < 400 || status == 404 || status == 412 || status == 416;
}

void permit_record(struct exchange *x)
{
    struct recorder *recorder = x->proxy->recorder;
    struct permissions needed;
    if (!recorder || !was_allowed(x->answer_head.status) || !find_needed(x, &needed))
        return;
    recorder_add(recorder, &needed);
    for (size_t i = 0; x->upload && i < needed.count; i++)
        if (span_equal(needed.needed[i].action, SPAN("s3:PutObject"))) {
            needed.needed[0] = needed.needed[i];
            needed.needed[0].action = SPAN("s3:AbortMultipartUpload");
            needed.count = 1; /* without it a failed upload could not be cleaned up */
            recorder_add(recorder, &needed);
        }
}

void permit_denied(struct exchange *x)
{
    struct proxy *proxy = x->proxy;
    const struct head *head = &x->answer_head;
    struct denial denial;
    struct permissions needed;
    struct denial_answer answer = {.status = (int)head->status,
        .error_type = head_value_of(head, SPAN("X-Amzn-ErrorType")),
        .query_error = head_value_of(head, SPAN("X-Amzn-Query-Error")),
        .body = {x->answer_memory + x->answer_head_bytes, x->weighed_bytes}};
    if (!proxy->denied || !denial_read(&answer, &denial))
        return;
    bool known = find_needed(x, &needed);
    denied_add(proxy->denied, &denial, known ? &needed : NULL, clock_wall_ms());
    struct buf hint = buf_over(proxy->hint, sizeof proxy->hint);
    buf_text(&hint, "X-Countersign-Hint: ");
    denial_write_hint(&hint, &denial, known ? &needed : NULL);
    buf_text(&hint, "\r\n");
    if (!hint.failed)
        x->hint = buf_span(&hint);
}
