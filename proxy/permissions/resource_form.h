/* How what names a resource in a request becomes its ARN: an id, a name, a URL. Pure, no
 * allocation. */
#pragma once

#include "proxy/permissions/need.h"

/* A placeholder of resource_rows.def about to be filled. */
struct fill {
    struct need *need;
    size_t start;        /* where the resource begins in need's text */
    struct span service; /* of its ARN */
    struct span value;   /* as the request has it, decoded */
    bool any;            /* the request does not tell: value is "*" */
    bool first;          /* no other member stands before it: an ARN may take the place of all */
};

/* Appends the value in the form of that name ("" is plain: an ARN as it is, in place of all that
 * stands before it, else a name). False where it cannot be: then text may have been appended. */
bool resource_form_write(struct span form, const struct fill *fill);
