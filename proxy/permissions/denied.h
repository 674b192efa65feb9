/* The list of what was denied, by AWS or by the guard: the newest 32, each with how often and when.
 * Pure; one allocation. */
#pragma once

#include "proxy/permissions/denial.h"

enum { DENIED_MOST = 32, DENIED_ENTRY_BYTES = 1792 };

struct denied_entry {
    enum denial_policy policy;
    bool explicitly;
    bool guessed; /* the answer names no action: it is one of the request's */
    uint64_t count;
    int64_t last_ms;
    struct span action;
    struct span resource;
    struct span who;
    struct span policy_arn;
    char text[DENIED_ENTRY_BYTES]; /* what the spans point into */
};

struct denied;

/* NULL without memory; denied_destroy() ends it. */
struct denied *denied_create(void);
void denied_destroy(struct denied *denied);

/* Adds what was denied, or counts it where it is known; the one seen longest ago makes room.
 * needed: what the request needs, each of which is added where the denial names no action; may be
 * NULL. */
void denied_add(struct denied *denied, const struct denial *denial,
    const struct permissions *needed, int64_t now_ms);

/* Whether this was denied since then. */
bool denied_holds(const struct denied *denied, const struct permission *what, int64_t since_ms);

/* The newest first; how many there are. Good until the next add. */
size_t denied_list(const struct denied *denied, const struct denied_entry *list[DENIED_MOST]);

/* Appends {"denied":[{action, resource, guessed, count, last, why, advice, who, policy,
 * statement}],"forgotten":0}; statement is the one that would allow it, or null where none of the
 * role's can. */
void denied_write(const struct denied *denied, struct buf *out);
