/* The list of what was denied. */
/* wrap: malloc calloc realloc */
#include "tests/unit/check.h"
#include "tests/unit/failing.h"

#include "proxy/permissions/denied.h"

static struct denial denial;

static void deny(
    struct denied *denied, const char *resource, enum denial_policy policy, int64_t now)
{
    struct permission permission = {.action = SPAN("s3:GetObject"), .resource = span_of(resource)};
    denial_of_guard(&permission, &denial);
    denial.policy = policy;
    denied_add(denied, &denial, NULL, now);
}

static void test_list(void **state)
{
    (void)state;
    struct denied *denied = denied_create();
    const struct denied_entry *list[DENIED_MOST];
    assert_int_equal(denied_list(denied, list), 0);
    deny(denied, "arn:aws:s3:::b/1", DENIAL_IDENTITY, 1000);
    deny(denied, "arn:aws:s3:::b/2", DENIAL_IDENTITY, 2000);
    deny(denied, "arn:aws:s3:::b/1", DENIAL_IDENTITY, 3000);
    deny(denied, "arn:aws:s3:::b/1", DENIAL_GUARD, 2500);
    assert_int_equal(denied_list(denied, list), 3);
    CHECK_TEXT(SPAN("newest"), list[0]->resource, SPAN("arn:aws:s3:::b/1"));
    assert_int_equal(list[0]->count, 2);
    assert_int_equal(list[0]->last_ms, 3000);
    assert_int_equal(list[1]->policy, DENIAL_GUARD);
    assert_int_equal(list[2]->count, 1);
    char resource[64];
    for (int i = 0; i < 1000; i++) {
        (void)snprintf(resource, sizeof resource, "arn:aws:s3:::flood/%d", i);
        deny(denied, resource, DENIAL_IDENTITY, 4000 + i);
    }
    assert_int_equal(denied_list(denied, list), DENIED_MOST);
    CHECK_TEXT(SPAN("newest"), list[0]->resource, SPAN("arn:aws:s3:::flood/999"));
    CHECK_TEXT(SPAN("oldest"), list[DENIED_MOST - 1]->resource, SPAN("arn:aws:s3:::flood/968"));
    denied_destroy(denied);
    denied_destroy(NULL);
}

/* What an entry says behind its time. */
#define REST(why, advice) \
    "\"why\":\"" why "\",\"advice\":\"" advice "\",\"who\":\"\",\"policy\":\"\",\"statement\":"
#define IDENTITY REST("no identity-based policy allows it", "allow it in the role's policy")
#define GUARD    REST("COUNTERSIGN_ALLOW does not allow it", "add it to COUNTERSIGN_ALLOW")
#define UNKNOWN                                                                                \
    REST("the answer does not say why",                                                        \
        "allow it in the role's policy; where it is there, look at the resource's own policy " \
        "and account, and whether it exists")
#define ENTRY(action, resource, guessed)                                            \
    "{\"action\":\"" action "\",\"resource\":\"" resource "\",\"guessed\":" guessed \
    ",\"count\":1,\"last\":"
#define ALLOW(action, resource) \
    "{\"Effect\":\"Allow\",\"Action\":\"" action "\",\"Resource\":\"" resource "\"}"

