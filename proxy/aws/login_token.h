/* Login tokens: what databases, caches and brokers take in place of a password. A token is a
 * request that nobody sends, presigned: the server shows it to AWS, which says whose it is.
 * Sources: botocore 1.44.5, signers.py (RDS, Aurora DSQL; Apache-2.0); Amazon ElastiCache and
 * MemoryDB, "Authenticating with IAM"; aws-msk-iam-sasl-signer-python and -go (MSK; Apache-2.0).
 * Pure. */
#pragma once

#include "proxy/aws/presign.h"

enum login_kind { LOGIN_RDS, LOGIN_DSQL, LOGIN_ELASTICACHE, LOGIN_MEMORYDB, LOGIN_MSK, LOGIN_NONE };

/* The longest that AWS takes a token for after it was signed; a session that it let in goes on. */
enum { LOGIN_EXPIRES_S = 900, LOGIN_USER_MAX = 2048, LOGIN_HOST_MAX = 253 };

struct login {
    enum login_kind kind;
    struct span host; /* the server's DNS name; of a cache its own name; of MSK none */
    unsigned port;    /* RDS */
    struct span user; /* Aurora DSQL: only whether it is "admin", who has an action of his own */
    bool serverless;  /* ElastiCache */
    struct span region;
};

/* "rds", "dsql", "elasticache", "memorydb", "msk", or LOGIN_NONE. */
enum login_kind login_kind_of(struct span name);

struct login_signing {
    struct signer *signer;
    const struct credentials *credentials;
    struct amz_date date; /* the moment from which expires_s counts */
    uint64_t expires_s;   /* 1 to LOGIN_EXPIRES_S */
};

/* Appends the token: the URL without its scheme, for MSK the whole of it in base64url.
 * Errors: BAD_REQUEST (expires_s), OUT_OF_MEMORY (out is too small, the user or host too long). */
MUST_USE enum err login_token(
    const struct login *login, const struct login_signing *with, struct buf *out);
