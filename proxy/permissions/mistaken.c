#include "proxy/permissions/mistaken.h"

#define LET_LAMBDA                                                                    \
    "Remove AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN from the " \
    "function's settings and code: Lambda then gives it the keys of its own role."

/* The keys' account is another than the function's. A role may be another account's on purpose, so
 * only the keys that it is assumed with are asked. */
static bool of_other_account(
    const struct mistaken_signs *signs, const struct identity *identity, struct span *account)
{
    bool verified = signs->caller && !signs->assumes;
    *account = verified ? caller_account(signs->caller) : span_of(identity->account);
    return signs->account.len > 0 && account->len > 0 && !span_equal(*account, signs->account);
}

/* A session that STS knows by another name than the function's was not made by Lambda. */
static bool of_other_session(const struct mistaken_signs *signs, struct span *session)
{
    struct span role;
    return signs->account.len > 0 && signs->function_name.len > 0 && signs->caller
        && !signs->assumes && caller_session(caller_arn(signs->caller), &role, session)
        && !span_equal(*session, signs->function_name);
}

/* What is wrong with the proxy's own keys: the plainest sign. */
static void write_own(const struct mistaken_signs *signs, struct buf *out)
{
    struct identity identity = identity_of(signs->credentials);
    const char *told = signs->caller && !signs->assumes && !identity.warning
        ? caller_warning(caller_arn(signs->caller))
        : identity.warning;
    struct span other;
    if (told)
        buf_add(out, span_of(told));
    else if (of_other_account(signs, &identity, &other))
        buf_format(out,
            "these keys are of the account %.*s, the function is of %.*s: they are not its "
            "role's. " LET_LAMBDA,
            SPAN_ARGS(other), SPAN_ARGS(signs->account));
    else if (of_other_session(signs, &other))
        buf_format(out,
            "these keys are of a session called %.*s; Lambda calls a function's as the function, "
            "%.*s, so they are somebody else's. " LET_LAMBDA,
            SPAN_ARGS(span_first(other, 64)), SPAN_ARGS(span_first(signs->function_name, 140)));
    else if (signs->beside_endpoint)
        buf_text(out,
            "these keys were put into the function's settings: Lambda itself offers the role's at "
            "AWS_CONTAINER_CREDENTIALS_FULL_URI, and sets none. " LET_LAMBDA);
}

static void write_shared_file(const struct mistaken_signs *signs, struct buf *out)
{
    if (signs->shared_file)
        buf_format(out,
            "%s leads SDKs to keys in a shared file, which may be anybody's, in place of the "
            "role's. Remove it from the function's settings, and the file from its package.",
            signs->shared_file);
}

static void write_foreign(const struct mistaken_signs *signs, struct buf *out)
{
    const struct foreign_keys *foreign = signs->foreign;
    if (foreign && foreign->requests > 0)
        buf_format(out,
            "%llu %s signed with another key than the function's, the last with %s, %s. Remove "
            "that key from the code, its settings and its files, so that the SDK finds the role's.",
            (unsigned long long)foreign->requests,
            foreign->requests == 1 ? "request was" : "requests were", foreign->last, foreign->kind);
}

void mistaken_find(const struct mistaken_signs *signs, struct mistaken *mistaken)
{
    static void (*const writers[MISTAKEN_MOST])(const struct mistaken_signs *, struct buf *) = {
        write_own, write_shared_file, write_foreign};
    mistaken->count = 0;
    for (size_t i = 0; i < MISTAKEN_MOST; i++) {
        char *text = mistaken->text[mistaken->count];
        struct buf out = buf_over(text, MISTAKEN_BYTES - 1);
        writers[i](signs, &out);
        text[out.len] = '\0';
        mistaken->count += out.len > 0;
    }
}
