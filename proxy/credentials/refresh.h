/* One run from a source to its keys: the steps of source.h one after the other, each by an HTTP
 * call, tried again a little where a server stumbles. */
#pragma once

#include "proxy/credentials/source.h"
#include "proxy/io/pool.h"

struct refresh;
struct signer4a;

/* What fetching needs; it must hold as long as the fetching. */
struct credentials_means {
    struct pool *pool;
    struct signer *signer;
    struct signer4a *signer4a;
    const struct route_options *route; /* the way to STS */
    const struct skew *skew;           /* of the clock, for what is signed to STS */
};

struct refresh_setup {
    const struct credentials_means *means;
    const struct credentials_options *options;
    enum step first;              /* STEP_ASSUME_ROLE where the base keys are there already */
    const struct credentials *by; /* those; they must hold until it is over */
};

/* What a run has brought; whoever hears of it owns them. */
struct refreshed {
    struct issued *base; /* of the source; NULL where it was not asked */
    struct issued *role; /* of the role that was assumed with them; NULL where there is none */
};

/* on_done comes once, from the loop, never from within this call. fault: NULL where all that was
 * wanted is there; base may be there also with a fault. NULL where memory is not to be had. */
struct refresh *refresh_start(const struct refresh_setup *setup,
    void (*on_done)(void *owner, struct refreshed refreshed, const struct fault *fault),
    void *owner);

/* The owner goes away: it hears no more. NULL is fine. */
void refresh_abandon(struct refresh *refresh);
