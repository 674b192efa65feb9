/* Sessions of directory buckets (S3 Express One Zone): requests there are signed with keys of a
 * session for the bucket, good for five minutes, which CreateSession gives for the role's keys. One
 * session a bucket, one call for all that wait for it, a new one before it ends while the old one
 * still serves; none outlives the role's keys that it was asked for with.
 * Source: Amazon S3 User Guide, "Authorizing Zonal endpoint API operations with CreateSession". */
#pragma once

#include "proxy/aws/route.h"
#include "proxy/base/skew.h"
#include "proxy/credentials/credentials.h"

enum { EXPRESS_SESSIONS = 100 }; /* kept; the one that was used longest ago makes room */

struct express;

/* What it needs; all of it must hold as long as it does. */
struct express_means {
    struct pool *pool;
    struct signer *signer;
    struct credentials_store *store; /* the role's keys */
    const struct skew *skew;         /* of the clock */
};

/* NULL where memory is not to be had. It is attached before it is used. */
struct express *express_create(void);
void express_attach(struct express *express, const struct express_means *means);

/* Ends calls under way; whoever waits does not hear of it. NULL is fine. */
void express_destroy(struct express *express);

/* Begins a call where one is due. bucket: its own host, by which the bucket is known, and the way
 * there. False: there is no session, a call is under way, and the wait will hear. True: there is
 * nothing to wait for. */
bool express_need(
    struct express *express, const struct route *bucket, struct credentials_wait *wait);

/* The session's keys, or NULL where there are none. Good until the loop turns. *serial: which
 * session it is; another has another. */
const struct credentials *express_current(
    const struct express *express, const struct route *bucket, unsigned *serial);

/* In words why there are none, after express_need() had nothing to wait for. */
void express_missing(
    const struct express *express, const struct route *bucket, struct fault *fault);

/* The bucket calls the session of that number ended: it is not used again. */
void express_drop(struct express *express, const struct route *bucket, unsigned serial);

/* This process may be a copy of the one that asked for them: none that is there is used again. */
void express_forget(struct express *express);
