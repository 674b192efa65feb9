#include "extension/lifecycle.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "extension/event.h"
#include "extension/reporter.h"
#include "extension/runtime_api.h"
#include "proxy/base/clock.h"
#include "proxy/base/list.h"

enum {
    GRACE_MS = 1000, /* of the 2 s that Lambda gives to a shutdown */
    GRACE_MARGIN_MS = 200,
    GRACE_ALONE_MS = 10000,
    NEXT_RETRY_FIRST_MS = 10,
    NEXT_RETRY_MS = 1000,    /* after a lost connection, at most */
    NEXT_REFUSED_MS = 60000, /* after a 403, at most */
    DRAIN_MARGIN_MS = 100,   /* before the invocation's deadline Next is asked come what may */
};

struct lifecycle {
    uv_loop_t *loop;
    const struct config *config;
    const char *program;
    struct proxy *proxy;
    struct fault fault; /* why the start cannot work */
    int status;
    bool invokes;     /* registered for INVOKE */
    bool tried_again; /* registered a second time, for SHUTDOWN alone */
    bool next_due;    /* Next is to be asked once nothing is in flight */
    bool ending;
    unsigned retry_ms;
    struct api_call *call; /* under way */
    uv_timer_t timer;
    struct reporter reporter;
    uv_signal_t signals[2];
    struct buf identifier; /* a header line */
    char identifier_text[API_IDENTIFIER_BYTES + 64];
};

static void ask_next(struct lifecycle *life);
static void ask_registration(struct lifecycle *life);

/* COUNTERSIGN_POLICY=log: a line for `countersign policy`, to be found in the log. */
static void log_policy(const struct lifecycle *life)
{
    enum { RECORD_BYTES = 1024 * 1024 };
    char *memory = life->config->logs_policy ? malloc(RECORD_BYTES) : NULL;
    struct buf line = buf_over(memory, memory ? RECORD_BYTES : 0);
    if (memory && proxy_record(life->proxy, &line))
        log_record(buf_span(&line));
    free(memory);
}

static void on_drained(void *user)
{
    struct lifecycle *life = user;
    log_policy(life);
    uv_stop(life->loop);
}

static void end(struct lifecycle *life, int status, unsigned grace_ms)
{
    if (life->ending)
        return;
    life->ending = true;
    life->status = status;
    if (life->proxy)
        proxy_drain(life->proxy, grace_ms, on_drained, life);
    else
        uv_stop(life->loop);
}

static void on_init_error_told(void *owner, const struct api_answer *answer)
{
    struct lifecycle *life = owner;
    (void)answer; /* whatever it says, this process ends */
    life->call = NULL;
    end(life, life->status, 0);
}

/* Lambda shows this to whoever owns the function. */
static void tell_init_error(struct lifecycle *life)
{
    char body_memory[4096], headers_memory[512];
    struct buf body = buf_over(body_memory, sizeof body_memory),
               headers = buf_over(headers_memory, sizeof headers_memory);
    const char *type = life->status == EXIT_CONFIGURATION ? "Extension.BadConfiguration"
                                                          : "Extension.CannotListen";
    buf_add(&headers, buf_span(&life->identifier));
    buf_format(&headers, "Lambda-Extension-Function-Error-Type: %s\r\n", type);
    buf_text(&body, "{\"errorMessage\":\"");
    buf_json(&body, span_of(life->fault.text));
    buf_format(&body, "\",\"errorType\":\"%s\",\"stackTrace\":[]}", type);
    struct api_request request = {.host = life->config->runtime_api,
        .method = SPAN("POST"),
        .path = SPAN("init/error"),
        .headers = buf_span(&headers),
        .body = buf_span(&body)};
    life->call = api_call(life->loop, &request, on_init_error_told, life);
    if (!life->call)
        end(life, life->status, 0);
}

/* ---- next ---- */

static void on_retry(uv_timer_t *timer)
{
    ask_next(CONTAINER_OF(timer, struct lifecycle, timer));
}

static void ask_later(struct lifecycle *life, unsigned most_ms)
{
    life->retry_ms = life->retry_ms ? life->retry_ms * 2 : NEXT_RETRY_FIRST_MS;
    if (most_ms == NEXT_REFUSED_MS && life->retry_ms < NEXT_RETRY_MS)
        life->retry_ms = NEXT_RETRY_MS;
    if (life->retry_ms > most_ms)
        life->retry_ms = most_ms;
    (void)uv_timer_start(&life->timer, on_retry, life->retry_ms, 0);
}

static unsigned grace_until(int64_t deadline_ms)
{
    int64_t left = deadline_ms > 0 ? deadline_ms - clock_wall_ms() - GRACE_MARGIN_MS : GRACE_MS;
    return left < 0 ? 0 : left > GRACE_MS ? GRACE_MS : (unsigned)left;
}

static void on_deadline_near(uv_timer_t *timer)
{
    struct lifecycle *life = CONTAINER_OF(timer, struct lifecycle, timer);
    life->next_due = false;
    ask_next(life);
}

