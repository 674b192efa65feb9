/* Answers that deny something, in every dialect and form. */
#include "tests/unit/check.h"

#include "proxy/aws/dialect.h"
#include "proxy/permissions/denial.h"

#define WHO    "arn:aws:sts::123456789012:assumed-role/memo/function"
#define OBJECT "arn:aws:s3:::photos/a"
#define USER   "User: " WHO " is not authorized to perform: s3:GetObject on resource: " OBJECT

/* The forms of the message, by "Troubleshoot access denied error messages" of the IAM User Guide
 * and "Troubleshoot access denied (403 Forbidden) errors" of the S3 User Guide; with the policy's
 * ARN as answers have it since January 2026. */
static const struct {
    struct span message;
    enum denial_policy policy;
    bool explicitly;
    struct span action, resource, policy_arn;
} messages[] = {
#define IMPLICIT(name, policy)                                                           \
    {                                                                                    \
        TEXT(USER " because no " name " allows the s3:GetObject action"), policy, false, \
            TEXT("s3:GetObject"), TEXT(OBJECT), TEXT("")                                 \
    }
#define EXPLICIT(name, policy)                                                            \
    {                                                                                     \
        TEXT(USER " with an explicit deny in " name), policy, true, TEXT("s3:GetObject"), \
            TEXT(OBJECT), TEXT("")                                                        \
    }
    IMPLICIT("identity-based policy", DENIAL_IDENTITY),
    IMPLICIT("permissions boundary", DENIAL_BOUNDARY),
    IMPLICIT("session policy", DENIAL_SESSION),
    IMPLICIT("resource-based policy", DENIAL_RESOURCE),
    IMPLICIT("service control policy", DENIAL_SERVICE_CONTROL),
    IMPLICIT("resource control policy", DENIAL_RESOURCE_CONTROL),
    IMPLICIT("VPC endpoint policy", DENIAL_VPC_ENDPOINT),
    IMPLICIT("role trust policy", DENIAL_TRUST),
    EXPLICIT("an identity-based policy", DENIAL_IDENTITY),
    EXPLICIT("a permissions boundary", DENIAL_BOUNDARY),
    EXPLICIT("a session policy", DENIAL_SESSION),
    EXPLICIT("a sessions policy", DENIAL_SESSION),
    EXPLICIT("a resource-based policy", DENIAL_RESOURCE),
    EXPLICIT("a service control policy", DENIAL_SERVICE_CONTROL),
    EXPLICIT("a resource control policy", DENIAL_RESOURCE_CONTROL),
    EXPLICIT("a VPC endpoint policy", DENIAL_VPC_ENDPOINT),
    EXPLICIT("the role trust policy", DENIAL_TRUST),
    EXPLICIT("a VPC endpoint policy transitively through a service control policy",
        DENIAL_SERVICE_CONTROL),
    {TEXT(USER " with an explicit deny in a service control policy: "
               "arn:aws:organizations::1:policy/o-x/service_control_policy/p-y"),
        DENIAL_SERVICE_CONTROL, true, TEXT("s3:GetObject"), TEXT(OBJECT),
        TEXT("arn:aws:organizations::1:policy/o-x/service_control_policy/p-y")},
    {TEXT(USER), DENIAL_UNKNOWN, false, TEXT("s3:GetObject"), TEXT(OBJECT), TEXT("")},
    {TEXT("User: " WHO
          " is not authorized to perform: s3:ListAllMyBuckets because no identity-based "
          "policy allows the s3:ListAllMyBuckets action"),
        DENIAL_IDENTITY, false, TEXT("s3:ListAllMyBuckets"), TEXT(""), TEXT("")},
    {TEXT("User: " WHO " is not authorized to perform: s3:ListAllMyBuckets"), DENIAL_UNKNOWN, false,
        TEXT("s3:ListAllMyBuckets"), TEXT(""), TEXT("")},
    {TEXT("User: " WHO " is not authorized to perform: s3:GetObject on resource: \"" OBJECT
          " because x\" because no identity-based policy allows the s3:GetObject action"),
        DENIAL_IDENTITY, false, TEXT("s3:GetObject"), TEXT(OBJECT " because x"), TEXT("")},
    {TEXT(USER " because x"), DENIAL_UNKNOWN, false, TEXT("s3:GetObject"),
        TEXT(OBJECT " because x"), TEXT("")},
    {TEXT("User: " WHO " is not authorized to perform: s3:PutBucketPolicy on resource: \"" OBJECT
          "\" because public policies are prevented by the BlockPublicPolicy setting in S3 Block "
          "Public Access."),
        DENIAL_PUBLIC_ACCESS, false, TEXT("s3:PutBucketPolicy"), TEXT(OBJECT), TEXT("")},
    {TEXT("User: " WHO " is not authorized to perform: kms:Decrypt on resource: "
          "arn:aws:kms:eu-west-1:1:key/k because no resource-based policy allows the kms:Decrypt "
          "action"),
        DENIAL_RESOURCE, false, TEXT("kms:Decrypt"), TEXT("arn:aws:kms:eu-west-1:1:key/k"),
        TEXT("")},
    {TEXT("User: " WHO " is not authorized to perform: <b>hello"), DENIAL_UNKNOWN, false, TEXT(""),
        TEXT(""), TEXT("")},
    {TEXT("Access Denied"), DENIAL_UNKNOWN, false, TEXT(""), TEXT(""), TEXT("")},
    {TEXT(""), DENIAL_UNKNOWN, false, TEXT(""), TEXT(""), TEXT("")},
};

