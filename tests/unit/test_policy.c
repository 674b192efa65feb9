/* A record as a policy and as a line: what fits in which memory, and names. */
/* wrap: malloc calloc realloc */
#include "tests/unit/check.h"
#include "tests/unit/failing.h"

#include "proxy/permissions/policy.h"
#include "proxy/permissions/record_line.h"

static char memory[1024 * 1024];

static void add(struct recorder *recorder, const char *action, const char *resource, bool folded)
{
    recorder_add_pair(
        recorder, (struct recorded){span_of(action), span_of(resource), folded, false});
}

/* What each format says of a record in which is nothing. */
static void test_empty(void **state)
{
    (void)state;
    static const struct span expected[POLICY_FORMATS] = {
        TEXT("{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": []\n}\n"),
        TEXT("# in serverless.yml under provider; since version 2.24 also as iam.role.statements\n"
             "# Nothing was asked for yet.\niamRoleStatements: []\n"),
        TEXT("# in template.yaml, among the Properties of an AWS::Serverless::Function\n"
             "# Nothing was asked for yet.\nPolicies: []\n"),
        TEXT("// statements.forEach((statement) => handler.addToRolePolicy(statement));\n"
             "// Nothing was asked for yet.\n"
             "import { Effect, PolicyStatement } from \"aws-cdk-lib/aws-iam\";\n\n"
             "export const statements: PolicyStatement[] = [\n];\n"),
        TEXT("# Nothing was asked for yet.\n"
             "data \"aws_iam_policy_document\" \"function\" {\n}\n"),
    };
    struct recorder *recorder = recorder_create(RECORDER_BYTES);
    struct policy *policy = policy_create(recorder);
    for (int format = 0; format < POLICY_FORMATS; format++) {
        struct buf out = buf_over(memory, sizeof memory);
        policy_write(policy, (enum policy_format)format, &out);
        CHECK_TEXT(SPAN("empty"), buf_span(&out), expected[format]);
    }
    policy_destroy(policy);
    policy_destroy(NULL);
    recorder_destroy(recorder);
}

static void test_names_of_formats(void **state)
{
    (void)state;
    enum policy_format format = POLICY_FORMATS;
    assert_true(policy_format_of(SPAN("terraform"), &format));
    assert_int_equal(format, POLICY_TERRAFORM);
    assert_false(policy_format_of(SPAN("IAM"), &format));
    assert_false(policy_format_of(SPAN(""), &format));
    assert_int_equal(format, POLICY_TERRAFORM);
}

/* Sids by what the statement is about. */
static const struct {
    const char *action, *resource, *sid;
    bool folded;
} sids[] = {
    {"s3:GetObject", "arn:aws:s3:::my-photos.2026/a", "S3GetObjectMyPhotos2026", false},
    {"s3:ListBucket", "arn:aws:s3:::my-photos", "S3ListBucketMyPhotos", false},
    {"s3:ListAllMyBuckets", "", "S3ListAllMyBuckets", true},
    {"sqs:SendMessage", "arn:aws:sqs:eu-west-1:1:jobs", "SQSSendMessageJobs", false},
    {"dynamodb:Query", "arn:aws:dynamodb:eu-west-1:1:table/memos/index/x", "DynamoDBQueryMemos",
        false},
    {"secretsmanager:GetSecretValue", "arn:aws:secretsmanager:eu-west-1:1:secret:db-AbC",
        "SecretsManagerGetSecretValueDbAbC", false},
    {"transcribe:GetTranscriptionJob", "arn:aws:transcribe:eu-west-1:1:transcription-job/",
        "TranscribeGetTranscriptionJobTranscriptionJob", true},
    {"rds-db:connect", "arn:aws:rds-db:eu-west-1:1:dbuser:db-X/app", "RDSDatabaseConnectApp",
        false},
    {"some-new:DoIt", "no-arn", "SomeNewDoIt", false},
    {"transcribe:StartTranscriptionJob", "if:transcribe:OutputBucketName=voice-memos",
        "TranscribeStartTranscriptionJobVoiceMemos", false},
    {"s3:GetObject", "arn:aws:s3:::\xe2\x82\xac/a", "S3GetObject", false},
};

