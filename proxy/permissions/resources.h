/* The permissions of an operation outside S3: its IAM actions by its name, and the resources that
 * the request's members name. Pure, no allocation. */
#pragma once

#include "proxy/permissions/members.h"
#include "proxy/permissions/need.h"

struct operation {
    struct span service; /* as in resource_rows.def */
    struct span iam;     /* the prefix of its actions: "dynamodb" */
    struct span name;    /* "GetItem" */
    struct members members;
};

void resources_needed(struct need *need, const struct operation *operation);
