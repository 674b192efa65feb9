/* What requests are signed with, and what shows that a caller is the function itself. One cache:
 * keys from the environment, or fetched from where the environment says, one fetch for all that
 * wait, renewed before they end while the old ones still serve. Key material lives in this room and
 * in aws/sign.c only. */
#pragma once

#include "proxy/base/list.h"
#include "proxy/credentials/refresh.h"

struct credentials_store;

/* Someone who waits, embedded in it; zeroed it waits for nothing. */
struct credentials_wait {
    struct link link;
    /* A fetch is over, well or not: look again. From the loop, never from within a call. */
    void (*on_settled)(struct credentials_wait *wait);
};

/* NULL where memory is not to be had. */
struct credentials_store *credentials_create(const struct credentials_options *options);

/* From now on, and until it is detached, it may fetch. */
void credentials_attach(struct credentials_store *store, const struct credentials_means *means);
void credentials_detach(struct credentials_store *store);

/* Cleanses the memory before it is freed. */
void credentials_destroy(struct credentials_store *store);

/* What to sign with now, or NULL where there is nothing, or only half of it, or it has ended. Good
 * until the loop turns. */
const struct credentials *credentials_current(const struct credentials_store *store);

/* Whether anybody could be admitted: there are keys, or may be, or a token. */
bool credentials_can_admit(const struct credentials_store *store);

/* Whether keys can be fetched anew, so that those that AWS calls expired are not the last word. */
bool credentials_renewable(const struct credentials_store *store);

/* Begins a fetch where one is due. False: there is nothing to sign with, a fetch is under way, and
 * the wait will hear. True: there is nothing to wait for. wait: NULL only begins. */
bool credentials_need(struct credentials_store *store, struct credentials_wait *wait);

/* Counts up whenever the keys to sign with have become others. */
unsigned credentials_generation(const struct credentials_store *store);

/* Those of that generation will not do: AWS calls them expired. Begins a fetch, unless newer ones
 * are here or one has just been made in vain. False: the wait will hear; true: there is nothing to
 * wait for. */
bool credentials_renew(
    struct credentials_store *store, unsigned generation, struct credentials_wait *wait);

/* The same where a caller shows others, which may be newer, or a stranger's invention: so at most
 * one fetch a minute, until the keys are so nearly over that callers renew theirs. */
bool credentials_seek(struct credentials_store *store, struct credentials_wait *wait);

/* Waits no more; harmless where it does not. */
void credentials_leave(struct credentials_wait *wait);

/* This process may be a copy of the one that fetched them: nothing fetched before is used again. */
void credentials_forget(struct credentials_store *store);

/* What is missing, in words for the caller who cannot be served: what was wrong and what to do. */
const char *credentials_missing(const struct credentials_store *store);

/* ---- of the caller ---- */

/* Whether the text is the token that shows that a caller holds the function's own credentials;
 * compared in constant time. */
bool credentials_token_matches(const struct credentials_store *store, struct span shown);

/* The function's own keys by that id, now or a moment ago; NULL where it is another's. Good until
 * the loop turns. */
const struct credentials *credentials_of_caller(
    const struct credentials_store *store, struct span access_key_id);

/* Whether the id may be that of keys which the function's source has issued since the last fetch; a
 * web identity's are issued to each who asks, so a caller's are never the same. */
bool credentials_may_issue(const struct credentials_store *store, struct span access_key_id);

/* ---- for the pages ---- */

struct credentials_facts {
    enum source source;
    struct span role;   /* ARN of the role, or of its session, where it is known */
    int64_t expires_ms; /* 0: not known, or never */
};

struct credentials_facts credentials_facts(const struct credentials_store *store);

/* The keys that stand in the environment itself; NULL where others are fetched. */
const struct credentials *credentials_given(const struct credentials_store *store);

/* Whether a further role is assumed with what the source gives. */
bool credentials_assumes(const struct credentials_store *store);
