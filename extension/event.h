/* What Lambda's Extensions API says: JSON to struct. Pure; fuzzed.
 * Source: Lambda Developer Guide, "Lambda Extensions API". */
#pragma once

#include "proxy/base/span.h"

enum event_kind { EVENT_OTHER, EVENT_INVOKE, EVENT_SHUTDOWN };

struct event {
    enum event_kind kind;
    int64_t deadline_ms; /* Unix time; 0 where it is missing */
    char request_id[65]; /* INVOKE; cut, never unterminated */
    char reason[33]; /* SHUTDOWN: spindown, timeout, failure and others, in any case: for the log
                        only */
};

enum { EVENT_ACCOUNT_BYTES = 13 };

/* The accountId in what Lambda answers to a registration; false where it is not there. */
bool event_account(struct span json, char account[EVENT_ACCOUNT_BYTES]);

/* False where it is no JSON object with an eventType. Unknown types are EVENT_OTHER: the API may
 * grow. */
bool event_parse(struct span json, struct event *event);
