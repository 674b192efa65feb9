/* A request that asks for a WebSocket: it is sent as one of the proxy's own, signed; where the
 * server agrees the exchange lives on as that socket until either side ends it. Any other answer is
 * relayed, or has a remedy, like that to any request. Source: RFC 6455, 4 and 7. */
#include "proxy/exchange/socket.h"

#include <stdlib.h>

#include "proxy/base/clock.h"
#include "proxy/exchange/state.h"

enum { CLOSING_MS = 1000, DRAINING_MS = 500 };

/* A list may stand in several fields of a name. */
static bool lists(const struct head *head, enum field_id id, struct span token)
{
    for (size_t i = 0; i < head->count; i++)
        if (head->fields[i].id == id && field_list_has(head->fields[i].value, token))
            return true;
    return false;
}

static bool asks_for_socket(const struct exchange *x)
{
    return head_method_is(&x->head, SPAN("GET")) && x->head.minor > 0
        && lists(&x->head, FIELD_UPGRADE, SPAN("websocket"))
        && lists(&x->head, FIELD_CONNECTION, SPAN("upgrade"));
}

static size_t count_of(const struct head *head, struct span name)
{
    size_t count = 0;
    for (size_t i = 0; i < head->count; i++)
        count += span_equal_nocase(head->fields[i].name, name);
    return count;
}

static enum err check_handshake(const struct exchange *x, struct fault *fault)
{
    struct span version = head_value_of(&x->head, SPAN("Sec-WebSocket-Version"));
    if (count_of(&x->head, SPAN("Sec-WebSocket-Key")) > 1
        || count_of(&x->head, SPAN("Sec-WebSocket-Version")) > 1)
        return fault_set(fault, ERR_BAD_REQUEST,
            "A request for a WebSocket has one Sec-WebSocket-Key and one Sec-WebSocket-Version.");
    if (x->framing.kind != BODY_NONE)
        return fault_set(fault, ERR_BAD_REQUEST, "A request for a WebSocket has no body.");
    if (!span_equal(version, SPAN("13")))
        return fault_set(
            fault, ERR_BAD_REQUEST, "A request for a WebSocket needs Sec-WebSocket-Version: 13.");
    if (!websocket_key_valid(head_value_of(&x->head, SPAN("Sec-WebSocket-Key"))))
        return fault_set(fault, ERR_BAD_REQUEST,
            "A request for a WebSocket needs a Sec-WebSocket-Key: 16 random bytes in base64.");
    return OK;
}

/* The client has signed the very URL that the server will see, with the function's own keys: then
 * its events may be signed too, and go on from that signature. Only there it matters: any other
 * request is signed anew, as its service wants it. */
static bool signed_for_server(const struct exchange *x)
{
    struct claim_request request = {&x->head, &x->target, {EMPTY_SHA256, HASH_HEX_BYTES}};
    const struct credentials *own =
        credentials_of_caller(x->proxy->options.credentials, x->claim.access_key_id);
    return x->claimed && x->claim.in_query && !x->route.by_path && own
        && own == credentials_current(x->proxy->options.credentials)
        && span_equal(x->claim.service, x->route.service)
        && span_equal(x->claim.region, x->route.region)
        && span_equal_nocase(x->target.authority.text, x->route.host)
        && claim_verify(&x->claim, &request, x->proxy->signer, own, clock_wall_ms() / 1000)
        == CLAIM_VERIFIED;
}

static enum err no_memory(struct fault *fault)
{
    return fault_set(fault, ERR_OUT_OF_MEMORY, "There is not enough memory for a WebSocket.");
}

enum err socket_plan(struct exchange *x, struct fault *fault)
{
    if (!asks_for_socket(x) || x->socket)
        return OK;
    enum err err = check_handshake(x, fault);
    if (err)
        return err;
    if (socket_create(x) != OK)
        return no_memory(fault);
    struct socket *s = x->socket;
    s->how = socket_route_of(&x->route, x->claimed && x->claim.in_query);
    s->passes = s->how.events && signed_for_server(x);
    if (!s->how.events || s->passes)
        return OK;
    return buf_reserve(&s->message, SOCKET_MESSAGE_BYTES) ? OK : no_memory(fault);
}

