/* The options with which routes are tested, and a request to route by them. */
#pragma once

#include "tests/unit/check.h"

#include "proxy/aws/route.h"

#define ENDPOINT(service, host, port, tls)                                                      \
    {                                                                                           \
        TEXT("COUNTERSIGN_ENDPOINT"), TEXT(service), {TEXT(host), TEXT(host), port, false}, tls \
    }

static const struct endpoint endpoints[] = {
    ENDPOINT("s3", "minio.example", 9000, false),
    ENDPOINT("transcribe", "Fake.Example", 443, true),
};
static const struct endpoint for_all[] = {ENDPOINT("", "localhost", 4566, false)};
static const struct endpoint for_both[] = {
    ENDPOINT("", "localhost", 4566, false), ENDPOINT("s3", "minio.example", 9000, true)};
static const struct span names[] = {TEXT("sidecar"), TEXT("10.1.2.3")};

static const struct route_options plain = {.region = TEXT("eu-west-1"), .names = 2, .name = names};
static const struct route_options no_region = {.names = 0};
static const struct route_options with_endpoints = {
    .region = TEXT("eu-west-1"), .endpoints = 2, .endpoint = endpoints};
static const struct route_options with_one_for_all = {
    .region = TEXT("eu-west-1"), .endpoints = 1, .endpoint = for_all};
static const struct route_options with_both = {
    .region = TEXT("eu-west-1"), .endpoints = 2, .endpoint = for_both};
static const struct route_options virtual_hosts = {.region = TEXT("eu-west-1"), .s3_virtual = true};
static const struct route_options virtual_endpoints = {
    .region = TEXT("eu-west-1"), .s3_virtual = true, .endpoints = 2, .endpoint = endpoints};
static const struct route_options fips = {
    .region = TEXT("us-east-1"), .variant = {.dualstack = true, .fips = true}};

#define L TEXT("localhost:2774")

/* host: the request's Host, or with "http://" before it that of an absolute target; may be empty.
 */
static inline enum err find(const struct route_options *options, struct span host, struct span path,
    struct route *route, struct fault *fault)
{
    struct target target = {.absolute = span_starts(host, SPAN("http://"))};
    struct span named = target.absolute ? span_from(host, sizeof "http://" - 1) : host;
    size_t mark = span_find(path, '?');
    if (named.len > 0)
        assert_true(authority_parse(named, &target.authority));
    target.path = span_first(path, mark);
    target.query = mark < path.len ? span_from(path, mark + 1) : (struct span){NULL, 0};
    return route_find(options, &target, NULL, route, fault);
}
