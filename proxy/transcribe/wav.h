/* The head of a WAV file, so that whoever sends one need not cut it off: how its audio is sampled
 * and where it begins. In: the first bytes of a body. What Amazon Transcribe takes as `pcm` is
 * usable, 16 bits little-endian in one or two channels; anything else is refused with words that
 * say how to convert it. Pure.
 *
 * Source: Microsoft and IBM, "Multimedia Programming Interface and Data Specifications 1.0", RIFF
 * WAVE; Microsoft, WAVEFORMATEXTENSIBLE; Amazon Transcribe Developer Guide, "Data input". */
#pragma once

#include "proxy/base/span.h"

enum { WAV_HEAD_BYTES = 4096 }; /* within which the audio must begin */
enum { WAV_MIN_RATE = 8000, WAV_MAX_RATE = 48000 };

/* MORE: these bytes do not tell yet; come back with more of them, from the first byte on. NOT: this
 * is no WAV file, so all of it is audio, or something else. AUDIO: it is one, and usable. REFUSED:
 * it is one, but not usable. */
enum wav_step { WAV_MORE, WAV_NOT, WAV_AUDIO, WAV_REFUSED };

struct wav {
    uint32_t sample_rate;
    unsigned channels, bits;
    size_t audio_at;      /* bytes before the audio */
    bool length_known;    /* false where whoever wrote it streamed it */
    uint64_t audio_bytes; /* then what follows them is no audio */
    char why[192];        /* after WAV_REFUSED; a sentence without its point */
};

/* start: the body so far; once it has WAV_HEAD_BYTES bytes the step is not MORE. */
enum wav_step wav_read(struct span start, struct wav *wav);
