/* What a login token needs of the role's policy: to connect, as that user.
 * Sources: Service Authorization Reference, Amazon RDS IAM Authentication, Aurora DSQL,
 * ElastiCache, MemoryDB, Apache Kafka APIs for MSK. Pure. */
#pragma once

#include "proxy/aws/login_token.h"
#include "proxy/permissions/permission.h"

/* account: 12 digits, or empty where it is not known: then the resources are all. out: not to be
 * moved, for its spans point into it. */
void login_needed(
    const struct login *login, struct span partition, struct span account, struct permissions *out);
