#include "proxy/credentials/refresh.h"

#include <openssl/crypto.h>
#include <stdlib.h>

#include "proxy/io/call.h"

enum { TRIES = 3, RETRY_MS = 100 };

struct refresh {
    struct source_run run;
    struct credentials_means means;
    enum step step;
    unsigned tries; /* of the step */
    bool closing;
    struct call *call;
    uv_timer_t timer; /* its start, and between two tries */
    struct refreshed refreshed;
    void (*on_done)(void *owner, struct refreshed refreshed, const struct fault *fault);
    void *owner;
    char text[SOURCE_TEXT_BYTES];
};

static void on_timer_closed(uv_handle_t *handle)
{
    struct refresh *r = CONTAINER_OF(handle, struct refresh, timer);
    issued_destroy(r->refreshed.base);
    issued_destroy(r->refreshed.role);
    OPENSSL_cleanse(r, sizeof *r);
    free(r);
}

static void close_refresh(struct refresh *r)
{
    if (r->closing)
        return;
    r->closing = true;
    call_abandon(r->call);
    uv_close((uv_handle_t *)&r->timer, on_timer_closed);
}

void refresh_abandon(struct refresh *r)
{
    if (!r)
        return;
    r->owner = NULL;
    close_refresh(r);
}

/* Hands over what there is. */
static void tell(struct refresh *r, const struct fault *fault)
{
    void *owner = r->owner;
    struct refreshed refreshed = r->refreshed;
    if (!owner)
        return;
    r->owner = NULL;
    r->refreshed = (struct refreshed){NULL, NULL};
    close_refresh(r);
    r->on_done(owner, refreshed, fault);
}

static void ask(struct refresh *r);

static void on_timer(uv_timer_t *timer)
{
    ask(CONTAINER_OF(timer, struct refresh, timer));
}

/* A server that stumbles is asked again, each time after a longer pause; the last fault is told. */
static void stumble(struct refresh *r, const struct fault *fault)
{
    if (r->tries == TRIES)
        tell(r, fault);
    else
        (void)uv_timer_start(&r->timer, on_timer, (uint64_t)RETRY_MS << (2 * (r->tries - 1)), 0);
}

static bool stumbles(unsigned status)
{
    return status == 429 || status >= 500;
}

/* Keys have come, or a name for the next step; where the keys are to assume a role, that follows.
 */
static void advance(struct refresh *r, struct issued *issued, enum step next)
{
    struct refreshed *refreshed = &r->refreshed;
    if (issued && r->step == STEP_ASSUME_ROLE)
        refreshed->role = issued;
    else if (issued)
        refreshed->base = issued;
    if (issued && issued == refreshed->base && r->run.options->role.len > 0) {
        r->run.by = &issued->keys;
        next = STEP_ASSUME_ROLE;
    }
    r->step = next;
    r->tries = 0;
    if (next == STEP_DONE)
        tell(r, NULL);
    else
        ask(r);
}

static void on_answer(void *owner, struct reply *reply, const struct fault *trouble)
{
    struct refresh *r = owner;
    struct fault fault;
    struct issued *issued = NULL;
    enum step step = r->step;
    r->call = NULL;
    if (!reply) {
        stumble(r, trouble);
        return;
    }
    enum err err = source_read(&r->run, reply, &step, &issued, &fault);
    if (err && stumbles(reply_status(reply)))
        stumble(r, &fault);
    else if (err)
        tell(r, &fault);
    else
        advance(r, issued, step);
}

static void ask(struct refresh *r)
{
    struct fault fault;
    struct source_request request = {.text = buf_over(r->text, sizeof r->text)};
    r->tries++;
    if (source_write(&r->run, r->step, &request, &fault) != OK) {
        tell(r, &fault);
        return;
    }
    struct call_request call = {request.target, buf_span(&request.text), request.timeout_ms};
    r->call = call_start(r->means.pool, &call, on_answer, r);
    if (r->call)
        return;
    (void)fault_set(&fault, ERR_OUT_OF_MEMORY, "there is not enough memory to ask for credentials");
    tell(r, &fault);
}

struct refresh *refresh_start(const struct refresh_setup *setup,
    void (*on_done)(void *owner, struct refreshed refreshed, const struct fault *fault),
    void *owner)
{
    struct refresh *r = calloc(1, sizeof *r);
    if (!r || uv_timer_init(pool_loop(setup->means->pool), &r->timer) < 0) {
        free(r);
        return NULL;
    }
    r->means = *setup->means;
    r->run.options = setup->options;
    r->run.route = setup->means->route;
    r->run.signer = setup->means->signer;
    r->run.skew = setup->means->skew;
    r->run.by = setup->by;
    r->step = setup->first;
    r->on_done = on_done;
    r->owner = owner;
    (void)uv_timer_start(&r->timer, on_timer, 0, 0);
    return r;
}
