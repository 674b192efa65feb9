/* A WebSocket between a client and a server, once both have said yes to it: each frame is read,
 * and written anew for the other side, as it comes. Where the service wants the client's events
 * signed, its messages are gathered, wrapped and signed instead. Private to the exchange, whose
 * part it is: socket.c opens and ends it, frames.c moves the frames.
 * Source: RFC 6455. */
#pragma once

#include "proxy/aws/event_signature.h"
#include "proxy/aws/socket_route.h"
#include "proxy/credentials/issued.h"
#include "proxy/http/websocket_reader.h"

struct audio;
struct exchange;

enum { SOCKET_MESSAGE_BYTES = 64 * 1024 }; /* of a client's event: Transcribe takes half of that */

enum side { SIDE_CLIENT, SIDE_SERVER };

struct socket {
    struct socket_route how;
    bool passes; /* what the client has signed goes on as it is: query and events */
    struct websocket_reader from[2];
    bool closed[2];  /* a close frame has gone to that side, and nothing follows it */
    unsigned due[2]; /* the code of one that waits for the end of a frame; 0: none does */
    bool asked[2];   /* whether that side lives, by a ping; nothing has come of it since */
    unsigned char mask[WEBSOCKET_MASK_BYTES]; /* of the frame of data on its way to the server */
    uint64_t masked;                          /* bytes of that's payload */

    struct event_chain chain; /* of the client's events */
    struct issued *keys;      /* that it was begun with: it goes on with them even once they end */
    bool ended;               /* the empty event, which ends the stream, has gone */
    struct buf message;       /* where the client's are gathered: SOCKET_MESSAGE_BYTES of its own */

    struct audio *audio; /* the client speaks plain HTTP, and sends this; NULL: frames */
};

/* What is on its way to one side, written in as few pieces as there can be. */
struct socket_out {
    struct exchange *x;
    enum side to;
    struct buf text; /* in the proxy's scratch */
};

struct socket_out socket_out(struct exchange *x, enum side to);
void socket_flush(struct socket_out *out);

/* Appends a whole frame of a message or a control frame. */
void socket_write(struct socket_out *out, enum websocket_opcode opcode, struct span payload);

/* Asks a side whether it lives; its answer goes no further. Within a frame it is not asked: a side
 * that stays there for long is dead to the other. */
void socket_ping(struct exchange *x, enum side to);

/* A close frame, unless that side has had one; within a frame it waits for its end. */
void socket_write_close(struct exchange *x, enum side to, unsigned code, struct span reason);

/* Signs an event of the client's and sends it, unless the server has had a close frame; nothing,
 * which ends the stream. False without memory. */
bool socket_send_event(struct socket_out *out, struct span event);

/* Bytes of one side; false where the socket has failed: close frames have gone to both. */
bool socket_relay(struct exchange *x, enum side from, struct span bytes);