static void test_sids(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(sids); i++) {
        struct recorder *recorder = recorder_create(RECORDER_BYTES);
        add(recorder, sids[i].action, sids[i].resource, sids[i].folded);
        struct policy *policy = policy_create(recorder);
        assert_int_equal(policy->count, 1);
        CHECK_TEXT(
            span_of(sids[i].resource), span_of(policy->statements[0].sid), span_of(sids[i].sid));
        policy_destroy(policy);
        recorder_destroy(recorder);
    }
}

/* An action that takes no resource, on what the request fills a key with. */
static void test_conditions(void **state)
{
    (void)state;
    static const struct span expected[POLICY_FORMATS] = {
        TEXT("      \"Resource\": [\n        \"*\"\n      ],\n      \"Condition\": {\n"
             "        \"StringEquals\": {\n          \"transcribe:OutputBucketName\": [\n"
             "            \"a\",\n            \"b\"\n          ]\n        }\n      }\n    }\n"
             "  ]\n}\n"),
        TEXT("    Resource:\n      - \"*\"\n    Condition:\n      StringEquals:\n"
             "        transcribe:OutputBucketName:\n          - \"a\"\n          - \"b\"\n"),
        TEXT("        Resource:\n          - \"*\"\n        Condition:\n          StringEquals:\n"
             "            transcribe:OutputBucketName:\n              - \"a\"\n"
             "              - \"b\"\n"),
        TEXT("    resources: [\n      \"*\",\n    ],\n    conditions: {\n      StringEquals: {\n"
             "        \"transcribe:OutputBucketName\": [\n          \"a\",\n          \"b\",\n"
             "        ],\n      },\n    },\n  }),\n];\n"),
        TEXT("    resources = [\n      \"*\",\n    ]\n    condition {\n"
             "      test     = \"StringEquals\"\n      variable = \"transcribe:OutputBucketName\"\n"
             "      values = [\n        \"a\",\n        \"b\",\n      ]\n    }\n  }\n}\n"),
    };
    struct recorder *recorder = recorder_create(RECORDER_BYTES);
    add(recorder, "transcribe:StartTranscriptionJob", "if:transcribe:OutputBucketName=b", false);
    add(recorder, "transcribe:StartTranscriptionJob", "if:transcribe:OutputBucketName=a", false);
    struct policy *policy = policy_create(recorder);
    assert_int_equal(policy->count, 1);
    CHECK_TEXT(
        SPAN("sid"), span_of(policy->statements[0].sid), SPAN("TranscribeStartTranscriptionJob"));
    for (int format = 0; format < POLICY_FORMATS; format++) {
        struct buf out = buf_over(memory, sizeof memory);
        policy_write(policy, (enum policy_format)format, &out);
        size_t before = out.len > expected[format].len ? out.len - expected[format].len : 0;
        CHECK_TEXT(SPAN("end"), buf_since(&out, before), expected[format]);
    }
    policy_destroy(policy);
    recorder_destroy(recorder);
}

/* Only actions can be in a record: no format quotes more. */
static void test_no_action_no_record(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "s3", "s3:", ":Get", "s3:Get Object", "s3:${x}", "s3:*", "a:b:c", "s3:G\n"};
    struct recorder *recorder = recorder_create(RECORDER_BYTES);
    for (size_t i = 0; i < ROWS(bad); i++)
        add(recorder, bad[i], "*", false);
    assert_int_equal(recorder_state(recorder).count, 0);
    assert_int_equal(recorder_state(recorder).lost, ROWS(bad));
    recorder_destroy(recorder);
}

/* A full record of the longest names fits where policy_write() and record_line_write() can put it;
 * too little memory fails and never ends in half a policy unnoticed. */
