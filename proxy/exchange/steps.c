/* The steps of an upload in parts. Each is a request of its own, sent as the client's would be,
 * with all that may happen to one: keys that end, a bucket elsewhere, a server that is busy. Its
 * answer is ours; the client gets that of the last, or of the first that fails. What has begun and
 * is not completed is aborted, also when the client is gone, for parts that nobody removes are
 * billed.
 *
 *   CREATE -> PART ... PART -> COMPLETE -> answered
 *      '--------'---------------'--> ABORT
 */
#include "proxy/exchange/answer.h"
#include "proxy/exchange/parts.h"

enum { TRIES = 3, ABORT_AGAIN_MS = 1000 };

enum multipart_step steps_now(const struct exchange *x)
{
    return x->upload ? x->upload->step : MULTIPART_NONE;
}

/* ---- what is sent ---- */

static struct span content_of(const struct part *part)
{
    return part ? (struct span){part->at, part->bytes} : (struct span){NULL, 0};
}

static struct span body_of(const struct upload *u)
{
    switch (u->step) {
    case MULTIPART_NONE:
    case MULTIPART_PART:
        return content_of(u->sending);
    case MULTIPART_COMPLETE:
        return buf_span(&u->list);
    case MULTIPART_CREATE:
    case MULTIPART_ABORT:
    default:
        return (struct span){NULL, 0};
    }
}

struct message steps_message(const struct exchange *x)
{
    const struct upload *u = x->upload;
    if (job_asks(x))
        return job_message(x);
    if (!u)
        return (struct message){&x->head, x->route.query, {x->held, x->held_bytes}};
    if (u->step == MULTIPART_NONE)
        return (struct message){&x->head, x->route.query, body_of(u)};
    return (struct message){&u->head, u->query, body_of(u)};
}

/* The object's checksum is made of all its content, and S3 compares it once more at the end. */
static void describe_sum(struct exchange *x, struct outgoing_body *body)
{
    struct upload *u = x->upload;
    if (u->step == MULTIPART_CREATE)
        body->algorithm = sum_algorithm(x);
    if (u->step == MULTIPART_PART || u->step == MULTIPART_COMPLETE)
        body->checksum = sum_name(x);
    if (u->step == MULTIPART_PART)
        body->checksum_value = u->part_sum;
    if (u->step == MULTIPART_COMPLETE)
        body->checksum_value = sum_value(x, u->sum, u->sum_text);
    body->of_whole = u->step == MULTIPART_CREATE || u->step == MULTIPART_COMPLETE;
}

void steps_describe(struct exchange *x, struct outgoing_body *body)
{
    struct upload *u = x->upload;
    if (u->step == MULTIPART_CREATE || u->step == MULTIPART_ABORT)
        body->hash = SPAN(EMPTY_SHA256);
    if (u->step == MULTIPART_COMPLETE)
        body->hash = (struct span){u->hash, sizeof u->hash};
    if (x->sum_kind != SUM_NONE)
        describe_sum(x, body);
}

static struct span method_of(enum multipart_step step)
{
    if (step == MULTIPART_ABORT)
        return SPAN("DELETE");
    return step == MULTIPART_PART ? SPAN("PUT") : SPAN("POST");
}

static void write_head(struct exchange *x)
{
    struct upload *u = x->upload;
    struct buf query = buf_over(u->query_memory, sizeof u->query_memory);
    u->head = (struct head){.method = method_of(u->step), .minor = 1};
    for (size_t i = 0; i < x->head.count; i++) {
        const struct field *field = &x->head.fields[i];
        if (head_forwards(&x->head, field) && multipart_field_goes(u->step, field))
            u->head.fields[u->head.count++] = *field;
    }
    multipart_write_query(&query, u->step, u->number, (struct span){u->id, u->id_bytes});
    u->query = buf_span(&query);
}

/* ---- the next step ---- */

