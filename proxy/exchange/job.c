/* Transcription as one call. A PUT goes to S3 as any upload would; where S3 has taken it, the same
 * exchange starts a job for it. A GET asks how far a job is, again and again while its client
 * waits, and then fetches the transcript. Each step is a request of the exchange's, with all that
 * may happen to one; what S3 and Transcribe refuse is relayed in their own words.
 *
 *   PUT  UPLOADS -> STARTS -> answered
 *   GET  ASKS <-> (a pause) -> READS -> answered
 */
#include "proxy/exchange/job.h"

#include <stdlib.h>

#include "proxy/aws/claim.h"
#include "proxy/aws/error_code.h"
#include "proxy/base/clock.h"
#include "proxy/exchange/job_state.h"

enum {
    PAUSE_TICKS = 1000 / TICK_MS, /* between two questions; it grows */
    PAUSE_MORE_TICKS = 250 / TICK_MS,
    PAUSE_MAX_TICKS = 3000 / TICK_MS,
};

static const struct span json_type = TEXT("application/json");

/* ---- what is sent ---- */

bool job_asks(const struct exchange *x)
{
    return x->job && x->job->step != JOB_UPLOADS;
}

struct message job_message(const struct exchange *x)
{
    const struct job *job = x->job;
    return (struct message){&job->head, job->query, job->body};
}

struct outgoing_body job_body(struct exchange *x)
{
    struct job *job = x->job;
    return (struct outgoing_body){.has_length = job->step != JOB_READS,
        .length = job->body.len,
        .hash = {job->hash, sizeof job->hash}};
}

static void add_field(struct head *head, struct span name, struct span value)
{
    head->fields[head->count++] = (struct field){name, value, field_identify(name)};
}

void job_prepare(struct exchange *x, enum job_step step, struct span body)
{
    struct job *job = x->job;
    struct span target = step == JOB_STARTS ? SPAN("Transcribe.StartTranscriptionJob")
                                            : SPAN("Transcribe.GetTranscriptionJob");
    job->step = step;
    job->body = body;
    job->query = step == JOB_READS ? x->route.query : (struct span){NULL, 0};
    job->head = (struct head){.method = step == JOB_READS ? SPAN("GET") : SPAN("POST"), .minor = 1};
    if (step != JOB_READS) {
        add_field(&job->head, SPAN("Content-Type"), SPAN("application/x-amz-json-1.1"));
        add_field(&job->head, SPAN("X-Amz-Target"), target);
    }
    hash_hex(body, job->hash);
}

void job_send(struct exchange *x)
{
    x->lost = x->remedied = x->waited_again = x->odd = x->body_begun = false;
    x->asks = x->keeps_back = false;
    x->session_waits = x->retries = 0;
    x->paused_ms = 0;
    x->holds = true;
    send_afresh(x);
}

static void send_to_transcribe(struct exchange *x, enum job_step step, struct span body)
{
    struct fault fault;
    const struct route_options *options = &x->proxy->route;
    exchange_count(x);
    if (route_of_service(options, SPAN("transcribe"), &x->route, &fault) != OK) {
        exchange_fail(x, &fault);
        return;
    }
    job_prepare(x, step, body);
    job_send(x);
}

/* ---- what is asked ---- */

/* Without a signature of the client's own. */
static struct span query_of(struct exchange *x)
{
    struct buf query = buf_over(x->proxy->scratch, sizeof x->proxy->scratch);
    if (!x->claimed || !x->claim.in_query)
        return x->route.query;
    claim_strip_query(x->route.query, &query);
    return buf_span(&query);
}

static enum err check_upload(const struct exchange *x, struct fault *fault)
{
    if (x->framing.kind == BODY_NONE || (x->framing.kind == BODY_LENGTH && x->framing.length == 0))
        return fault_set(fault, ERR_BAD_REQUEST, "There is no audio: it is the request's body.");
    if (head_find_name(&x->head, SPAN("X-Amz-Copy-Source")))
        return fault_set(fault, ERR_BAD_REQUEST,
            "The audio is the request's body; an object cannot be copied here.");
    return OK;
}

/* What the job needs is asked of the guard before anything is stored for it. */
static enum err check_start(struct exchange *x, struct fault *fault)
{
    struct route route;
    struct job *job = x->job;
    enum err err = route_of_service(&x->proxy->route, SPAN("transcribe"), &route, fault);
    if (!err) {
        job_prepare(x, JOB_STARTS, job->order.body);
        struct message message = job_message(x);
        err = permit_step(x, &route, &message, fault);
    }
    job->step = JOB_UPLOADS;
    return err;
}