static struct denial denial;

static bool read_body(int status, struct span type, struct span query, struct span body)
{
    char *copy = check_copy(body);
    struct denial_answer answer = {status, type, query, {copy, body.len}};
    bool denied = denial_read(&answer, &denial);
    free(copy);
    return denied;
}

/* As AWS writes it: each length in the shortest form (RFC 8949, 4.2.1). */
static void write_cbor(struct buf *out, struct span message)
{
    buf_text(out,
        "\xa2\x66__type\x75"
        "AccessDeniedException\x67message");
    if (message.len < 0x18) {
        buf_char(out, (char)(0x60 + message.len));
    } else if (message.len < 0x100) {
        buf_char(out, 0x78);
    } else {
        buf_char(out, 0x79);
        buf_char(out, (char)(message.len >> 8));
    }
    if (message.len >= 0x18)
        buf_char(out, (char)(message.len & 0xff));
    buf_add(out, message);
}

static void test_messages_in_every_dialect(void **state)
{
    (void)state;
    static const enum dialect dialects[] = {DIALECT_JSON, DIALECT_S3, DIALECT_QUERY, DIALECT_CBOR};
    for (size_t i = 0; i < ROWS(messages); i++)
        for (size_t d = 0; d < ROWS(dialects); d++) {
            char memory[2048];
            struct buf body = buf_over(memory, sizeof memory);
            struct span message = messages[i].message, none = {NULL, 0};
            if (dialects[d] == DIALECT_CBOR)
                write_cbor(&body, message);
            else
                dialect_write_error(&body, dialects[d], SPAN("AccessDeniedException"), message);
            CHECK_NUMBER(message, read_body(400, none, none, buf_span(&body)), true);
            CHECK_NUMBER(message, denial.policy, messages[i].policy);
            CHECK_NUMBER(message, denial.explicitly, messages[i].explicitly);
            CHECK_TEXT(message, denial.action, messages[i].action);
            CHECK_TEXT(message, denial.resource, messages[i].resource);
            CHECK_TEXT(message, denial.policy_arn, messages[i].policy_arn);
            bool user = span_starts(message, SPAN("User: "));
            CHECK_TEXT(message, denial.who, user ? SPAN(WHO) : none);
        }
}

static const struct {
    int status;
    struct span type, query, body;
    bool denied;
} answers[] = {
    {403, TEXT("AccessDeniedException"), TEXT(""), TEXT("{\"Message\":\"x\"}"), true},
    {403, TEXT("AccessDeniedException:http://internal.amazon.com/"), TEXT(""), TEXT(""), true},
    {400, TEXT(""), TEXT("AccessDenied;Sender"), TEXT("{\"__type\":\"x#Y\"}"), true},
    {400, TEXT(""), TEXT(""), TEXT("{\"__type\":\"com.amazonaws.x#AccessDeniedException\"}"), true},
    {403, TEXT(""), TEXT(""), TEXT(""), true}, /* HEAD */
    {400, TEXT(""), TEXT(""), TEXT(""), false},
    {403, TEXT(""), TEXT(""), TEXT("<Error><Code>AccessDenied</Code></Error>"), true},
    {403, TEXT(""), TEXT(""), TEXT("<ErrorResponse><Error><Code>AuthorizationError</Code>"), true},
    {403, TEXT(""), TEXT(""), TEXT("<Response><Errors><Error><Code>UnauthorizedOperation</Code>"),
        true},
    {400, TEXT("NotAuthorized"), TEXT(""), TEXT(""), true},
    {200, TEXT(""), TEXT(""), TEXT("<Error><Code>AccessDenied</Code></Error>"), false},
    {404, TEXT(""), TEXT(""), TEXT("<Error><Code>NoSuchKey</Code></Error>"), false},
    {403, TEXT(""), TEXT(""), TEXT("<Error><Code>SignatureDoesNotMatch</Code></Error>"), false},
    {403, TEXT(""), TEXT(""), TEXT("<Error><Code>InvalidObjectState</Code></Error>"), false},
    {403, TEXT(""), TEXT(""), TEXT("<Error><Code>AccountProblem</Code></Error>"), false},
    {403, TEXT(""), TEXT(""),
        TEXT("<Error><Code>AccessDenied</Code><Message>Request has expired</Message>"), false},
    {403, TEXT(""), TEXT(""),
        TEXT("<Error><Code>AccessDenied</Code><Message>There were headers "
             "present in the request which were not signed</Message>"),
        false},
    {400, TEXT(""), TEXT(""), TEXT("{\"__type\":\"ExpiredTokenException\"}"), false},
    {403, TEXT(""), TEXT(""), TEXT("not a body of any dialect"), false},
};

