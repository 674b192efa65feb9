/* What the recorder keeps, how it folds, and that it keeps its bound. */
#include "tests/unit/check.h"

#include "proxy/permissions/recorder.h"

#define GET    "s3:GetObject"
#define BUCKET "arn:aws:s3:::photos/"
#define IF     "if:transcribe:OutputBucketName="

static void add(struct recorder *recorder, const char *action, const char *resource)
{
    static struct permissions permissions;
    permissions.count = 1;
    permissions.needed[0] =
        (struct permission){.action = span_of(action), .resource = span_of(resource)};
    recorder_add(recorder, &permissions);
}

/* The record as lines of "action resource", with a star behind what is folded. */
static struct span show(const struct recorder *recorder, char *memory, size_t bytes)
{
    struct buf out = buf_over(memory, bytes);
    struct recorded *list = recorder_list(recorder);
    assert_non_null(list);
    for (size_t i = 0; i < recorder_state(recorder).count; i++)
        buf_format(&out, "%.*s %.*s%s\n", SPAN_ARGS(list[i].action), SPAN_ARGS(list[i].resource),
            list[i].folded ? "*" : "");
    free(list);
    assert_false(out.failed);
    return buf_span(&out);
}

/* resources: one a line; each is asked for by one action, in this order and in the opposite one. */
struct row {
    const char *name;
    const char *resources;
    const char *record;
};

