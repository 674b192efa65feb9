/* Names for statements. Pure. */
#pragma once

#include "proxy/permissions/policy.h"

/* Writes what the statement is for as its Sid: the service, what is done, and with what where that
 * is one thing: "S3GetObjectPhotos", "S3ReadWrite". One that a statement before it in the policy
 * has gets a number. */
void policy_sid_write(struct policy *policy, size_t number);
