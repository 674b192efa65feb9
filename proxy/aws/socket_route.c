#include "proxy/aws/socket_route.h"

#include "proxy/aws/partition.h"

enum { EVENTS_PORT = 8443, HTTPS_PORT = 443 };

/* AWS's own host serves them on a port of its own; a server in its place on whichever it was given.
 */
static void move(struct route *route)
{
    struct buf host = buf_over(route->moved, sizeof route->moved);
    struct span labels;
    if (!route->tls || route->port != HTTPS_PORT || !span_equal(route->host, route->server)
        || !partition_of_host(route->host, route->region, &labels))
        return;
    buf_add(&host, route->host);
    buf_text(&host, ":8443");
    if (host.failed)
        return;
    route->host = buf_span(&host);
    route->server = span_first(route->host, route->server.len);
    route->port = EVENTS_PORT;
}

struct socket_route socket_route_of(struct route *route, bool signed_query)
{
    bool events = span_equal(route->service, SPAN("transcribe"))
        && span_ends(route->path, SPAN("-websocket"));
    bool iot = span_equal(route->service, SPAN("iotdevicegateway"));
    if (events)
        move(route);
    return (struct socket_route){
        .events = events, .in_query = events || iot || signed_query, .token_last = iot};
}