void steps_begin(struct exchange *x, enum multipart_step step)
{
    struct upload *u = x->upload;
    u->step = step;
    x->lost = x->remedied = x->waited_again = x->odd = false;
    x->session_waits = x->retries = 0;
    x->paused_ms = 0;
    write_head(x);
    send_afresh(x);
}

/* The next part fills while this one is on its way. */
static void begin_part(struct exchange *x)
{
    struct upload *u = x->upload;
    struct client *client = x->client;
    u->sending = u->filling;
    u->filling = NULL;
    u->full = false;
    u->tries = 0;
    u->number++;
    if (x->sum_kind != SUM_NONE) {
        u->sum = sum_of(x, u->sum, content_of(u->sending));
        u->part_sum = sum_value(x, sum_of(x, 0, content_of(u->sending)), u->sum_text);
    }
    (void)parts_want(x); /* the one that is sent can be had again, so nothing ends here */
    steps_begin(x, MULTIPART_PART);
    client_wake(client);
}

/* All of it fits into one part: no steps are needed. */
static void send_alone(struct exchange *x)
{
    x->upload->sending = x->upload->filling;
    x->upload->filling = NULL;
    send_connect(x);
}

static void fail(struct exchange *x, enum err err, const char *text)
{
    struct fault fault;
    (void)fault_set(&fault, err, "%s", text);
    exchange_fail(x, &fault);
}

static void fail_too_long(struct exchange *x)
{
    struct fault fault;
    if (parts_too_long(&fault) != OK)
        exchange_fail(x, &fault);
}

static void complete(struct exchange *x)
{
    struct upload *u = x->upload;
    bool room = buf_reserve(&u->list, sizeof MULTIPART_LIST_END);
    buf_text(&u->list, MULTIPART_LIST_END);
    if (!room) {
        fail(x, ERR_OUT_OF_MEMORY, "There is not enough memory to complete the upload.");
        return;
    }
    hash_hex(buf_span(&u->list), u->hash);
    steps_begin(x, MULTIPART_COMPLETE);
}

void steps_advance(struct exchange *x)
{
    struct upload *u = x->upload;
    bool ready = u->filling && (u->full || (u->whole && u->filling->bytes > 0));
    if (u->step)
        return; /* its answer comes first */
    if (u->whole && u->id_bytes == 0)
        send_alone(x);
    else if (ready && u->number == MULTIPART_LAST_NUMBER)
        fail_too_long(x);
    else if (ready && u->id_bytes == 0)
        steps_begin(x, MULTIPART_CREATE);
    else if (ready)
        begin_part(x);
    else if (u->whole)
        complete(x);
    else
        exchange_enter(x, PHASE_PARTS);
}

/* ---- answers ---- */

static struct span weighed(const struct exchange *x)
{
    return (struct span){x->answer_memory + x->answer_head_bytes, x->weighed_bytes};
}

/* The next step goes on the connection of the last, also where it comes later. */
static void settle_connection(struct exchange *x)
{
    if (!exchange_can_reuse(x))
        exchange_let_upstream_go(x);
}

/* Who waits for a part holds no connection: the one that has it may wait for just that. */
static void next(struct exchange *x)
{
    struct client *client = x->client;
    x->held_sent = 0; /* what it was of is gone */
    if (parts_wait(x))
        exchange_let_upstream_go(x);
    x->upload->step = MULTIPART_NONE;
    x->answer = ANSWER_AWAITED;
    steps_advance(x);
    if (client)
        client_wake(client);
}

static void bad_answer(struct exchange *x, const char *text)
{
    x->odd = true;
    fail(x, ERR_UPSTREAM_PROTOCOL, text);
}

static void on_created(struct exchange *x)
{
    struct upload *u = x->upload;
    struct span id = multipart_upload_id(weighed(x));
    if (id.len == 0) {
        bad_answer(x, "The server began an upload in parts, but did not say by which id.");
        return;
    }
    memcpy(u->id, id.at, u->id_bytes = id.len);
    settle_connection(x);
    if (x->left) {
        u->tries = 0;
        steps_begin(x, MULTIPART_ABORT);
    } else if (!buf_reserve(&u->list, sizeof MULTIPART_LIST_BEGIN)) {
        fail(x, ERR_OUT_OF_MEMORY, "There is not enough memory to begin an upload in parts.");
    } else {
        buf_text(&u->list, MULTIPART_LIST_BEGIN);
        next(x);
    }
}

