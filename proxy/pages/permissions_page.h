/* GET /-/policy?format=... and GET /-/denied: what the function uses, as a policy, and what it was
 * denied. No I/O. */
#pragma once

#include "proxy/base/err.h"
#include "proxy/permissions/denied.h"
#include "proxy/permissions/policy.h"

/* The page's query. Errors: BAD_REQUEST, naming the parameter. */
MUST_USE enum err policy_page_parse(
    struct span query, enum policy_format *format, struct fault *fault);

struct span policy_page_type(enum policy_format format);

/* Appends the policy. Errors: NOT_FOUND (recorder is NULL: nothing is recorded), OUT_OF_MEMORY. */
MUST_USE enum err policy_page_write(const struct recorder *recorder, enum policy_format format,
    struct buf *out, struct fault *fault);

/* Appends the list of what was denied. Errors: as above. */
MUST_USE enum err denied_page_write(
    const struct denied *denied, struct buf *out, struct fault *fault);
