/* Buckets lie in regions, and a request that asks in another one is refused. What S3 tells of that
 * is remembered, so that it is told once. */
#include "proxy/aws/partition.h"
#include "proxy/aws/s3_host.h"
#include "proxy/base/clock.h"
#include "proxy/exchange/state.h"

static bool bucket_of(const struct exchange *x, struct span *bucket)
{
    return route_bucket(&x->route, x->proxy->route.region, bucket);
}

/* Whether the request goes to AWS itself; another server has one region, whatever it is called. */
static bool at_aws(const struct exchange *x)
{
    struct span labels;
    return span_equal(x->route.server, x->route.host)
        && partition_of_host(x->route.host, x->proxy->route.region, &labels);
}

/* A region where the host has no counterpart is no place to send it: S3's own word is better than a
 * name that does not resolve. */
static bool can_move(const struct route *route, struct span home, struct span region)
{
    struct s3_host host;
    return !s3_host_parse(route->host, home, &host) || s3_host_exists(&host, region);
}

void place_route(struct proxy *proxy, struct route *route)
{
    struct span bucket, region, home = proxy->route.region;
    if (proxy->buckets.count == 0 || !route_bucket(route, home, &bucket))
        return;
    region = buckets_region(&proxy->buckets, bucket, clock_wall_ms());
    if (region.len > 0 && !span_equal(region, route->region) && can_move(route, home, region))
        (void)route_move(route, home, region); /* where it cannot be, S3 says so again */
}

bool place_asks(const struct exchange *x)
{
    struct span bucket;
    return at_aws(x) && bucket_of(x, &bucket)
        && buckets_region(&x->proxy->buckets, bucket, clock_wall_ms()).len == 0;
}

/* Whether a region that a server names is one to believe: of the same partition, and of a length
 * that regions have. */
static bool credible(const struct exchange *x, struct span region)
{
    return region.len <= BUCKET_REGION_BYTES
        && partition_of_region(region) == partition_of_region(x->route.region);
}

bool place_learn(struct exchange *x, struct span region)
{
    struct span bucket, home = x->proxy->route.region;
    if (span_equal(region, x->route.region) || !credible(x, region) || !bucket_of(x, &bucket))
        return false;
    buckets_learn(&x->proxy->buckets, bucket, region, clock_wall_ms());
    return can_move(&x->route, home, region) && route_move(&x->route, home, region);
}

void place_confirm(struct exchange *x)
{
    struct span bucket;
    if (at_aws(x) && bucket_of(x, &bucket))
        buckets_learn(&x->proxy->buckets, bucket, x->route.region, clock_wall_ms());
}
