/* Audio that is transcribed as it comes (POST /-/transcribe): the state of it beside its socket's.
 * Private to audio.c, which sends it, and heard.c, which answers. */
#pragma once

#include "proxy/http/head.h"
#include "proxy/pages/transcribe_page.h"

struct audio {
    struct transcribe_ask ask;
    struct transcript transcript;
    struct head head; /* of the request for the socket */
    char key[24];
    struct span path; /* of the route */
    char region_path[64];
    bool looked, ended; /* at the audio's head; no more audio follows */
    bool limited;       /* the WAV file says how much of it is audio */
    uint64_t left;      /* then, so much more */
    size_t bytes;       /* gathered */
    struct buf heard;   /* a message of the service, in memory of its own */
    char gathered[TRANSCRIBE_EVENT_BYTES];
};