static const struct row rows[] = {
    {"a handful stays", BUCKET "a\n" BUCKET "b/c\n" BUCKET "a\n",
        GET " " BUCKET "a\n" GET " " BUCKET "b/c\n"},
    {"a folder",
        BUCKET "r/1a\n" BUCKET "r/2a\n" BUCKET "r/3a\n" BUCKET "r/4a\n" BUCKET "r/5a\n" BUCKET
               "r/6a\n" BUCKET "r/7a\n" BUCKET "r/8a\n" BUCKET "r/9a\n" BUCKET "config.json\n",
        GET " " BUCKET "config.json\n" GET " " BUCKET "r/*\n"},
    {"eight are not too many",
        BUCKET "r/1\n" BUCKET "r/2\n" BUCKET "r/3\n" BUCKET "r/4\n" BUCKET "r/5\n" BUCKET
               "r/6\n" BUCKET "r/7\n" BUCKET "r/8\n",
        GET " " BUCKET "r/1\n" GET " " BUCKET "r/2\n" GET " " BUCKET "r/3\n" GET " " BUCKET
            "r/4\n" GET " " BUCKET "r/5\n" GET " " BUCKET "r/6\n" GET " " BUCKET "r/7\n" GET
            " " BUCKET "r/8\n"},
    {"today's folder is not tomorrow's",
        BUCKET "r/2026/11/25/1\n" BUCKET "r/2026/11/25/2\n" BUCKET "r/2026/11/25/3\n" BUCKET
               "r/2026/11/25/4\n" BUCKET "r/2026/11/25/5\n" BUCKET "r/2026/11/25/6\n" BUCKET
               "r/2026/11/25/7\n" BUCKET "r/2026/11/25/8\n" BUCKET "r/2026/11/25/9\n",
        GET " " BUCKET "r/*\n"},
    {"a partition by date",
        BUCKET "t/year=2026/1\n" BUCKET "t/year=2026/2\n" BUCKET "t/year=2026/3\n" BUCKET
               "t/year=2026/4\n" BUCKET "t/year=2026/5\n" BUCKET "t/year=2026/6\n" BUCKET
               "t/year=2026/7\n" BUCKET "t/year=2026/8\n" BUCKET "t/year=2026/9\n",
        GET " " BUCKET "t/*\n"},
    {"folders of one name each",
        BUCKET "u/a/x\n" BUCKET "u/b/x\n" BUCKET "u/c/x\n" BUCKET "u/d/x\n" BUCKET "u/e/x\n" BUCKET
               "u/f/x\n" BUCKET "u/g/x\n" BUCKET "u/h/x\n" BUCKET "u/i/x\n",
        GET " " BUCKET "u/*\n"},
    {"buckets stay apart",
        "arn:aws:s3:::a/k\narn:aws:s3:::b/k\narn:aws:s3:::c/k\n"
        "arn:aws:s3:::d/k\narn:aws:s3:::e/k\narn:aws:s3:::f/k\n"
        "arn:aws:s3:::g/k\narn:aws:s3:::h/k\narn:aws:s3:::i/k\n",
        GET " arn:aws:s3:::a/k\n" GET " arn:aws:s3:::b/k\n" GET " arn:aws:s3:::c/k\n" GET
            " arn:aws:s3:::d/k\n" GET " arn:aws:s3:::e/k\n" GET " arn:aws:s3:::f/k\n" GET
            " arn:aws:s3:::g/k\n" GET " arn:aws:s3:::h/k\n" GET " arn:aws:s3:::i/k\n"},
    {"access points",
        "arn:aws:s3:eu-west-1:1:accesspoint/p/object/a\n"
        "arn:aws:s3:eu-west-1:1:accesspoint/p/object/b\n"
        "arn:aws:s3:eu-west-1:1:accesspoint/p/object/c\n"
        "arn:aws:s3:eu-west-1:1:accesspoint/p/object/d\n"
        "arn:aws:s3:eu-west-1:1:accesspoint/p/object/e\n"
        "arn:aws:s3:eu-west-1:1:accesspoint/p/object/f\n"
        "arn:aws:s3:eu-west-1:1:accesspoint/p/object/g\n"
        "arn:aws:s3:eu-west-1:1:accesspoint/p/object/h\n"
        "arn:aws:s3:eu-west-1:1:accesspoint/p/object/i\n",
        GET " arn:aws:s3:eu-west-1:1:accesspoint/p/object/*\n"},
    {"jobs",
        "arn:aws:transcribe:eu-west-1:1:transcription-job/a\n"
        "arn:aws:transcribe:eu-west-1:1:transcription-job/b\n"
        "arn:aws:transcribe:eu-west-1:1:transcription-job/c\n",
        GET " arn:aws:transcribe:eu-west-1:1:transcription-job/*\n"},
    {"tables stay",
        "arn:aws:dynamodb:eu-west-1:1:table/a\narn:aws:dynamodb:eu-west-1:1:table/b\n"
        "arn:aws:dynamodb:eu-west-1:1:table/c\narn:aws:dynamodb:eu-west-1:1:table/d\n",
        GET
        " arn:aws:dynamodb:eu-west-1:1:table/a\n" GET " arn:aws:dynamodb:eu-west-1:1:table/b\n" GET
        " arn:aws:dynamodb:eu-west-1:1:table/c\n" GET " arn:aws:dynamodb:eu-west-1:1:table/d\n"},
    {"a star is every one", BUCKET "a\n*\n" BUCKET "b\n", GET " *\n"},
    {"all below", BUCKET "a/1\n" BUCKET "a/*\n" BUCKET "b/1\n",
        GET " " BUCKET "a/*\n" GET " " BUCKET "b/1\n"},
    {"conditions stay", IF "a\n" IF "b\n" IF "c\n" IF "d\n",
        GET " " IF "a\n" GET " " IF "b\n" GET " " IF "c\n" GET " " IF "d\n"},
    {"without a condition is with every one", IF "a\n*\n" IF "b\n", GET " *\n"},
    {"no ARN", "a\nb\n\n", GET " \n" GET " a\n" GET " b\n"},
};

static void add_lines(struct recorder *recorder, const char *text, bool backwards)
{
    struct span lines[16], rest = span_of(text), line;
    size_t count = 0;
    rest.len -= 1; /* the last line's end */
    while (count < ROWS(lines) && span_next(&rest, '\n', &line))
        lines[count++] = line;
    for (size_t i = 0; i < count; i++) {
        char *copy = check_copy(lines[backwards ? count - 1 - i : i]);
        struct recorded pair = {
            SPAN(GET), {copy, lines[backwards ? count - 1 - i : i].len}, false, false};
        struct permissions permissions = {
            .count = 1, .needed = {{.action = pair.action, .resource = pair.resource}}};
        recorder_add(recorder, &permissions);
        free(copy);
    }
}

