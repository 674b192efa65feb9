#include "proxy/aws/s3_address.h"

#include "proxy/aws/s3_arn.h"
#include "proxy/aws/s3_host.h"

enum { LABEL_MAX = 63, BUCKET_MIN = 3 };

/* NAME[-ACCOUNT].[MIDDLE.]FAMILY[-fips][-ZONE][.dualstack].[REGION.]SUFFIX */
struct pieces {
    struct span name, account, middle;
    struct span family, zone;
    struct host_variant variant;
    struct span region, suffix;
};

static void add_after(struct buf *out, const char *before, struct span text)
{
    if (text.len == 0)
        return;
    buf_add(out, span_of(before));
    buf_add(out, text);
}

static struct span write_host(struct buf *out, const struct pieces *p)
{
    size_t start = out->len;
    buf_add(out, p->name);
    add_after(out, "-", p->account);
    add_after(out, ".", p->middle);
    add_after(out, out->len > start ? "." : "", p->family);
    add_after(out, "-", p->variant.fips ? SPAN("fips") : SPAN(""));
    add_after(out, "-", p->zone);
    add_after(out, ".", p->variant.dualstack ? SPAN("dualstack") : SPAN(""));
    add_after(out, ".", p->region);
    add_after(out, ".", p->suffix);
    return buf_since(out, start);
}

/* Letters, digits and inner dashes; capitals too, as the rules allow them in ARNs. */
static bool is_label(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        bool inner = i > 0 && i + 1 < text.len;
        if (!ascii_alpha(text.at[i]) && !ascii_digit(text.at[i]) && !(text.at[i] == '-' && inner))
            return false;
    }
    return text.len > 0 && text.len <= LABEL_MAX;
}

static bool are_labels(struct span text)
{
    struct span label;
    bool good = text.len > 0;
    while (good && span_next(&text, '.', &label))
        good = is_label(label);
    return good;
}

/* ---- ARNs ---- */

#define ARN_FORMS                                                                                \
    "Write arn:aws:s3:REGION:ACCOUNT:accesspoint/NAME, arn:aws:s3::ACCOUNT:accesspoint/ALIAS "   \
    "of a multi-region access point, arn:aws:s3-object-lambda:REGION:ACCOUNT:accesspoint/NAME, " \
    "or arn:aws:s3-outposts:REGION:ACCOUNT:outpost/ID/accesspoint/NAME, and then the key."

static enum err malformed(struct fault *fault)
{
    return fault_set(fault, ERR_BAD_REQUEST,
        "The path begins with an ARN that names no access point of S3. " ARN_FORMS);
}

static enum err lacks(struct fault *fault, const char *what, const char *variant)
{
    return fault_set(fault, ERR_BAD_REQUEST,
        "%s have no %s endpoints, and the environment asks for those "
        "(AWS_USE_FIPS_ENDPOINT, AWS_USE_DUALSTACK_ENDPOINT).",
        what, variant);
}

static enum err of_another_partition(
    const struct s3_arn *arn, const struct partition *home, struct fault *fault)
{
    size_t shown = arn->partition.len < 20 ? arn->partition.len : 20;
    return fault_set(fault, ERR_BAD_REQUEST,
        "The ARN in the path is of the partition \"%.*s\" or names a region of another one; "
        "requests from here are signed for \"%.*s\". Name a region of the ARN's partition before "
        "it: /s3.cn-north-1/arn:aws-cn:s3:...",
        (int)shown, arn->partition.at, SPAN_ARGS(home->name));
}

