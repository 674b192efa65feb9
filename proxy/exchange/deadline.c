/* How far an exchange is, and how long that may take: each phase has its own end when its time is
 * over. */
#include "proxy/exchange/state.h"

enum { CONTINUE_MS = 1000 };

static const struct {
    const char *name;
    enum err error; /* when it is over */
    const char *text;
} phases[] = {
    [PHASE_HEAD] = {"head", ERR_REQUEST_TIMEOUT, "The request's head did not come in time."},
    [PHASE_CREDENTIALS] = {"credentials", ERR_NO_CREDENTIALS,
        "Credentials could not be fetched in time (COUNTERSIGN_TIMEOUT_MS)."},
    [PHASE_VERIFY] = {"verify", ERR_UPSTREAM_TIMEOUT, "STS has not answered in time."},
    [PHASE_AUDIO] = {"audio", ERR_REQUEST_TIMEOUT, "The audio stopped coming."},
    [PHASE_HOLD] = {"hold", ERR_REQUEST_TIMEOUT, "The request's body stopped coming."},
    [PHASE_PARTS] = {"parts", ERR_REQUEST_TIMEOUT, "The request's body stopped coming."},
    [PHASE_CONNECT] = {"connect", ERR_TOO_BUSY,
        "All connections to this server are in use (COUNTERSIGN_MAX_UPSTREAM). Try again, or "
        "send fewer at once."},
    [PHASE_CONTINUE] = {"continue", ERR_UPSTREAM_TIMEOUT, "The server's answer stopped coming."},
    [PHASE_STREAM] = {"stream", ERR_REQUEST_TIMEOUT, "The request's body stopped coming."},
    [PHASE_SENT] = {"sent", ERR_UPSTREAM_TIMEOUT,
        "The server has not answered in time (COUNTERSIGN_TIMEOUT_MS)."},
    [PHASE_PAUSE] = {"pause", OK, ""},
    [PHASE_SOCKET] = {"socket", OK, ""},
    [PHASE_JOB] = {"job", OK, ""},
    [PHASE_DISCARD] = {"discard", ERR_UPSTREAM_TIMEOUT, "The server's answer stopped coming."},
};

void exchange_stir(struct exchange *x)
{
    if (x->phase == PHASE_SOCKET && socket_ends(x))
        return;
    bool asking = x->phase == PHASE_CONTINUE && x->answer < ANSWER_WEIGHED;
    unsigned ms = asking ? CONTINUE_MS : x->proxy->options.timeout_ms;
    x->ticks_left = ms / TICK_MS + 1;
}

void exchange_enter(struct exchange *x, enum phase phase)
{
    x->phase = phase;
    log_line(LOG_TRACE, "%s", phases[phase].name);
    exchange_stir(x);
}

void exchange_pause(struct exchange *x, unsigned ms)
{
    exchange_enter(x, PHASE_PAUSE);
    x->ticks_left = ms / TICK_MS + 1;
}

void exchange_hurry(struct exchange *x)
{
    if (x->phase == PHASE_PAUSE || x->phase == PHASE_JOB)
        x->ticks_left = 1;
    if (x->phase == PHASE_SOCKET)
        socket_drain(x);
}

void exchange_tick(struct exchange *x)
{
    x->ticks_left--;
    x->ticks++;
}

void exchange_timeout(struct exchange *x)
{
    struct fault fault;
    enum err err = phases[x->phase].error;
    const char *text = phases[x->phase].text;
    if (x->phase == PHASE_CONTINUE && x->answer < ANSWER_WEIGHED) {
        send_continue(x);
        return;
    }
    if (x->phase == PHASE_SOCKET) {
        socket_timeout(x);
        return;
    }
    if (x->phase == PHASE_JOB) {
        job_ask_again(x);
        return;
    }
    if (x->phase == PHASE_PAUSE && !x->proxy->draining) {
        send_repeat(x);
        return;
    }
    if (x->phase == PHASE_PAUSE) {
        receive_release(x); /* there is no time for another try */
        return;
    }
    if (x->phase == PHASE_CREDENTIALS && x->answer == ANSWER_WEIGHED) {
        credentials_leave(&x->wait);
        receive_release(x);
        return;
    }
    if (x->phase == PHASE_STREAM && upstream_blocked(x->upstream)) {
        err = ERR_UPSTREAM_TIMEOUT;
        text = "The server stopped taking the body.";
    } else if (x->phase == PHASE_CONNECT && pool_waits_for_server(&x->lease)) {
        err = ERR_UPSTREAM_TIMEOUT;
        text = "The server could not be reached in time (COUNTERSIGN_TIMEOUT_MS).";
    } else if (x->phase == PHASE_PARTS && parts_wait(x)) {
        err = ERR_TOO_BUSY;
        text = "Other bodies of unknown length hold all the memory that there is for parts "
               "(COUNTERSIGN_PARTS). Send a Content-Length, or try again.";
    }
    (void)fault_set(&fault, err, "%s", text);
    exchange_fail(x, &fault);
}
