#include "proxy/permissions/s3_place.h"

#include "proxy/aws/partition.h"
#include "proxy/aws/uri.h"

/* A host's labels, read from the right: what stands before them, and what they say. */
struct labels {
    struct span rest;  /* to the left of the family */
    struct span label; /* the family: "s3", "s3-accesspoint" */
    bool vpce;
};

static bool is(struct span label, const char *text)
{
    return span_equal(label, span_of(text));
}

/* BUCKET.s3.dualstack.REGION.SUFFIX, ID.s3.REGION.vpce.SUFFIX, BUCKET.s3-REGION.SUFFIX */
static bool read_labels(const struct need *need, struct labels *labels)
{
    struct span rest;
    if (!partition_of_host(need->request->host, need->request->region, &rest))
        return false;
    struct span label = span_take_last(&rest, '.');
    labels->vpce = is(label, "vpce");
    if (labels->vpce)
        label = span_take_last(&rest, '.');
    if (region_shaped(label))
        label = span_take_last(&rest, '.');
    if (is(label, "dualstack"))
        label = span_take_last(&rest, '.');
    *labels = (struct labels){rest, label, labels->vpce};
    return true;
}

/* Of FAMILY and FAMILY-fips. */
static bool in_family(struct span label, struct span family)
{
    struct span rest = span_from(label, family.len);
    return span_starts(label, family) && (rest.len == 0 || is(rest, "-fips"));
}

/* NAME-ACCOUNT, or where no account is at the end, the name alone. */
static void set_point(struct s3_place *place, enum s3_kind kind, struct span label)
{
    struct span name = label, account = span_take_last(&name, '-');
    uint64_t number;
    bool split = name.len > 0 && account.len == 12 && span_to_number(account, UINT64_MAX, &number);
    place->kind = kind;
    place->name = split ? name : label;
    if (split)
        place->account = account;
}

static void set_vpce(struct span labels, struct s3_place *place)
{
    struct span rest = labels;
    (void)span_take_last(&rest, '.'); /* vpce-ID */
    struct span kind = span_take_last(&rest, '.');
    if (is(kind, "accesspoint"))
        set_point(place, S3_ACCESS_POINT, rest);
    else if (is(kind, "control"))
        place->control = true;
    else if (rest.len > 0)
        s3_place_of_bucket(rest, place);
    else if (kind.len > 0 && !is(kind, "bucket"))
        s3_place_of_bucket(kind, place);
}

static void set_control(struct s3_place *place, struct span account)
{
    place->control = true;
    if (account.len > 0)
        place->account = account;
}

/* There both the buckets and their access points have their API. */
static void set_express_control(struct s3_place *place, struct span path)
{
    place->express_control = true;
    place->control = span_starts(path, SPAN("/v20180820/"));
}

static void set_outpost(struct s3_place *place, struct span rest)
{
    place->outpost = span_take_last(&rest, '.');
    if (rest.len > 0)
        set_point(place, S3_OUTPOST, rest);
    else
        place->control = true;
}

/* What the host alone says; kind is S3_NONE where the bucket stands in the path. */
static void read_host(const struct need *need, struct s3_place *place)
{
    struct labels host;
    if (!read_labels(need, &host))
        return;
    struct span label = host.label, before = host.rest, last = SPAN("");
    if (host.rest.len > 0)
        last = span_take_last(&before, '.');
    if (host.vpce)
        set_vpce(host.rest, place);
    else if (in_family(label, SPAN("s3-accesspoint")))
        set_point(place, S3_ACCESS_POINT, host.rest);
    else if (in_family(label, SPAN("s3-object-lambda"))) {
        place->object_lambda_api = true;
        set_point(place, S3_OBJECT_LAMBDA, host.rest);
    } else if (in_family(label, SPAN("s3-outposts")))
        set_outpost(place, host.rest);
    else if (in_family(label, SPAN("s3-control")))
        set_control(place, host.rest);
    else if (is(label, "s3-global") && is(last, "accesspoint"))
        set_point(place, S3_MULTI_REGION, before);
    else if (span_starts(label, SPAN("s3express-control")))
        set_express_control(place, need->request->path);
    else if (host.rest.len > 0)
        s3_place_of_bucket(host.rest, place);
}

/* "PREFIX-METADATA-s3alias": of the access point's name that is the beginning. */
static void set_alias(struct s3_place *place, enum s3_kind kind, struct span alias)
{
    (void)span_take_last(&alias, '-');
    place->kind = kind;
    place->name = alias;
    place->alias = true;
}

