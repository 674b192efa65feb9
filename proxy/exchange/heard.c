/* What Amazon Transcribe has heard, on its way to the client: each event becomes text that goes out
 * at once. The answer's head waits for the first thing to say, so that a refusal still has a status
 * of its own; after that it is a line of JSON, or a broken end where there are no such lines. */
#include <stdlib.h>

#include "proxy/exchange/audio.h"
#include "proxy/exchange/state.h"
#include "proxy/http/event_stream.h"

enum {
    HEARD_MOST_BYTES = TRANSCRIPT_JSON_BYTES + 64 * 1024, /* of an event of the service */
    TOLD_BYTES = 4096, /* of an exception's message, each of its bytes escaped, and around it */
};

static void begin_answer(struct exchange *x, struct buf *out)
{
    struct audio *audio = x->socket->audio;
    x->status = 200;
    x->answer_begun = true;
    x->answer_how = x->head.minor > 0 ? ANSWER_CHUNKED : ANSWER_UNTIL_CLOSE;
    x->close = !x->framing.keep_alive || client_leaves(x->client) || x->head.minor == 0;
    answer_write_begun(out, transcript_content_type(audio->ask.format), x->answer_how,
        (struct answer_connection){.close = x->close, .minor = x->head.minor});
}

/* Text goes out at once, as a chunk; the answer's head before the first. */
static void say(struct exchange *x, struct span text)
{
    char memory[512], size[24];
    struct buf head = buf_over(memory, sizeof memory), line = buf_over(size, sizeof size);
    bool chunked = x->head.minor > 0;
    if (!x->client)
        return;
    if (!x->answer_begun)
        begin_answer(x, &head);
    chunked = chunked && text.len > 0; /* an empty chunk would be the last */
    if (chunked)
        buf_format(&line, "%zx\r\n", text.len);
    uv_buf_t buffers[] = {stream_buffer(buf_span(&head)), stream_buffer(buf_span(&line)),
        stream_buffer(text), stream_buffer(chunked ? SPAN("\r\n") : SPAN(""))};
    stream_write(&x->client->stream, buffers, 4);
}

/* What stands before all else goes with the first of it. */
static void write_begin(struct audio *audio, const struct exchange *x, struct buf *out)
{
    if (!x->answer_begun)
        transcript_begin(&audio->transcript, audio->ask.format, audio->ask.with_partials, out);
}

/* The end of all, said in a line where there are lines of JSON. */
static void finish(struct exchange *x, struct span line)
{
    struct audio *audio = x->socket->audio;
    char memory[TOLD_BYTES + 64];
    struct buf out = buf_over(memory, sizeof memory);
    write_begin(audio, x, &out);
    if (audio->ask.format == TRANSCRIPT_NDJSON)
        buf_add(&out, line);
    say(x, buf_span(&out));
    if (x->head.minor > 0) {
        uv_buf_t buffer = stream_buffer(SPAN("0\r\n\r\n"));
        stream_write(&x->client->stream, &buffer, 1);
    }
    x->answer = ANSWER_WHOLE;
    x->close = x->close || !body_whole(&x->body);
    exchange_finish(x);
}

/* An error after the answer has begun: a line of JSON, or a broken end, for text cannot say it. */
static void fail_late(struct exchange *x, struct span code, struct span message)
{
    char memory[TOLD_BYTES];
    struct buf line = buf_over(memory, sizeof memory);
    buf_text(&line, "{\"ended\":\"error\",\"code\":\"");
    buf_json(&line, code);
    buf_text(&line, "\",\"message\":\"");
    buf_json(&line, message);
    buf_text(&line, "\"}\n");
    socket_write_close(x, SIDE_SERVER, WEBSOCKET_NORMAL, SPAN(""));
    x->broken = true;
    if (x->socket->audio->ask.format == TRANSCRIPT_NDJSON && !line.failed)
        finish(x, buf_span(&line));
    else
        exchange_break(x, x->answer_how == ANSWER_UNTIL_CLOSE);
}

static void on_exception(struct exchange *x, const struct transcribe_exception *exception)
{
    char memory[TOLD_BYTES + 512], text[TOLD_BYTES];
    struct span message = span_of(exception->message);
    if (x->answer_begun) {
        fail_late(x, exception->type, message);
        return;
    }
    struct buf body = buf_over(text, sizeof text), out = buf_over(memory, sizeof memory);
    dialect_write_error(&body, DIALECT_JSON, exception->type, message);
    x->status = transcribe_status(exception->type);
    x->close = true;
    struct answer_own own = {.status = x->status,
        .content_type = dialect_content_type(DIALECT_JSON),
        .body = buf_span(&body)};
    answer_write(&out, &own, (struct answer_connection){.close = true, .minor = x->head.minor});
    uv_buf_t buffer = stream_buffer(buf_span(&out));
    socket_write_close(x, SIDE_SERVER, WEBSOCKET_NORMAL, SPAN(""));
    stream_write(&x->client->stream, &buffer, 1);
    exchange_finish(x);
}

