/* AWS's partitions: shapes of regions, and suffixes of hosts. */
#include "tests/unit/check.h"

#include "proxy/aws/partition.h"

static void test_region_shaped(void **state)
{
    (void)state;
    static const struct {
        struct span label;
        bool shaped;
    } rows[] = {{TEXT("us-east-1"), true}, {TEXT("eu-west-1"), true},
        {TEXT("ap-southeast-7"), true}, {TEXT("us-gov-east-1"), true},
        {TEXT("eusc-de-east-1"), true}, {TEXT("us-isob-east-1"), true}, {TEXT("xx-test-99"), true},
        {TEXT(""), false}, {TEXT("us"), false}, {TEXT("us-east"), false}, {TEXT("us-1"), false},
        {TEXT("us-east-1a"), false}, {TEXT("us-east-"), false}, {TEXT("-us-east-1"), false},
        {TEXT("us--east-1"), false}, {TEXT("us-east-100"), false}, {TEXT("US-EAST-1"), false},
        {TEXT("u-east-1"), false}, {TEXT("toolong-east-1"), false}, {TEXT("us-a-b-c-1"), false},
        {TEXT("us-east-1-1"), false}, {TEXT("us-1-east-1"), false}, {TEXT("us.east-1"), false},
        {TEXT("us-east-1 "), false}, {TEXT("s3-us-east-1"), false}, {TEXT("cn"), false},
        {TEXT("us-\x00-1"), false}};
    for (size_t i = 0; i < ROWS(rows); i++)
        CHECK_NUMBER(rows[i].label, region_shaped(rows[i].label), rows[i].shaped);
}

static void test_of_region(void **state)
{
    (void)state;
    static const struct {
        struct span region, partition;
    } rows[] = {{TEXT("us-east-1"), TEXT("aws")}, {TEXT("eu-west-1"), TEXT("aws")},
        {TEXT("us-gov-west-1"), TEXT("aws-us-gov")}, {TEXT("cn-north-1"), TEXT("aws-cn")},
        {TEXT("eusc-de-east-1"), TEXT("aws-eusc")}, {TEXT("us-iso-west-1"), TEXT("aws-iso")},
        {TEXT("us-isob-west-1"), TEXT("aws-iso-b")}, {TEXT("eu-isoe-west-1"), TEXT("aws-iso-e")},
        {TEXT("us-isof-east-1"), TEXT("aws-iso-f")}, {TEXT(""), TEXT("aws")},
        {TEXT("xx-new-1"), TEXT("aws")}};
    for (size_t i = 0; i < ROWS(rows); i++)
        CHECK_TEXT(rows[i].region, partition_of_region(rows[i].region)->name, rows[i].partition);
}

static void test_of_host(void **state)
{
    (void)state;
    static const struct {
        struct span host, home, partition, labels;
    } rows[] = {
        {TEXT("s3.amazonaws.com"), TEXT("eu-west-1"), TEXT("aws"), TEXT("s3")},
        {TEXT("a.b.amazonaws.com"), TEXT(""), TEXT("aws"), TEXT("a.b")},
        {TEXT("ec2.eu-west-1.api.aws"), TEXT(""), TEXT("aws"), TEXT("ec2.eu-west-1")},
        {TEXT("iam.us-gov.amazonaws.com"), TEXT("us-gov-east-1"), TEXT("aws-us-gov"),
            TEXT("iam.us-gov")},
        {TEXT("s3.us-gov-west-1.amazonaws.com"), TEXT("us-east-1"), TEXT("aws-us-gov"),
            TEXT("s3.us-gov-west-1")},
        {TEXT("s3.us-east-1.amazonaws.com"), TEXT("us-gov-east-1"), TEXT("aws"),
            TEXT("s3.us-east-1")},
        {TEXT("sts.amazonaws.com"), TEXT("us-gov-east-1"), TEXT("aws-us-gov"), TEXT("sts")},
        {TEXT("sts.amazonaws.com"), TEXT("cn-north-1"), TEXT("aws"), TEXT("sts")},
        {TEXT("s3.cn-north-1.amazonaws.com.cn"), TEXT(""), TEXT("aws-cn"), TEXT("s3.cn-north-1")},
        {TEXT("x.cn-north-1.api.amazonwebservices.com.cn"), TEXT(""), TEXT("aws-cn"),
            TEXT("x.cn-north-1")},
        {TEXT("s3.eusc-de-east-1.amazonaws.eu"), TEXT(""), TEXT("aws-eusc"),
            TEXT("s3.eusc-de-east-1")},
        {TEXT("s3.us-iso-east-1.c2s.ic.gov"), TEXT(""), TEXT("aws-iso"), TEXT("s3.us-iso-east-1")},
        {TEXT("s3.us-isob-east-1.sc2s.sgov.gov"), TEXT(""), TEXT("aws-iso-b"),
            TEXT("s3.us-isob-east-1")},
        {TEXT("s3.eu-isoe-west-1.cloud.adc-e.uk"), TEXT(""), TEXT("aws-iso-e"),
            TEXT("s3.eu-isoe-west-1")},
        {TEXT("s3.us-isof-south-1.csp.hci.ic.gov"), TEXT(""), TEXT("aws-iso-f"),
            TEXT("s3.us-isof-south-1")},
        {TEXT("amazonaws.com"), TEXT(""), TEXT(""), TEXT("")},
        {TEXT(".amazonaws.com"), TEXT(""), TEXT(""), TEXT("")},
        {TEXT("evilamazonaws.com"), TEXT(""), TEXT(""), TEXT("")},
        {TEXT("s3.amazonaws.com.evil.example"), TEXT(""), TEXT(""), TEXT("")},
        {TEXT("s3.amazonaws.co"), TEXT(""), TEXT(""), TEXT("")},
        {TEXT("s3.amazonaws.cn"), TEXT(""), TEXT(""), TEXT("")},
        {TEXT("api.aws"), TEXT(""), TEXT(""), TEXT("")},
        {TEXT(""), TEXT(""), TEXT(""), TEXT("")},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct span labels = SPAN("");
        const struct partition *partition = partition_of_host(rows[i].host, rows[i].home, &labels);
        CHECK_TEXT(rows[i].host, partition ? partition->name : SPAN(""), rows[i].partition);
        CHECK_TEXT(rows[i].host, labels, rows[i].labels);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_region_shaped),
        cmocka_unit_test(test_of_region),
        cmocka_unit_test(test_of_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