/* The upload goes where /s3/BUCKET/KEY would. */
static enum err route_upload(struct exchange *x, struct fault *fault)
{
    struct job *job = x->job;
    struct buf path = buf_over(job->path, sizeof job->path);
    buf_text(&path, "/s3");
    buf_add(&path, job->order.path);
    struct target target = {.method = x->head.method, .path = buf_span(&path)};
    enum err err = route_find(&x->proxy->route, &target, NULL, &x->route, fault);
    if (!err)
        place_route(x->proxy, &x->route);
    session_plan(x);
    return err;
}

static enum err plan_upload(struct exchange *x, struct fault *fault)
{
    struct proxy *proxy = x->proxy;
    struct job_wish wish = {.path = x->route.path,
        .query = query_of(x),
        .now_ms = clock_wall_ms() + proxy->skew.offset_ms};
    struct buf scratch = buf_over(proxy->query_scratch, sizeof proxy->query_scratch);
    if (uv_random(NULL, NULL, &wish.chance, sizeof wish.chance, 0, NULL) < 0)
        return fault_set(fault, ERR_OUT_OF_MEMORY, "There is no randomness to be had for a name.");
    enum err err = check_upload(x, fault);
    if (!err)
        err = job_order_parse(&wish, scratch, &x->job->order, fault);
    if (!err)
        err = check_start(x, fault);
    if (!err)
        err = route_upload(x, fault);
    return err ? err : send_plan(x, fault);
}

static enum err plan_question(struct exchange *x, struct fault *fault)
{
    struct proxy *proxy = x->proxy;
    struct job *job = x->job;
    struct buf scratch = buf_over(proxy->query_scratch, sizeof proxy->query_scratch);
    if (x->framing.kind != BODY_NONE)
        return fault_set(fault, ERR_BAD_REQUEST, "A GET of this page has no body.");
    job->question.as_text = page_wants_text(x);
    if (job_question_parse(x->route.path, query_of(x), scratch, &job->question, fault) != OK)
        return fault->err;
    job->wait_ticks = job->question.wait_s * 1000 / TICK_MS;
    enum err err = route_of_service(&proxy->route, SPAN("transcribe"), &x->route, fault);
    if (!err)
        job_prepare(x, JOB_ASKS, job->question.body);
    return err;
}

static enum err plan(struct exchange *x, struct fault *fault)
{
    const struct credentials_store *store = x->proxy->options.credentials;
    bool puts = head_method_is(&x->head, SPAN("PUT"));
    if (!puts && !head_method_is(&x->head, SPAN("GET"))) {
        x->hint = SPAN("Allow: GET, PUT\r\n");
        return fault_set(fault, ERR_METHOD_NOT_ALLOWED,
            "PUT /-/transcribe/BUCKET/KEY stores audio and starts a transcription job for it; "
            "GET /-/transcribe/JOB asks how far that is.");
    }
    if (!credentials_current(store))
        return fault_set(fault, ERR_NO_CREDENTIALS, "%s", credentials_missing(store));
    x->job = calloc(1, sizeof *x->job);
    if (!x->job)
        return fault_set(
            fault, ERR_OUT_OF_MEMORY, "There is not enough memory for a transcription job.");
    return puts ? plan_upload(x, fault) : plan_question(x, fault);
}

void job_serve(struct exchange *x)
{
    struct fault fault;
    enum admission admission = exchange_admit(x, true, &fault);
    if (admission == ADMISSION_WAITS)
        return;
    enum err err = admission == ADMITTED ? plan(x, &fault) : fault.err;
    x->holds = x->holds || job_asks(x);
    if (!err)
        send_begin(x);
    else if (x->job)
        exchange_fail(x, &fault);
    else
        page_fail(x, &fault);
}

/* ---- answers ---- */

static struct span weighed(const struct exchange *x)
{
    return (struct span){x->answer_memory + x->answer_head_bytes, x->weighed_bytes};
}

void job_answer(struct exchange *x, int status, struct span type, struct span body)
{
    struct proxy *proxy = x->proxy;
    char memory[1024];
    struct buf extra = buf_over(memory, sizeof memory);
    struct buf out = buf_over(proxy->scratch, sizeof proxy->scratch);
    buf_text(&extra, "X-Content-Type-Options: nosniff\r\n");
    if (x->job->step == JOB_STARTS) {
        buf_text(&extra, "Location: ");
        job_write_url(&extra, x->target.authority.text, x->job->order.name);
        buf_text(&extra, "\r\n");
    }
    if (extra.failed)
        extra.len = 0; /* for a Host of many zeros in its port */
    struct answer_own own = {
        .status = status, .content_type = type, .extra = buf_span(&extra), .body = body};
    x->close = x->close || !x->framing.keep_alive || client_leaves(x->client);
    answer_write(&out, &own, (struct answer_connection){.close = x->close, .minor = x->head.minor});
    x->status = status;
    uv_buf_t buffer = stream_buffer(buf_span(&out));
    stream_write(&x->client->stream, &buffer, 1);
    exchange_finish(x);
}

