/* From an address to where it leads: hosts, service paths, ARNs, buckets, another region. The
 * input: a byte of flags, then the host and the target, a line each. */
#include "tests/fuzz/fuzz.h"

#include "proxy/aws/s3_host.h"
#include "proxy/aws/socket_route.h"
#include "proxy/credentials/create_session.h"
#include "proxy/http/scan.h"

enum { VIRTUAL = 1, DUALSTACK = 2, FIPS = 4, ENDPOINT = 8, SCOPED = 16, NOW = 1440938160 };

static const struct span home = TEXT("eu-west-1");
static const struct endpoint endpoint = {
    .authority = {.text = TEXT("e.example"), .host = TEXT("e.example"), .port = 81}};

/* What goes upstream stands in one line each, whatever the client wrote. */
static bool one_line(struct span text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.at[i] <= ' ' || text.at[i] == 0x7f)
            return false;
    return true;
}

static void check_route(const struct route *route)
{
    REQUIRE(route->service.len > 0 && one_line(route->service));
    REQUIRE(route->region.len > 0 && one_line(route->region));
    REQUIRE(route->host.len > 0 && one_line(route->host));
    REQUIRE(route->server.len > 0 && one_line(route->server) && route->port > 0);
    REQUIRE(route->path.len > 0 && route->path.at[0] == '/' && one_line(route->path));
    REQUIRE(one_line(route->query));
}

/* A session is asked for in one whole head. */
static void ask_session(const struct route *route)
{
    static struct signer *signer;
    static const struct credentials keys = {TEXT("AKIDEXAMPLE"), TEXT("secret"), TEXT("token")};
    static char memory[16 * 1024];
    struct buf out = buf_over(memory, sizeof memory);
    struct scan scan = {.lines = 0};
    size_t taken = 0;
    if (!signer && !(signer = signer_create()))
        abort();
    REQUIRE(create_session_write(route, &keys, signer, NOW, &out) == OK);
    REQUIRE(scan_head(&scan, buf_span(&out), &taken) == SCAN_COMPLETE && taken == out.len);
}

/* What the route becomes once more is known of it. */
static void go_on(struct route *route)
{
    struct span bucket;
    if (route_bucket(route, home, &bucket)) {
        REQUIRE(bucket.len > 0 && route->s3);
        if (route_move(route, home, SPAN("us-west-2")))
            REQUIRE(span_equal(route->region, SPAN("us-west-2")));
    }
    check_route(route);
    if (route->session)
        ask_session(route);
    route_take_account(route, SPAN("123456789012"));
    check_route(route);
    (void)socket_route_of(route, false);
    check_route(route);
}

static void find(unsigned flags, const struct target *target)
{
    static struct route route;
    struct route_options options = {.region = home,
        .variant = {.dualstack = flags & DUALSTACK, .fips = flags & FIPS},
        .s3_virtual = flags & VIRTUAL,
        .endpoints = flags & ENDPOINT ? 1 : 0,
        .endpoint = &endpoint};
    struct route_scope scope = {SPAN("s3"), SPAN("us-east-1"), SPAN("DynamoDB_20120810.GetItem")};
    struct fault fault = {OK, ""};
    enum err err = route_find(&options, target, flags & SCOPED ? &scope : NULL, &route, &fault);
    REQUIRE((err == OK) == (fault.text[0] == '\0'));
    if (err == OK && route.kind == ROUTE_SERVICE) {
        check_route(&route);
        go_on(&route);
    }
}

/* The same bucket's host in another region is one too, and has the same bucket. */
static void check_host(struct span text)
{
    char memory[512], moved[1024];
    struct buf host = buf_over(memory, sizeof memory), out = buf_over(moved, sizeof moved);
    struct s3_host parsed, again;
    buf_lower(&host, text);
    if (host.failed || !s3_host_parse(buf_span(&host), home, &parsed))
        return;
    REQUIRE(fuzz_within(parsed.bucket, buf_span(&host)));
    s3_host_write(&parsed, SPAN("eu-west-2"), &out);
    REQUIRE(!out.failed && s3_host_parse(buf_span(&out), home, &again));
    REQUIRE(span_equal(again.bucket, parsed.bucket) && again.dualstack == parsed.dualstack);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct target target = {.absolute = false};
    struct span rest, host;
    if (size < 1)
        return 0;
    char *copy = fuzz_copy(fuzz_span(data, size));
    rest = span_from((struct span){copy, copy ? size : 0}, 1);
    (void)span_next(&rest, '\n', &host);
    check_host(host);
    if (one_line(rest) && target_parse(rest, &target)) {
        target.method = SPAN("GET");
        if (target.authority.text.len > 0 || authority_parse(host, &target.authority))
            find(data[0], &target);
    }
    free(copy);
    return 0;
}