static void test_page(void **state)
{
    (void)state;
    char memory[4096];
    struct buf out = buf_over(memory, sizeof memory);
    static struct permissions needed = {.count = 2,
        .needed = {{.action = TEXT("s3:GetObject"), .resource = TEXT("arn:aws:s3:::b/*")},
            {.action = TEXT("s3:PutObject"), .resource = TEXT("*")}}};
    struct denied *denied = denied_create();
    deny(denied, "arn:aws:s3:::b/\"$*", DENIAL_IDENTITY, 2000);
    deny(denied, "arn:aws:s3:::b/1", DENIAL_GUARD, 1000);
    struct denial_answer head = {.status = 403};
    assert_true(denial_read(&head, &denial));
    denied_add(denied, &denial, &needed, 0);
    denied_write(denied, &out);
    CHECK_TEXT(SPAN("page"), buf_span(&out),
        SPAN("{\"denied\":[" ENTRY("s3:GetObject", "arn:aws:s3:::b/\\\"$*",
            "false") "\"1970-01-01T00:00:02.000Z\"," IDENTITY ALLOW("s3:GetObject",
            "arn:aws:s3:::b/\\\"${$}${*}") "}," ENTRY("s3:GetObject", "arn:aws:s3:::b/1",
            "false") "\"1970-01-01T00:00:01.000Z\"," GUARD
                     "null}," ENTRY("s3:GetObject", "arn:aws:s3:::b/*",
                         "true") "\"1970-01-01T00:00:00.000Z\"," UNKNOWN ALLOW("s3:GetObject",
                         "arn:aws:s3:::b/*") "}," ENTRY("s3:PutObject", "*",
                         "true") "\"1970-01-01T00:00:00.000Z\"," UNKNOWN ALLOW("s3:PutObject",
                         "*") "}],\"forgotten\":0}\n"));
    denied_destroy(denied);
}

#define IF    "if:transcribe:OutputBucketName="
#define START "transcribe:StartTranscriptionJob"
#define WORDS "* where transcribe:OutputBucketName is memos"

/* What AWS denies is told by its action alone; which condition would do is the request's. */
static void test_conditions(void **state)
{
    (void)state;
    char memory[4096], hint_memory[DENIAL_HINT_BYTES];
    struct buf out = buf_over(memory, sizeof memory);
    struct buf hint = buf_over(hint_memory, sizeof hint_memory);
    static struct permissions needed = {.count = 2,
        .needed = {{.action = TEXT("s3:GetObject"), .resource = TEXT("arn:aws:s3:::b/k")},
            {.action = TEXT(START), .resource = TEXT(IF "memos")}}};
    struct denied *denied = denied_create();
    struct denial_answer answer = {.status = 400,
        .error_type = SPAN("AccessDeniedException"),
        .body = SPAN(
            "{\"Message\":\"User: arn:aws:sts::1:assumed-role/r/f is not authorized to "
            "perform: " START " because no identity-based policy allows the " START " action\"}")};
    assert_true(denial_read(&answer, &denial));
    denied_add(denied, &denial, &needed, 1000);
    denial_write_hint(&hint, &denial, &needed);
    CHECK_TEXT(SPAN("hint"), buf_span(&hint),
        SPAN(START " on " WORDS ": no identity-based policy allows it; allow it in the role's "
                   "policy"));
    denial_of_guard(&needed.needed[1], &denial);
    denied_add(denied, &denial, NULL, 0);
    denied_write(denied, &out);
    CHECK_TEXT(SPAN("page"), buf_span(&out),
        SPAN("{\"denied\":[" ENTRY(START, WORDS,
            "false") "\"1970-01-01T00:00:01.000Z\","
                     "\"why\":\"no identity-based policy allows it\","
                     "\"advice\":\"allow it in the role's policy\","
                     "\"who\":\"arn:aws:sts::1:assumed-role/r/f\",\"policy\":\"\",\"statement\":"
                     "{\"Effect\":\"Allow\",\"Action\":\"" START
                     "\",\"Resource\":\"*\",\"Condition\":"
                     "{\"StringEquals\":{\"transcribe:OutputBucketName\":\"memos\"}}}}," ENTRY(
                         START, WORDS, "false") "\"1970-01-01T00:00:00.000Z\"," GUARD
                                                "null}],\"forgotten\":0}\n"));
    denied_destroy(denied);
}

static void test_no_memory(void **state)
{
    (void)state;
    failing_arm(1);
    assert_null(denied_create());
    failing_arm(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_page),
        cmocka_unit_test(test_conditions),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests_name("denied", tests, NULL, NULL);
}