enum err socket_create(struct exchange *x)
{
    struct socket *s = calloc(1, sizeof *s);
    if (!s)
        return ERR_OUT_OF_MEMORY;
    struct websocket_form form = {.from_client = true, .max_message_bytes = INT64_MAX};
    websocket_reader_begin(&s->from[SIDE_CLIENT], form);
    form.from_client = false;
    websocket_reader_begin(&s->from[SIDE_SERVER], form);
    x->socket = s;
    return OK;
}

const struct head *socket_head(const struct exchange *x)
{
    return x->socket->audio ? audio_head(x) : &x->head;
}

/* The keys are kept: the stream is signed with those that its beginning was. */
static enum err begin_chain(
    struct exchange *x, const struct credentials *keys, const char seed[HASH_HEX_BYTES])
{
    struct socket *s = x->socket;
    struct scope scope = {amz_date_of(x->signed_ms / 1000), x->route.region, x->route.service};
    issued_destroy(s->keys);
    s->keys = issued_create(keys, SPAN(""), SPAN(""));
    event_chain_init(&s->chain, &scope, seed);
    return s->keys ? OK : ERR_OUT_OF_MEMORY;
}

enum err socket_write_head(
    struct exchange *x, struct outgoing *outgoing, struct buf *out, struct fault *fault)
{
    const struct socket *s = x->socket;
    struct buf scratch = buf_over(x->proxy->query_scratch, sizeof x->proxy->query_scratch);
    struct outgoing_query signs = {
        .token_last = s->how.token_last, .expires_s = SOCKET_EXPIRES_S, .scratch = scratch};
    outgoing->upgrades = true;
    outgoing->head = socket_head(x);
    if (s->passes)
        return outgoing_write_signed(outgoing, out, fault);
    if (!s->how.in_query)
        return outgoing_write(outgoing, x->signed_ms / 1000, out, scratch, fault);
    enum err err = outgoing_write_presigned(outgoing, x->signed_ms / 1000, &signs, out, fault);
    if (err || !s->how.events)
        return err;
    return begin_chain(x, outgoing->credentials, signs.seed) == OK ? OK : no_memory(fault);
}

/* ---- the server's yes ---- */

/* It may choose among the subprotocols that the client offers, and nothing else. */
static bool protocol_offered(const struct exchange *x)
{
    struct span chosen = head_value_of(&x->answer_head, SPAN("Sec-WebSocket-Protocol"));
    for (size_t i = 0; i < x->head.count && chosen.at; i++)
        if (span_equal_nocase(x->head.fields[i].name, SPAN("Sec-WebSocket-Protocol"))
            && field_list_has(x->head.fields[i].value, chosen))
            return true;
    return !chosen.at;
}

static const char *check_answer(const struct exchange *x)
{
    const struct head *answer = &x->answer_head;
    char memory[WEBSOCKET_ACCEPT_BYTES];
    struct buf accept = buf_over(memory, sizeof memory);
    if (!lists(answer, FIELD_UPGRADE, SPAN("websocket"))
        || !lists(answer, FIELD_CONNECTION, SPAN("upgrade")))
        return "it switches to another protocol than WebSocket";
    if (websocket_accept(head_value_of(socket_head(x), SPAN("Sec-WebSocket-Key")), &accept) != OK
        || !span_equal(head_value_of(answer, SPAN("Sec-WebSocket-Accept")), buf_span(&accept)))
        return "its Sec-WebSocket-Accept does not answer the request's key";
    if (head_find_name(answer, SPAN("Sec-WebSocket-Extensions")))
        return "it uses a WebSocket extension that nobody offered";
    return protocol_offered(x) ? NULL : "it chooses a subprotocol that nobody offered";
}

const char *socket_open(struct exchange *x, struct buf *answer)
{
    const char *why = check_answer(x);
    if (why)
        return why;
    permit_record(x);
    if (x->socket->audio) {
        exchange_enter(x, PHASE_SOCKET);
        return NULL;
    }
    x->status = (int)x->answer_head.status;
    x->close = true; /* it will be no HTTP connection again */
    x->answer = ANSWER_BODY;
    struct answer_connection connection = {
        .minor = 1, .extra = SPAN("Connection: Upgrade\r\nUpgrade: websocket\r\n")};
    answer_relay(answer, &x->answer_head, &x->answer_framing, ANSWER_BARE, connection);
    exchange_enter(x, PHASE_SOCKET);
    return answer->failed ? "its head is too large" : NULL;
}

