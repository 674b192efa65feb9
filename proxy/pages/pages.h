/* The proxy's own pages, under /-/: what each gives, as text. No I/O. */
#pragma once

#include "proxy/base/buf.h"
#include "proxy/base/err.h"
#include "proxy/credentials/credentials.h"
#include "proxy/permissions/mistaken.h"

/* Requests to one service, by its signing name. */
enum { SERVICES_COUNTED = 32, SERVICE_NAME_BYTES = 32 };
struct service_counter {
    char name[SERVICE_NAME_BYTES];
    size_t name_bytes;
    uint64_t requests;
};

/* What the proxy counts. */
struct counters {
    uint64_t exchanges;         /* ended */
    uint64_t statuses[6];       /* by the first digit of the status; [0]: broken off */
    uint64_t pages[6];          /* of them, those for the proxy's own pages */
    uint64_t errors[ERR_COUNT]; /* the proxy's own */
    uint64_t page_errors[ERR_COUNT];
    uint64_t bytes_sent;      /* of bodies, to servers */
    uint64_t bytes_received;  /* of bodies, from servers */
    uint64_t upstream_opened; /* connections */
    uint64_t sent_again;      /* requests */
    uint64_t upstream_us;     /* waited for servers; 0 where it is not measured */
    struct service_counter services[SERVICES_COUNTED]; /* the first that were asked for */
    unsigned in_flight, clients, upstream_open;
};

struct page_facts {
    const struct counters *counters;
    const struct credentials_store *credentials;
    struct span function_name, function_version, region;
    struct span account;         /* that the keys belong to; may be empty */
    const struct caller *caller; /* who STS said that it is; NULL where it was not asked */
    struct mistaken_signs signs;
};

/* What is signed where a page is asked for: presign_page.h and token_page.h write these. */
enum page_signs { PAGE_SIGNS_NOTHING, PAGE_SIGNS_URL, PAGE_SIGNS_TOKEN };

/* What is listed: permissions_page.h writes these. */
enum page_lists { PAGE_LISTS_NOTHING, PAGE_LISTS_POLICY, PAGE_LISTS_DENIED };

struct page {
    struct span path;
    bool needs_token;
    bool needs_keys; /* credentials are fetched for it where they have to be */
    bool verifies;   /* with ?verify it asks STS first */
    enum page_signs signs;
    enum page_lists lists;
    struct span content_type;
    void (*write)(const struct page_facts *facts, struct buf *out);
};

/* NULL where there is no such page. */
const struct page *page_find(struct span path);

/* Further header lines of the answer that the page is in. */
struct span page_fields(const struct page *page);