static void test_memory_for_the_output(void **state)
{
    (void)state;
    struct recorder *recorder = recorder_create(RECORDER_BYTES);
    char name[200];
    for (int i = 0; i < 300; i++) {
        (void)snprintf(
            name, sizeof name, "arn:aws:sqs:eu-west-1:123456789012:\x01\x02\x03$$$$%d", i);
        add(recorder, "sqs:SendMessage", name, false);
    }
    struct policy *policy = policy_create(recorder);
    for (int format = 0; format < POLICY_FORMATS; format++) {
        struct buf whole = buf_over(memory, sizeof memory);
        policy_write(policy, (enum policy_format)format, &whole);
        assert_false(whole.failed);
        assert_in_range(whole.len, 20000, RECORDER_BYTES * 4);
        struct buf less = buf_over(memory, whole.len - 1);
        policy_write(policy, (enum policy_format)format, &less);
        assert_true(less.failed);
    }
    struct buf line = buf_over(memory, sizeof memory);
    assert_true(record_line_write(recorder, &line));
    assert_false(line.failed);
    struct buf less = buf_over(memory, line.len - 1);
    assert_true(record_line_write(recorder, &less));
    assert_true(less.failed);
    policy_destroy(policy);
    recorder_destroy(recorder);
}

static void test_line(void **state)
{
    (void)state;
    struct recorder *recorder = recorder_create(RECORDER_BYTES);
    struct recorder *again = recorder_create(RECORDER_BYTES);
    struct buf line = buf_over(memory, sizeof memory);
    const struct span expected = SPAN(
        "{\"countersign\":\"policy\",\"version\":1,\"needed\":{\"s3:GetObject\":"
        "[\"arn:aws:s3:::b/\\\"${*}\\u0085\",\"arn:aws:s3:::b/in/*\"],\"sqs:ListQueues\":[\"*\"]},"
        "\"widened\":[\"sqs:ListQueues\"],\"lost\":3}");
    add(recorder, "s3:GetObject", "arn:aws:s3:::b/in/", true);
    add(recorder, "s3:GetObject", "arn:aws:s3:::b/\"*\xc2\x85", false);
    recorder_add_pair(recorder, (struct recorded){SPAN("sqs:ListQueues"), SPAN(""), true, true});
    recorder_mark(recorder, 3, true);
    assert_true(record_line_write(recorder, &line));
    CHECK_TEXT(SPAN("line"), buf_span(&line), expected);
    char *copy = check_copy(buf_span(&line));
    assert_int_equal(record_line_read((struct span){copy, line.len}, again), RECORD_READ);
    free(copy);
    line.len = 0;
    assert_true(record_line_write(again, &line));
    CHECK_TEXT(SPAN("again"), buf_span(&line), expected);
    recorder_destroy(again);
    recorder_destroy(recorder);
}

static void test_no_memory(void **state)
{
    (void)state;
    failing_arm(1);
    assert_null(recorder_create(RECORDER_BYTES));
    failing_arm(0);
    struct recorder *recorder = recorder_create(RECORDER_BYTES);
    add(recorder, "s3:GetObject", "arn:aws:s3:::b/k", false);
    for (unsigned nth = 1; nth <= 4; nth++) {
        failing_arm(nth);
        struct policy *policy = policy_create(recorder);
        failing_arm(0);
        assert_null(policy);
    }
    struct buf line = buf_over(memory, sizeof memory);
    failing_arm(1);
    assert_false(record_line_write(recorder, &line));
    failing_arm(1);
    assert_int_equal(
        record_line_read(SPAN("{\\\"countersign\\\":\\\"policy\\\"}"), recorder), RECORD_NO_MEMORY);
    failing_arm(0);
    recorder_destroy(recorder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_names_of_formats),
        cmocka_unit_test(test_sids),
        cmocka_unit_test(test_conditions),
        cmocka_unit_test(test_no_action_no_record),
        cmocka_unit_test(test_memory_for_the_output),
        cmocka_unit_test(test_line),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
