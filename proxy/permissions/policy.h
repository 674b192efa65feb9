/* A record as a policy: statements as a person would write them, in five formats. Resources that
 * need the same actions stand together; nothing is allowed that the record does not hold. */
#pragma once

#include "proxy/base/buf.h"
#include "proxy/permissions/recorder.h"

enum { POLICY_SID_BYTES = 72 };

/* One resource, and the pairs of the record that are about it. */
struct policy_row {
    const struct recorded *pairs;
    size_t count;
};

/* Every row has the same actions, in order; all are about a condition on one key, or none is. */
struct policy_statement {
    char sid[POLICY_SID_BYTES]; /* letters and digits only, unique in the policy */
    const struct policy_row *rows;
    size_t count;
};

struct policy {
    struct policy_statement *statements;
    size_t count;
    struct recorder_state state; /* of the record */
    struct policy_row *rows;
    struct recorded *pairs;
};

/* Points into the recorder, and is good until its next add. NULL without memory. */
struct policy *policy_create(const struct recorder *recorder);
void policy_destroy(struct policy *policy);

enum policy_format {
    POLICY_IAM,        /* a policy document in JSON */
    POLICY_SERVERLESS, /* iamRoleStatements, YAML */
    POLICY_SAM,        /* Policies of a function, YAML */
    POLICY_CDK,        /* PolicyStatements, TypeScript */
    POLICY_TERRAFORM,  /* data "aws_iam_policy_document", HCL */
    POLICY_FORMATS,
};

/* By its name in ?format=; false where there is none. */
bool policy_format_of(struct span name, enum policy_format *format);

/* Appends the policy, with a line's end. */
void policy_write(const struct policy *policy, enum policy_format format, struct buf *out);
