/* Keys that a source has issued, in memory of their own that is wiped before it is let go; and what
 * sources answer, read into them. Pure.
 * Sources: "Container credential provider" of the AWS SDKs and Tools Reference Guide; "Retrieve
 * security credentials from instance metadata" of the EC2 User Guide; STS API Reference, AssumeRole
 * and AssumeRoleWithWebIdentity. */
#pragma once

#include "proxy/aws/sign.h"

struct issued {
    struct credentials keys;
    int64_t expires_ms; /* Unix time; 0: not known */
    struct span role; /* ARN of the role or of its session, where the source says it; else empty */
    size_t bytes;
    char memory[]; /* what the spans point into */
};

/* Copies. NULL where memory is not to be had. */
struct issued *issued_create(
    const struct credentials *keys, struct span role, struct span expiration);

void issued_destroy(struct issued *issued);

/* Wipes the keys; they are empty from now on. */
void issued_empty(struct issued *issued);

/* {"AccessKeyId", "SecretAccessKey", "Token", "Expiration", "RoleArn"}: the container's endpoint
 * and EC2's. Errors: NO_CREDENTIALS where one of the first three is missing, or cannot stand in a
 * header; OUT_OF_MEMORY. An Expiration that cannot be read counts as not known. */
MUST_USE enum err issued_from_json(struct span json, struct issued **issued, struct fault *fault);

/* <Credentials> with <AccessKeyId>, <SecretAccessKey>, <SessionToken>, <Expiration>, and beside it
 * <AssumedRoleUser> with its <Arn>: STS. Errors: as above. */
MUST_USE enum err issued_from_sts(struct span xml, struct issued **issued, struct fault *fault);
