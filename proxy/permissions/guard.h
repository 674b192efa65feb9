/* The guard (COUNTERSIGN_ALLOW): what requests may do, narrower than the role. Pure. */
#pragma once

#include "proxy/base/err.h"
#include "proxy/permissions/permission.h"

struct guard;

/* text: IAM's patterns, "s3:GetObject arn:aws:s3:::photos/...", one a line or parted by commas, or
 * an IAM policy document in JSON, as /-/policy gives it. Copies what it needs. The fault says in
 * which line or statement what is wrong. Conditions but those of condition.h, NotAction and their
 * like are refused: a guard that leaves out half of a policy would not be one. guard_destroy() ends
 * it. */
enum err guard_create(struct span text, struct guard **out, struct fault *fault) MUST_USE;
void guard_destroy(struct guard *guard);

/* Whether all that the request needs is allowed, and nothing of it denied. Else which is the first
 * that is not, or NULL where the operation is not known; which may be NULL. */
bool guard_allows(const struct guard *guard, const struct permissions *permissions,
    const struct permission **which);
