/* Where a service's name leads: to its host, in a region, dual-stack or FIPS. Pure, no allocation.
 */
#pragma once

#include "proxy/aws/host.h"
#include "proxy/aws/service.h"

/* Which hosts are asked for. */
struct host_variant {
    bool dualstack;
    bool fips;
};

/* What a name means: a service by any of its names (service_by_name()), or a label with which hosts
 * begin that the tables know besides, "transcribestreaming". False where it is neither. */
bool service_host_find(struct span name, struct service *service);

/* The service with whose label the name can be one host of its own, LABEL.REGION.SUFFIX, though no
 * table knows it: it may be younger. False where the name is no label, or not signed for. */
bool service_host_assume(struct span name, struct service *service);

/* Appends the service's host. identity: its region is that which is asked for; it becomes what to
 * sign with, and differs from that for a global service. */
void service_host_write(struct buf *out, const struct service *service, struct host_variant variant,
    struct aws_host *identity);