/* What the kinds of ARN lead to. A lack is the name of what has no such endpoints. */
static const struct kind {
    struct span service;
    bool regional;
    struct span family;
    const char *name;
    bool dualstack, fips; /* there are such endpoints */
} kinds[] = {
    {{"s3", 2}, true, {"s3-accesspoint", 14}, "Access points", true, true},
    {{"s3", 2}, false, {"s3-global", 9}, "Multi-region access points", false, false},
    {{"s3-object-lambda", 16}, true, {"s3-object-lambda", 16}, "Object Lambda access points", false,
        true},
    {{"s3-outposts", 11}, true, {"s3-outposts", 11}, "Access points on Outposts", false, false},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static const struct kind *kind_of(const struct s3_arn *arn)
{
    for (size_t i = 0; i < KINDS; i++)
        if (span_equal(kinds[i].service, arn->service)
            && kinds[i].regional == (arn->region.len > 0))
            return &kinds[i];
    return NULL;
}

static bool well_formed(const struct s3_arn *arn, const struct kind *kind)
{
    const struct span *resource = arn->resource;
    bool regional = kind && kind->regional;
    size_t last = arn->resources - 1;
    return kind && span_equal(resource[last - 1], SPAN("accesspoint"))
        && (last == 1 || (span_equal(resource[0], SPAN("outpost")) && is_label(resource[1])))
        && is_label(arn->account) && (!regional || region_shaped(arn->region))
        && (regional ? is_label(resource[last]) : are_labels(resource[last]));
}

static enum err by_arn(const struct s3_request *request, struct buf *memory,
    struct s3_address *address, struct fault *fault)
{
    struct s3_arn arn;
    const struct partition *home = partition_of_region(request->region);
    if (!s3_arn_parse(request->path, memory, &arn))
        return malformed(fault);
    const struct kind *kind = kind_of(&arn);
    if (!well_formed(&arn, kind))
        return malformed(fault);
    if (!span_equal(arn.partition, home->name)
        || (kind->regional && partition_of_region(arn.region) != home))
        return of_another_partition(&arn, home, fault);
    if (request->variant.dualstack && !kind->dualstack)
        return lacks(fault, kind->name, "dual-stack");
    if (request->variant.fips && !kind->fips)
        return lacks(fault, kind->name, "FIPS");
    struct pieces pieces = {.name = arn.resource[arn.resources - 1],
        .account = kind->regional ? arn.account : SPAN(""),
        .middle = !kind->regional ? SPAN("accesspoint")
            : arn.resources > 2   ? arn.resource[1]
                                  : SPAN(""),
        .family = kind->family,
        .variant = request->variant,
        .region = arn.region,
        .suffix = home->dns};
    address->host = write_host(memory, &pieces);
    address->path = arn.rest.len > 0 ? arn.rest : SPAN("/");
    address->identity = (struct aws_host){.service = kind->service,
        .region = kind->regional ? arn.region : SPAN("*"),
        .sigv4a = !kind->regional};
    return OK;
}

/* ---- names of buckets ---- */

/* Lower-case letters, digits and inner dashes: dots are left to the path, for a certificate's
 * wildcard stands for one label. */
static bool can_be_label(struct span bucket)
{
    for (size_t i = 0; i < bucket.len; i++)
        if (bucket.at[i] >= 'A' && bucket.at[i] <= 'Z')
            return false;
    return bucket.len >= BUCKET_MIN && is_label(bucket);
}

/* "usw2-az1" of "NAME--usw2-az1--x-s3", the name of a directory bucket or, with "xa", of an access
 * point of one. */
static bool zone_of(struct span bucket, struct span *zone)
{
    bool access_point = span_ends(bucket, SPAN("--xa-s3"));
    if (!access_point && !span_ends(bucket, SPAN("--x-s3")))
        return false;
    size_t end = bucket.len - (access_point ? 7 : 6), start = end;
    while (start > 0 && !(start > 1 && bucket.at[start - 1] == '-' && bucket.at[start - 2] == '-'))
        start--;
    *zone = span_first(span_from(bucket, start), end - start);
    return start > 2 && zone->len > 0;
}

/* The label before "s3-outposts" for an alias of an access point on an Outpost: "ec2", or the
 * Outpost's ID. It stands at fixed places from the name's end: a letter for the kind of hardware,
 * then 17 of the ID, 20 others, and "--op-s3". */
static bool outpost_of(struct span alias, struct buf *memory, struct span *label)
{
    enum { TAIL = 49, ID = 17 };
    size_t start = memory->len;
    if (!span_ends(alias, SPAN("--op-s3")) || alias.len < TAIL + 1)
        return false;
    char hardware = alias.at[alias.len - TAIL - 1];
    if (hardware != 'o' && hardware != 'e')
        return false;
    if (hardware == 'o') {
        buf_text(memory, "op-");
        buf_add(memory, span_first(span_from(alias, alias.len - TAIL), ID));
    } else {
        buf_text(memory, "ec2");
    }
    *label = buf_since(memory, start);
    return true;
}

static bool has_parameter(struct span query, const struct span *names, size_t count)
{
    struct span pair;
    while (span_next(&query, '&', &pair))
        for (size_t i = 0; i < count; i++)
            if (span_equal(span_first(pair, span_find(pair, '=')), names[i]))
                return true;
    return false;
}

/* Operations on directory buckets themselves, which have an endpoint of their own: what these
 * parameters ask for, and without any making a bucket and its end. Source: botocore 1.44.5, service
 * model of s3, operations with UseS3ExpressControlEndpoint (Apache-2.0). */
static bool is_of_bucket_itself(const struct s3_request *request, struct span rest)
{
    static const struct span itself[] = {TEXT("accelerate"), TEXT("acl"), TEXT("analytics"),
        TEXT("cors"), TEXT("encryption"), TEXT("intelligent-tiering"), TEXT("inventory"),
        TEXT("lifecycle"), TEXT("location"), TEXT("logging"), TEXT("metadataAnnotationTable"),
        TEXT("metadataConfiguration"), TEXT("metadataInventoryTable"), TEXT("metadataJournalTable"),
        TEXT("metadataTable"), TEXT("metrics"), TEXT("notification"), TEXT("ownershipControls"),
        TEXT("policy"), TEXT("policyStatus"), TEXT("publicAccessBlock"), TEXT("replication"),
        TEXT("requestPayment"), TEXT("tagging"), TEXT("versioning"), TEXT("website")};
    static const struct span in_its_zone[] = {TEXT("abac"), TEXT("object-lock")};
    bool makes =
        span_equal(request->method, SPAN("PUT")) || span_equal(request->method, SPAN("DELETE"));
    if (rest.len > 1 || has_parameter(request->query, in_its_zone, 2))
        return false;
    return makes || has_parameter(request->query, itself, sizeof itself / sizeof *itself);
}

bool s3_signed_by_session(struct span query)
{
    return !has_parameter(query, &SPAN("session"), 1);
}

static void in_directory_bucket(const struct s3_request *request, struct pieces *pieces,
    struct s3_address *address, struct span zone)
{
    address->identity.service = SPAN("s3express");
    if (is_of_bucket_itself(request, address->path)) {
        address->path = request->path;
        pieces->name.len = 0;
        pieces->family = SPAN("s3express-control");
        return;
    }
    address->identity.session = true;
    pieces->family = SPAN("s3express");
    pieces->zone = zone;
}

enum err s3_address_find(const struct s3_request *request, struct buf *memory,
    struct s3_address *address, struct fault *fault)
{
    struct span bucket = s3_path_bucket(request->path), zone, outpost;
    struct span rest = span_from(request->path, 1 + bucket.len);
    *address = (struct s3_address){.path = request->path};
    if (s3_arn_begins(request->path))
        return by_arn(request, memory, address, fault);
    if (!can_be_label(bucket))
        return OK;
    address->path = rest;
    address->identity = (struct aws_host){.service = SPAN("s3"), .region = request->region};
    struct pieces pieces = {.name = bucket,
        .family = SPAN("s3"),
        .variant = request->variant,
        .region = request->region,
        .suffix = partition_of_region(request->region)->dns};
    if (zone_of(bucket, &zone)) {
        in_directory_bucket(request, &pieces, address, zone);
    } else if (outpost_of(bucket, memory, &outpost)) {
        address->identity.service = pieces.family = SPAN("s3-outposts");
        pieces.middle = outpost;
        pieces.variant = (struct host_variant){false, false};
    } else if (!request->virtual_hosts) {
        *address = (struct s3_address){.path = request->path};
        return OK;
    }
    address->host = write_host(memory, &pieces);
    if (address->path.len == 0)
        address->path = SPAN("/");
    return OK;
}
