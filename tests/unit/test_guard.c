/* The guard: what it allows, and what it says of a list or a policy that is wrong. */
/* wrap: malloc calloc realloc */
#include "tests/unit/check.h"
#include "tests/unit/failing.h"

#include "proxy/permissions/guard.h"
#include "proxy/permissions/policy.h"

#define PHOTO "arn:aws:s3:::photos/a"
#define START "transcribe:StartTranscriptionJob"
#define IF    "if:transcribe:OutputBucketName="
/* An Allow on "*" with a Condition. */
#define WHERE(condition)                                                                     \
    "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"transcribe:*\",\"Resource\":[\"*\"]," \
    "\"Condition\":" condition "}}"
#define EQUALS(values) WHERE("{\"StringEquals\":{\"transcribe:OutputBucketName\":" values "}}")
#define LIKE(values)   WHERE("{\"StringLike\":{\"transcribe:OutputBucketName\":" values "}}")

static struct guard *create(const char *text)
{
    struct fault fault = {OK, ""};
    struct guard *guard = NULL;
    char *copy = check_copy(span_of(text));
    enum err err = guard_create((struct span){copy, strlen(text)}, &guard, &fault);
    free(copy);
    if (err)
        fail_msg("%s: %s", text, fault.text);
    return guard;
}

static bool allows(const struct guard *guard, const char *action, const char *resource)
{
    static struct permissions permissions;
    permissions.operation = SPAN("Operation");
    permissions.count = 1;
    permissions.needed[0] = (struct permission){.action = span_of(action),
        .resource = span_of(resource),
        .literal = strcmp(resource, "*") != 0};
    return guard_allows(guard, &permissions, NULL);
}

