/* Where the credentials come from that requests are signed with. Key material lives here and in
 * aws/sign.c only. */
#pragma once

#include "proxy/aws/sign.h"

struct credentials_store;

/* Takes copies of what the environment says; each may be empty. caller_token: what a caller shows
 * where there is no session token (SnapStart: AWS_CONTAINER_AUTHORIZATION_TOKEN). NULL where memory
 * is not to be had. */
struct credentials_store *credentials_create(
    const struct credentials *environment, struct span caller_token);

/* Cleanses the memory before it is freed. */
void credentials_destroy(struct credentials_store *store);

/* What to sign with now, or NULL where there is nothing, or only half of it. Good until the loop
 * turns. */
const struct credentials *credentials_current(const struct credentials_store *store);

/* What is missing, in words for the caller who cannot be served: what was wrong and what to do. */
const char *credentials_missing(const struct credentials_store *store);

/* The token that shows that a caller holds the function's own credentials; len == 0 where there is
 * none. */
struct span credentials_caller_token(const struct credentials_store *store);
