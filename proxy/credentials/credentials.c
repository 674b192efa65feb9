#include "proxy/credentials/credentials.h"

#include <openssl/crypto.h>
#include <stdlib.h>

struct credentials_store {
    struct credentials environment;
    struct span caller_token;
    size_t bytes;  /* of memory */
    char memory[]; /* what the spans above point into */
};

static struct span keep(char **at, struct span s)
{
    if (s.len > 0)
        memcpy(*at, s.at, s.len);
    struct span kept = {*at, s.len};
    *at += s.len;
    return kept;
}

struct credentials_store *credentials_create(
    const struct credentials *environment, struct span caller_token)
{
    size_t bytes = environment->access_key_id.len + environment->secret_access_key.len
        + environment->session_token.len + caller_token.len;
    struct credentials_store *store = calloc(1, sizeof *store + bytes);
    if (!store)
        return NULL;
    char *at = store->memory;
    store->bytes = bytes;
    store->environment.access_key_id = keep(&at, environment->access_key_id);
    store->environment.secret_access_key = keep(&at, environment->secret_access_key);
    store->environment.session_token = keep(&at, environment->session_token);
    store->caller_token = keep(&at, caller_token);
    return store;
}

void credentials_destroy(struct credentials_store *store)
{
    if (!store)
        return;
    OPENSSL_cleanse(store->memory, store->bytes);
    free(store);
}

const struct credentials *credentials_current(const struct credentials_store *store)
{
    const struct credentials *c = &store->environment;
    return c->access_key_id.len > 0 && c->secret_access_key.len > 0 ? c : NULL;
}

const char *credentials_missing(const struct credentials_store *store)
{
    if (store->environment.access_key_id.len > 0)
        return "AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not: set both, or neither.";
    if (store->environment.secret_access_key.len > 0)
        return "AWS_SECRET_ACCESS_KEY is set, but AWS_ACCESS_KEY_ID is not: set both, or neither.";
    return "There are no credentials in the environment. In Lambda the function's role puts them "
           "there; elsewhere set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, "
           "then start again.";
}

struct span credentials_caller_token(const struct credentials_store *store)
{
    return store->environment.session_token.len > 0 ? store->environment.session_token
                                                    : store->caller_token;
}