/* COUNTERSIGN_DRAIN: while an exchange is in flight Next is not asked, so the environment is not
 * frozen under it. */
static void on_invoke(struct lifecycle *life, const struct event *event)
{
    int64_t left = event->deadline_ms - clock_wall_ms() - DRAIN_MARGIN_MS;
    reporter_invocation(&life->reporter, span_of(event->request_id));
    log_request_id(span_of(event->request_id));
    life->next_due = life->config->drain && left > 0;
    if (!life->next_due) {
        ask_next(life);
        return;
    }
    (void)uv_timer_start(&life->timer, on_deadline_near, (uint64_t)left, 0);
    proxy_notify_idle(life->proxy);
}

static void on_idle(void *user)
{
    struct lifecycle *life = user;
    if (!life->next_due || life->ending)
        return;
    life->next_due = false;
    ask_next(life);
}

static void on_event(struct lifecycle *life, struct span body)
{
    struct event event;
    if (!event_parse(body, &event))
        log_line(LOG_WARN, "Lambda's event is not JSON with an eventType; it is passed over");
    switch (event.kind) {
    case EVENT_SHUTDOWN:
        log_line(LOG_DEBUG, "shutting down: %s", event.reason);
        end(life, EXIT_CLEAN, grace_until(event.deadline_ms));
        break;
    case EVENT_INVOKE:
        on_invoke(life, &event);
        break;
    case EVENT_OTHER:
    default:
        ask_later(life, NEXT_RETRY_MS);
        break;
    }
}

/* A crash would kill the invocation, so whatever can be lived with is: only a 500 asks the
 * extension to exit. */
static void on_next(void *owner, const struct api_answer *answer)
{
    struct lifecycle *life = owner;
    life->call = NULL;
    if (life->ending)
        return;
    if (answer->status == 200) {
        life->retry_ms = 0;
        on_event(life, answer->body);
    } else if (answer->status == 500) {
        log_line(LOG_ERROR,
            "Lambda's Extensions API is in a state that it cannot recover from (500); exiting");
        end(life, EXIT_RUN_TIME, 0);
    } else if (answer->status == 0) {
        log_line(
            LOG_DEBUG, "the wait for Lambda's next event ended: %s; asking again", answer->error);
        ask_later(life, NEXT_RETRY_MS);
    } else {
        log_line(life->retry_ms < NEXT_RETRY_MS ? LOG_WARN : LOG_DEBUG,
            "Lambda's Extensions API answered %u to event/next; serving on, and asking again later",
            answer->status);
        ask_later(life, NEXT_REFUSED_MS);
    }
}

static void ask_next(struct lifecycle *life)
{
    struct api_request request = {.host = life->config->runtime_api,
        .method = SPAN("GET"),
        .path = SPAN("event/next"),
        .headers = buf_span(&life->identifier)};
    (void)uv_timer_stop(&life->timer);
    if (life->ending || life->call)
        return;
    life->call = api_call(life->loop, &request, on_next, life);
    if (!life->call)
        ask_later(life, NEXT_RETRY_MS);
}

/* ---- registration ---- */

/* All is set up: what may wait until now begins. */
static void serve_on(struct lifecycle *life)
{
    proxy_introduce(life->proxy);
    reporter_start(&life->reporter, !life->invokes);
    proxy_prewarm(life->proxy);
}

static void on_registered(struct lifecycle *life, const struct api_answer *answer)
{
    char account[EVENT_ACCOUNT_BYTES];
    buf_text(&life->identifier, "Lambda-Extension-Identifier: ");
    buf_add(&life->identifier, answer->identifier);
    buf_text(&life->identifier, "\r\n");
    if (life->status != EXIT_CLEAN) {
        tell_init_error(life);
        return;
    }
    if (event_account(answer->body, account))
        proxy_know_account(life->proxy, span_of(account));
    ask_next(life);
    serve_on(life);
}

static void on_registration(void *owner, const struct api_answer *answer)
{
    struct lifecycle *life = owner;
    life->call = NULL;
    if (life->ending)
        return;
    if (answer->status == 200 && answer->identifier.len > 0) {
        on_registered(life, answer);
    } else if (answer->status != 0 && life->invokes && !life->tried_again) {
        life->tried_again = true;
        life->invokes = false;
        ask_registration(life);
    } else {
        if (answer->status == 0)
            log_line(LOG_ERROR, "registering with Lambda's Extensions API at %s failed: %s",
                life->config->runtime_api, answer->error);
        else
            log_line(LOG_ERROR,
                "registering with Lambda's Extensions API at %s failed: it answered %u",
                life->config->runtime_api, answer->status);
        end(life, life->status ? life->status : EXIT_RUN_TIME, 0);
    }
}

/* Lambda knows an extension by the file name under which it was started. */
static struct span file_name(struct span path)
{
    size_t start = path.len;
    while (start > 0 && path.at[start - 1] != '/')
        start--;
    return span_from(path, start);
}

