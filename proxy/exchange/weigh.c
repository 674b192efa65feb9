/* An error answer that may have a remedy is held until it is whole, and weighed: either the request
 * goes out once more, with newer keys, by the server's clock, to the bucket's region or after a
 * pause, or the answer is relayed as it came. */
#include "proxy/aws/error_code.h"
#include "proxy/aws/remedy.h"
#include "proxy/base/clock.h"
#include "proxy/exchange/state.h"

enum {
    WEIGHED_MAX_BYTES = 16 * 1024,
    JOB_ANSWER_BYTES = 48 * 1024, /* a job may have many tags */
    PAUSE_FIRST_MS = 200,         /* at most; it doubles */
    PAUSE_MAX_MS = 5000,
    STEP_RETRIES = 3,                    /* of an upload's, at least */
    PAUSE_NEVER_MS = 1000 * 1000 * 1000, /* more than any timeout */
};

/* A step of an upload that can be done again whatever happened; its client cannot send it again. */
static bool is_patient(const struct exchange *x)
{
    enum multipart_step step = steps_now(x);
    return step == MULTIPART_PART || (step == MULTIPART_COMPLETE && !x->left);
}

static unsigned retries_allowed(const struct exchange *x)
{
    unsigned asked = x->proxy->options.retries;
    if (is_patient(x) && asked < STEP_RETRIES)
        return STEP_RETRIES;
    return x->left ? 0 : asked;
}

static bool server_failed(const struct exchange *x)
{
    return is_patient(x) && x->answer_head.status >= 500;
}

bool weigh_wants(const struct exchange *x)
{
    const struct framing *framing = &x->answer_framing;
    if (job_reads(x))
        return true;
    bool small = framing->kind == BODY_CHUNKED || framing->kind == BODY_NONE
        || (framing->kind == BODY_LENGTH && framing->length <= WEIGHED_MAX_BYTES);
    return small && (remedy_possible(x->answer_head.status) || server_failed(x));
}

bool weigh_take(struct exchange *x, struct span piece)
{
    size_t place = x->answer_head_bytes + x->weighed_bytes;
    size_t most = x->job ? JOB_ANSWER_BYTES : WEIGHED_MAX_BYTES;
    if (job_reads(x))
        return job_passes(x, piece);
    if (piece.len > most - x->weighed_bytes || piece.len > sizeof x->answer_memory - place)
        return false;
    memcpy(x->answer_memory + place, piece.at, piece.len);
    x->weighed_bytes += piece.len;
    return true;
}

static struct span answer_field(const struct exchange *x, struct span name)
{
    const struct field *field = head_find_name(&x->answer_head, name);
    return field ? field->value : (struct span){NULL, 0};
}

/* At most once: a remedy that has not helped will not help again. */
static bool can_remedy(const struct exchange *x)
{
    return !x->remedied && send_repeatable(x);
}

/* Sends it once more where that is possible; what was learned serves the next request anyway. */
static void repeat_or_relay(struct exchange *x, bool learned)
{
    if (!learned || !can_remedy(x)) {
        receive_release(x);
        return;
    }
    x->remedied = true;
    exchange_let_upstream_go(x);
    send_repeat(x);
}

static void on_renewed(struct credentials_wait *wait)
{
    struct exchange *x = CONTAINER_OF(wait, struct exchange, wait);
    const struct credentials_store *store = x->proxy->options.credentials;
    if (credentials_current(store) && credentials_generation(store) != x->generation)
        send_repeat(x);
    else
        receive_release(x);
}

/* Where the request cannot be repeated newer keys are fetched all the same, for the next. */
static void renew_keys(struct exchange *x)
{
    struct credentials_store *store = x->proxy->options.credentials;
    bool again = can_remedy(x);
    if (x->route.session) {
        express_drop(x->proxy->express, &x->route, x->generation);
        repeat_or_relay(x, true);
        return;
    }
    x->wait.on_settled = on_renewed;
    bool settled = credentials_renew(store, x->generation, again ? &x->wait : NULL);
    if (!again) {
        receive_release(x);
        return;
    }
    x->remedied = true;
    exchange_let_upstream_go(x);
    if (settled)
        on_renewed(&x->wait);
    else
        exchange_enter(x, PHASE_CREDENTIALS);
}

