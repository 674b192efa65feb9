/* Where a route that is found can still be led: to an account's host, or to a bucket's region. */
#include "proxy/aws/route.h"
#include "proxy/aws/s3_host.h"

static bool is_account(struct span text)
{
    enum { DIGITS = 12 };
    uint64_t number;
    return text.len == DIGITS && span_to_number(text, 999999999999, &number);
}

void route_take_account(struct route *route, struct span account)
{
    struct buf memory = buf_over(route->moved, sizeof route->moved);
    bool to_control = route->kind == ROUTE_SERVICE && route->by_path
        && (span_starts(route->host, SPAN("s3-control."))
            || span_starts(route->host, SPAN("s3-control-fips.")));
    if (!to_control || !is_account(account))
        return;
    buf_add(&memory, account);
    buf_char(&memory, '.');
    buf_add(&memory, route->host);
    if (!memory.failed)
        route->host = route->server = buf_span(&memory);
}

bool route_bucket(const struct route *route, struct span home, struct span *bucket)
{
    struct s3_host host;
    struct span labels;
    struct span name = span_first(route->host, span_find(route->host, ':'));
    bool plain = s3_host_parse(route->host, home, &host);
    if (!span_equal(route->service, SPAN("s3"))
        || (!plain && partition_of_host(name, home, &labels)))
        return false;
    *bucket = plain && host.bucket.len > 0 ? host.bucket : s3_path_bucket(route->path);
    return bucket->len > 0;
}

bool route_move(struct route *route, struct span home, struct span region)
{
    char memory[sizeof route->moved];
    struct buf moved = buf_over(memory, sizeof memory);
    struct s3_host host;
    bool at_aws = span_equal(route->server, route->host);
    if (partition_of_region(region) != partition_of_region(route->region))
        return false;
    buf_add(&moved, region);
    size_t region_bytes = moved.len;
    if (at_aws && s3_host_parse(route->host, home, &host))
        s3_host_write(&host, region, &moved);
    if (moved.failed)
        return false;
    memcpy(route->moved, memory, moved.len);
    route->region = (struct span){route->moved, region_bytes};
    if (moved.len > region_bytes)
        route->host = (struct span){route->moved + region_bytes, moved.len - region_bytes};
    if (at_aws)
        route->server = route->host;
    return true;
}
