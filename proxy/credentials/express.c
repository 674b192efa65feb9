#include "proxy/credentials/express.h"

#include <stdlib.h>

#include "proxy/aws/error_code.h"
#include "proxy/base/clock.h"
#include "proxy/base/log.h"
#include "proxy/credentials/create_session.h"
#include "proxy/io/call.h"

enum {
    LIFETIME_MS = 5 * 60 * 1000,
    RENEW_BEFORE_MS = 60 * 1000, /* its end */
    RENEW_AGAIN_MS = 10 * 1000,  /* after a session that was nearly over when it came */
    FAILED_PAUSE_MS = 1000,      /* after a call in vain */
    CALL_TIMEOUT_MS = 10 * 1000,
    HOST_BYTES = 256,
    REQUEST_BYTES = 8 * 1024,
};

struct session {
    struct link link;
    struct express *express;
    struct issued *issued; /* NULL where there is none */
    unsigned serial;
    unsigned generation;                 /* of the role's keys that it is for */
    unsigned asked_by;                   /* the same, of the call under way */
    int64_t from_ms, until_ms, renew_ms; /* by the server's clock */
    int64_t failed_ms;                   /* of the last call, where it was in vain; else 0 */
    struct fault fault;                  /* of that */
    struct call *call;                   /* under way */
    struct link waiting;
    size_t host_bytes;
    char host[HOST_BYTES];
};

struct express {
    struct express_means means;
    struct link sessions; /* the one that was used last is the first */
    size_t count;
    unsigned serials; /* ever given */
};

static int64_t now(const struct express *express)
{
    return clock_wall_ms() + express->means.skew->offset_ms;
}

struct express *express_create(void)
{
    struct express *express = calloc(1, sizeof *express);
    if (express)
        list_init(&express->sessions);
    return express;
}

void express_attach(struct express *express, const struct express_means *means)
{
    express->means = *means;
}

/* Those that wait for it are let go without a word. */
static void remove_session(struct session *session)
{
    while (!list_empty(&session->waiting))
        link_remove(session->waiting.next);
    call_abandon(session->call);
    issued_destroy(session->issued);
    link_remove(&session->link);
    session->express->count--;
    free(session);
}

void express_destroy(struct express *express)
{
    if (!express)
        return;
    while (!list_empty(&express->sessions))
        remove_session(CONTAINER_OF(express->sessions.next, struct session, link));
    free(express);
}

/* ---- what there is ---- */

static struct session *find(const struct express *express, struct span host)
{
    for (struct link *at = express->sessions.next; at != &express->sessions; at = at->next) {
        struct session *session = CONTAINER_OF(at, struct session, link);
        if (span_equal((struct span){session->host, session->host_bytes}, host))
            return session;
    }
    return NULL;
}

/* A clock that went back says nothing of how old a session is. */
static bool serves(const struct session *session)
{
    int64_t now_ms = now(session->express);
    return session->issued
        && session->generation == credentials_generation(session->express->means.store)
        && now_ms >= session->from_ms - RENEW_BEFORE_MS && now_ms < session->until_ms;
}

const struct credentials *express_current(
    const struct express *express, const struct route *bucket, unsigned *serial)
{
    const struct session *session = find(express, bucket->host);
    if (!session || !serves(session))
        return NULL;
    *serial = session->serial;
    return &session->issued->keys;
}

void express_missing(const struct express *express, const struct route *bucket, struct fault *fault)
{
    const struct session *session = find(express, bucket->host);
    if (session && session->failed_ms != 0)
        *fault = session->fault;
    else
        (void)fault_set(fault, ERR_TOO_BUSY,
            "There is no session for the directory bucket, and none can be asked for now: too many "
            "others are. Try again.");
}

/* ---- making room ---- */

static bool idle(const struct session *session)
{
    return !session->call && list_empty(&session->waiting);
}

/* False where all are being asked for. */
static bool make_room(struct express *express)
{
    struct link *at = express->sessions.previous;
    while (at != &express->sessions && express->count >= EXPRESS_SESSIONS) {
        struct session *session = CONTAINER_OF(at, struct session, link);
        at = at->previous;
        if (idle(session))
            remove_session(session);
    }
    return express->count < EXPRESS_SESSIONS;
}

static struct session *add(struct express *express, struct span host)
{
    struct session *session =
        host.len <= HOST_BYTES && make_room(express) ? calloc(1, sizeof *session) : NULL;
    if (!session)
        return NULL;
    session->express = express;
    list_init(&session->waiting);
    memcpy(session->host, host.at, session->host_bytes = host.len);
    list_prepend(&express->sessions, &session->link);
    express->count++;
    return session;
}

static struct session *find_or_add(struct express *express, struct span host)
{
    struct session *session = find(express, host);
    if (!session)
        return add(express, host);
    link_remove(&session->link);
    list_prepend(&express->sessions, &session->link);
    return session;
}

/* ---- asking ---- */

