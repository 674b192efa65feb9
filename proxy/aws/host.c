#include "proxy/aws/host.h"

#define TEXT(literal)                   \
    {                                   \
        "" literal, sizeof(literal) - 1 \
    }

enum {
    LABELS_LEFT = 1,
    REGION_AT_HOME = 2,
    REFUSED = 4,
    GLOBAL = 8,
    DUALSTACK_LABEL = 16, /* dual-stack hosts have a label for it, and not a suffix of their own */
    SESSION = 32,
};

/* The labels of a host that are no plain LABEL.REGION.SUFFIX with LABEL as the signing name, and
 * the services that have no region in their host. Source: botocore 1.44.5, endpoint rule sets
 * (Apache-2.0). LABELS_LEFT: more labels may stand to the left, a bucket's or an account's.
 * REFUSED: customers' machines. */
static const struct {
    struct span label;
    struct span service;
    unsigned flags;
} exceptions[] = {
    {TEXT("s3"), TEXT("s3"), LABELS_LEFT | GLOBAL | DUALSTACK_LABEL},
    {TEXT("s3-accelerate"), TEXT("s3"), LABELS_LEFT | REGION_AT_HOME | GLOBAL},
    {TEXT("s3-accesspoint"), TEXT("s3"), LABELS_LEFT | DUALSTACK_LABEL},
    {TEXT("s3-control"), TEXT("s3"), LABELS_LEFT | DUALSTACK_LABEL},
    {TEXT("s3-external-1"), TEXT("s3"), LABELS_LEFT | GLOBAL},
    {TEXT("s3-object-lambda"), TEXT("s3-object-lambda"), LABELS_LEFT},
    {TEXT("s3-outposts"), TEXT("s3-outposts"), LABELS_LEFT},
    {TEXT("s3express"), TEXT("s3express"), LABELS_LEFT | SESSION},
    {TEXT("s3express-control"), TEXT("s3express"), DUALSTACK_LABEL},
    {TEXT("execute-api"), TEXT("execute-api"), LABELS_LEFT},
    {TEXT("transcribestreaming"), TEXT("transcribe"), 0},
    {TEXT("budgets"), TEXT("budgets"), GLOBAL},
    {TEXT("cloudfront"), TEXT("cloudfront"), GLOBAL},
    {TEXT("iam"), TEXT("iam"), GLOBAL},
    {TEXT("organizations"), TEXT("organizations"), GLOBAL},
    {TEXT("route53"), TEXT("route53"), GLOBAL},
    {TEXT("sts"), TEXT("sts"), GLOBAL},
    {TEXT("cache"), TEXT(""), REFUSED},
    {TEXT("compute"), TEXT(""), REFUSED},
    {TEXT("compute-1"), TEXT(""), REFUSED},
    {TEXT("elb"), TEXT(""), REFUSED},
    {TEXT("email-smtp"), TEXT(""), REFUSED},
    {TEXT("git-codecommit"), TEXT(""), REFUSED},
    {TEXT("s3-website"), TEXT(""), REFUSED},
};
enum { EXCEPTIONS = sizeof exceptions / sizeof *exceptions };

static bool drop_last(struct span *labels, struct span label)
{
    struct span rest = *labels;
    if (!span_equal(span_take_last(&rest, '.'), label))
        return false;
    *labels = rest;
    return true;
}

static bool label_valid(struct span label)
{
    for (size_t i = 0; i < label.len; i++) {
        char c = label.at[i];
        if (!(c >= 'a' && c <= 'z') && !ascii_digit(c)
            && (c != '-' || i == 0 || i + 1 == label.len))
            return false;
    }
    return label.len > 0 && label.len <= 63;
}

/* "s3-eu-west-1", the old form of "s3.eu-west-1". */
static bool old_s3(struct span label, struct aws_host *identity)
{
    if (!span_starts(label, SPAN("s3-")) || !region_shaped(span_from(label, 3))
        || span_starts(label, SPAN("s3-fips-")))
        return false;
    *identity = (struct aws_host){.service = SPAN("s3"), .region = span_from(label, 3)};
    return true;
}

/* A label that no table knows is AWS's only as exactly LABEL.REGION.SUFFIX. */
static enum host_kind plain(
    struct span label, struct span left, struct span region, struct aws_host *identity)
{
    bool endpoint_service = span_starts(label, SPAN("vpce-")); /* anybody can own one */
    if (left.len > 0 || region.len == 0 || endpoint_service || !label_valid(label))
        return HOST_CUSTOMER;
    *identity = (struct aws_host){.service = label, .region = region};
    return HOST_SERVICE;
}

