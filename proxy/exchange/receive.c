/* The way back: the server's answer is parsed, written anew and relayed, each read of it in one
 * write to the client. */
#include "proxy/exchange/state.h"

enum { INTERIM_MAX = 8, GATHERED_MAX = 48, CHUNK_LINE_BYTES = 24 };

/* What goes to the client in one write: heads in the proxy's scratch, content in the loop's memory.
 */
struct gathered {
    unsigned count;
    uv_buf_t buffers[GATHERED_MAX];
    unsigned lines;
    char line[GATHERED_MAX][CHUNK_LINE_BYTES];
    struct buf head;
};

static void add(struct gathered *g, struct span s)
{
    if (s.len > 0)
        g->buffers[g->count++] = stream_buffer(s);
}

static void flush(struct exchange *x, struct gathered *g)
{
    if (g->count == 0)
        return;
    stream_write(&x->client->stream, g->buffers, g->count);
    x->answer_begun = x->answer >= ANSWER_BODY;
    g->count = g->lines = 0;
    g->head.len = 0;
}

/* What the client is told of a fault in the answer: an error, where it has had nothing of the
 * answer yet. */
static void fail(struct exchange *x, const char *why)
{
    struct fault fault;
    (void)fault_set(
        &fault, ERR_UPSTREAM_PROTOCOL, "The server's answer cannot be passed on: %s.", why);
    x->odd = true;
    exchange_fail(x, &fault);
}

static const char *switch_protocol(struct exchange *x, struct gathered *g)
{
    size_t start = g->head.len;
    if (!x->socket)
        return "it switches protocols, which nobody asked for";
    const char *why = socket_open(x, &g->head);
    if (!why)
        add(g, buf_since(&g->head, start));
    return why;
}

/* 1xx: the server's leave to send the body, or a hint for the client (RFC 9110, 15.2). */
static const char *on_interim(struct exchange *x, struct gathered *g)
{
    struct answer_connection connection = {.minor = 1};
    if (x->answer_head.status == 101)
        return switch_protocol(x, g);
    if (++x->interim > INTERIM_MAX)
        return "it begins with too many interim answers";
    x->answer_head_bytes = 0;
    x->answer_scan = (struct scan){.skipped_line = true};
    if (x->answer_head.status == 100) {
        x->server_continues = true;
    } else if (x->head.minor > 0 && !steps_now(x)) {
        size_t start = g->head.len;
        answer_relay(&g->head, &x->answer_head, &x->answer_framing, ANSWER_BARE, connection);
        add(g, buf_since(&g->head, start));
    }
    return NULL;
}

/* An answer that comes before the request is whole: where it is an error, the server wants no more
 * of it. */
static void stop_sending(struct exchange *x)
{
    if (x->phase == PHASE_SENT && body_whole(&x->body))
        return;
    x->close = true;
    if (x->phase == PHASE_CONTINUE || x->answer_head.status >= 300)
        exchange_enter(x, PHASE_DISCARD);
}

/* From here on it goes to the client. */
static const char *begin_answer(struct exchange *x, struct gathered *g)
{
    stop_sending(x);
    permit_record(x);
    job_dress(x);
    if (x->asks && x->answer_head.status < 300)
        place_confirm(x);
    x->close = x->close || !x->framing.keep_alive || client_leaves(x->client);
    x->answer_how = answer_framing_for(&x->answer_framing, x->head.minor);
    x->close = x->close || x->answer_how == ANSWER_UNTIL_CLOSE;
    x->status = (int)x->answer_head.status;
    size_t start = g->head.len;
    answer_relay(&g->head, &x->answer_head, &x->answer_framing, x->answer_how,
        (struct answer_connection){.close = x->close, .minor = x->head.minor, .extra = x->hint});
    x->answer = ANSWER_BODY;
    add(g, buf_since(&g->head, start));
    return g->head.failed ? "its head is too large" : NULL;
}

/* The client must not take a step of its upload for the answer to its request. */
static bool only_for_us(const struct exchange *x)
{
    return x->left || job_keeps(x) || (steps_now(x) && x->answer_head.status < 300);
}

static const char *on_final(struct exchange *x, struct gathered *g)
{
    body_begin(&x->answer_body, &x->answer_framing);
    weigh_clock(x);
    if (!only_for_us(x) && !weigh_wants(x))
        return begin_answer(x, g);
    x->answer = ANSWER_WEIGHED;
    exchange_stir(x); /* the server has spoken: it is no longer asked for its leave */
    return NULL;
}

static const char *on_answer_head(struct exchange *x, struct gathered *g, struct fault *fault)
{
    bool to_head = head_method_is(&x->head, SPAN("HEAD"));
    if (head_parse_response(&x->answer_head, x->answer_memory, x->answer_head_bytes, fault) != OK
        || framing_of_response(&x->answer_head, to_head, &x->answer_framing, fault) != OK)
        return fault->text;
    return x->answer_head.status < 200 ? on_interim(x, g) : on_final(x, g);
}

