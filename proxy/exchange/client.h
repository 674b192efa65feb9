/* A client's connection: its bytes go to the exchange under way, in order; what that does not want
 * yet waits here.
 *
 *   IDLE -> (a byte) -> an exchange -> IDLE ... -> LINGERING -> closed
 */
#pragma once

#include "proxy/base/list.h"
#include "proxy/io/stream.h"

struct proxy;
struct exchange;

struct client {
    struct link link;
    struct stream stream;
    struct proxy *proxy;
    struct exchange *exchange; /* under way, or NULL */
    char *ahead;               /* bytes that came before they were wanted: at most one read */
    size_t ahead_at, ahead_bytes;
    unsigned linger_ticks; /* LINGERING: what comes is thrown away until the client ends or these
                              are over */
    bool ended;            /* the client has ended its half */
    bool over_limit;       /* one too many: its first request is answered TooBusy */
    bool skipped_line;     /* an empty line has come before the next request */
    bool feeding;          /* inside client_feed() */
};

/* Takes a connection off the listener's queue; false where memory is not to be had. */
bool client_accept(struct proxy *proxy, uv_stream_t *server);

/* The exchange can take more: hands it what waits, and reads on. */
void client_wake(struct client *client);

/* The exchange wants no more for now. */
void client_pause(struct client *client);

/* The exchange is over and its answer written. keep: the connection goes on to the next. */
void client_done(struct client *client, bool keep);

/* Breaks the connection: an answer that has begun cannot be finished. reset: even its end must look
 * broken. */
void client_break(struct client *client, bool reset);

/* Whether its connection ends after this answer, whatever the client wants. */
bool client_leaves(const struct client *client);

/* Whether the connection waits for nothing, so that it may be closed for a newer one. */
bool client_idle(const struct client *client);

/* One tick of the proxy's timer. */
void client_tick(struct client *client);