/* The server's time; an answer with an Age was made some time ago, so its Date tells nothing of
 * now. */
static struct span answer_date(const struct exchange *x)
{
    bool aged = head_find_name(&x->answer_head, SPAN("Age"));
    return aged ? (struct span){NULL, 0} : answer_field(x, SPAN("Date"));
}

void weigh_clock(struct exchange *x)
{
    if (x->proxy->skew.offset_ms != 0)
        skew_check(&x->proxy->skew, answer_date(x), clock_wall_ms());
}

static bool learn_clock(struct exchange *x)
{
    return skew_learn(&x->proxy->skew, answer_date(x), clock_wall_ms(), x->signed_ms);
}

/* What the server asks for with Retry-After, in seconds or as a date; NEVER where that cannot be
 * read, for a wish that is not understood is not to be passed over. */
static uint64_t wanted_ms(const struct exchange *x)
{
    struct span after = answer_field(x, SPAN("Retry-After"));
    uint64_t seconds;
    int64_t date_ms, now_ms = clock_wall_ms() + x->proxy->skew.offset_ms;
    if (after.len == 0)
        return 0;
    if (span_to_number(after, PAUSE_NEVER_MS / 1000, &seconds))
        return seconds * 1000;
    if (clock_parse_http_date(after, &date_ms))
        return date_ms > now_ms ? (uint64_t)(date_ms - now_ms) : 0;
    return PAUSE_NEVER_MS;
}

/* Full jitter: anything up to a limit that doubles, so that those who were refused together do not
 * come back together. What the server asks for comes on top. */
static uint64_t pause_ms(const struct exchange *x)
{
    uint32_t chance = 0;
    uint64_t limit_ms = (uint64_t)PAUSE_FIRST_MS << (x->retries < 8 ? x->retries : 8);
    (void)uv_random(NULL, NULL, &chance, sizeof chance, 0, NULL); /* without it: no pause */
    limit_ms = limit_ms < PAUSE_MAX_MS ? limit_ms : PAUSE_MAX_MS;
    return wanted_ms(x) + chance % (limit_ms + 1);
}

/* The client's patience is the timeout, as far as we know: all pauses together stay within it. */
static void pause_or_relay(struct exchange *x)
{
    uint64_t ms = pause_ms(x);
    bool patient = x->paused_ms + ms < x->proxy->options.timeout_ms;
    if (x->retries >= retries_allowed(x) || !patient || !send_repeatable(x)
        || send_is_conditional_write(steps_message(x).head)) {
        receive_release(x);
        return;
    }
    x->retries++;
    x->paused_ms += ms;
    exchange_let_upstream_go(x);
    exchange_pause(x, (unsigned)ms);
}

static enum remedy find_remedy(const struct exchange *x, struct span *region)
{
    struct refusal refusal = {.status = x->answer_head.status,
        .s3 = x->route.s3,
        .error_type = answer_field(x, SPAN("X-Amzn-ErrorType")),
        .bucket_region = answer_field(x, SPAN("X-Amz-Bucket-Region")),
        .body = {x->answer_memory + x->answer_head_bytes, x->weighed_bytes}};
    enum remedy remedy = remedy_of(&refusal, region);
    bool slow = is_patient(x)
        && span_equal(error_code_find(refusal.error_type, refusal.body), SPAN("RequestTimeout"));
    return remedy == REMEDY_NONE && (slow || server_failed(x)) ? REMEDY_PAUSE : remedy;
}

void weigh_decide(struct exchange *x)
{
    struct span region = {NULL, 0};
    if (steps_answered(x))
        return;
    switch (find_remedy(x, &region)) {
    case REMEDY_KEYS:
        renew_keys(x);
        break;
    case REMEDY_CLOCK:
        repeat_or_relay(x, learn_clock(x));
        break;
    case REMEDY_REGION:
        repeat_or_relay(x, place_learn(x, region));
        break;
    case REMEDY_PAUSE:
        pause_or_relay(x);
        break;
    case REMEDY_NONE:
    default:
        receive_release(x);
        break;
    }
}
