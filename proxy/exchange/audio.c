/* POST /-/transcribe: audio in, what was heard out, as it comes. The exchange looks at the first
 * bytes, opens a socket to Amazon Transcribe as for a client that asks for one, and from then on
 * sends the body as events and answers with the transcripts:
 *
 *   AUDIO (the first bytes) --> CONNECT --> SENT --> SOCKET --> answered
 *
 * The answer's head waits for the first thing to say, so that a refusal still has a status of its
 * own. */
#include "proxy/exchange/audio.h"

#include <stdlib.h>

#include "proxy/exchange/state.h"

enum {
    LEAST_BYTES = 512,   /* of audio in an event, while more is to come */
    PCM_FRAME_BYTES = 4, /* samples of 16 bits, of one channel or two, are not torn apart */
};

static bool is_pcm(const struct audio *audio)
{
    return audio->ask.encoding == TRANSCRIBE_PCM;
}

/* ---- the request ---- */

static enum err find_service(struct exchange *x, struct audio *audio, struct fault *fault)
{
    struct buf path = buf_over(audio->region_path, sizeof audio->region_path);
    buf_text(&path, "/transcribestreaming");
    if (audio->ask.region.len > 0)
        buf_char(&path, '.');
    buf_add(&path, audio->ask.region);
    buf_char(&path, '/');
    struct target target = {.method = SPAN("GET"), .path = buf_span(&path)};
    enum err err = route_find(&x->proxy->route, &target, NULL, &x->route, fault);
    x->route.path = SPAN("/stream-transcription-websocket");
    return err;
}

static bool write_head(struct audio *audio)
{
    unsigned char bytes[16];
    struct buf key = buf_over(audio->key, sizeof audio->key);
    if (uv_random(NULL, NULL, bytes, sizeof bytes, 0, NULL) != 0)
        return false;
    buf_base64(&key, bytes, sizeof bytes);
    audio->head = (struct head){.method = SPAN("GET"), .minor = 1, .count = 2};
    audio->head.fields[0] = (struct field){SPAN("Sec-WebSocket-Version"), SPAN("13"), FIELD_OTHER};
    audio->head.fields[1] = (struct field){SPAN("Sec-WebSocket-Key"), buf_span(&key), FIELD_OTHER};
    return !key.failed;
}

static enum err begin(struct exchange *x, struct fault *fault)
{
    bool posts = head_method_is(&x->head, SPAN("POST")) || head_method_is(&x->head, SPAN("PUT"));
    if (!posts) {
        x->hint = SPAN("Allow: POST, PUT\r\n");
        return fault_set(fault, ERR_METHOD_NOT_ALLOWED,
            "This page takes audio, by POST or PUT, and answers with what was said.");
    }
    if (x->framing.kind == BODY_NONE)
        return fault_set(fault, ERR_LENGTH_REQUIRED,
            "There is no audio: send it as the request's body, as it comes (chunked) or with a "
            "Content-Length.");
    struct audio *audio = calloc(1, sizeof *audio);
    if (!audio || socket_create(x) != OK) {
        free(audio);
        return fault_set(fault, ERR_OUT_OF_MEMORY, "There is not enough memory for a stream.");
    }
    x->socket->audio = audio;
    x->socket->closed[SIDE_CLIENT] = true; /* it speaks plain HTTP */
    enum err err = transcribe_parse(x->route.query, &audio->ask, fault);
    if (!err)
        err = find_service(x, audio, fault);
    if (!err && !write_head(audio))
        err = fault_set(fault, ERR_OUT_OF_MEMORY, "There is no randomness for a WebSocket.");
    return err;
}

void audio_serve(struct exchange *x)
{
    struct fault fault;
    enum admission admission = exchange_admit(x, true, &fault);
    if (admission == ADMISSION_WAITS)
        return;
    enum err err = admission == ADMITTED ? begin(x, &fault) : fault.err;
    if (!err && x->access_open)
        err = fault_set(&fault, ERR_TOKEN_REQUIRED,
            "A signature over audio that is still to come shows nothing yet: sign with "
            "UNSIGNED-PAYLOAD, or show the token.");
    if (err) {
        page_fail(x, &fault);
        return;
    }
    if (!permit_admits(x))
        return;
    x->socket->how = socket_route_of(&x->route, false);
    exchange_enter(x, PHASE_AUDIO);
    send_prepare(x);
    send_invite(x);
    client_wake(x->client); /* its bytes may be here already */
}

const struct head *audio_head(const struct exchange *x)
{
    return &x->socket->audio->head;
}

/* ---- audio, on its way to the service ---- */

/* Sends what is gathered, but what must stay together with audio still to come. */
static bool send_gathered(struct exchange *x, struct socket_out *out)
{
    struct audio *audio = x->socket->audio;
    char memory[TRANSCRIBE_EVENT_BYTES + 256];
    struct buf event = buf_over(memory, sizeof memory);
    bool last = audio->ended;
    size_t rest = is_pcm(audio) && !last ? audio->bytes % PCM_FRAME_BYTES : 0;
    size_t sent = audio->bytes - rest;
    if (sent == 0)
        return true;
    transcribe_write_audio(&event, (struct span){audio->gathered, sent});
    memmove(audio->gathered, audio->gathered + sent, rest);
    audio->bytes = rest;
    return !event.failed && socket_send_event(out, buf_span(&event));
}

