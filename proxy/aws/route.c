#include "proxy/aws/route.h"

#include "proxy/aws/s3_address.h"
#include "proxy/aws/s3_host.h"

enum { HTTP_PORT = 80, HTTPS_PORT = 443 };

bool route_own_name(const struct route_options *options, const struct authority *authority)
{
    if (!authority->text.at || authority_is_loopback(authority))
        return true;
    for (size_t i = 0; i < options->names; i++)
        if (span_equal_nocase(options->name[i], authority->host))
            return true;
    return false;
}

/* How closely an endpoint is meant for what is asked: 0 for not at all. foremost: the service that
 * the endpoint prefix stands for first, as others may share it. */
static unsigned closeness(const struct endpoint *endpoint, struct span name, struct span foremost,
    const struct aws_host *identity)
{
    struct span of = endpoint->service;
    if (of.len == 0)
        return 1;
    if (span_equal(of, name))
        return 4;
    if (span_equal(of, foremost))
        return 3;
    return span_equal(of, identity->service) ? 2 : 0;
}

/* The endpoint for a service: its own; else that of its host, or of its signing name; else the one
 * for all. name: the service's, where it is known. */
static const struct endpoint *endpoint_for(
    const struct route_options *options, struct span name, const struct aws_host *identity)
{
    const struct endpoint *found = NULL;
    struct service service;
    struct span foremost = identity->prefix;
    unsigned closest = 0;
    if (options->endpoints > 0 && service_by_prefix(identity->prefix, &service))
        foremost = service.name;
    for (size_t i = 0; i < options->endpoints; i++) {
        unsigned close = closeness(&options->endpoint[i], name, foremost, identity);
        if (close > closest) {
            found = &options->endpoint[i];
            closest = close;
        }
    }
    return found;
}

/* The endpoint that the client named itself, host and port. */
static const struct endpoint *endpoint_named(
    const struct route_options *options, const struct authority *named)
{
    for (size_t i = 0; i < options->endpoints; i++) {
        const struct authority *a = &options->endpoint[i].authority;
        bool usual = named->port == 0 && (a->port == HTTP_PORT || a->port == HTTPS_PORT)
            && !authority_is_loopback(named);
        if (named->text.at && span_equal_nocase(a->host, named->host)
            && (a->port == named->port || usual))
            return &options->endpoint[i];
    }
    return NULL;
}

/* "host:port", the port left out where it is the scheme's own; brackets around an IPv6 address. */
static struct span write_authority(
    struct buf *out, const struct authority *a, unsigned default_port)
{
    size_t start = out->len;
    if (a->bracketed)
        buf_char(out, '[');
    buf_lower(out, a->host);
    if (a->bracketed)
        buf_char(out, ']');
    if (a->port != 0 && a->port != default_port) {
        buf_char(out, ':');
        buf_number(out, a->port);
    }
    return buf_since(out, start);
}

static struct span endpoint_host(struct buf *out, const struct endpoint *endpoint)
{
    return write_authority(out, &endpoint->authority, endpoint->tls ? HTTPS_PORT : HTTP_PORT);
}

static void send_to(struct route *route, const struct endpoint *endpoint)
{
    route->server = endpoint->authority.host;
    route->port = endpoint->authority.port;
    route->tls = endpoint->tls;
}

static enum err no_region(struct fault *fault)
{
    return fault_set(fault, ERR_BAD_REQUEST,
        "The address names no region, and AWS_REGION is not set. Set it, or name the region: "
        "/s3.eu-west-1/bucket/key.");
}

static enum err unknown_service(struct span name, struct fault *fault)
{
    struct nearest nearest;
    struct span typed = span_first(name, 36);
    service_nearest(typed, &nearest);
    return fault_set(fault, ERR_UNKNOWN_SERVICE,
        "\"%.*s\" is no known service; the nearest are %.*s, %.*s and %.*s. A path is "
        "/SERVICE[.REGION]/..., by endpoint prefix, SDK name or signing name: /s3/bucket/key, "
        "/transcribe.eu-west-1/. One too new to be known needs its region. Own pages are under "
        "/-/.",
        SPAN_ARGS(typed), SPAN_ARGS(nearest.name[0]), SPAN_ARGS(nearest.name[1]),
        SPAN_ARGS(nearest.name[2]));
}