static enum host_kind look_up(struct span label, struct span left, struct aws_host *identity,
    const struct partition *partition)
{
    struct span region = identity->region;
    for (size_t i = 0; i < EXCEPTIONS; i++) {
        unsigned flags = exceptions[i].flags;
        if (!span_equal(exceptions[i].label, label))
            continue;
        bool fits = (left.len == 0 || flags & LABELS_LEFT) && (region.len > 0 || flags & GLOBAL);
        if (!fits || flags & REFUSED)
            return HOST_CUSTOMER;
        if (region.len == 0 && !(flags & REGION_AT_HOME))
            region = partition->global;
        *identity = (struct aws_host){
            .service = exceptions[i].service, .region = region, .session = (flags & SESSION) != 0};
        return HOST_SERVICE;
    }
    return plain(label, left, region, identity);
}

/* The label without what tells of FIPS, or of a directory bucket's zone. */
static struct span plain_label(struct span label, struct span left)
{
    static const struct span express = TEXT("s3express");
    if (span_ends(label, SPAN("-fips")))
        label.len -= sizeof "-fips" - 1;
    bool zonal = span_starts(label, SPAN("s3express-")) && left.len > 0
        && !span_equal(label, SPAN("s3express-control"));
    return zonal ? express : label;
}

/* ALIAS.accesspoint.s3-global: no region, but all of them. */
static bool multi_region(
    struct span label, struct span region, struct span left, struct aws_host *identity)
{
    if (!span_equal(label, SPAN("s3-global")) || region.len > 0
        || !drop_last(&left, SPAN("accesspoint")) || left.len == 0)
        return false;
    *identity = (struct aws_host){.service = SPAN("s3"), .region = SPAN("*"), .sigv4a = true};
    return true;
}

enum host_kind host_identify(struct span host, struct span home, struct aws_host *identity)
{
    struct span labels;
    const struct partition *partition = partition_of_host(host, home, &labels);
    if (!partition)
        return HOST_STRANGER;
    struct aws_host found = {.region = {NULL, 0}};
    drop_last(&labels, SPAN("vpce"));
    struct span before = labels;
    found.region = span_take_last(&labels, '.');
    if (!region_shaped(found.region)) {
        found.region.len = 0;
        labels = before;
    }
    drop_last(&labels, SPAN("dualstack"));
    struct span last = span_take_last(&labels, '.'), label = plain_label(last, labels);
    if (multi_region(label, found.region, labels, identity))
        return HOST_SERVICE;
    if (!drop_last(&labels, SPAN("fips")) && span_equal(label, SPAN("transcribe")))
        drop_last(&labels, SPAN("cn"));
    if (old_s3(label, &found)) {
        *identity = found;
        return HOST_SERVICE;
    }
    enum host_kind kind = look_up(label, labels, &found, partition);
    if (kind == HOST_SERVICE)
        *identity = found;
    return kind;
}

/* The index of a service that is told apart from the default, or EXCEPTIONS. */
static size_t exception_of(struct span label)
{
    size_t i = 0;
    while (i < EXCEPTIONS && !span_equal(exceptions[i].label, label))
        i++;
    return i;
}

static void write_labels(struct buf *out, struct span service, struct host_variant variant,
    const struct partition *partition)
{
    bool transcribe = span_equal(service, SPAN("transcribe"));
    if (transcribe && span_equal(partition->name, SPAN("aws-cn")))
        buf_text(out, "cn.");
    if (transcribe && variant.fips)
        buf_text(out, "fips.");
    buf_add(out, service);
    if (!transcribe && variant.fips)
        buf_text(out, "-fips");
    if (variant.dualstack)
        buf_text(out, ".dualstack");
}

bool host_of_service(
    struct buf *out, struct span service, struct host_variant variant, struct aws_host *identity)
{
    size_t exception = exception_of(service);
    unsigned flags = exception < EXCEPTIONS ? exceptions[exception].flags : 0;
    const struct partition *partition = partition_of_region(identity->region);
    bool s3 = span_equal(service, SPAN("s3"));
    if (!label_valid(service) || flags & REFUSED)
        return false;
    bool regional = !(flags & GLOBAL) || s3 || span_equal(service, SPAN("sts"));
    bool dual_suffix = variant.dualstack && !(flags & DUALSTACK_LABEL) && regional;
    variant.dualstack = variant.dualstack && flags & DUALSTACK_LABEL;
    write_labels(out, service, variant, partition);
    buf_char(out, '.');
    if (regional) {
        buf_add(out, identity->region);
        buf_char(out, '.');
    } else {
        identity->region = partition->global;
    }
    buf_add(out, dual_suffix ? partition->dual : partition->dns);
    identity->service = flags || exception < EXCEPTIONS ? exceptions[exception].service : service;
    return true;
}

enum path_style service_path_style(struct span service)
{
    static const struct span kin[] = {
        TEXT("s3"), TEXT("s3-outposts"), TEXT("s3-object-lambda"), TEXT("s3express")};
    for (size_t i = 0; i < sizeof kin / sizeof *kin; i++)
        if (span_equal(service, kin[i]))
            return PATH_ONCE;
    return PATH_TWICE;
}