/* NULL, or what is wrong. */
static const char *receive_head(
    struct exchange *x, struct gathered *g, struct span *bytes, struct fault *fault)
{
    size_t taken = 0;
    if (x->answer == ANSWER_AWAITED) {
        x->answer = ANSWER_HEAD;
        x->answer_scan.skipped_line = true; /* no empty line may stand before an answer */
        x->first_ns = exchange_clock(x);
    }
    enum scan_verdict verdict = scan_head(&x->answer_scan, *bytes, &taken);
    if (verdict == SCAN_BAD)
        return x->answer_scan.why;
    if (taken > sizeof x->answer_memory - x->answer_head_bytes)
        return "its head is larger than 64 KiB";
    memcpy(x->answer_memory + x->answer_head_bytes, bytes->at, taken);
    x->answer_head_bytes += taken;
    *bytes = span_from(*bytes, taken);
    if (!scan_status_line_plausible((struct span){x->answer_memory, x->answer_head_bytes}))
        return "its first line is not HTTP's";
    return verdict == SCAN_COMPLETE ? on_answer_head(x, g, fault) : NULL;
}

static void relay_content(struct exchange *x, struct gathered *g, struct span piece)
{
    if (piece.len == 0)
        return; /* in chunks it would be the end */
    if (g->count + 3 > GATHERED_MAX)
        flush(x, g);
    if (x->answer_how != ANSWER_CHUNKED) {
        add(g, piece);
        return;
    }
    struct buf line = buf_over(g->line[g->lines++], CHUNK_LINE_BYTES);
    buf_format(&line, "%zx\r\n", piece.len);
    add(g, buf_span(&line));
    add(g, piece);
    add(g, SPAN("\r\n"));
}

static void relay_piece(struct exchange *x, struct gathered *g, struct span piece)
{
    x->received += piece.len;
    permit_watch(x, piece);
    if (job_reads(x)) {
        flush(x, g); /* one memory serves every piece */
        piece = job_text(x, piece);
    }
    relay_content(x, g, piece);
}

/* The end that the client's framing needs; the scratch is free again once the head is out. */
static void relay_end(struct exchange *x, struct gathered *g)
{
    x->answer = ANSWER_WHOLE;
    permit_whole(x);
    if (x->answer_how != ANSWER_CHUNKED)
        return;
    if (g->count + 1 > GATHERED_MAX)
        flush(x, g);
    size_t start = g->head.len;
    buf_text(&g->head, "0\r\n");
    answer_write_trailers(&g->head, body_trailers(&x->answer_body), false);
    buf_text(&g->head, "\r\n");
    add(g, buf_since(&g->head, start));
}

/* The content is whole; NULL, or what is wrong with it. */
static const char *end_content(struct exchange *x, struct gathered *g)
{
    struct span rest;
    const char *why = job_text_end(x, &rest);
    if (why)
        return why;
    relay_content(x, g, rest);
    relay_end(x, g);
    return NULL;
}

static const char *receive_body(struct exchange *x, struct gathered *g, struct span *bytes)
{
    struct span piece;
    enum body_step step;
    while ((step = body_next(&x->answer_body, bytes, &piece)) == BODY_PIECE)
        relay_piece(x, g, piece);
    if (step == BODY_BAD || job_wrong(x))
        return step == BODY_BAD ? x->answer_body.why : job_wrong(x);
    return step == BODY_END || body_whole(&x->answer_body) ? end_content(x, g) : NULL;
}

/* What was held of it goes out after all. */
static const char *release_weighed(struct exchange *x, struct gathered *g)
{
    struct span held = {x->answer_memory + x->answer_head_bytes, x->weighed_bytes};
    const char *why = begin_answer(x, g);
    if (!why && held.len > 0)
        relay_piece(x, g, held);
    return why;
}

static const char *receive_weighed(struct exchange *x, struct gathered *g, struct span *bytes)
{
    struct span piece;
    enum body_step step;
    const char *why = NULL;
    while ((step = body_next(&x->answer_body, bytes, &piece)) == BODY_PIECE)
        if (!weigh_take(x, piece)) {
            why = only_for_us(x) ? "it is too long for a step of a request" : release_weighed(x, g);
            if (!why)
                relay_piece(x, g, piece);
            return why;
        }
    return step == BODY_BAD ? x->answer_body.why : job_wrong(x);
}

/* The answer is with the client, or queued for it. */
static void on_whole(struct exchange *x)
{
    if (x->phase != PHASE_SENT)
        x->close = true;
    exchange_finish(x);
}