static void test_folds(void **state)
{
    (void)state;
    char memory[2048];
    for (size_t i = 0; i < ROWS(rows); i++)
        for (int backwards = 0; backwards < 2; backwards++) {
            struct recorder *recorder = recorder_create(RECORDER_BYTES);
            add_lines(recorder, rows[i].resources, backwards);
            add_lines(recorder, rows[i].resources, backwards);
            CHECK_TEXT(span_of(rows[i].name), show(recorder, memory, sizeof memory),
                span_of(rows[i].record));
            assert_int_equal(recorder_state(recorder).lost, 0);
            assert_false(recorder_state(recorder).widened);
            recorder_destroy(recorder);
        }
}

static void test_actions_stay_apart(void **state)
{
    (void)state;
    char memory[512], key[64];
    struct recorder *recorder = recorder_create(RECORDER_BYTES);
    for (int i = 0; i < 20; i++) {
        (void)snprintf(key, sizeof key, BUCKET "in/%d", i);
        add(recorder, GET, key);
    }
    add(recorder, "s3:PutObject", BUCKET "in/1");
    add(recorder, "s3:ListBucket", "arn:aws:s3:::photos");
    CHECK_TEXT(SPAN("record"), show(recorder, memory, sizeof memory),
        SPAN(GET " " BUCKET "in/*\n"
                 "s3:ListBucket arn:aws:s3:::photos\n"
                 "s3:PutObject " BUCKET "in/1\n"));
    recorder_destroy(recorder);
}

/* A million keys of one bucket: by folders, flat, and in folders that never repeat. */
static void test_flood_of_keys(void **state)
{
    (void)state;
    static const char *const formats[] = {
        BUCKET "in/%08x", BUCKET "%08x", BUCKET "in/%x/a", BUCKET "%x/%x", BUCKET "a%x/b%x/c%x/d"};
    char memory[4096], key[128];
    for (size_t form = 0; form < ROWS(formats); form++) {
        struct recorder *recorder = recorder_create(RECORDER_BYTES);
        for (unsigned i = 0; i < 1000000; i++) {
            unsigned n = i * 2654435761U;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
            (void)snprintf(key, sizeof key, formats[form], n, n, n);
#pragma GCC diagnostic pop
            add(recorder, GET, key);
        }
        CHECK_TEXT(span_of(formats[form]), show(recorder, memory, sizeof memory),
            span_of(
                strstr(formats[form], "/in/") ? GET " " BUCKET "in/*\n" : GET " " BUCKET "*\n"));
        assert_false(recorder_state(recorder).widened);
        recorder_destroy(recorder);
    }
}

/* A deep tree in which no folder is crowded folds when there is no room left: its buckets first. */
static void test_full_of_keys(void **state)
{
    (void)state;
    char memory[65536], key[128];
    struct recorder *recorder = recorder_create(RECORDER_BYTES);
    add(recorder, GET, "arn:aws:s3:::other/key");
    for (unsigned i = 0; i < 8 * 8 * 8 * 8; i++) {
        (void)snprintf(
            key, sizeof key, BUCKET "a%u/b%u/c%u/d%u", i & 7, i >> 3 & 7, i >> 6 & 7, i >> 9);
        add(recorder, GET, key);
    }
    CHECK_TEXT(SPAN("record"), show(recorder, memory, sizeof memory),
        SPAN(GET " arn:aws:s3:::other/key\n" GET " " BUCKET "*\n"));
    assert_false(recorder_state(recorder).widened);
    recorder_destroy(recorder);
}

static void test_full_of_buckets(void **state)
{
    (void)state;
    char memory[65536], key[128];
    struct recorder *recorder = recorder_create(RECORDER_BYTES);
    add(recorder, "s3:PutObject", "arn:aws:s3:::other/key");
    for (unsigned i = 0; i < 100000; i++) {
        (void)snprintf(key, sizeof key, "arn:aws:s3:::bucket-%u/key", i / 2);
        add(recorder, GET, key);
    }
    CHECK_TEXT(SPAN("record"), show(recorder, memory, sizeof memory),
        SPAN(GET " *\ns3:PutObject arn:aws:s3:::other/key\n"));
    assert_true(recorder_state(recorder).widened);
    assert_int_equal(recorder_state(recorder).lost, 0);
    recorder_destroy(recorder);
}

