/* Who the function is, by all that the proxy has heard: its keys, STS, Lambda, and its clients. */
#include "proxy/aws/claim.h"
#include "proxy/base/log.h"
#include "proxy/exchange/core.h"

/* The account of an ARN, which may be empty. */
static struct span account_in(struct span arn)
{
    struct span part = {NULL, 0};
    for (unsigned i = 0; i < 5; i++)
        if (!span_next(&arn, ':', &part))
            return SPAN("");
    return part;
}

struct span self_account(const struct proxy *proxy, struct identity *identity)
{
    const struct caller *caller = proxy_caller(proxy);
    const struct credentials_store *store = proxy->options.credentials;
    if (caller)
        return caller_account(caller);
    *identity = identity_of(credentials_current(store));
    if (identity->account[0] != '\0')
        return span_of(identity->account);
    struct span account = account_in(credentials_facts(store).role);
    return account.len > 0 || credentials_assumes(store)
        ? account
        : (struct span){proxy->account, strlen(proxy->account)};
}

struct mistaken_signs self_signs(const struct proxy *proxy)
{
    const struct proxy_options *options = &proxy->options;
    const struct credentials *given = credentials_given(options->credentials);
    bool assumes = credentials_assumes(options->credentials);
    const struct credentials *in_use = assumes ? NULL : credentials_current(options->credentials);
    return (struct mistaken_signs){.credentials = given ? given : in_use,
        .caller = proxy_caller(proxy),
        .assumes = assumes,
        .beside_endpoint = given && options->endpoint_offered,
        .function_name = options->function_name,
        .account = {proxy->account, strlen(proxy->account)},
        .shared_file = options->shared_file,
        .foreign = &proxy->foreign};
}

/* Dummies, as SDKs want some, are nobody's. */
static bool names_a_key_of_aws(struct span id)
{
    return id.len >= 16
        && (span_starts(id, SPAN("AKIA")) || span_starts(id, SPAN("ASIA"))
            || span_starts(id, SPAN("A3T")));
}

void self_note_claim(struct proxy *proxy, const struct claim *claim)
{
    const struct credentials_store *store = proxy->options.credentials;
    struct foreign_keys *foreign = &proxy->foreign;
    struct span id = claim->access_key_id;
    if (!names_a_key_of_aws(id) || credentials_of_caller(store, id))
        return;
    struct buf key = buf_over(foreign->last, sizeof foreign->last - 1);
    identity_mask(id, &key);
    key.at[key.len] = '\0';
    foreign->kind = identity_key_text(id);
    if (foreign->requests++ == 0)
        log_line(LOG_WARN,
            "MistakenIdentity: a request is signed with %s, %s, not with the function's. Remove "
            "that key from the code, its settings and its files.",
            foreign->last, foreign->kind);
}
