#include "proxy/aws/s3_host.h"

#include "proxy/aws/partition.h"

/* Source: botocore 1.44.5, endpoints.json, the variants of s3 (Apache-2.0). */
static const struct span fips_regions[] = {TEXT("ca-central-1"), TEXT("ca-west-1"),
    TEXT("us-east-1"), TEXT("us-east-2"), TEXT("us-gov-east-1"), TEXT("us-gov-west-1"),
    TEXT("us-iso-east-1"), TEXT("us-iso-west-1"), TEXT("us-isob-east-1"), TEXT("us-west-1"),
    TEXT("us-west-2")};

bool s3_host_parse(struct span host, struct span home, struct s3_host *parsed)
{
    struct span labels;
    const struct partition *partition = partition_of_host(host, home, &labels);
    if (!partition || !span_equal(partition->dns, span_from(host, labels.len + 1)))
        return false;
    struct s3_host found = {.suffix = partition->dns};
    struct span label = span_take_last(&labels, '.');
    if (region_shaped(label))
        label = span_take_last(&labels, '.');
    found.dualstack = span_equal(label, SPAN("dualstack"));
    if (found.dualstack)
        label = span_take_last(&labels, '.');
    bool old = span_starts(label, SPAN("s3-")) && region_shaped(span_from(label, 3));
    if (!old && !span_equal(label, SPAN("s3")) && !span_equal(label, SPAN("s3-fips")))
        return false;
    found.family = old ? SPAN("s3") : label;
    found.bucket = labels;
    *parsed = found;
    return true;
}

bool s3_host_exists(const struct s3_host *host, struct span region)
{
    bool exists = !span_equal(host->family, SPAN("s3-fips"));
    for (size_t i = 0; !exists && i < sizeof fips_regions / sizeof *fips_regions; i++)
        exists = span_equal(fips_regions[i], region);
    return exists;
}

void s3_host_write(const struct s3_host *host, struct span region, struct buf *out)
{
    if (host->bucket.len > 0) {
        buf_add(out, host->bucket);
        buf_char(out, '.');
    }
    buf_add(out, host->family);
    if (host->dualstack)
        buf_text(out, ".dualstack");
    buf_char(out, '.');
    buf_add(out, region);
    buf_char(out, '.');
    buf_add(out, host->suffix);
}

struct span s3_path_bucket(struct span path)
{
    struct span rest = span_from(path, 1);
    return span_first(rest, span_find(rest, '/'));
}