/* The head of a file is no audio, nor is what may stand behind it. */
static bool gather(struct exchange *x, struct socket_out *out, struct span piece)
{
    struct audio *audio = x->socket->audio;
    if (audio->limited && piece.len > audio->left)
        piece.len = (size_t)audio->left;
    audio->left -= audio->limited ? piece.len : 0;
    while (piece.len > 0) {
        struct span part = span_first(piece, sizeof audio->gathered - audio->bytes);
        memcpy(audio->gathered + audio->bytes, part.at, part.len);
        audio->bytes += part.len;
        piece = span_from(piece, part.len);
        if (audio->bytes == sizeof audio->gathered && !send_gathered(x, out))
            return false;
    }
    return true;
}

/* An event without audio ends it for Transcribe, and an empty one the stream. */
static bool send_end(struct exchange *x, struct socket_out *out)
{
    char memory[256];
    struct buf event = buf_over(memory, sizeof memory);
    x->socket->audio->ended = true;
    if (!send_gathered(x, out))
        return false;
    transcribe_write_audio(&event, SPAN(""));
    return socket_send_event(out, buf_span(&event)) && socket_send_event(out, SPAN(""));
}

static void no_memory(struct exchange *x)
{
    struct fault fault;
    (void)fault_set(&fault, ERR_OUT_OF_MEMORY, "There is not enough memory to sign the audio.");
    exchange_fail(x, &fault);
}

static void bad_body(struct exchange *x)
{
    struct fault fault;
    (void)hold_bad_body(x, &fault);
    exchange_fail(x, &fault);
}

/* What was looked at is decided: the rest of the body waits until the socket stands. */
static void look(struct exchange *x, bool whole)
{
    struct fault fault;
    struct wav wav;
    struct audio *audio = x->socket->audio;
    struct span start = {audio->gathered, audio->bytes};
    switch (transcribe_look(&audio->ask, start, whole, &wav, &fault)) {
    case TRANSCRIBE_MORE:
        return;
    case TRANSCRIBE_REFUSED:
        page_fail(x, &fault);
        return;
    case TRANSCRIBE_READY:
    default:
        break;
    }
    audio->looked = true;
    audio->bytes -= wav.audio_at;
    memmove(audio->gathered, audio->gathered + wav.audio_at, audio->bytes);
    audio->limited = wav.length_known;
    if (audio->limited && audio->bytes > wav.audio_bytes)
        audio->bytes = (size_t)wav.audio_bytes;
    audio->left = audio->limited ? wav.audio_bytes - audio->bytes : 0;
    x->route.query = buf_span(&audio->ask.query);
    send_connect(x);
}

/* As many bytes as the look may need. */
static size_t take_start(struct exchange *x, struct span bytes)
{
    struct audio *audio = x->socket->audio;
    struct span left = span_first(bytes, TRANSCRIBE_START_BYTES - audio->bytes), piece;
    size_t offered = left.len;
    enum body_step step;
    exchange_stir(x);
    while ((step = body_next(&x->body, &left, &piece)) == BODY_PIECE) {
        memcpy(audio->gathered + audio->bytes, piece.at, piece.len);
        audio->bytes += piece.len;
    }
    if (step == BODY_BAD)
        bad_body(x);
    else
        look(x, step == BODY_END || body_whole(&x->body)); /* may end the exchange */
    return offered - left.len;
}

size_t audio_take(struct exchange *x, struct span bytes)
{
    struct span left = bytes, piece;
    enum body_step step;
    if (x->phase == PHASE_AUDIO)
        return take_start(x, bytes);
    struct audio *audio = x->socket->audio;
    struct socket_out out = socket_out(x, SIDE_SERVER);
    bool good = true;
    exchange_stir(x);
    while (good && (step = body_next(&x->body, &left, &piece)) == BODY_PIECE) {
        x->sent += piece.len;
        good = gather(x, &out, piece);
    }
    bool whole = step == BODY_END || body_whole(&x->body);
    if (good && whole && !audio->ended)
        good = send_end(x, &out);
    else if (good && audio->bytes >= LEAST_BYTES)
        good = send_gathered(x, &out);
    socket_flush(&out);
    if (!good)
        no_memory(x);
    else if (step == BODY_BAD)
        bad_body(x);
    else if (upstream_blocked(x->upstream))
        client_pause(x->client);
    return bytes.len - left.len;
}

void audio_opened(struct exchange *x)
{
    struct audio *audio = x->socket->audio;
    struct socket_out out = socket_out(x, SIDE_SERVER);
    bool whole = body_whole(&x->body);
    bool good = whole ? send_end(x, &out) : audio->bytes < LEAST_BYTES || send_gathered(x, &out);
    socket_flush(&out);
    if (!good)
        no_memory(x);
}
