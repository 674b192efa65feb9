/* Who STS says a caller is: GetCallerIdentity's answer, and what there is to say of it.
 * Sources: STS API Reference, GetCallerIdentity; IAM User Guide, "Unique identifiers", "ARNs".
 * Pure, no allocation. */
#pragma once

#include "proxy/base/buf.h"

enum { CALLER_ARN_BYTES = 2048, CALLER_ID_BYTES = 256, CALLER_ACCOUNT_BYTES = 12 };

struct caller {
    char arn[CALLER_ARN_BYTES], user_id[CALLER_ID_BYTES], account[CALLER_ACCOUNT_BYTES];
    size_t arn_bytes, user_id_bytes, account_bytes; /* 0: not known */
};

/* Takes the answer apart; false where it is none. */
bool caller_parse(struct span xml, struct caller *caller);

static inline struct span caller_arn(const struct caller *caller)
{
    return (struct span){caller->arn, caller->arn_bytes};
}

static inline struct span caller_user_id(const struct caller *caller)
{
    return (struct span){caller->user_id, caller->user_id_bytes};
}

static inline struct span caller_account(const struct caller *caller)
{
    return (struct span){caller->account, caller->account_bytes};
}

/* The parts of "arn:P:sts::ACCOUNT:assumed-role/ROLE/SESSION": false where it is no such ARN. */
bool caller_session(struct span arn, struct span *role, struct span *session);

/* Appends the role's own ARN, "arn:P:iam::ACCOUNT:role/ROLE"; its path is not known. Nothing where
 * the ARN is no session's. */
void caller_write_role(struct span arn, struct buf *out);

/* What is wrong and what to do, where the ARN is no role's session or not a function's
 * (MistakenIdentity); NULL where all is well. */
const char *caller_warning(struct span arn);
