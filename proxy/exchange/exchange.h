/* One exchange: a request of a client and its answer, from the first byte to the last. */
#pragma once

#include "proxy/base/span.h"

struct client;
struct exchange;
struct proxy;

/* NULL where memory is not to be had. It ends by itself, through client_done() or client_break().
 */
struct exchange *exchange_create(struct proxy *proxy, struct client *client);

/* Bytes of the client; returns how many were taken, 0 where none are wanted now (client_wake()
 * follows). The exchange may have ended when this returns. */
size_t exchange_take(struct exchange *x, struct span bytes);

/* Whether a whole head has come: there is something to answer. */
bool exchange_has_request(const struct exchange *x);

/* Whether reading on would bring bytes that the server cannot take yet. */
bool exchange_is_full(const struct exchange *x);

/* The client has ended its half: fine after a whole request, else the end. */
void exchange_client_ended(struct exchange *x);

/* The client's connection is no more. */
void exchange_client_gone(struct exchange *x);

/* The client has taken all that was queued for it. */
void exchange_client_drained(struct exchange *x);

/* The proxy drains: what only waits is over at the next tick. */
void exchange_hurry(struct exchange *x);

/* One tick of the proxy's timer. */
void exchange_tick(struct exchange *x);

/* Its time is over: the phase decides what that means. */
void exchange_timeout(struct exchange *x);

/* Whether it uploads in parts for a client, so that something must be cleaned up if it ends now. */
bool exchange_uploads(const struct exchange *x);

/* The proxy closes: broken off, whatever it does. */
void exchange_abort(struct exchange *x);

/* Frees what exchange_create() allocated; for the proxy's spare ones. */
void exchange_free(struct exchange *x);
