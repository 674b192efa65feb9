/* What an exchange may do, for the other files of it: the guard, the record of what was allowed,
 * and the list of what was denied. */
#pragma once

#include "proxy/pages/presign_page.h"
#include "proxy/pages/token_page.h"

struct exchange;
struct message;

/* Whether the guard lets the request pass; else the exchange has ended. */
bool permit_admits(struct exchange *x);
/* The same of what is signed for somebody else to use; recorded as if it was used. Errors:
 * GUARD_DENIED. */
MUST_USE enum err permit_url(struct exchange *x, const struct presign_ask *ask,
    const struct route *route, struct fault *fault);
MUST_USE enum err permit_login(struct exchange *x, const struct login *login, struct fault *fault);
/* The answer's head has come: records what was allowed. */
void permit_record(struct exchange *x);
/* The answer, which is held, may be a denial: lists it, and adds a hint to its head. */
void permit_denied(struct exchange *x);
/* Content of an answer goes by that says 200, and may yet hold denials: lists them. */
void permit_watch(struct exchange *x, struct span piece);
/* It is whole: records what was allowed after all. */
void permit_whole(struct exchange *x);

/* The guard alone, of a request that follows later: it is not under way yet. Errors: GUARD_DENIED.
 */
MUST_USE enum err permit_step(struct exchange *x, const struct route *route,
    const struct message *message, struct fault *fault);