static const struct {
    const char *guard, *action, *resource;
    bool allowed;
} rows[] = {
    {"s3:GetObject arn:aws:s3:::photos/*", "s3:GetObject", PHOTO, true},
    {"S3:getobject arn:aws:s3:::photos/*", "s3:GetObject", PHOTO, true},
    {"s3:GetObject arn:aws:s3:::photos/*", "s3:PutObject", PHOTO, false},
    {"s3:GetObject arn:aws:s3:::photos/*", "s3:GetObject", "arn:aws:s3:::photos", false},
    {"s3:GetObject arn:aws:s3:::photos/*", "s3:GetObject", "arn:aws:s3:::photos2/a", false},
    {"s3:GetObject arn:aws:s3:::photos/*", "s3:GetObject", "*", false},
    {"s3:GetObject", "s3:GetObject", "*", true},
    {"s3:GetObject\n", "s3:GetObject", PHOTO, true},
    {"transcribe:*", "transcribe:StartTranscriptionJob", "*", true},
    {"transcribe:*", "transcribestreaming:Start", "*", false},
    {"*", "anything:AtAll", "arn:aws:x:::y", true},
    {"# all\ns3:*  \tarn:aws:s3:::a/* , s3:*\tarn:aws:s3:::photos/*", "s3:GetObject", PHOTO, true},
    {"s3:* arn:aws:s3:::photos/* # photos", "s3:GetObject", PHOTO, true},
    {"s3:* arn:aws:s3:::photos/#1", "s3:GetObject", "arn:aws:s3:::photos/#1", true},
    {"s3:* arn:aws:s3:::photos/my key", "s3:GetObject", "arn:aws:s3:::photos/my key", true},
    {"s3:* arn:aws:s3:::photos/a\r\n\r\nsqs:*\r\n", "sqs:SendMessage", "*", true},
    {"s3:* arn:aws:s3:::*", "s3:GetObject", PHOTO, true},
    {"{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"s3:*\",\"Resource\":\"*\"}}",
        "s3:GetObject", PHOTO, true},
    {" \n[{\"Effect\":\"Allow\",\"Action\":[\"sqs:*\",\"s3:GetObject\"],\"Resource\":[\"" PHOTO
     "\"]}]\n",
        "s3:GetObject", PHOTO, true},
    {"{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"s3:*\",\"Resource\":\"*\"},{\"Effect\":"
     "\"Deny\",\"Action\":\"s3:Get*\",\"Resource\":\"" PHOTO "\"}]}",
        "s3:GetObject", PHOTO, false},
    {"[{\"Effect\":\"Deny\",\"Action\":\"s3:Get*\",\"Resource\":\"" PHOTO
     "\"},{\"Effect\":\"Allow\",\"Action\":\"s3:*\",\"Resource\":\"*\"}]",
        "s3:GetObject", PHOTO "b", true},
    {"[{\"Effect\":\"Deny\",\"Action\":\"s3:Get*\",\"Resource\":\"" PHOTO
     "\"},{\"Effect\":\"Allow\",\"Action\":\"s3:*\",\"Resource\":\"*\"}]",
        "s3:GetObject", "*", false},
    {"[{\"Effect\":\"Deny\",\"Action\":\"s3:Get*\",\"Resource\":\"" PHOTO "\"}]", "s3:PutObject",
        PHOTO, false},
    {START " " IF "memos", START, IF "memos", true},
    {START " " IF "memos", START, IF "memos2", false},
    {START " " IF "memos", START, "*", false},
    {START " " IF "memos", "transcribe:StartMedicalScribeJob", IF "memos", false},
    {START " " IF "memo*", START, IF "memos", true},
    {START " " IF "*", START, IF "memos", true},
    {START " " IF "*", START, "*", false},
    {"* " IF "*", "s3:GetObject", PHOTO, false},
    {"* " IF "*", "s3:ListAllMyBuckets", "*", false},
    {START, START, IF "memos", true},
    {"transcribe:*", START, IF "memos", true},
    {"* arn:*", START, IF "memos", false},
    {"* arn:aws:transcribe:*", START, IF "memos", false},
    {EQUALS("\"memos\""), START, IF "memos", true},
    {EQUALS("[\"notes\",\"memos\"]"), START, IF "memos", true},
    {EQUALS("[\"notes\",\"memos\"]"), START, IF "other", false},
    {EQUALS("\"memos\""), START, "*", false},
    {EQUALS("\"memos\""), "transcribe:ListVocabularies", "*", false},
    {EQUALS("\"memos\""), "transcribe:GetVocabulary", "arn:aws:transcribe:x:1:vocabulary/memos",
        false},
    {EQUALS("\"memo*\""), START, IF "memos", false},
    {EQUALS("\"memo?\""), START, IF "memos", false},
    {EQUALS("\"*\""), START, IF "memos", false},
    {LIKE("\"memo*\""), START, IF "memos", true},
    {LIKE("\"memo?\""), START, IF "memos", true},
    {LIKE("\"memo?\""), START, IF "memo", false},
    {LIKE("\"memo${*}\""), START, IF "memos", false},
    {LIKE("\"*\""), START, "*", false},
    {LIKE("[\"a*\",\"*s\"]"), START, IF "memos", true},
    {"[{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"},{\"Effect\":\"Deny\","
     "\"Action\":\"transcribe:*\",\"Resource\":\"*\"}]",
        START, IF "memos", false},
};

static void test_allows(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct guard *guard = create(rows[i].guard);
        CHECK_NUMBER(span_of(rows[i].guard), allows(guard, rows[i].action, rows[i].resource),
            rows[i].allowed);
        guard_destroy(guard);
    }
}

/* Resources of which the request tells only how they begin: an Allow has to allow all of them, and
 * a Deny may be about one. */
static const struct {
    const char *guard, *resource;
    bool allowed;
} folded[] = {
    {"s3:* arn:aws:s3:::b/*", "arn:aws:s3:::b/*", true},
    {"s3:* arn:aws:s3:::b/*", "arn:aws:s3:::b/p/*", true},
    {"s3:* arn:aws:s3:::b*", "arn:aws:s3:::b/p/*", true},
    {"s3:* arn:aws:s3:::b/p/*", "arn:aws:s3:::b/*", false},
    {"s3:* arn:aws:s3:::b/?", "arn:aws:s3:::b/*", false},
    {"s3:* arn:aws:s3:::b/${*}", "arn:aws:s3:::b/*", false},
    {"s3:* arn:aws:s3:::b/*/c", "arn:aws:s3:::b/*", false},
    {"[{\"Effect\":\"Allow\",\"Action\":\"s3:*\",\"Resource\":\"*\"},{\"Effect\":\"Deny\","
     "\"Action\":\"s3:*\",\"Resource\":\"arn:aws:s3:::b/secret/*\"}]",
        "arn:aws:s3:::b/*", false},
    {"[{\"Effect\":\"Allow\",\"Action\":\"s3:*\",\"Resource\":\"*\"},{\"Effect\":\"Deny\","
     "\"Action\":\"s3:*\",\"Resource\":\"arn:aws:s3:::b/secret/*\"}]",
        "arn:aws:s3:::b/public/*", true},
};

