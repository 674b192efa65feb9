#include "proxy/pages/transcribe_page.h"

#include <cjson/cJSON.h>

#include "proxy/http/event_stream.h"

enum { RATE_MIN = 8000, RATE_MAX = 48000, SHOWN = 40 };

static enum err wrong(struct fault *fault, const char *name, const char *must)
{
    return fault_set(fault, ERR_BAD_REQUEST, "The parameter %s must be %s.", name, must);
}

static bool is_region(struct span region)
{
    for (size_t i = 0; i < region.len; i++)
        if (!(region.at[i] >= 'a' && region.at[i] <= 'z') && !ascii_digit(region.at[i])
            && region.at[i] != '-')
            return false;
    return region.len > 0 && region.len < 32;
}

static bool read_encoding(struct span name, enum transcribe_encoding *encoding)
{
    static const struct span names[] = {TEXT("pcm"), TEXT("flac"), TEXT("ogg-opus")};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (span_equal(name, names[i])) {
            *encoding = (enum transcribe_encoding)i;
            return true;
        }
    return false;
}

/* A parameter of the page's own, or one that both it and the service must know. */
static enum err read_parameter(
    struct transcribe_ask *ask, struct span name, struct span value, struct fault *fault)
{
    if (span_equal(name, SPAN("format")))
        return transcript_format_find(value, &ask->format)
            ? OK
            : wrong(fault, "format", "ndjson, text, vtt or srt");
    if (span_equal(name, SPAN("partial"))) {
        ask->with_partials = !span_equal(value, SPAN("false"));
        return span_equal(value, SPAN("true")) || !ask->with_partials
            ? OK
            : wrong(fault, "partial", "true or false");
    }
    if (span_equal(name, SPAN("region"))) {
        ask->region = value;
        return is_region(value) ? OK : wrong(fault, "region", "one of AWS's, as eu-west-1");
    }
    if (span_equal(name, SPAN("sample-rate")))
        return span_to_number(value, RATE_MAX, &ask->sample_rate) && ask->sample_rate >= RATE_MIN
            ? OK
            : wrong(fault, "sample-rate", "a number of hertz from 8000 to 48000");
    ask->has_encoding = true;
    return read_encoding(value, &ask->encoding)
        ? OK
        : wrong(fault, "media-encoding", "pcm, flac or ogg-opus");
}

static bool is_own(struct span name)
{
    static const struct span names[] = {TEXT("format"), TEXT("partial"), TEXT("region"),
        TEXT("sample-rate"), TEXT("media-encoding")};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (span_equal(name, names[i]))
            return true;
    return false;
}

static void pass_on(struct transcribe_ask *ask, struct span parameter)
{
    buf_add(&ask->query, ask->query.len > 0 ? SPAN("&") : SPAN(""));
    buf_add(&ask->query, parameter);
}

enum err transcribe_parse(struct span query, struct transcribe_ask *ask, struct fault *fault)
{
    struct span parameter;
    bool language = false;
    *ask = (struct transcribe_ask){.with_partials = true};
    ask->query = buf_over(ask->text, sizeof ask->text);
    while (query.at && span_next(&query, '&', &parameter)) {
        struct span name = span_first(parameter, span_find(parameter, '=')),
                    value = span_from(parameter, name.len + 1);
        if (is_own(name) && read_parameter(ask, name, value, fault) != OK)
            return fault->err;
        if (span_starts_nocase(name, SPAN("X-Amz-")) || span_find(name, '%') < name.len)
            return fault_set(fault, ERR_BAD_REQUEST, "This page has no parameter \"%.*s\".",
                SPAN_ARGS(span_first(name, SHOWN)));
        language = language || span_equal(name, SPAN("language-code"))
            || span_equal(name, SPAN("identify-language"))
            || span_equal(name, SPAN("identify-multiple-languages"));
        ask->has_channels = ask->has_channels || span_equal(name, SPAN("number-of-channels"));
        if (parameter.len > 0 && !is_own(name))
            pass_on(ask, parameter);
    }
    if (!language)
        return fault_set(fault, ERR_BAD_REQUEST,
            "Say which language is spoken: language-code=en-US; or identify-language=true with "
            "language-options=en-US,de-DE.");
    return ask->query.failed ? fault_set(fault, ERR_BAD_REQUEST, "The parameters are too long.")
                             : OK;
}

/* ---- what the audio itself tells ---- */

static void end_query(struct transcribe_ask *ask, const struct wav *wav)
{
    static const char *const names[] = {"pcm", "flac", "ogg-opus"};
    if (wav && wav->channels == 2 && !ask->has_channels)
        pass_on(ask, SPAN("number-of-channels=2&enable-channel-identification=true"));
    pass_on(ask, SPAN("media-encoding="));
    buf_add(&ask->query, span_of(names[ask->encoding]));
    buf_text(&ask->query, "&sample-rate=");
    buf_number(&ask->query, ask->sample_rate);
}