static void odd_event(struct exchange *x, const char *why)
{
    struct fault fault;
    if (x->answer_begun) {
        fail_late(x, SPAN("UpstreamProtocol"), span_of(why));
        return;
    }
    (void)fault_set(&fault, ERR_UPSTREAM_PROTOCOL, "Transcribe's answer cannot be read: %s.", why);
    exchange_fail(x, &fault);
}

static void fail(struct exchange *x, enum err err, const char *text)
{
    struct fault fault;
    (void)fault_set(&fault, err, "%s", text);
    if (x->answer_begun)
        fail_late(x, span_of(err_code(err)), span_of(text));
    else
        exchange_fail(x, &fault);
}

static void no_memory(struct exchange *x)
{
    fail(x, ERR_OUT_OF_MEMORY, "There is not enough memory for what Transcribe has heard.");
}

/* False where the exchange has ended. */
static bool on_event(struct exchange *x, struct span bytes)
{
    struct audio *audio = x->socket->audio;
    struct event_stream_message message = {.why = "it is cut"};
    struct transcribe_exception exception;
    size_t used = 0, most = bytes.len * TRANSCRIPT_GROWTH + 1024;
    if (event_stream_read(bytes, HEARD_MOST_BYTES, &message, &used) != EVENT_STREAM_MESSAGE) {
        odd_event(x, message.why ? message.why : "an event is cut");
        return false;
    }
    enum transcribe_event event = transcribe_event_of(&message, &exception);
    if (event == TRANSCRIBE_EXCEPTION) {
        on_exception(x, &exception);
        return false;
    }
    if (event == TRANSCRIBE_OTHER)
        return true;
    char *memory = malloc(most);
    struct buf out = buf_over(memory, memory ? most : 0);
    size_t start = 0;
    if (memory) {
        write_begin(audio, x, &out);
        start = out.len;
    }
    bool good = memory && transcript_write(&audio->transcript, message.payload, &out);
    if (good && out.len > start)
        say(x, buf_span(&out));
    free(memory);
    if (!memory)
        no_memory(x);
    else if (!good)
        odd_event(x, "an event is no JSON");
    return good;
}

/* False where the exchange has ended. */
static bool hear(struct exchange *x, struct span piece)
{
    struct buf *heard = &x->socket->audio->heard;
    bool fits = piece.len <= HEARD_MOST_BYTES - heard->len;
    if (fits && buf_reserve(heard, piece.len)) {
        buf_add(heard, piece);
        return true;
    }
    if (fits)
        no_memory(x);
    else
        odd_event(x, "an event is too long");
    return false;
}

/* The service has said its last. */
static void on_close(struct exchange *x)
{
    const struct websocket_reader *from = &x->socket->from[SIDE_SERVER];
    unsigned code = websocket_close_code(from);
    bool good = x->socket->audio->ended && (code == WEBSOCKET_NORMAL || code == WEBSOCKET_NO_CODE);
    socket_write_close(x, SIDE_SERVER, code, SPAN(""));
    if (good)
        finish(x, SPAN("{\"ended\":\"complete\"}\n"));
    else
        audio_lost(x, ERR_UPSTREAM_RESET);
}

void audio_lost(struct exchange *x, enum err err)
{
    fail(x, err,
        err == ERR_UPSTREAM_TIMEOUT
            ? "Transcribe has not said anything for too long (COUNTERSIGN_TIMEOUT_MS)."
            : "Transcribe ended the stream before it was whole, and without saying why.");
}

/* False where the exchange has ended. */
static bool on_frame(struct exchange *x, const struct websocket_reader *from)
{
    struct audio *audio = x->socket->audio;
    struct socket_out out = socket_out(x, SIDE_SERVER);
    if (from->frame.opcode == WEBSOCKET_PING) {
        socket_write(&out, WEBSOCKET_PONG, websocket_control(from));
        socket_flush(&out);
    } else if (from->frame.opcode == WEBSOCKET_CLOSE) {
        on_close(x);
        return false;
    } else if (!websocket_is_control(from->frame.opcode) && from->frame.fin) {
        struct span event = buf_span(&audio->heard);
        audio->heard.len = 0;
        return on_event(x, event);
    }
    return true;
}

void audio_hear(struct exchange *x, struct span bytes)
{
    struct websocket_reader *from = &x->socket->from[SIDE_SERVER];
    struct websocket_bytes left = {NULL, bytes.len};
    struct span piece = {NULL, 0};
    enum websocket_step step;
    memcpy(&left.at, &bytes.at, sizeof left.at);
    exchange_stir(x);
    while ((step = websocket_reader_next(from, &left, &piece)) != WEBSOCKET_MORE) {
        bool control = websocket_is_control(from->frame.opcode);
        if (step == WEBSOCKET_BAD) {
            odd_event(x, from->why);
            return;
        }
        if (step == WEBSOCKET_PIECE && !control && !hear(x, piece))
            return;
        if (step == WEBSOCKET_END && !on_frame(x, from))
            return;
    }
    if (stream_blocked(&x->client->stream))
        upstream_read(x->upstream, false);
}

void audio_end(struct audio *audio)
{
    if (audio)
        free(audio->heard.at);
    free(audio);
}