static void fail(struct exchange *x, const char *why)
{
    struct fault fault;
    x->odd = true;
    (void)fault_set(&fault, ERR_UPSTREAM_PROTOCOL, "%s", why);
    exchange_fail(x, &fault);
}

static void on_uploaded(struct exchange *x)
{
    if (x->phase != PHASE_SENT || !body_whole(&x->body)) {
        fail(x, "S3 has answered before it had all of the audio.");
        return;
    }
    if (x->asks)
        place_confirm(x);
    parts_end(x);
    send_to_transcribe(x, JOB_STARTS, x->job->order.body);
}

/* The name was made for this job alone: who has it already is this job, started by the same request
 * before the answer was lost. */
static bool is_started_before(const struct exchange *x)
{
    struct span type = head_value_of(&x->answer_head, SPAN("X-Amzn-ErrorType"));
    return x->job->step == JOB_STARTS && !x->job->order.named
        && span_equal(error_code_find(type, weighed(x)), SPAN("ConflictException"));
}

static void on_started(struct exchange *x)
{
    struct proxy *proxy = x->proxy;
    struct job *job = x->job;
    struct buf body = buf_over(proxy->query_scratch, sizeof proxy->query_scratch);
    if (!job_state_read(weighed(x), &job->state))
        job->state = (struct job_state){.status = SPAN("IN_PROGRESS")};
    job_write_started(&body, &job->order, x->target.authority.text, &job->state);
    job_answer(x, 201, json_type, buf_span(&body));
}

/* How far it is; no transcript. */
static void answer_state(struct exchange *x)
{
    struct proxy *proxy = x->proxy;
    struct job *job = x->job;
    struct buf body = buf_over(proxy->query_scratch, sizeof proxy->query_scratch);
    job_write_state(&body, job->question.name, &job->state);
    job_answer(x, job->state.end == JOB_RUNS ? 202 : 200, json_type, buf_span(&body));
}

/* A client that has ended its half may be gone altogether: it is answered at once. */
static bool waits(const struct exchange *x)
{
    return x->ticks < x->job->wait_ticks && !x->client->ended && !x->proxy->draining;
}

static void on_running(struct exchange *x)
{
    struct job *job = x->job;
    if (!waits(x)) {
        answer_state(x);
        return;
    }
    unsigned left = job->wait_ticks - x->ticks;
    unsigned pause = PAUSE_TICKS + job->pauses++ * PAUSE_MORE_TICKS;
    pause = pause < PAUSE_MAX_TICKS ? pause : PAUSE_MAX_TICKS;
    exchange_enter(x, PHASE_JOB);
    x->ticks_left = pause < left ? pause : left;
}

void job_ask_again(struct exchange *x)
{
    if (x->client->ended || x->proxy->draining)
        answer_state(x);
    else
        send_to_transcribe(x, JOB_ASKS, x->job->question.body);
}

static void on_asked(struct exchange *x)
{
    struct job *job = x->job;
    if (!job_state_read(weighed(x), &job->state))
        fail(x, "Transcribe's answer does not tell how far the job is.");
    else if (job->state.end == JOB_COMPLETED)
        job_fetch(x);
    else if (job->state.end == JOB_FAILED)
        answer_state(x);
    else
        on_running(x);
}

bool job_keeps(const struct exchange *x)
{
    const struct job *job = x->job;
    return job && job->step != JOB_READS
        && (x->answer_head.status < 300 || job->step == JOB_STARTS);
}

bool job_takes(struct exchange *x)
{
    static void (*const on_answer[])(struct exchange * x) = {[JOB_UPLOADS] = on_uploaded,
        [JOB_STARTS] = on_started,
        [JOB_ASKS] = on_asked,
        [JOB_READS] = job_answer_empty};
    if (!x->job || (x->answer_head.status >= 300 && !is_started_before(x)))
        return false;
    permit_record(x);
    exchange_let_upstream_go(x);
    on_answer[x->job->step](x);
    return true;
}

void job_hint(struct exchange *x)
{
    static const struct span text =
        TEXT("The audio is stored in S3; it is the job that failed.\r\n");
    struct proxy *proxy = x->proxy;
    struct buf hint = buf_over(proxy->hint, sizeof proxy->hint);
    bool more = x->hint.len > 0 && x->hint.at == proxy->hint;
    if (!x->job || x->job->step != JOB_STARTS || x->hint.len + text.len > sizeof proxy->hint)
        return;
    if (more)
        hint.len = x->hint.len - 2; /* on the same line */
    buf_add(&hint, more ? SPAN(" ") : SPAN("X-Countersign-Hint: "));
    buf_add(&hint, text);
    x->hint = buf_span(&hint);
}

void job_end(struct exchange *x)
{
    struct counters *counters = &x->proxy->counters;
    if (!x->job)
        return;
    counters->pages[x->broken ? 0 : x->status / 100 % 6]++;
    if (x->err)
        counters->page_errors[x->err]++;
    free(x->job);
    x->job = NULL;
}