static void take_identity(struct route *route, const struct aws_host *identity)
{
    route->service = identity->service;
    route->prefix = identity->prefix;
    route->region = identity->region;
    route->sigv4a = identity->sigv4a;
    route->session = identity->session && s3_signed_by_session(route->query);
}

/* At AWS, the path of S3 may say more than a bucket of the region: an ARN, a directory bucket. */
static enum err by_s3_path(const struct route_options *options, struct route *route,
    struct buf *memory, struct fault *fault)
{
    struct s3_address address;
    struct s3_request request = {.method = route->method,
        .path = route->path,
        .query = route->query,
        .region = route->region,
        .variant = options->variant,
        .virtual_hosts = options->s3_virtual};
    enum err err = s3_address_find(&request, memory, &address, fault);
    if (err || address.host.len == 0)
        return err;
    route->host = route->server = address.host;
    route->path = address.path;
    take_identity(route, &address.identity);
    return OK;
}

/* "runtime.sagemaker.eu-west-1", of which the region may be missing. A label that no table knows
 * may be a service's that is younger than they are, where it is sure that a service is meant: it
 * has a region. */
static bool find_service(struct span named, struct service *service, struct span *region)
{
    struct span name = named, last = span_take_last(&name, '.');
    if (!region_shaped(last))
        return service_host_find(named, service);
    *region = last;
    return service_host_find(name, service) || service_host_assume(name, service);
}

/* Whether who signs for the one may mean the other: S3's kin share their addresses. */
static bool same_service(struct span signed_for, const struct service *named)
{
    return span_equal(signed_for, named->signing)
        || (service_path_style(signed_for) == PATH_ONCE
            && service_path_style(named->signing) == PATH_ONCE);
}

/* "Service_20120810" of "Service_20120810.Operation", or of /service/Service/operation/Operation.
 */
static struct span target_of(const struct route_scope *scope, struct span path)
{
    struct span target = scope->target;
    if (target.len > 0) {
        (void)span_take_last(&target, '.');
        return target;
    }
    struct span name = span_from(path, sizeof "/service/" - 1);
    return span_starts(path, SPAN("/service/")) ? span_first(name, span_find(name, '/')) : SPAN("");
}

/* Takes /SERVICE[.REGION] off the path, or the service from the scope. */
static enum err find_addressed(const struct route_scope *scope, struct route *route,
    struct service *service, struct fault *fault)
{
    struct span whole = span_from(route->path, 1), rest = span_from(whole, span_find(whole, '/'));
    struct span named = span_first(whole, span_find(whole, '/'));
    struct service meant;
    bool found = find_service(named, service, &route->region);
    bool other = scope->service.len > 0 && !(found && same_service(scope->service, service));
    if (other && service_by_target(scope->service, target_of(scope, route->path), &meant)) {
        *service = meant;
        route->region.len = 0;
        return OK;
    }
    if (!found)
        return unknown_service(named, fault);
    route->path = rest.len > 0 ? rest : SPAN("/");
    return OK;
}

/* An address of the proxy itself: what is meant is in the path, or in the client's signature. */
static enum err by_own_name(const struct route_options *options, const struct route_scope *scope,
    struct route *route, struct buf *memory, struct fault *fault)
{
    struct aws_host identity = {.region = options->region};
    struct service service;
    size_t start = memory->len;
    if (find_addressed(scope, route, &service, fault) != OK)
        return fault->err;
    if (route->region.len > 0)
        identity.region = route->region;
    else if (region_shaped(scope->region))
        identity.region = scope->region;
    if (identity.region.len == 0)
        return no_region(fault);
    service_host_write(memory, &service, options->variant, &identity);
    route->host = route->server = buf_since(memory, start);
    take_identity(route, &identity);
    const struct endpoint *endpoint = endpoint_for(options, service.name, &identity);
    route->by_path = !endpoint;
    if (!endpoint && span_equal(service.prefix, SPAN("s3")))
        return by_s3_path(options, route, memory, fault);
    if (endpoint) {
        send_to(route, endpoint);
        route->host = endpoint_host(memory, endpoint);
    }
    return OK;
}

/* A host that the client named, by Host or by an absolute address: it stays the Host, and is
 * signed. */
