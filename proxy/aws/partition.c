#include "proxy/aws/partition.h"

/* Source: botocore 1.44.5, partitions.json (Apache-2.0). No suffix is the end of another. */
static const struct partition partitions[] = {
    {TEXT("aws"), TEXT("amazonaws.com"), TEXT("api.aws"), TEXT("us-east-1"), TEXT("")},
    {TEXT("aws-us-gov"), TEXT("amazonaws.com"), TEXT("api.aws"), TEXT("us-gov-west-1"),
        TEXT("us-gov-")},
    {TEXT("aws-cn"), TEXT("amazonaws.com.cn"), TEXT("api.amazonwebservices.com.cn"),
        TEXT("cn-northwest-1"), TEXT("cn-")},
    {TEXT("aws-eusc"), TEXT("amazonaws.eu"), TEXT("api.amazonwebservices.eu"),
        TEXT("eusc-de-east-1"), TEXT("eusc-")},
    {TEXT("aws-iso"), TEXT("c2s.ic.gov"), TEXT("api.aws.ic.gov"), TEXT("us-iso-east-1"),
        TEXT("us-iso-")},
    {TEXT("aws-iso-b"), TEXT("sc2s.sgov.gov"), TEXT("api.aws.scloud"), TEXT("us-isob-east-1"),
        TEXT("us-isob-")},
    {TEXT("aws-iso-e"), TEXT("cloud.adc-e.uk"), TEXT("api.cloud-aws.adc-e.uk"),
        TEXT("eu-isoe-west-1"), TEXT("eu-isoe-")},
    {TEXT("aws-iso-f"), TEXT("csp.hci.ic.gov"), TEXT("api.aws.hci.ic.gov"), TEXT("us-isof-south-1"),
        TEXT("us-isof-")},
};
enum { PARTITIONS = sizeof partitions / sizeof *partitions };

enum { AWS, AWS_US_GOV, AWS_CN, AWS_EUSC, AWS_ISO, AWS_ISO_B, AWS_ISO_E, AWS_ISO_F };

/* Suffixes of single services. Source: the rule sets of neptune-graph and signin in botocore 1.44.5
 * (Apache-2.0). */
static const struct {
    size_t partition;
    struct span suffix;
} others[] = {
    {AWS, TEXT("on.aws")},
    {AWS, TEXT("signin.aws.amazon.com")},
    {AWS, TEXT("oauth.signin.aws")},
    {AWS_US_GOV, TEXT("signin.amazonaws-us-gov.com")},
    {AWS_US_GOV, TEXT("signin-fips.amazonaws-us-gov.com")},
    {AWS_CN, TEXT("signin.amazonaws.cn")},
    {AWS_EUSC, TEXT("signin.amazonaws-eusc.eu")},
    {AWS_ISO, TEXT("signin.c2shome.ic.gov")},
    {AWS_ISO_B, TEXT("signin.sc2shome.sgov.gov")},
    {AWS_ISO_E, TEXT("signin.csphome.adc-e.uk")},
    {AWS_ISO_F, TEXT("signin.csphome.hci.ic.gov")},
};
enum { OTHERS = sizeof others / sizeof *others };

/* [a-z]{2,4}(-[a-z]+){1,2}-[0-9]{1,2} */
bool region_shaped(struct span label)
{
    struct span part;
    size_t parts = 0;
    bool number = false;
    while (span_next(&label, '-', &part)) {
        bool letters = part.len > 0, digits = part.len > 0 && part.len <= 2;
        for (size_t i = 0; i < part.len; i++) {
            letters = letters && part.at[i] >= 'a' && part.at[i] <= 'z';
            digits = digits && ascii_digit(part.at[i]);
        }
        if (number || !(letters || digits)
            || (parts == 0 && (!letters || part.len < 2 || part.len > 4)))
            return false;
        number = digits;
        parts++;
    }
    return number && (parts == 3 || parts == 4);
}

const struct partition *partition_of_region(struct span region)
{
    for (size_t i = 1; i < PARTITIONS; i++)
        if (span_starts(region, partitions[i].region))
            return &partitions[i];
    return &partitions[0];
}

static bool under(struct span host, struct span suffix, struct span *labels)
{
    if (host.len <= suffix.len + 1 || !span_ends(host, suffix)
        || host.at[host.len - suffix.len - 1] != '.')
        return false;
    *labels = span_first(host, host.len - suffix.len - 1);
    return true;
}

static bool is_it(struct span host, struct span suffix, struct span *labels)
{
    if (!span_equal(host, suffix))
        return false;
    *labels = span_first(host, 0);
    return true;
}

/* aws and aws-us-gov share their suffixes: the region at the end tells, or the label "us-gov", else
 * the region at home. */
static const struct partition *told_by_region(
    const struct partition *found, struct span labels, struct span home)
{
    struct span last = span_take_last(&labels, '.');
    if (found != &partitions[AWS])
        return found;
    if (span_equal(last, SPAN("vpce")))
        last = span_take_last(&labels, '.');
    struct span gov = SPAN("us-gov");
    bool is_gov = span_starts(last, gov) && (last.len == gov.len || region_shaped(last));
    bool at_home = span_starts(home, gov) && !region_shaped(last);
    return is_gov || at_home ? &partitions[AWS_US_GOV] : found;
}

const struct partition *partition_of_host(struct span host, struct span home, struct span *labels)
{
    for (size_t i = 0; i < PARTITIONS; i++)
        if (under(host, partitions[i].dns, labels) || under(host, partitions[i].dual, labels))
            return told_by_region(&partitions[i], *labels, home);
    for (size_t i = 0; i < OTHERS; i++)
        if (under(host, others[i].suffix, labels) || is_it(host, others[i].suffix, labels))
            return &partitions[others[i].partition];
    return NULL;
}
