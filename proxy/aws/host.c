#include "proxy/aws/host.h"

#include "proxy/aws/host_table.h"

/* The rule: what is left of the partition's suffix is read from its end. "vpce", "us-gov", a
 * region, "dualstack" and "global" go, and what tells of FIPS. The last three labels that are left
 * are looked up, then two, then one. What may stand to the left of them the table says; a label
 * that no table knows is AWS's only as exactly LABEL.REGION.SUFFIX. The region is the one that was
 * taken; or that the labels say; or that of the table; or, unless it is S3, the label to the left
 * of them; or the partition's global one. */

enum { KEY_LABELS = 3, KEY_BYTES = 3 * 64 };

struct reading {
    const struct partition *partition;
    struct span suffix;
    struct span labels; /* what is still to be read */
    struct span region;
    bool endpoint; /* "vpce": an endpoint in somebody's network */
    bool plain;    /* nothing but a region was taken */
};

static bool drop_last(struct span *labels, struct span label)
{
    struct span rest = *labels;
    if (!span_equal(span_take_last(&rest, '.'), label))
        return false;
    *labels = rest;
    return true;
}

/* How many bytes at i tell of FIPS: "-fips" at the label's end or before another "-", or "fips-" at
 * its beginning. */
static size_t fips_bytes(struct span label, size_t i)
{
    static const size_t bytes = sizeof "-fips" - 1;
    struct span rest = span_from(label, i);
    if (i == 0 && span_starts(rest, SPAN("fips-")))
        return bytes;
    bool here = label.at[i] == '-' && span_starts(rest, SPAN("-fips"));
    return here && (rest.len == bytes || rest.at[bytes] == '-') ? bytes : 0;
}

