/* A body of unknown length on its way to S3, which takes none: what comes fills a part in memory.
 * Where all of it fits into one, it is sent as it is, with its length; else each part goes out
 * while the next one fills. */
#include "proxy/exchange/parts.h"

#include <stdlib.h>

enum { UNPARTED_BYTES = 64 * 1024 }; /* held as any short body is, without a part */

/* Whether the request writes an object. A bucket's own settings have a query, or no path. */
static bool writes_object(const struct exchange *x)
{
    static const struct span services[] = {{"s3", 2}, {"s3express", 9}, {"s3-outposts", 11}};
    struct span host = x->route.host, label, query = x->route.query, parameter;
    bool stores = false;
    for (size_t i = 0; i < sizeof services / sizeof *services; i++)
        stores = stores || span_equal(x->route.service, services[i]);
    while (stores && span_next(&host, '.', &label))
        stores = !span_starts(label, SPAN("s3-control"))
            && !span_equal(label, SPAN("s3express-control"));
    while (stores && span_next(&query, '&', &parameter))
        stores = span_equal(parameter, SPAN("x-id=PutObject"))
            || (span_starts(parameter, SPAN("X-Amz-")) && x->claimed && x->claim.in_query);
    return stores && x->route.s3 && x->route.path.len > 1 && head_method_is(&x->head, SPAN("PUT"));
}

bool parts_plan(const struct exchange *x)
{
    return x->framing.kind == BODY_CHUNKED && span_equal(x->hash, SPAN("UNSIGNED-PAYLOAD"))
        && !x->opens && !x->access_open && writes_object(x) && !sum_has_own(&x->head)
        && !head_find_name(&x->head, SPAN("x-amz-write-offset-bytes"));
}

bool parts_due(const struct exchange *x, size_t more)
{
    size_t most = x->proxy->options.max_body;
    return x->held_bytes + more > (most < UNPARTED_BYTES ? most : UNPARTED_BYTES);
}

enum err parts_too_long(struct fault *fault)
{
    return fault_set(fault, ERR_BODY_TOO_LARGE, "The body is longer than any object of S3 can be.");
}

static void fail_memory(struct exchange *x)
{
    struct fault fault;
    (void)fault_set(
        &fault, ERR_OUT_OF_MEMORY, "There is not enough memory for a part of the request's body.");
    exchange_fail(x, &fault);
}

/* What came before it was there goes first. */
static void start_filling(struct exchange *x, struct part *part)
{
    struct upload *u = x->upload;
    u->filling = part;
    if (x->held_bytes > 0)
        memcpy(part->at, x->held, part->bytes = x->held_bytes);
    x->held_bytes = 0;
    if (u->carries)
        part->at[part->bytes++] = u->carried;
    u->carries = false;
}

/* The silence that counts is the client's only where nothing is on its way: a server that hangs, or
 * a pause, is not over because the client goes on. */
static void stir_client(struct exchange *x)
{
    if (x->phase == PHASE_PARTS)
        exchange_stir(x);
}

/* Where it is the one that x itself has just given back, what follows is for who gave it: from
 * within, the next step would begin before the last one is over. */
static void on_lent(struct part_wait *wait, struct part *part)
{
    struct upload *u = CONTAINER_OF(wait, struct upload, wait);
    struct exchange *x = u->exchange;
    bool own = u->step == MULTIPART_PART && !u->sending;
    if (part)
        start_filling(x, part);
    if (own)
        return;
    if (!part) {
        fail_memory(x);
        return;
    }
    stir_client(x);
    client_wake(x->client);
}

/* One byte more than the part will have: by that it is known not to be the last. */
static size_t room_needed(const struct upload *u)
{
    return (size_t)multipart_part_bytes(u->number + 1) + 1;
}

bool parts_want(struct exchange *x)
{
    struct upload *u = x->upload;
    struct part *part;
    if (u->filling || u->whole || link_listed(&u->wait.link))
        return true;
    u->wait.bytes = room_needed(u);
    if (!part_memory_take(&x->proxy->parts, &u->wait, &part))
        return true;
    if (part) {
        start_filling(x, part);
    } else if (!u->sending) {
        fail_memory(x);
        return false;
    }
    return true;
}

void parts_begin(struct exchange *x, struct span *bytes)
{
    struct upload *u = x->upload = calloc(1, sizeof *x->upload);
    if (!u) {
        fail_memory(x);
        return;
    }
    u->exchange = x;
    u->wait.on_lent = on_lent;
    part_memory_join(&x->proxy->parts);
    exchange_enter(x, PHASE_PARTS);
    if (parts_want(x))
        parts_fill(x, bytes);
}

/* The first byte beyond the part's size waits for the next one. */
static void carry(struct upload *u)
{
    struct part *part = u->filling;
    if (part->bytes < part->max)
        return;
    u->carried = part->at[--part->bytes];
    u->carries = u->full = true;
}

bool parts_full(const struct exchange *x)
{
    return !x->upload->filling || x->upload->full;
}

/* The next of the body's content, as far as there is room. */
static enum body_step fill(struct exchange *x, struct span *bytes)
{
    struct part *part = x->upload->filling;
    struct span some = span_first(*bytes, part->max - part->bytes), left = some, piece;
    enum body_step step = body_next(&x->body, &left, &piece);
    if (step == BODY_PIECE) {
        memcpy(part->at + part->bytes, piece.at, piece.len);
        part->bytes += piece.len;
        carry(x->upload);
    }
    *bytes = span_from(*bytes, some.len - left.len);
    return step;
}

void parts_fill(struct exchange *x, struct span *bytes)
{
    struct upload *u = x->upload;
    struct fault fault;
    enum body_step step = BODY_MORE;
    if (u->whole || parts_full(x))
        return;
    stir_client(x);
    while (bytes->len > 0 && !u->whole && !u->full && step != BODY_BAD) {
        step = fill(x, bytes);
        u->whole = step == BODY_END;
    }
    enum err err = step == BODY_BAD ? hold_bad_body(x, &fault) : OK;
    if (!err && x->body.left > multipart_most_bytes())
        err = parts_too_long(&fault);
    if (err)
        exchange_fail(x, &fault);
    else if (u->whole || u->full)
        steps_advance(x);
}

bool parts_wait(const struct exchange *x)
{
    return x->upload && !x->upload->filling && link_listed(&x->upload->wait.link);
}

void parts_drop(struct exchange *x)
{
    struct upload *u = x->upload;
    struct part_memory *parts = &x->proxy->parts;
    struct part *filling = u->filling, *sending = u->sending;
    u->filling = u->sending = NULL;
    link_remove(&u->wait.link);
    part_memory_return(parts, filling);
    part_memory_return(parts, sending);
}

void parts_end(struct exchange *x)
{
    struct upload *u = x->upload;
    if (!u)
        return;
    parts_drop(x);
    part_memory_leave(&x->proxy->parts);
    free(u->list.at);
    free(u);
    x->upload = NULL;
}