static void on_part_stored(struct exchange *x)
{
    struct upload *u = x->upload;
    struct span etag = head_value_of(&x->answer_head, SPAN("ETag"));
    if (!multipart_etag_valid(etag) || !send_complete(x)) {
        bad_answer(x, "The server took a part of the upload, but did not say so properly (ETag).");
        return;
    }
    if (!buf_reserve(&u->list, MULTIPART_LISTED_BYTES)) {
        fail(x, ERR_OUT_OF_MEMORY, "There is not enough memory for an upload of so many parts.");
        return;
    }
    struct multipart_listed listed = {u->number, etag, sum_algorithm(x), u->part_sum};
    multipart_write_listed(&u->list, &listed);
    settle_connection(x);
    struct part *sent = u->sending;
    u->sending = NULL;
    part_memory_return(
        &x->proxy->parts, sent); /* those that wait come first; x may be one of them */
    if (parts_want(x))
        next(x);
}

/* What the client sees is an answer to its own request: without a body, the ETag in the head. */
static void relay_completed(struct exchange *x, struct span etag)
{
    struct head *head = &x->answer_head;
    size_t kept = 0;
    for (size_t i = 0; i < head->count; i++)
        if (head->fields[i].id != FIELD_CONTENT_TYPE && kept < HEAD_MAX_FIELDS - 1
            && !span_equal_nocase(head->fields[i].name, SPAN("ETag")))
            head->fields[kept++] = head->fields[i];
    head->fields[kept++] = (struct field){.name = SPAN("ETag"), .value = etag};
    head->count = kept;
    x->weighed_bytes = 0;
    x->answer_framing.kind = BODY_LENGTH;
    x->answer_framing.length = 0;
    x->upload->id_bytes = 0; /* it exists no more */
    receive_release(x);
}

/* True where the answer is to be weighed like any other: an error, whose status comes late. */
static bool on_completed(struct exchange *x)
{
    struct upload *u = x->upload;
    struct buf text = buf_over(u->etag, sizeof u->etag);
    struct span etag = {NULL, 0};
    unsigned status = multipart_completed(weighed(x), &text, &etag);
    if (status >= 300) {
        x->answer_head.status = status;
        x->answer_head.reason = span_of(answer_reason((int)status));
        return true;
    }
    if (x->left) {
        u->id_bytes = 0;
        exchange_break(x, false);
    } else {
        relay_completed(x, etag);
    }
    return false;
}

bool steps_answered(struct exchange *x)
{
    enum multipart_step step = steps_now(x);
    unsigned status = x->answer_head.status;
    bool aborted = step == MULTIPART_ABORT && (status < 300 || status == 404);
    if (aborted && x->upload->cut && !x->proxy->draining) {
        x->upload->cut =
            false; /* a part that arrives after the first time stays (S3's reference) */
        exchange_let_upstream_go(x);
        exchange_pause(x, ABORT_AGAIN_MS);
        return true;
    }
    if (aborted) {
        x->upload->id_bytes = 0;
        exchange_break(x, false);
        return true;
    }
    if (step == MULTIPART_NONE || status >= 300)
        return false;
    if (step == MULTIPART_COMPLETE)
        return !on_completed(x);
    if (step == MULTIPART_CREATE)
        on_created(x);
    else
        on_part_stored(x);
    return true;
}

/* ---- failures ---- */

bool steps_repeat(struct exchange *x)
{
    bool unanswered = x->answer < ANSWER_BODY; /* else the client has some of an error already */
    return steps_now(x) == MULTIPART_PART && unanswered && x->upload->tries++ < TRIES;
}