bool host_label_of_service(struct span label)
{
    static const struct span others[] = {
        {"vpce", 4}, {"us-gov", 6}, {"dualstack", 9}, {"global", 6}, {"fips", 4}};
    for (size_t i = 0; i < label.len; i++) {
        char c = label.at[i];
        if (!(c >= 'a' && c <= 'z') && !ascii_digit(c)
            && (c != '-' || i == 0 || i + 1 == label.len))
            return false;
        if (fips_bytes(label, i) > 0)
            return false;
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (span_equal(label, others[i]))
            return false;
    return label.len > 0 && label.len <= 63 && !region_shaped(label)
        && !span_starts(label, SPAN("vpce-"));
}

static void take_region(struct span *labels, struct span *region)
{
    struct span rest = *labels, last = span_take_last(&rest, '.');
    if (!region_shaped(last))
        return;
    *region = last;
    *labels = rest;
}

/* Down to the labels that name the service, and those to the left of them. */
static void read_end(struct reading *r)
{
    r->endpoint = drop_last(&r->labels, SPAN("vpce"));
    bool gov =
        span_equal(r->partition->name, SPAN("aws-us-gov")) && drop_last(&r->labels, SPAN("us-gov"));
    r->region.len = 0;
    take_region(&r->labels, &r->region);
    bool dual = drop_last(&r->labels, SPAN("dualstack")),
         global = drop_last(&r->labels, SPAN("global"));
    r->plain = !r->endpoint && !gov && !dual && !global;
}

/* ---- what is looked up ---- */

struct key {
    char memory[KEY_BYTES];
    size_t labels;
    struct span text[KEY_LABELS]; /* of n labels at n - 1, without what tells of FIPS */
    struct span left[KEY_LABELS]; /* what stands to the left of them in the host */
};

static void write_label(struct buf *out, struct span label)
{
    for (size_t i = 0; i < label.len; i++) {
        size_t fips = fips_bytes(label, i);
        if (fips > 0)
            i += fips - 1;
        else
            buf_char(out, label.at[i]);
    }
}

/* The last labels, up to the one that is an endpoint's in a network; the label "fips" does not
 * count. False where a label is longer than any can be. */
static bool make_key(const struct reading *r, struct key *key)
{
    struct span label[KEY_LABELS], rest = r->labels;
    struct buf out = buf_over(key->memory, sizeof key->memory);
    key->labels = 0;
    while (rest.len > 0 && key->labels < KEY_LABELS) {
        struct span last = span_take_last(&rest, '.');
        if (r->endpoint && span_starts(last, SPAN("vpce-")))
            break;
        bool fips = span_equal(last, SPAN("fips"));
        if (fips && key->labels == 0)
            break; /* no service is called so */
        if (!fips)
            label[key->labels++] = last;
        key->left[key->labels - 1] = rest;
    }
    for (size_t i = key->labels; i-- > 0;) {
        key->text[i].len = out.len; /* where it begins */
        write_label(&out, label[i]);
        if (i > 0)
            buf_char(&out, '.');
    }
    for (size_t i = 0; i < key->labels; i++)
        key->text[i] = buf_since(&out, key->text[i].len);
    return !out.failed;
}

/* ---- what was found ---- */

/* The region that the labels say, as it stands in the host: it was found in a copy. */
static struct span in_host(struct span host, struct span said)
{
    const char *at = said.len > 0 ? memmem(host.at, host.len, said.at, said.len) : NULL;
    return (struct span){at, at ? said.len : 0};
}

static struct span region_of_row(const struct reading *r, const struct host_row *row)
{
    bool china = span_starts(row->region, SPAN("cn="));
    if (china && span_equal(r->partition->name, SPAN("aws-cn")))
        return span_from(row->region, sizeof "cn=" - 1);
    return china || row->region.len == 0 ? r->partition->global : row->region;
}

/* The region, where it is not yet known. left: what stands there, from which a region is taken.
 * False where there should be one: only buckets have names of their own in no region. */
static bool find_region(
    const struct reading *r, const struct host_row *row, struct span *left, struct span *region)
{
    bool s3 = span_equal(row->signing, SPAN("s3"));
    if (region->len == 0 && row->region.len == 0 && !s3)
        take_region(left, region);
    if (region->len > 0 || span_equal(row->region, SPAN("client")))
        return true;
    bool of_customers = left->len > 0 && span_equal(row->left, SPAN("*"));
    *region = region_of_row(r, row);
    return row->region.len > 0 || !of_customers || span_equal(row->prefix, SPAN("s3"));
}

static enum host_kind by_row(const struct reading *r, const struct host_row *row, struct span host,
    struct span left, struct aws_host *identity)
{
    struct aws_host found = {.service = row->signing, .prefix = row->prefix, .region = r->region};
    struct span before = left;
    if (r->endpoint && span_starts(span_take_last(&before, '.'), SPAN("vpce-")))
        left = before;
    if (found.region.len == 0)
        found.region = in_host(host, row->said);
    if (!find_region(r, row, &left, &found.region))
        return HOST_CUSTOMER;
    found.sigv4a = span_equal(row->scheme, SPAN("sigv4a"));
    found.session = span_starts(row->scheme, SPAN("s3express"));
    if (found.sigv4a)
        found.region = SPAN("*");
    bool needs_bucket = found.session || (found.sigv4a && span_equal(row->signing, SPAN("s3")));
    if (row->signing.len == 0 || !host_row_allows(row, left) || (needs_bucket && left.len == 0))
        return HOST_CUSTOMER;
    *identity = found;
    return HOST_SERVICE;
}

/* The service whose hosts end in a suffix of its own, before which there is no more than a region.
 */
static bool is_signin(const struct reading *r)
{
    return r->labels.len == 0 && r->plain
        && (span_starts(r->suffix, SPAN("signin")) || span_starts(r->suffix, SPAN("oauth.")));
}

/* A label that no table knows; under a suffix of single services none is AWS's. */
static enum host_kind unknown(const struct reading *r, struct aws_host *identity)
{
    struct span label = r->labels;
    bool of_all =
        span_equal(r->suffix, r->partition->dns) || span_equal(r->suffix, r->partition->dual);
    if (span_ends(label, SPAN("-fips")))
        label.len -= sizeof "-fips" - 1;
    if (!r->plain || !of_all || r->region.len == 0 || !host_label_of_service(label))
        return HOST_CUSTOMER;
    *identity = (struct aws_host){.service = label, .region = r->region};
    return HOST_SERVICE;
}

enum host_kind host_identify(
    struct span host, struct span path, struct span home, struct aws_host *identity)
{
    struct key key;
    struct host_row row;
    struct reading r = {.region = {NULL, 0}};
    r.partition = partition_of_host(host, home, &r.labels);
    if (!r.partition)
        return HOST_STRANGER;
    r.suffix = r.labels.len > 0 ? span_from(host, r.labels.len + 1) : host;
    read_end(&r);
    if (is_signin(&r)) {
        *identity = (struct aws_host){.service = SPAN("signin"),
            .prefix = SPAN("signin"),
            .region = r.region.len > 0 ? r.region : r.partition->global};
        return HOST_SERVICE;
    }
    if (!make_key(&r, &key))
        return HOST_CUSTOMER;
    size_t most = key.labels > 1 && !host_row_longer(key.text[0]) ? 1 : key.labels;
    for (size_t n = most; n > 0; n--)
        if (host_row_find(key.text[n - 1], path, &row))
            return by_row(&r, &row, host, key.left[n - 1], identity);
    return unknown(&r, identity);
}

enum path_style service_path_style(struct span service)
{
    static const struct span kin[] = {
        {"s3", 2}, {"s3-outposts", 11}, {"s3-object-lambda", 16}, {"s3express", 9}};
    for (size_t i = 0; i < sizeof kin / sizeof *kin; i++)
        if (span_equal(service, kin[i]))
            return PATH_ONCE;
    return PATH_TWICE;
}
