/* The operations of services that name them by method and path. Pure, no allocation. */
#pragma once

#include "proxy/permissions/members.h"

/* A request by all that names its operation. */
struct rest {
    struct span service; /* as in rest_rows.def */
    struct span method;
    struct span path; /* as on the wire */
    struct span query;
};

/* Its operation, and in members what the path's pattern takes. The name is in a table; len == 0
 * where there is none. */
struct span rest_operation(const struct rest *rest, struct members *members);