static void fail(struct session *session, const char *why, struct span detail)
{
    session->failed_ms = now(session->express);
    (void)fault_set(&session->fault, ERR_NO_CREDENTIALS,
        "There is no session for the directory bucket at %.*s: %s%.*s",
        (int)(session->host_bytes < 100 ? session->host_bytes : 100), session->host, why,
        (int)(detail.len < 200 ? detail.len : 200), detail.at);
    log_line(LOG_WARN, "%s", session->fault.text);
}

/* All that wait look again; what one of them starts anew is for the next time. */
static void settle(struct session *session)
{
    struct link settled;
    if (list_empty(&session->waiting))
        return;
    settled = session->waiting;
    settled.next->previous = settled.previous->next = &settled;
    list_init(&session->waiting);
    while (!list_empty(&settled)) {
        struct credentials_wait *wait = CONTAINER_OF(settled.next, struct credentials_wait, link);
        link_remove(&wait->link);
        wait->on_settled(wait);
    }
}

/* An end that is past or far where it came is of another clock than the server's. */
static void take(struct session *session, struct issued *issued)
{
    int64_t now_ms = now(session->express), end_ms = issued->expires_ms;
    if (end_ms <= now_ms || end_ms > now_ms + LIFETIME_MS)
        end_ms = now_ms + LIFETIME_MS;
    issued_destroy(session->issued);
    session->issued = issued;
    session->serial = ++session->express->serials;
    session->generation = session->asked_by;
    session->from_ms = now_ms;
    session->until_ms = end_ms;
    session->renew_ms = end_ms - RENEW_BEFORE_MS;
    if (session->renew_ms < now_ms + RENEW_AGAIN_MS)
        session->renew_ms = now_ms + RENEW_AGAIN_MS;
    session->failed_ms = 0;
    log_line(LOG_DEBUG, "a new session for %.*s", (int)session->host_bytes, session->host);
}

static void refuse(struct session *session, const struct reply *reply)
{
    struct span code = error_code_find(SPAN(""), reply_content(reply));
    if (error_code_is_expired(code))
        (void)credentials_renew(session->express->means.store, session->asked_by, NULL);
    code = error_code_shown(code);
    fail(session,
        "the role needs s3express:CreateSession on it, and that was refused. The answer says ",
        code.len > 0 ? code : SPAN("nothing more."));
}

static void on_answer(void *owner, struct reply *reply, const struct fault *trouble)
{
    enum { GOOD = 200 };
    struct session *session = owner;
    struct issued *issued = NULL;
    struct fault fault;
    session->call = NULL;
    if (!reply)
        fail(session, "", span_of(trouble->text));
    else if (reply_status(reply) != GOOD)
        refuse(session, reply);
    else if (issued_from_sts(reply_content(reply), &issued, &fault) != OK)
        fail(session, "it was asked for, but ", span_of(fault.text));
    else
        take(session, issued);
    settle(session);
}

static bool pauses(const struct session *session)
{
    int64_t age = now(session->express) - session->failed_ms;
    return session->failed_ms != 0 && age >= 0 && age < FAILED_PAUSE_MS;
}

static void ask(struct session *session, const struct route *bucket)
{
    struct express_means *means = &session->express->means;
    const struct credentials *by = credentials_current(means->store);
    char text[REQUEST_BYTES];
    struct buf request = buf_over(text, sizeof text);
    if (session->call || pauses(session))
        return;
    if (!by) {
        fail(session, "", span_of(credentials_missing(means->store)));
        return;
    }
    struct call_request call = {.timeout_ms = CALL_TIMEOUT_MS,
        .target = {.server = bucket->server, .port = bucket->port, .tls = bucket->tls}};
    if (create_session_write(bucket, by, means->signer, now(session->express) / 1000, &request)
        == OK) {
        call.text = buf_span(&request);
        session->asked_by = credentials_generation(means->store);
        session->call = call_start(means->pool, &call, on_answer, session);
    }
    if (!session->call)
        fail(session, "there is not enough memory to ask for it", SPAN(""));
}

bool express_need(
    struct express *express, const struct route *bucket, struct credentials_wait *wait)
{
    struct session *session = find_or_add(express, bucket->host);
    if (!session)
        return true;
    bool there = serves(session);
    if (!there || now(express) >= session->renew_ms)
        ask(session, bucket);
    if (there || !session->call)
        return true;
    list_append(&session->waiting, &wait->link);
    return false;
}

void express_drop(struct express *express, const struct route *bucket, unsigned serial)
{
    struct session *session = find(express, bucket->host);
    if (session && session->serial == serial)
        session->until_ms = 0;
}

/* A call that is under way ends by itself. */
void express_forget(struct express *express)
{
    for (struct link *at = express->sessions.next; at != &express->sessions; at = at->next) {
        struct session *session = CONTAINER_OF(at, struct session, link);
        issued_destroy(session->issued);
        session->issued = NULL;
        session->failed_ms = 0;
    }
}