static void test_folded(void **state)
{
    (void)state;
    static struct permissions permissions;
    permissions.operation = SPAN("Operation");
    permissions.count = 1;
    for (size_t i = 0; i < ROWS(folded); i++) {
        struct guard *guard = create(folded[i].guard);
        permissions.needed[0] = (struct permission){
            .action = SPAN("s3:DeleteObject"), .resource = span_of(folded[i].resource)};
        CHECK_NUMBER(span_of(folded[i].resource), guard_allows(guard, &permissions, NULL),
            folded[i].allowed);
        guard_destroy(guard);
    }
}

static void test_needs_all(void **state)
{
    (void)state;
    static struct permissions permissions = {.operation = TEXT("CopyObject"), .count = 2};
    const struct permission *which = NULL;
    struct guard *guard =
        create("s3:GetObject arn:aws:s3:::from/*\ns3:PutObject arn:aws:s3:::to/*");
    permissions.needed[0] = (struct permission){
        .action = SPAN("s3:GetObject"), .resource = SPAN("arn:aws:s3:::from/a")};
    permissions.needed[1] =
        (struct permission){.action = SPAN("s3:PutObject"), .resource = SPAN("arn:aws:s3:::to/a")};
    assert_true(guard_allows(guard, &permissions, &which));
    assert_null(which);
    permissions.needed[1].resource = SPAN("arn:aws:s3:::from/a");
    assert_false(guard_allows(guard, &permissions, &which));
    assert_ptr_equal(which, &permissions.needed[1]);
    permissions.operation.len = 0;
    assert_false(guard_allows(guard, &permissions, &which));
    assert_null(which);
    permissions.count = 0;
    assert_false(guard_allows(guard, &permissions, &which));
    permissions.operation = SPAN("GetCallerIdentity"); /* it needs no permission */
    assert_true(guard_allows(guard, &permissions, &which));
    guard_destroy(guard);
    guard_destroy(NULL);
}

#define ALLOW(more) "{\"Statement\":[\n{\"Effect\":\"Allow\"" more "}]}"