static enum transcribe_step refuse(struct fault *fault, const char *text)
{
    (void)fault_set(fault, ERR_BAD_REQUEST, "%s", text);
    return TRANSCRIBE_REFUSED;
}

static enum transcribe_step take_wav(
    struct transcribe_ask *ask, const struct wav *wav, struct fault *fault)
{
    if (ask->has_encoding && ask->encoding != TRANSCRIBE_PCM)
        return refuse(
            fault, "The audio is a WAV file: leave media-encoding out, or say media-encoding=pcm.");
    if (ask->sample_rate > 0 && ask->sample_rate != wav->sample_rate) {
        (void)fault_set(fault, ERR_BAD_REQUEST,
            "The WAV file has %u samples a second, and sample-rate says %u: leave it out.",
            (unsigned)wav->sample_rate, (unsigned)ask->sample_rate);
        return TRANSCRIBE_REFUSED;
    }
    ask->sample_rate = wav->sample_rate;
    end_query(ask, wav);
    return TRANSCRIBE_READY;
}

/* A file that says what it is need not be named. */
static void guess_encoding(struct transcribe_ask *ask, struct span start)
{
    if (ask->has_encoding)
        return;
    if (span_starts(start, SPAN("fLaC")))
        ask->encoding = TRANSCRIBE_FLAC;
    else if (span_starts(start, SPAN("OggS")))
        ask->encoding = TRANSCRIBE_OPUS;
}

enum transcribe_step transcribe_look(
    struct transcribe_ask *ask, struct span start, bool whole, struct wav *wav, struct fault *fault)
{
    enum { MARK_BYTES = 4 }; /* by which files say what they are */
    enum wav_step step = start.len < MARK_BYTES ? WAV_MORE : wav_read(start, wav);
    if (step == WAV_MORE && !whole)
        return TRANSCRIBE_MORE;
    if (step == WAV_REFUSED) {
        (void)fault_set(fault, ERR_BAD_REQUEST, "%s.", wav->why);
        return TRANSCRIBE_REFUSED;
    }
    if (step == WAV_AUDIO)
        return take_wav(ask, wav, fault);
    *wav = (struct wav){.audio_at = 0};
    guess_encoding(ask, start);
    if (ask->sample_rate == 0)
        return refuse(fault,
            "Say how often the audio is sampled, in hertz: sample-rate=16000. (A WAV file says it "
            "itself.)");
    end_query(ask, NULL);
    return TRANSCRIBE_READY;
}

/* ---- events ---- */

void transcribe_write_audio(struct buf *out, struct span audio)
{
    struct event_stream_writer writer;
    event_stream_begin(&writer, out);
    event_stream_add_string(&writer, SPAN(":message-type"), SPAN("event"));
    event_stream_add_string(&writer, SPAN(":event-type"), SPAN("AudioEvent"));
    event_stream_add_string(&writer, SPAN(":content-type"), SPAN("application/octet-stream"));
    event_stream_begin_payload(&writer);
    buf_add(out, audio);
    event_stream_end(&writer);
}

static struct span header_of(const struct event_stream_message *message, struct span name)
{
    struct event_stream_header header;
    bool found = event_stream_find(message, name, EVENT_STREAM_STRING, &header);
    return found ? header.value : SPAN("");
}

static void read_message(struct span payload, struct transcribe_exception *exception)
{
    cJSON *root = payload.len > 0 ? cJSON_ParseWithLength(payload.at, payload.len) : NULL;
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(root, "Message"));
    struct buf message = buf_over(exception->message, sizeof exception->message - 1);
    buf_add(&message, span_first(span_of(text), message.max));
    message.at[message.len] = '\0';
    cJSON_Delete(root);
}

enum transcribe_event transcribe_event_of(
    const struct event_stream_message *message, struct transcribe_exception *exception)
{
    struct span kind = header_of(message, SPAN(":message-type"));
    if (span_equal(kind, SPAN("event")))
        return span_ends(header_of(message, SPAN(":event-type")), SPAN("Event"))
            ? TRANSCRIBE_TRANSCRIPT
            : TRANSCRIBE_OTHER;
    if (span_equal(kind, SPAN("exception")))
        exception->type = header_of(message, SPAN(":exception-type"));
    else if (span_equal(kind, SPAN("error")))
        exception->type = header_of(message, SPAN(":error-code"));
    else
        return TRANSCRIBE_OTHER;
    read_message(message->payload, exception);
    return TRANSCRIBE_EXCEPTION;
}

int transcribe_status(struct span type)
{
    static const struct {
        struct span type;
        int status;
    } rows[] = {{TEXT("BadRequestException"), 400}, {TEXT("ConflictException"), 409},
        {TEXT("LimitExceededException"), 429}, {TEXT("ServiceUnavailableException"), 503},
        {TEXT("AccessDeniedException"), 403}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (span_equal(type, rows[i].type))
            return rows[i].status;
    return 500;
}