/* ---- its life, and its end ---- */

bool socket_ends(const struct exchange *x)
{
    return x->socket->closed[SIDE_CLIENT] && x->socket->closed[SIDE_SERVER];
}

/* Both have had a close frame: the server is the first to go (RFC 6455, 7.1.1), but not for long.
 */
static void settle(struct exchange *x, bool failed)
{
    enum { CLOSING_TICKS = CLOSING_MS / TICK_MS + 1 };
    bool ends = socket_ends(x);
    if (failed || (ends && !x->upstream))
        exchange_finish(x);
    else if (ends && x->ticks_left > CLOSING_TICKS)
        x->ticks_left = CLOSING_TICKS;
}

static void take(struct exchange *x, enum side from, struct span bytes)
{
    exchange_stir(x);
    bool failed = !socket_relay(x, from, bytes);
    if (!failed && x->client && stream_blocked(&x->client->stream))
        upstream_read(x->upstream, false);
    if (!failed && x->upstream && upstream_blocked(x->upstream))
        client_pause(x->client);
    settle(x, failed);
}

size_t socket_take_client(struct exchange *x, struct span bytes)
{
    x->socket->asked[SIDE_CLIENT] = false;
    if (x->socket->audio)
        return audio_take(x, bytes);
    x->sent += bytes.len;
    take(x, SIDE_CLIENT, bytes);
    return bytes.len;
}

void socket_take_server(struct exchange *x, struct span bytes)
{
    x->socket->asked[SIDE_SERVER] = false;
    x->received += bytes.len;
    if (x->socket->audio)
        audio_hear(x, bytes);
    else
        take(x, SIDE_SERVER, bytes);
}

void socket_client_ended(struct exchange *x)
{
    if (x->socket->audio) {
        if (body_whole(&x->body))
            return; /* what was heard may still come */
        socket_leave(x);
        exchange_break(x, x->answer_how == ANSWER_UNTIL_CLOSE);
        return;
    }
    if (websocket_closed(&x->socket->from[SIDE_CLIENT]))
        return; /* it has said so; the server's answer may still come */
    socket_leave(x);
    exchange_finish(x);
}

void socket_server_gone(struct exchange *x)
{
    if (x->socket->audio)
        audio_lost(x, ERR_UPSTREAM_RESET);
    else if (websocket_closed(&x->socket->from[SIDE_SERVER]))
        exchange_finish(x);
    else
        exchange_break(x, false); /* without a close frame, as the server did */
}

void socket_leave(struct exchange *x)
{
    socket_write_close(x, SIDE_SERVER, WEBSOCKET_GOING_AWAY, SPAN(""));
    socket_write_close(x, SIDE_CLIENT, WEBSOCKET_GOING_AWAY, SPAN(""));
}

void socket_drain(struct exchange *x)
{
    if (x->socket->audio)
        return;
    socket_leave(x);
    x->ticks_left = DRAINING_MS / TICK_MS + 1;
}

/* It was asked, is listened to, and has not answered. */
static bool is_dead(const struct exchange *x, enum side side)
{
    const struct stream *stream = side == SIDE_CLIENT ? &x->client->stream : &x->upstream->stream;
    return x->socket->asked[side] && stream->reading;
}

static void ask(struct exchange *x, enum side side)
{
    socket_ping(x, side);
    x->socket->asked[side] = true;
}

void socket_timeout(struct exchange *x)
{
    struct socket *s = x->socket;
    bool closing = s->closed[SIDE_CLIENT] || s->closed[SIDE_SERVER] || x->proxy->draining;
    if (s->audio && (s->asked[SIDE_SERVER] || socket_ends(x))) {
        audio_lost(x, ERR_UPSTREAM_TIMEOUT);
        return;
    }
    if (!s->audio && (closing || is_dead(x, SIDE_CLIENT) || is_dead(x, SIDE_SERVER))) {
        socket_leave(x);
        exchange_finish(x);
        return;
    }
    ask(x, SIDE_CLIENT);
    ask(x, SIDE_SERVER);
    exchange_stir(x);
}

void socket_end(struct exchange *x)
{
    if (!x->socket)
        return;
    audio_end(x->socket->audio);
    issued_destroy(x->socket->keys);
    free(x->socket->message.at);
    free(x->socket);
    x->socket = NULL;
}