static const struct {
    const char *guard, *said;
} wrong[] = {
    {"", "There is no pattern in it"},
    {" \n# nothing\n,,", "There is no pattern in it"},
    {"s3:*\n\nGetObject *", "line 3: \"GetObject\": an action is * or service:Name"},
    {"s3:*,s*:Get", "line 1: \"s*:Get\": an action is a service, a colon"},
    {"s3:Get=x", "line 1: \"s3:Get=x\": an action is a service, a colon"},
    {"s3:", "line 1: \"s3:\": an action is"},
    {":Get", "line 1: \":Get\": an action is"},
    {"s3:* photos/*", "line 1: \"photos/*\": a resource is * or an ARN"},
    {"s3:* arn:aws:s3:::b/${aws:username}",
        "line 1: \"arn:aws:s3:::b/${aws:username}\" has a policy"},
    {"s3:*\ns3:* arn:aws:s3", "line 2: \"arn:aws:s3\": a resource is"},
    {"{\n\"Statement\": [\n}", "line 3: the policy is not JSON"},
    {"{}", "The policy needs a Statement"},
    {"{\"Statement\":[]}", "There is no pattern in it"},
    {"{\"Statement\":[1]}", "statement 1: not an object"},
    {"{\"Statement\":[]}\n x", "line 2: the policy is not JSON"},
    {ALLOW(""), "statement 1: Action must be a string or an array"},
    {ALLOW(",\"Action\":[]"), "statement 1: Action must be a string or an array"},
    {ALLOW(",\"Action\":[1]"), "statement 1: Action must be a string or an array"},
    {ALLOW(",\"Action\":\"s3\""), "statement 1: \"s3\": an action is"},
    {ALLOW(",\"Action\":\"s3:*\""), "statement 1: Resource must be a string"},
    {ALLOW(",\"Action\":\"s3:*\",\"Resource\":\"x\""), "statement 1: \"x\": a resource is"},
    {ALLOW(",\"Action\":\"s3:*\",\"Resource\":\"*\",\"Condition\":{}"),
        "statement 1: the guard knows no Condition"},
    {EQUALS("[]"), "statement 1: the guard knows no Condition"},
    {EQUALS("1"), "statement 1: the guard knows no Condition"},
    {EQUALS("[\"a\",1]"), "statement 1: the guard knows no Condition"},
    {EQUALS("\"\""), "statement 1: the guard knows no Condition"},
    {EQUALS("\"${aws:username}\""), "statement 1: the guard knows no Condition"},
    {EQUALS("\"a${aws:username}\""), "statement 1: the guard knows no Condition"},
    {WHERE("{\"StringEquals\":{\"transcribe:OutputBucketName=a\":\"b\"}}"),
        "statement 1: the guard knows no Condition"},
    {LIKE("\"${aws:username}-*\""), "statement 1: the guard knows no Condition"},
    {EQUALS("\"a\",\"aws:RequestedRegion\":\"b\""), "statement 1: the guard knows no Condition"},
    {EQUALS("\"a\",\"transcribe:OutputBucketName\":\"b\""),
        "statement 1: the guard knows no Condition"},
    {EQUALS("\"a\"},\"Bool\":{\"aws:SecureTransport\":\"true\""),
        "statement 1: the guard knows no Condition"},
    {EQUALS("\"a\"}},\"Condition\":{\"Bool\":{\"aws:SecureTransport\":\"true\""),
        "statement 1: the guard knows no Condition"},
    {WHERE("{\"StringEquals\":{\"transcribe:OutputKey\":\"a\"}}"),
        "statement 1: the guard knows no Condition"},
    {WHERE("{\"StringNotEquals\":{\"transcribe:OutputBucketName\":\"a\"}}"),
        "statement 1: the guard knows no Condition"},
    {WHERE("{\"StringEqualsIfExists\":{\"transcribe:OutputBucketName\":\"a\"}}"),
        "statement 1: the guard knows no Condition"},
    {WHERE("[{\"transcribe:OutputBucketName\":\"a\"}]"),
        "statement 1: the guard knows no Condition"},
    {WHERE("{\"StringEquals\":\"a\"}"), "statement 1: the guard knows no Condition"},
    {WHERE("null"), "statement 1: the guard knows no Condition"},
    {"{\"Statement\":{\"Effect\":\"Deny\",\"Action\":\"*\",\"Resource\":\"*\",\"Condition\":"
     "{\"StringEquals\":{\"transcribe:OutputBucketName\":\"a\"}}}}",
        "statement 1: the guard knows no Condition"},
    {"{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"" PHOTO
     "\",\"Condition\":{\"StringEquals\":{\"transcribe:OutputBucketName\":\"a\"}}}}",
        "statement 1: the guard knows no Condition"},
    {ALLOW(",\"Action\":\"*\",\"Resource\":\"" IF "a\""),
        "statement 1: what begins with if: is no Resource"},
    {"s3:* if:a", "line 1: \"if:a\": a condition is if:transcribe:OutputBucketName=BUCKET"},
    {"s3:* " IF, "line 1: \"" IF "\": a condition is"},
    {"s3:* " IF "${aws:username}", "line 1: \"" IF "${aws:username}\" has a policy"},
    {ALLOW(",\"NotAction\":\"s3:*\",\"Resource\":\"*\""),
        "statement 1: the guard knows no NotAction"},
    {ALLOW(",\"Action\":\"s3:*\",\"NotResource\":\"*\""),
        "statement 1: the guard knows no NotResource"},
    {ALLOW(",\"Action\":\"s3:*\",\"Resource\":\"*\",\"condition\":{}"),
        "statement 1: the guard knows no condition"},
    {ALLOW(",\"Action\":\"s3:*\",\"Resource\":\"*\",\"Conditions\":{}"),
        "statement 1: the guard knows no Conditions"},
    {"{\"Statement\":{\"Action\":\"s3:*\"}}", "statement 1: Effect must be Allow or Deny"},
    {"{\"Statement\":{\"Effect\":\"allow\"}}", "statement 1: Effect must be Allow or Deny"},
};

