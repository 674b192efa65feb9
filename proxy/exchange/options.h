/* What a proxy is told when it is created (proxy.h), and its exchanges go by. */
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
