/* What the tables say of the last labels of a host's name. Pure, no allocation. */
#pragma once

#include "proxy/base/span.h"

struct host_row {
    struct span signing; /* the name in the credential scope; len == 0: not signed for */
    struct span prefix;  /* the labels themselves, as the table has them; empty for a pattern */
    struct span region; /* where the host names none: "client", "*", "cn=R"; len == 0: the global */
    struct span scheme; /* in order of preference; len == 0: sigv4 */
    struct span left;   /* labels that may stand to the left, "*" for any */
    struct span said;   /* the region that the labels themselves say, a part of them; or empty */
};

/* The row for these labels, "runtime.sagemaker" or "s3-eu-west-1", and a path: hosts that are
 * exceptions, then endpoint prefixes of services, then patterns. labels: without what tells of
 * FIPS. False where no table knows them. */
bool host_row_find(struct span labels, struct span path, struct host_row *row);

/* Whether there are rows with more labels whose last is this one. */
bool host_row_longer(struct span label);

/* Whether these labels may stand to the left of the row's. */
bool host_row_allows(const struct host_row *row, struct span left);