static void test_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(wrong); i++) {
        struct fault fault = {OK, ""};
        struct guard *guard = NULL;
        char *copy = check_copy(span_of(wrong[i].guard));
        enum err err = guard_create((struct span){copy, strlen(wrong[i].guard)}, &guard, &fault);
        free(copy);
        CHECK_NUMBER(span_of(wrong[i].guard), err, ERR_BAD_REQUEST);
        CHECK_TEXT(span_of(wrong[i].guard), span_first(span_of(fault.text), strlen(wrong[i].said)),
            span_of(wrong[i].said));
        assert_null(guard);
    }
}

/* Record in staging, enforce in production: what was recorded is allowed, its neighbours are not.
 */
static void test_a_recorded_policy_is_a_guard(void **state)
{
    (void)state;
    static const char *const resources[] = {PHOTO, "arn:aws:s3:::photos/a*",
        "arn:aws:s3:::photos/?", "arn:aws:s3:::photos/${x}",
        "arn:aws:s3:::photos/q\"\\\n\x7f\xc2\x85"};
    static char memory[16384];
    struct buf out = buf_over(memory, sizeof memory);
    struct recorder *recorder = recorder_create(RECORDER_BYTES);
    for (size_t i = 0; i < ROWS(resources); i++)
        recorder_add_pair(
            recorder, (struct recorded){SPAN("s3:GetObject"), span_of(resources[i]), false, false});
    recorder_add_pair(recorder,
        (struct recorded){SPAN("s3:PutObject"), SPAN("arn:aws:s3:::photos/in/"), true, false});
    recorder_add_pair(recorder, (struct recorded){SPAN(START), SPAN(IF "memos"), false, false});
    recorder_add_pair(recorder, (struct recorded){SPAN(START), SPAN(IF "notes"), false, false});
    struct policy *policy = policy_create(recorder);
    policy_write(policy, POLICY_IAM, &out);
    buf_char(&out, '\0');
    assert_false(out.failed);
    struct guard *guard = create(memory);
    for (size_t i = 0; i < ROWS(resources); i++)
        assert_true(allows(guard, "s3:GetObject", resources[i]));
    assert_false(allows(guard, "s3:GetObject", "arn:aws:s3:::photos/ab"));
    assert_false(allows(guard, "s3:GetObject", "arn:aws:s3:::photos/b"));
    assert_true(allows(guard, "s3:PutObject", "arn:aws:s3:::photos/in/new"));
    assert_false(allows(guard, "s3:PutObject", PHOTO));
    assert_true(allows(guard, START, IF "memos"));
    assert_true(allows(guard, START, IF "notes"));
    assert_false(allows(guard, START, IF "other"));
    assert_false(allows(guard, START, "*"));
    guard_destroy(guard);
    policy_destroy(policy);
    recorder_destroy(recorder);
}

static void test_no_memory(void **state)
{
    (void)state;
    static const char *const texts[] = {"s3:* arn:aws:s3:::a/*, sqs:*", EQUALS("[\"a\",\"b*\"]"),
        "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":[\"s3:*\"],\"Resource\":\"*\"}}"};
    for (size_t i = 0; i < ROWS(texts); i++)
        for (unsigned nth = 1;; nth++) {
            struct fault fault;
            struct guard *guard = NULL;
            failing_arm(nth);
            enum err err = guard_create(span_of(texts[i]), &guard, &fault);
            unsigned asked = failing_count();
            failing_arm(0);
            guard_destroy(guard);
            if (asked < nth) {
                assert_int_equal(err, OK);
                assert_in_range(nth, 4, 100);
                break;
            }
            assert_int_equal(err, ERR_OUT_OF_MEMORY);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_allows),
        cmocka_unit_test(test_folded),
        cmocka_unit_test(test_needs_all),
        cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_a_recorded_policy_is_a_guard),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests_name("guard", tests, NULL, NULL);
}