static enum err by_host(const struct route_options *options, struct authority named,
    struct route *route, struct buf *memory)
{
    struct aws_host identity;
    size_t start = memory->len;
    buf_lower(memory, named.host);
    struct span host = buf_since(memory, start);
    if (span_ends(host, SPAN(".")))
        host.len--;
    if (named.bracketed
        || host_identify(host, route->path, options->region, &identity) != HOST_SERVICE)
        return ERR_HOST_NOT_ALLOWED;
    named.host = route->server = host;
    if (named.port == HTTP_PORT)
        named.port = 0; /* http:// is only how the client says it; the way there is https */
    route->port = named.port ? named.port : HTTPS_PORT;
    route->host = write_authority(memory, &named, HTTPS_PORT);
    if (identity.region.len == 0)
        identity.region = options->region;
    take_identity(route, &identity);
    const struct endpoint *endpoint = endpoint_for(options, SPAN(""), &identity);
    if (endpoint)
        send_to(route, endpoint);
    return OK;
}

static enum err by_endpoint(const struct route_options *options, const struct endpoint *endpoint,
    struct route *route, struct buf *memory)
{
    struct service service;
    if (endpoint->service.len == 0)
        return ERR_HOST_NOT_ALLOWED; /* which service it is there only the service path can say */
    send_to(route, endpoint);
    route->host = endpoint_host(memory, endpoint);
    bool known = service_host_find(endpoint->service, &service);
    route->service = known ? service.signing : endpoint->service;
    if (known)
        route->prefix = service.prefix;
    route->region = options->region;
    return OK;
}

static enum err not_allowed(const struct authority *named, struct fault *fault)
{
    return fault_set(fault, ERR_HOST_NOT_ALLOWED,
        "\"%.*s\" is no host of an AWS service, and none that COUNTERSIGN_ENDPOINT_... names for "
        "one: a signed request would give this function's session token to a stranger. Nothing "
        "was sent. (A further name of this proxy itself goes into COUNTERSIGN_HOSTS.)",
        (int)(named->host.len < 100 ? named->host.len : 100), named->host.at);
}

static bool names_own_page(struct span path)
{
    return span_starts(path, SPAN("/-/")) || span_equal(path, SPAN("/-"));
}

/* The API of s3outposts shares a host and a signing name with the objects on Outposts, but not how
 * its paths are signed. */
static bool is_api_of_outposts(const struct route *route)
{
    return span_equal(route->service, SPAN("s3-outposts"))
        && span_starts(route->path, SPAN("/S3Outposts/"));
}

enum err route_find(const struct route_options *options, const struct target *target,
    const struct route_scope *scope, struct route *route, struct fault *fault)
{
    static const struct route_scope no_scope = {.service = {NULL, 0}};
    struct buf memory = buf_over(route->memory, sizeof route->memory);
    const struct endpoint *endpoint = endpoint_named(options, &target->authority);
    enum err err;
    route->kind = ROUTE_SERVICE;
    route->path = target->path;
    route->query = target->query;
    route->service = route->prefix = route->region = (struct span){NULL, 0};
    route->host = route->server = (struct span){NULL, 0};
    route->port = HTTPS_PORT;
    route->tls = true;
    route->sigv4a = route->session = route->s3 = false;
    route->by_path = false;
    route->method = target->method;
    if (endpoint) {
        err = by_endpoint(options, endpoint, route, &memory);
    } else if (route_own_name(options, &target->authority)) {
        route->kind = names_own_page(target->path) ? ROUTE_OWN_PAGE : ROUTE_SERVICE;
        if (route->kind == ROUTE_OWN_PAGE)
            return OK;
        err = by_own_name(options, scope ? scope : &no_scope, route, &memory, fault);
        if (err)
            return err;
    } else {
        err = by_host(options, target->authority, route, &memory);
    }
    if (err || memory.failed)
        return not_allowed(&target->authority, fault);
    if (route->region.len == 0)
        return no_region(fault);
    route->s3 = service_path_style(route->service) == PATH_ONCE && !is_api_of_outposts(route);
    return OK;
}

enum err route_of_service(const struct route_options *options, struct span service,
    struct route *route, struct fault *fault)
{
    char memory[64];
    struct buf path = buf_over(memory, sizeof memory);
    buf_char(&path, '/');
    buf_add(&path, service);
    buf_char(&path, '/');
    struct target target = {.path = buf_span(&path)};
    if (path.failed || names_own_page(target.path))
        return unknown_service(service, fault);
    enum err err = route_find(options, &target, NULL, route, fault);
    route->path = SPAN("/");
    return err;
}
