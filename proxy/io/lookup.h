/* Host name to addresses, off the loop (getaddrinfo on libuv's threads). A name server that does
 * not answer holds a thread, and nobody can take it back, so what is being asked already is not
 * asked again: whoever wants to know it meanwhile waits for the same answer. That may come after
 * every close callback. */
#pragma once

#include <sys/socket.h>
#include <uv.h>

#include "proxy/base/span.h"

enum { ADDRESSES_MAX = 8 };

struct addresses {
    size_t count;
    struct sockaddr_storage at[ADDRESSES_MAX];
};

struct lookup;

/* How many threads libuv must have (UV_THREADPOOL_SIZE); it gives half of them to look-ups. */
#define LOOKUP_THREADS "16"

/* on_done: status 0 and at least one address, or libuv's error. Never called from within this call,
 * nor after lookup_abandon(). NULL where it cannot be started. */
struct lookup *lookup_start(uv_loop_t *loop, struct span host, unsigned port,
    void (*on_done)(void *owner, int status, const struct addresses *addresses), void *owner);

/* The owner goes away, or has enough; NULL is fine. */
void lookup_abandon(struct lookup *lookup);

/* Where the host is an address already; false where it is a name. */
bool addresses_literal(struct span host, unsigned port, struct addresses *addresses);