void s3_place_of_bucket(struct span name, struct s3_place *place)
{
    place->kind = S3_BUCKET;
    place->name = name;
    if (span_ends(name, SPAN("--x-s3")))
        place->kind = S3_DIRECTORY;
    else if (span_ends(name, SPAN("--xa-s3")))
        place->kind = S3_DIRECTORY_POINT;
    else if (span_ends(name, SPAN("-s3alias")))
        set_alias(place, S3_ACCESS_POINT, span_first(name, name.len - 8));
    else if (span_ends(name, SPAN("--ol-s3")))
        set_alias(place, S3_OBJECT_LAMBDA, span_first(name, name.len - 7));
    else if (span_ends(name, SPAN("--op-s3"))) {
        place->outpost = SPAN("*");
        set_alias(place, S3_OUTPOST, span_first(name, name.len - 7));
    }
}

bool s3_place_find(struct need *need, struct s3_place *place)
{
    struct span host = need->request->host, rest = span_from(need->request->path, 1);
    if (span_find(host, '*') < host.len || span_find(host, '?') < host.len)
        return false;
    *place = (struct s3_place){.kind = S3_NONE, .account = need_account(need)};
    read_host(need, place);
    place->key = rest;
    if (place->kind != S3_NONE || place->control || rest.len == 0)
        return true;
    size_t start = need->text.len, slash = span_find(rest, '/');
    uri_decode(&need->text, span_first(rest, slash));
    struct span bucket = need_since(need, start);
    s3_place_of_bucket(bucket, place);
    place->key = span_from(rest, slash + 1);
    return slash > 0 && span_find(bucket, '/') == bucket.len;
}

static void write_container(struct need *need, const struct s3_place *place)
{
    static const struct span services[] = {[S3_OBJECT_LAMBDA] = {"s3-object-lambda", 16},
        [S3_OUTPOST] = {"s3-outposts", 11},
        [S3_DIRECTORY] = {"s3express", 9},
        [S3_DIRECTORY_POINT] = {"s3express", 9}};
    bool global = place->kind == S3_BUCKET, everywhere = place->kind == S3_MULTI_REGION;
    struct span service = services[place->kind].len > 0 ? services[place->kind] : SPAN("s3");
    need_write_arn(need, service, global || everywhere ? SPAN("") : need->request->region,
        global ? SPAN("") : place->account);
    if (place->kind == S3_OUTPOST) {
        buf_text(&need->text, "outpost/");
        buf_add(&need->text, place->outpost);
        buf_char(&need->text, '/');
    }
    if (place->kind == S3_DIRECTORY)
        buf_text(&need->text, "bucket/");
    else if (!global)
        buf_text(&need->text, "accesspoint/");
    need_write_name(need, place->name);
    if (place->alias)
        buf_char(&need->text, '*');
}

static void write_separator(struct need *need, const struct s3_place *place)
{
    if (place->kind == S3_BUCKET)
        buf_char(&need->text, '/');
    else
        buf_text(&need->text, "/object/");
}

static bool has_objects(const struct s3_place *place)
{
    return place->kind == S3_BUCKET || place->kind == S3_ACCESS_POINT
        || place->kind == S3_MULTI_REGION || place->kind == S3_OUTPOST;
}

struct span s3_place_container(struct need *need, const struct s3_place *place)
{
    size_t start = need->text.len;
    write_container(need, place);
    return need_since(need, start);
}

/* The container's ARN, up to where a key follows; false where none does. */
static bool write_up_to_key(struct need *need, const struct s3_place *place)
{
    write_container(need, place);
    if (has_objects(place))
        write_separator(need, place);
    return has_objects(place);
}

struct span s3_place_object(struct need *need, const struct s3_place *place, struct span key)
{
    size_t start = need->text.len;
    if (write_up_to_key(need, place))
        need_write_encoded(need, key);
    return need_since(need, start);
}

struct span s3_place_key(struct need *need, const struct s3_place *place, struct span key)
{
    size_t start = need->text.len;
    if (write_up_to_key(need, place))
        need_write_name(need, key);
    return need_since(need, start);
}

struct span s3_place_objects(struct need *need, const struct s3_place *place, struct span prefix)
{
    size_t start = need->text.len;
    if (write_up_to_key(need, place)) {
        need_write_name(need, prefix);
        buf_char(&need->text, '*');
    }
    return need_since(need, start);
}
