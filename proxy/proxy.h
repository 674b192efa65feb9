/* countersign's proxy as a library: it takes plain HTTP on loopback, signs it with the credentials
 * it was given, and relays it to AWS. It knows nothing of Lambda, reads no environment, and never
 * ends the process. */
#pragma once

#include <uv.h>

#include "proxy/aws/route.h"
#include "proxy/credentials/credentials.h"
#include "proxy/permissions/guard.h"

/* COUNTERSIGN_CHECKSUM */
enum sum { SUM_NONE, SUM_CRC64NVME, SUM_CRC32C };

struct proxy_options {
    uv_loop_t *loop;    /* its data is the struct io_memory that all connections share */
    struct span listen; /* addresses, parted by commas */
    bool token_required;
    struct route_options route;
    struct credentials_store *credentials; /* attached to the proxy until it is closed */
    size_t max_body, max_held;             /* bytes held for one request, and for all together */
    unsigned parts; /* in memory at once, of objects of unknown length, all requests together */
    unsigned max_connections; /* of clients */
    unsigned max_upstream;    /* per server */
    unsigned connect_timeout_ms;
    unsigned timeout_ms;       /* silence in an exchange */
    enum sum checksum;         /* that a plain upload to S3 gets */
    unsigned retries;          /* of a throttled request that can be sent again */
    unsigned idle_ms;          /* of a kept connection to a server */
    const struct guard *guard; /* what requests may do; NULL: all that the role may */
    bool records;              /* what is asked, allowed and denied */
    struct span prewarm;   /* services to connect to once proxy_prewarm() is called, by commas */
    bool may_be_copied;    /* a snapshot of this process may be restored, many times (SnapStart) */
    bool times_upstream;   /* proxy_totals() tells milliseconds */
    const char *ca_bundle; /* NULL: the built-in roots, then the system's */
    struct span function_name; /* for the identity page; may be empty */
    struct span function_version;
    bool endpoint_offered;   /* Lambda gives its function's keys at an endpoint, and sets none */
    const char *shared_file; /* a variable that leads SDKs to a file of keys; NULL */
};

struct proxy;

/* The options' spans and pointers must hold as long as the proxy. NULL where memory is not to be
 * had. */
struct proxy *proxy_create(const struct proxy_options *options);

/* The account that Lambda says the function is of: 12 digits; anything else is passed over. */
void proxy_know_account(struct proxy *proxy, struct span account);

/* Logs who the function is, as far as that is known without a call, and a warning for each sign
 * that the keys are not those of its role. */
void proxy_introduce(const struct proxy *proxy);

/* Binds and listens. Errors: with words for whoever started the program (address taken, an endpoint
 * that is this proxy itself). */
MUST_USE enum err proxy_listen(struct proxy *proxy, struct fault *fault);

/* Accepts no more clients, ends those that wait for nothing, and lets the exchanges under way end
 * within grace_ms; what is left then is broken off. on_drained is called once, from the loop, when
 * all is over. */
void proxy_drain(
    struct proxy *proxy, unsigned grace_ms, void (*on_drained)(void *user), void *user);

/* Connects to the services of options.prewarm, and fetches credentials where they have to be; what
 * fails is logged at DEBUG only. Nothing where the process may be copied: what is made before the
 * snapshot is of no use after it. */
void proxy_prewarm(struct proxy *proxy);

/* Appends what was asked and allowed since the start as one line of JSON; false where it is not
 * recorded, or there is no memory. */
bool proxy_record(const struct proxy *proxy, struct buf *line);

/* What has been counted since the start. */
struct proxy_totals {
    uint64_t requests;
    uint64_t errors; /* of them, those answered with 4xx or 5xx, or broken off */
    uint64_t bytes_sent, bytes_received; /* of bodies, to and from servers */
    uint64_t upstream_ms; /* between a connection's being there and the answer's end, summed up */
    uint64_t connections; /* opened to servers */
    uint64_t foreign;     /* requests that a client signed with a key that is not the function's */
};

struct proxy_totals proxy_totals(const struct proxy *proxy);

/* Exchanges under way. */
unsigned proxy_busy(const struct proxy *proxy);

/* Called from the loop whenever the last exchange under way has ended; NULL for nobody. */
void proxy_on_idle(struct proxy *proxy, void (*on_idle)(void *user), void *user);

/* Calls on_idle now where nothing is under way. */
void proxy_notify_idle(struct proxy *proxy);

/* Closes everything; the loop must run on until its handles are closed, then proxy_free(). */
void proxy_close(struct proxy *proxy);
void proxy_free(struct proxy *proxy);
