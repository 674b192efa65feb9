/* The part of an exchange that is about a WebSocket, its client's own or one that audio goes
 * through. Private to the exchange, whose state is in state.h. */
#pragma once

#include "proxy/exchange/audio.h"
#include "proxy/exchange/frames.h"
#include "proxy/exchange/outgoing.h"

/* socket.c */
/* Whether the client asks for a WebSocket in place of an answer: then it is prepared. Errors:
 * BAD_REQUEST, OUT_OF_MEMORY. */
MUST_USE enum err socket_plan(struct exchange *x, struct fault *fault);
/* Writes the head that asks the server for it. */
MUST_USE enum err socket_write_head(
    struct exchange *x, struct outgoing *outgoing, struct buf *out, struct fault *fault);
/* The server has said yes; NULL, or what is wrong with how. */
const char *socket_open(struct exchange *x, struct buf *answer);
/* Bytes of one side; how many of the client's were taken. May end the exchange. */
size_t socket_take_client(struct exchange *x, struct span bytes);
void socket_take_server(struct exchange *x, struct span bytes);
/* One side has ended its half, or is gone. May end the exchange. */
void socket_client_ended(struct exchange *x);
void socket_server_gone(struct exchange *x);
/* Nobody has said anything for long: both are asked whether they live, or it is over. */
void socket_timeout(struct exchange *x);
/* Both sides have had their close frames: it is over in a moment. */
bool socket_ends(const struct exchange *x);
/* The client's connection is gone, or the proxy drains: tells who is still there. */
void socket_leave(struct exchange *x);
/* The proxy drains: both sides are told, and have a moment; audio may still end. */
void socket_drain(struct exchange *x);
/* Frees all that it has. */
void socket_end(struct exchange *x);
/* One that asks for nothing yet. Errors: OUT_OF_MEMORY. */
MUST_USE enum err socket_create(struct exchange *x);
/* The head that asks for it. */
const struct head *socket_head(const struct exchange *x);

/* audio.c: POST /-/transcribe */
/* Begins with it. Ends the exchange, or waits. */
void audio_serve(struct exchange *x);
const struct head *audio_head(const struct exchange *x);
/* Takes bytes of the body, as far as they are wanted. May end the exchange. */
size_t audio_take(struct exchange *x, struct span bytes);
/* The socket stands. May end the exchange. */
void audio_opened(struct exchange *x);

/* heard.c */
/* Bytes of the service. May end the exchange. */
void audio_hear(struct exchange *x, struct span bytes);
/* Its connection is gone, or silent for too long. Ends the exchange. */
void audio_lost(struct exchange *x, enum err err);
void audio_end(struct audio *audio);