/* As far as the bytes reach; NULL, or what is wrong. */
static const char *receive_all(
    struct exchange *x, struct gathered *g, struct span *bytes, struct fault *fault)
{
    const char *why = NULL;
    while (!why && bytes->len > 0 && x->answer < ANSWER_WEIGHED && x->phase != PHASE_SOCKET)
        why = receive_head(x, g, bytes, fault);
    if (x->phase == PHASE_SOCKET)
        return why;
    if (!why && x->answer == ANSWER_WEIGHED)
        why = receive_weighed(x, g, bytes);
    if (!why && x->answer == ANSWER_BODY)
        why = receive_body(x, g, bytes);
    if (why || bytes->len == 0)
        return why;
    x->odd = true; /* bytes after the answer: whose they are nobody can tell */
    return x->answer_begun ? NULL : "more bytes follow than it promised";
}

/* More is to come of the answer, or of the request. */
static void go_on(struct exchange *x)
{
    if (x->client && stream_blocked(&x->client->stream))
        upstream_read(x->upstream, false);
    if (x->phase == PHASE_DISCARD)
        client_wake(x->client); /* it may wait to send what the server no longer wants */
    else if (x->server_continues && x->answer < ANSWER_WEIGHED)
        send_continue(x); /* what the client has sent ahead may end the exchange */
}

/* Between two steps of an upload: nothing is asked of the server. */
static bool asks_nothing(const struct exchange *x)
{
    return x->phase == PHASE_PARTS || x->phase == PHASE_CREDENTIALS;
}

/* Frames may have come with the server's yes, and from a client that has not waited for it. */
static void begin_socket(struct exchange *x, struct span bytes)
{
    struct client *client = x->client;
    if (x->proxy->draining)
        exchange_hurry(x);
    if (x->socket->audio)
        audio_opened(x);
    if (client->exchange && bytes.len > 0)
        socket_take_server(x, bytes);
    client_wake(client);
}

void receive_bytes(struct upstream_user *user, struct span bytes)
{
    struct exchange *x = CONTAINER_OF(user, struct exchange, user);
    if (asks_nothing(x)) {
        exchange_let_upstream_go(x);
        return;
    }
    if (x->phase == PHASE_SOCKET) {
        socket_take_server(x, bytes);
        return;
    }
    struct gathered g;
    struct fault fault;
    g.count = g.lines = 0;
    g.head = buf_over(x->proxy->scratch, sizeof x->proxy->scratch);
    exchange_stir(x);
    const char *why = receive_all(x, &g, &bytes, &fault);
    if (!why || x->answer_begun)
        flush(x, &g);
    if (why)
        fail(x, why);
    else if (x->phase == PHASE_SOCKET)
        begin_socket(x, bytes);
    else if (x->answer == ANSWER_WHOLE)
        on_whole(x);
    else if (x->answer == ANSWER_WEIGHED && body_whole(&x->answer_body))
        weigh_decide(x);
    else
        go_on(x);
}

void receive_release(struct exchange *x)
{
    struct gathered g;
    if (x->left) {
        exchange_break(x, false);
        return;
    }
    if (job_takes(x))
        return;
    g.count = g.lines = 0;
    g.head = buf_over(x->proxy->scratch, sizeof x->proxy->scratch);
    permit_denied(x);
    job_hint(x);
    if (x->phase == PHASE_CREDENTIALS || x->phase == PHASE_PAUSE) /* the body may still be due */
        exchange_enter(x, body_whole(&x->body) ? PHASE_SENT : PHASE_CONTINUE);
    const char *why = release_weighed(x, &g);
    if (why) {
        fail(x, why);
        return;
    }
    relay_end(x, &g);
    flush(x, &g);
    on_whole(x);
}

void receive_end(struct upstream_user *user, bool whole)
{
    struct exchange *x = CONTAINER_OF(user, struct exchange, user);
    struct fault fault;
    x->upstream = NULL;
    if (asks_nothing(x))
        return;
    if (x->phase == PHASE_SOCKET) {
        socket_server_gone(x);
        return;
    }
    bool ends = x->answer_framing.kind == BODY_UNTIL_CLOSE && whole;
    if (x->answer == ANSWER_WEIGHED && ends) {
        weigh_decide(x);
        return;
    }
    if (x->answer == ANSWER_BODY && ends) {
        struct gathered g = {.head = buf_over(x->proxy->scratch, sizeof x->proxy->scratch)};
        const char *why = end_content(x, &g);
        flush(x, &g);
        if (why)
            fail(x, why);
        else
            on_whole(x);
        return;
    }
    if (send_again(x))
        return;
    (void)fault_set(&fault, ERR_UPSTREAM_RESET,
        "The server closed the connection before its answer was whole.");
    exchange_fail(x, &fault);
}