static void test_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(answers); i++)
        CHECK_NUMBER(answers[i].body.len > 0 ? answers[i].body : answers[i].type,
            read_body(answers[i].status, answers[i].type, answers[i].query, answers[i].body),
            answers[i].denied);
}

static void test_encoded_and_escaped(void **state)
{
    (void)state;
    struct span none = {NULL, 0};
    assert_true(read_body(403, none, none,
        SPAN("<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>You are not "
             "authorized to perform this operation. User: " WHO " is not authorized to perform: "
             "ec2:RunInstances on resource: arn:aws:ec2:eu-west-1:1:instance/* because no "
             "identity-based policy allows the ec2:RunInstances action. Encoded authorization "
             "failure "
             "message: abc_-DEF</Message></Error></Errors></Response>")));
    CHECK_TEXT(SPAN("encoded"), denial.encoded, SPAN("abc_-DEF"));
    CHECK_TEXT(SPAN("action"), denial.action, SPAN("ec2:RunInstances"));
    CHECK_TEXT(SPAN("resource"), denial.resource, SPAN("arn:aws:ec2:eu-west-1:1:instance/*"));
    assert_int_equal(denial.policy, DENIAL_IDENTITY);
    assert_true(read_body(403, none, none,
        SPAN("<Error><Code>AccessDenied</Code><Message>User: " WHO " is not authorized to perform: "
             "s3:GetObject on resource: &quot;arn:aws:s3:::b/&amp;&lt;&gt;&apos;&#39;&quot; "
             "because no "
             "identity-based policy allows the s3:GetObject action</Message></Error>")));
    CHECK_TEXT(SPAN("resource"), denial.resource, SPAN("arn:aws:s3:::b/&<>''"));
    /* longer than the memory for it: cut, not lost */
    static char body[3 * DENIAL_TEXT_BYTES];
    struct buf out = buf_over(body, sizeof body);
    buf_text(&out,
        "{\"__type\":\"AccessDenied\",\"message\":\"User: u is not authorized to perform: "
        "s3:Get on resource: ");
    while (out.len < (size_t)DENIAL_TEXT_BYTES * 2)
        buf_char(&out, 'a');
    buf_text(&out, "\"}");
    assert_true(read_body(403, none, none, buf_span(&out)));
    CHECK_TEXT(SPAN("action"), denial.action, SPAN("s3:Get"));
    assert_in_range(denial.resource.len, DENIAL_TEXT_BYTES - 100, DENIAL_TEXT_BYTES);
}

static void test_hints(void **state)
{
    (void)state;
    struct span none = {NULL, 0};
    char memory[DENIAL_HINT_BYTES];
    struct buf out = buf_over(memory, sizeof memory);
    static struct permissions needed = {.count = 1,
        .needed = {{.action = TEXT("s3:PutObject"),
            .resource = TEXT("arn:aws:s3:::b/k\r\nX: y\xc3\xa9")}}};
    assert_true(read_body(403, none, none,
        SPAN(
            "<Error><Code>AccessDenied</Code><Message>" USER
            " because no identity-based policy allows the s3:GetObject action</Message></Error>")));
    denial_write_hint(&out, &denial, &needed);
    CHECK_TEXT(SPAN("named"), buf_span(&out),
        SPAN("s3:GetObject on " OBJECT
             ": no identity-based policy allows it; allow it in the role's policy"));
    assert_true(read_body(403, none, none, none));
    out.len = 0;
    denial_write_hint(&out, &denial, &needed);
    assert_true(span_starts(buf_span(&out),
        SPAN("s3:PutObject on arn:aws:s3:::b/k??X: y??: the answer does not say why; ")));
    out.len = 0;
    denial_write_hint(&out, &denial, NULL);
    assert_true(span_starts(buf_span(&out), SPAN("this request: the answer")));
    static char longest[4000];
    memset(longest, 'k', sizeof longest);
    denial.action = denial.resource = (struct span){longest, sizeof longest};
    for (int policy = 0; policy < DENIAL_POLICIES; policy++)
        for (int explicitly = 0; explicitly < 2; explicitly++) {
            out.len = 0;
            denial.policy = (enum denial_policy)policy;
            denial.explicitly = explicitly;
            denial_write_hint(&out, &denial, NULL);
            assert_false(out.failed);
            assert_in_range(out.len, 200, DENIAL_HINT_BYTES);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_messages_in_every_dialect),
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_encoded_and_escaped),
        cmocka_unit_test(test_hints),
    };
    return cmocka_run_group_tests_name("denial", tests, NULL, NULL);
}