static void test_full_of_types(void **state)
{
    (void)state;
    char memory[65536], name[128];
    struct recorder *recorder = recorder_create(RECORDER_BYTES);
    add(recorder, "s3:PutObject", "arn:aws:s3:::other/key");
    for (unsigned i = 0; i < 100000; i++) {
        (void)snprintf(name, sizeof name, "arn:aws:dynamodb:eu-west-1:123456789012:table/t-%u", i);
        add(recorder, "dynamodb:GetItem", name);
    }
    CHECK_TEXT(SPAN("record"), show(recorder, memory, sizeof memory),
        SPAN("dynamodb:GetItem arn:aws:dynamodb:eu-west-1:123456789012:table/*\n"
             "s3:PutObject arn:aws:s3:::other/key\n"));
    assert_true(recorder_state(recorder).widened);
    recorder_destroy(recorder);
}

/* With no room left conditions become "*", which says that it is wide. */
static void test_full_of_conditions(void **state)
{
    (void)state;
    char memory[65536], name[128];
    struct recorder *recorder = recorder_create(RECORDER_BYTES);
    add(recorder, "s3:PutObject", "arn:aws:s3:::other/key");
    for (unsigned i = 0; i < 10000; i++) {
        (void)snprintf(name, sizeof name, IF "bucket-%u", i);
        add(recorder, GET, name);
    }
    CHECK_TEXT(SPAN("record"), show(recorder, memory, sizeof memory),
        SPAN(GET " *\ns3:PutObject arn:aws:s3:::other/key\n"));
    assert_true(recorder_state(recorder).widened);
    assert_int_equal(recorder_state(recorder).lost, 0);
    recorder_destroy(recorder);
}

static void test_what_is_no_condition(void **state)
{
    (void)state;
    static const char *const bad[] = {"if:", "if:transcribe:OutputKey=a", IF, IF "a b", IF "${x}",
        IF "a/b", IF "a*", "if:transcribe:OutputBucketName", "if:x"};
    struct recorder *recorder = recorder_create(RECORDER_BYTES);
    for (size_t i = 0; i < ROWS(bad); i++)
        add(recorder, GET, bad[i]);
    assert_int_equal(recorder_state(recorder).count, 0);
    assert_int_equal(recorder_state(recorder).lost, ROWS(bad));
    recorder_destroy(recorder);
}

/* What never fits is counted. */
static void test_lost(void **state)
{
    (void)state;
    char action[64], longest[RECORDER_RESOURCE_BYTES + 2];
    struct recorder *recorder = recorder_create(0);
    memset(longest, 'a', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    add(recorder, GET, longest);
    assert_int_equal(recorder_state(recorder).lost, 1);
    for (unsigned i = 0; i < 100000; i++) {
        (void)snprintf(action, sizeof action, "x:Action%u", i);
        add(recorder, action, "*");
    }
    struct recorder_state after = recorder_state(recorder);
    assert_int_equal(after.count + after.lost, 100001);
    assert_in_range(after.count, 20, 4096 / 20);
    assert_int_equal(recorder_state(recorder).widened, false);
    recorder_mark(recorder, 7, true);
    assert_int_equal(recorder_state(recorder).lost, after.lost + 7);
    assert_true(recorder_state(recorder).widened);
    recorder_destroy(recorder);
    recorder_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_folds),
        cmocka_unit_test(test_actions_stay_apart),
        cmocka_unit_test(test_flood_of_keys),
        cmocka_unit_test(test_full_of_keys),
        cmocka_unit_test(test_full_of_buckets),
        cmocka_unit_test(test_full_of_types),
        cmocka_unit_test(test_full_of_conditions),
        cmocka_unit_test(test_what_is_no_condition),
        cmocka_unit_test(test_lost),
    };
    return cmocka_run_group_tests_name("recorder", tests, NULL, NULL);
}
