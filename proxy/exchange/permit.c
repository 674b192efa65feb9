/* What the request needs of the role's policy: the guard is asked before anything leaves, what was
 * allowed is recorded, and what was denied is told. */
#include "proxy/exchange/permit.h"

#include "proxy/aws/partition.h"
#include "proxy/base/clock.h"
#include "proxy/exchange/state.h"
#include "proxy/permissions/condition.h"
#include "proxy/permissions/login_needed.h"
#include "proxy/permissions/needed.h"

static bool find_needed_of(const struct proxy *proxy, const struct route *route,
    const struct head *head, struct span body, struct permissions *needed)
{
    struct identity identity;
    struct needed_request request = {.method = head->method,
        .path = route->path,
        .query = route->query,
        .head = head,
        .host = span_first(route->host, span_find(route->host, ':')),
        .signing = route->service,
        .region = route->region,
        .partition = partition_of_region(route->region)->name,
        .account = self_account(proxy, &identity),
        .content_type = head_value(head, FIELD_CONTENT_TYPE),
        .body = body};
    return permissions_of(&request, needed);
}

static bool find_needed(const struct exchange *x, struct permissions *needed)
{
    if (job_sends_as_is(x)) {
        *needed = (struct permissions){.count = 0};
        return false; /* it needs nothing of the role */
    }
    if (job_asks(x)) {
        struct message own = job_message(x);
        return find_needed_of(x->proxy, &x->route, own.head, own.held, needed);
    }
    bool told = x->held && (!x->route.s3 || head_method_is(&x->head, SPAN("POST")));
    struct span body = {x->held, told ? x->held_bytes : 0};
    const struct head *head = x->socket ? socket_head(x) : &x->head;
    return find_needed_of(x->proxy, &x->route, head, body, needed);
}

/* Whether the guard allows it; else the fault says what it does not, and it is listed. */
static enum err check(struct exchange *x, const struct permissions *needed, struct fault *fault)
{
    struct proxy *proxy = x->proxy;
    const struct permission *refused = NULL;
    struct denial denial;
    bool unread = needed->wants_body && x->framing.kind != BODY_NONE && !x->socket;
    if (guard_allows(proxy->options.guard, needed, &refused) && !unread)
        return OK;
    if (!refused)
        return fault_set(fault, ERR_GUARD_DENIED,
            "The guard (COUNTERSIGN_ALLOW) cannot tell which actions this request needs, so it "
            "refuses it. Nothing was sent.");
    denial_of_guard(refused, &denial);
    if (proxy->denied)
        denied_add(proxy->denied, &denial, NULL, clock_wall_ms());
    char memory[512];
    struct buf words = buf_over(memory, sizeof memory);
    condition_write_words(&words, span_first(refused->resource, 200));
    return fault_set(fault, ERR_GUARD_DENIED,
        "The guard (COUNTERSIGN_ALLOW) does not allow %.*s on %.*s. Nothing was sent.",
        SPAN_ARGS(refused->action), SPAN_ARGS(buf_span(&words)));
}

bool permit_admits(struct exchange *x)
{
    struct permissions needed;
    struct fault fault;
    if (x->permitted || !x->proxy->options.guard)
        return true;
    (void)find_needed(x, &needed);
    x->permitted = check(x, &needed, &fault) == OK;
    if (!x->permitted)
        exchange_fail(x, &fault);
    return x->permitted;
}

enum err permit_step(struct exchange *x, const struct route *route, const struct message *message,
    struct fault *fault)
{
    struct permissions needed;
    if (!x->proxy->options.guard)
        return OK;
    (void)find_needed_of(x->proxy, route, message->head, message->held, &needed);
    return check(x, &needed, fault);
}

/* Whoever gets what is signed may do it: it is guarded as if it was done, and recorded so. */
static enum err admit_signed(
    struct exchange *x, const struct permissions *needed, struct fault *fault)
{
    if (x->proxy->options.guard && check(x, needed, fault) != OK)
        return fault->err;
    if (x->proxy->recorder)
        recorder_add(x->proxy->recorder, needed);
    return OK;
}

enum err permit_url(struct exchange *x, const struct presign_ask *ask, const struct route *route,
    struct fault *fault)
{
    struct head head = {.method = ask->method};
    struct permissions needed;
    for (size_t i = 0; i < ask->count && i < HEAD_MAX_FIELDS; i++)
        head.fields[head.count++] = (struct field){
            ask->fields[i].name, ask->fields[i].value, field_identify(ask->fields[i].name)};
    (void)find_needed_of(x->proxy, route, &head, SPAN(""), &needed);
    return admit_signed(x, &needed, fault);
}

enum err permit_login(struct exchange *x, const struct login *login, struct fault *fault)
{
    struct identity identity;
    struct permissions needed;
    login_needed(login, partition_of_region(login->region)->name, self_account(x->proxy, &identity),
        &needed);
    return admit_signed(x, &needed, fault);
}

/* Whether AWS has let the request in: what it answers then may still be that nothing is there. */
static bool was_allowed(unsigned status)
{
    return status < 400 || status == 404 || status == 412 || status == 416;
}

/* What the answer's end will tell is waited for. */
static bool watch(struct exchange *x, struct span operation)
{
    enum { LEAST_BYTES = 1024 };
    struct buf rest = buf_over(
        x->answer_memory + x->answer_head_bytes, sizeof x->answer_memory - x->answer_head_bytes);
    x->watches = x->answer_head.status == 200 && x->answer < ANSWER_WEIGHED && x->route.s3
        && x->proxy->denied && rest.max >= LEAST_BYTES && late_error_possible(operation);
    if (x->watches)
        late_error_begin(&x->late_error, rest);
    return x->watches;
}

void permit_record(struct exchange *x)
{
    struct recorder *recorder = x->proxy->recorder;
    struct permissions needed;
    if (!recorder || !was_allowed(x->answer_head.status) || !find_needed(x, &needed)
        || watch(x, needed.operation))
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

/* Of a key that could not be deleted what that one alone needs; else what the request does. */
static bool find_needed_late(struct exchange *x, struct span error, struct permissions *needed)
{
    enum { BODY_BYTES = 8 * 1024 };
    char memory[BODY_BYTES];
    struct buf body = buf_over(memory, sizeof memory);
    return late_error_write_delete(error, &body)
        ? find_needed_of(x->proxy, &x->route, &x->head, buf_span(&body), needed)
        : find_needed(x, needed);
}

void permit_watch(struct exchange *x, struct span piece)
{
    enum { LISTED_MOST = 8 }; /* of one answer: others are to stay on the list too */
    struct span error;
    while (x->watches && late_error_next(&x->late_error, &piece, &error)) {
        struct denial denial;
        struct permissions needed;
        struct denial_answer answer = {.status = 403, .body = error};
        if (!denial_read(&answer, &denial))
            continue;
        if (x->late_denied++ == 0)
            x->late_since_ms = clock_wall_ms();
        bool known = find_needed_late(x, error, &needed);
        if (x->late_denied <= LISTED_MOST)
            denied_add(x->proxy->denied, &denial, known ? &needed : NULL, clock_wall_ms());
    }
}

void permit_whole(struct exchange *x)
{
    struct permissions needed;
    size_t kept = 0;
    if (!x->watches || !find_needed(x, &needed))
        return;
    x->watches = false;
    for (size_t i = 0; i < needed.count; i++)
        if (x->late_denied == 0
            || !denied_holds(x->proxy->denied, &needed.needed[i], x->late_since_ms))
            needed.needed[kept++] = needed.needed[i];
    needed.count = kept;
    recorder_add(x->proxy->recorder, &needed);
}