static struct span own_name(const char *program, char memory[], size_t bytes)
{
    if (program && strchr(program, '/'))
        return file_name(span_of(program));
    ssize_t length = readlink("/proc/self/exe", memory, bytes);
    return length > 0 ? file_name((struct span){memory, (size_t)length}) : SPAN("countersign");
}

static void ask_registration(struct lifecycle *life)
{
    char headers_memory[512], path[256];
    struct buf headers = buf_over(headers_memory, sizeof headers_memory);
    buf_text(&headers, "Lambda-Extension-Name: ");
    buf_add(&headers, own_name(life->program, path, sizeof path));
    buf_text(&headers, "\r\nLambda-Extension-Accept-Feature: accountId\r\n");
    struct api_request request = {.host = life->config->runtime_api,
        .method = SPAN("POST"),
        .path = SPAN("register"),
        .headers = buf_span(&headers),
        .body = life->invokes ? SPAN("{\"events\":[\"INVOKE\",\"SHUTDOWN\"]}")
                              : SPAN("{\"events\":[\"SHUTDOWN\"]}")};
    life->call = api_call(life->loop, &request, on_registration, life);
    if (life->call)
        return;
    log_line(LOG_ERROR, "AWS_LAMBDA_RUNTIME_API=%.80s is not host:port", life->config->runtime_api);
    end(life, EXIT_CONFIGURATION, 0);
}

/* ---- the whole ---- */

static void on_signal(uv_signal_t *handle, int number)
{
    struct lifecycle *life = handle->data;
    log_line(LOG_DEBUG, "signal %d: shutting down", number);
    if (life->ending)
        uv_stop(life->loop); /* asked twice: no more patience */
    end(life, EXIT_CLEAN, life->config->runtime_api ? GRACE_MS : GRACE_ALONE_MS);
}

static void watch_signals(struct lifecycle *life)
{
    static const int numbers[] = {SIGTERM, SIGINT};
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN); /* a log that may not grow is no reason to end */
    for (size_t i = 0; i < 2; i++) {
        (void)uv_signal_init(life->loop, &life->signals[i]);
        life->signals[i].data = life;
        (void)uv_signal_start(&life->signals[i], on_signal, numbers[i]);
    }
}

/* Bind and listen before registering: the function starts once all extensions are registered. */
static void begin(struct lifecycle *life, const struct fault *configuration)
{
    if (configuration) {
        life->fault = *configuration;
        life->status = EXIT_CONFIGURATION;
    } else if (proxy_listen(life->proxy, &life->fault) != OK) {
        life->status = life->fault.err == ERR_BAD_REQUEST ? EXIT_CONFIGURATION : EXIT_RUN_TIME;
    }
    if (life->status != EXIT_CLEAN)
        log_line(LOG_FATAL, "%s", life->fault.text);
    if (life->config->runtime_api)
        ask_registration(life);
    else if (life->status != EXIT_CLEAN)
        end(life, life->status, 0);
    else
        serve_on(life);
}

static void on_last_call(uv_timer_t *timer)
{
    uv_stop(timer->loop);
}

/* Lets everything close. A lookup that hangs on its thread is not waited for. */
static void close_all(struct lifecycle *life)
{
    enum { PATIENCE_MS = 300 };
    api_abandon(life->call);
    if (life->proxy)
        proxy_close(life->proxy);
    for (size_t i = 0; i < 2; i++)
        uv_close((uv_handle_t *)&life->signals[i], NULL);
    (void)signal(SIGTERM, SIG_IGN); /* a second one would find libuv's handler gone */
    (void)signal(SIGINT, SIG_IGN);
    reporter_close(&life->reporter);
    (void)uv_timer_start(&life->timer, on_last_call, PATIENCE_MS, 0);
    uv_unref((uv_handle_t *)&life->timer);
    (void)uv_run(life->loop, UV_RUN_DEFAULT);
    uv_close((uv_handle_t *)&life->timer, NULL);
    (void)uv_run(life->loop, UV_RUN_NOWAIT);
}

int lifecycle_run(const struct lifecycle_setup *setup)
{
    struct lifecycle life = {.loop = setup->loop,
        .config = setup->config,
        .program = setup->program,
        .proxy = setup->proxy};
    life.identifier = buf_over(life.identifier_text, sizeof life.identifier_text);
    life.invokes = (setup->config->drain || setup->config->metrics.len > 0)
        && !setup->config->managed_instances;
    (void)uv_timer_init(life.loop, &life.timer);
    reporter_init(&life.reporter, life.loop, setup->config, setup->proxy);
    watch_signals(&life);
    if (life.proxy)
        proxy_on_idle(life.proxy, on_idle, &life);
    begin(&life, setup->fault);
    (void)uv_run(life.loop, UV_RUN_DEFAULT);
    close_all(&life);
    return life.status;
}
