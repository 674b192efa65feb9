/* The parameters of a query, decoded: for the proxy's own pages, which know what they take. */
#pragma once

#include "proxy/base/buf.h"
#include "proxy/base/err.h"

/* A page's parameter. */
struct query_parameter {
    struct span name;
    bool repeats; /* it may stand there more than once */
};

/* Over the whole query. */
struct query_walk {
    struct span rest;
    const struct query_parameter *table;
    size_t count;    /* of the table: at most 32 */
    unsigned seen;   /* a bit for each of its rows */
    struct buf text; /* the values, decoded, one after the other */
    size_t row;      /* of the table, after query_next() */
    struct span value;
};

/* On to the next parameter: its row and its value, decoded ("+" is a space), good as long as text's
 * memory. False at the end, or with the fault where one is not to be taken: then fault->err is
 * BAD_REQUEST (a name that the table does not have, one that stands there twice, a control byte,
 * too long a value), else OK. */
bool query_next(struct query_walk *walk, struct fault *fault);
