/* POST /-/transcribe?language-code=...&sample-rate=...: what is asked, and the request to Amazon
 * Transcribe that it becomes. Parameters of the page's own are read here, all others are those of
 * StartStreamTranscription and go on as they stand. No I/O.
 * Source: Amazon Transcribe API Reference, StartStreamTranscription. */
#pragma once

#include "proxy/base/err.h"
#include "proxy/transcribe/transcript.h"
#include "proxy/transcribe/wav.h"

enum {
    TRANSCRIBE_PATH_BYTES = 8 * 1024,
    TRANSCRIBE_EVENT_BYTES = 32 * 1024,      /* of audio in one event, at most */
    TRANSCRIBE_START_BYTES = WAV_HEAD_BYTES, /* of the audio, that tell what it is */
};

enum transcribe_encoding { TRANSCRIBE_PCM, TRANSCRIBE_FLAC, TRANSCRIBE_OPUS };

struct transcribe_ask {
    enum transcript_format format;
    bool with_partials;
    enum transcribe_encoding encoding;
    bool has_encoding, has_channels;
    uint64_t sample_rate; /* 0: the audio is to tell */
    struct span region;   /* empty: the environment's */
    struct buf query;     /* those that go on, over text */
    char text[TRANSCRIBE_PATH_BYTES];
};

/* query: the page's, at == NULL where there is none. ask: not to be moved. Errors: BAD_REQUEST,
 * naming the parameter. */
MUST_USE enum err transcribe_parse(
    struct span query, struct transcribe_ask *ask, struct fault *fault);

/* What the audio's first bytes add to the request: a WAV file's head is no audio, and tells rate
 * and channels. start: the body so far; whole: there is no more of it. wav: where it is one. MORE
 * until more bytes are needed. */
enum transcribe_step { TRANSCRIBE_MORE, TRANSCRIBE_READY, TRANSCRIBE_REFUSED };
enum transcribe_step transcribe_look(struct transcribe_ask *ask, struct span start, bool whole,
    struct wav *wav, struct fault *fault);

/* Appends the event that carries the audio; without any it says that no more follows. */
void transcribe_write_audio(struct buf *out, struct span audio);

/* What the service says in place of a transcript. */
struct transcribe_exception {
    struct span type; /* "BadRequestException" */
    char message[512];
};

/* An event of the service: what it is, and for EXCEPTION what it says. */
enum transcribe_event { TRANSCRIBE_TRANSCRIPT, TRANSCRIBE_EXCEPTION, TRANSCRIBE_OTHER };
struct event_stream_message;
enum transcribe_event transcribe_event_of(
    const struct event_stream_message *message, struct transcribe_exception *exception);

/* The HTTP status that such an exception has where it comes before all else. */
int transcribe_status(struct span exception_type);
