/* The pages of transcription jobs: what a client asks, as Transcribe is asked it, and what
 * Transcribe answers, as the client is told. */
#include "tests/unit/check.h"

#include "proxy/pages/job_page.h"

static char scratch_memory[16 * 1024];

static enum err parse_order(
    struct span path, struct span query, struct job_order *order, struct fault *fault)
{
    struct buf scratch = buf_over(scratch_memory, sizeof scratch_memory);
    struct job_wish wish = {path, query, 1764111051000, 0x1f3a9c2b7d5e0816};
    return job_order_parse(&wish, scratch, order, fault);
}

#define STAMP        "-20251125T225051Z-1f3a9c2b7d5e0816"
#define STARTS(name) "{\"TranscriptionJobName\":\"" name "\","
#define MEDIA(key)   "\"Media\":{\"MediaFileUri\":\"s3://bucket/" key "\"}"

static const struct {
    struct span path, query, body;
} orders[] = {
    {TEXT("/-/transcribe/bucket/a/b.mp3"), TEXT("language-code=de-DE"),
        TEXT(STARTS("b.mp3" STAMP) MEDIA("a/b.mp3") ",\"LanguageCode\":\"de-DE\","
                                                    "\"MediaFormat\":\"mp3\"}")},
    {TEXT("/-/transcribe/bucket/M%C3%BCller+%22"), TEXT("identify-language=true"),
        TEXT(STARTS("M-ller--" STAMP) MEDIA("M\xc3\xbcller+\\\"") ",\"IdentifyLanguage\":true}")},
    {TEXT("/-/transcribe/bucket/folder/"), TEXT("identify-language"),
        TEXT(STARTS("" STAMP) MEDIA("folder/") ",\"IdentifyLanguage\":true}")},
    {TEXT("/-/transcribe/bucket/k"),
        TEXT("max-speaker-labels=2&job-name=j&show-speaker-labels=true&language-code=a%22&"
             "subtitle-formats=vtt,srt&media-sample-rate-hertz=8000"),
        TEXT(STARTS("j") MEDIA("k") ",\"LanguageCode\":\"a\\\"\",\"MediaSampleRateHertz\":8000,"
                                    "\"Settings\":{\"ShowSpeakerLabels\":true,"
                                    "\"MaxSpeakerLabels\":2},"
                                    "\"Subtitles\":{\"Formats\":[\"vtt\",\"srt\"]}}")},
    {TEXT("/-/transcribe/bucket/k"),
        TEXT("redacted-media-file-uri=s3://b/c&language-code=x&job-name=j&identify-language=false"),
        TEXT(STARTS("j") "\"Media\":{\"MediaFileUri\":\"s3://bucket/k\","
                         "\"RedactedMediaFileUri\":\"s3://b/c\"},"
                         "\"LanguageCode\":\"x\",\"IdentifyLanguage\":false}")},
};

static void test_orders(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(orders); i++) {
        struct job_order order;
        struct fault fault = {OK, ""};
        enum err err = parse_order(orders[i].path, orders[i].query, &order, &fault);
        CHECK_TEXT(orders[i].query, span_of(fault.text), SPAN(""));
        CHECK_NUMBER(orders[i].query, err, OK);
        CHECK_TEXT(orders[i].query, order.body, orders[i].body);
        CHECK_NUMBER(orders[i].query, job_name_valid(order.name), true);
        CHECK_TEXT(orders[i].path, order.path, span_from(orders[i].path, 13));
    }
}

static const struct {
    struct span path, query, words;
} refused[] = {
    {TEXT("/-/transcribe/bucket/k"), TEXT(""), TEXT("Which language")},
    {TEXT("/-/transcribe/bucket/k"), TEXT("identify-language=false"), TEXT("Which language")},
    {TEXT("/-/transcribe/bucket/k"), TEXT("language-code="), TEXT("language-code must be")},
    {TEXT("/-/transcribe/bucket/k"), TEXT("languagecode=x"), TEXT("nearest is language-code")},
    {TEXT("/-/transcribe/bucket/k"), TEXT("language-code=x&max-alternatives=1e3"),
        TEXT("max-alternatives must be a whole number")},
    {TEXT("/-/transcribe/bucket/k"), TEXT("language-code=x&identify-language=1"),
        TEXT("identify-language must be true or false")},
    {TEXT("/-/transcribe/bucket/k"), TEXT("language-code=x&job-name=%C3%A9"),
        TEXT("job-name must be")},
    {TEXT("/-/transcribe/bucket/k"), TEXT("language-code=%C3"), TEXT("in UTF-8")},
    {TEXT("/-/transcribe/bucket/"), TEXT("language-code=x"), TEXT("KEY")},
    {TEXT("/-/transcribe/bucket"), TEXT("language-code=x"), TEXT("KEY")},
    {TEXT("/-/transcribe/b/k"), TEXT("language-code=x"), TEXT("BUCKET")},
    {TEXT("/-/transcribe//k"), TEXT("language-code=x"), TEXT("BUCKET")},
    {TEXT("/-/transcribe/bucket/%00"), TEXT("language-code=x"), TEXT("KEY")},
    {TEXT("/-/transcribe/bucket/%7f"), TEXT("language-code=x"), TEXT("KEY")},
};

static void test_refused_orders(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(refused); i++) {
        struct job_order order;
        struct fault fault = {OK, ""};
        enum err err = parse_order(refused[i].path, refused[i].query, &order, &fault);
        struct span text = span_of(fault.text), words = refused[i].words;
        CHECK_NUMBER(refused[i].query, err, ERR_BAD_REQUEST);
        if (!memmem(text.at, text.len, words.at, words.len))
            CHECK_TEXT(refused[i].query, text, words);
    }
}

static void test_a_long_order(void **state)
{
    (void)state;
    char memory[12 * 1024];
    struct buf query = buf_over(memory, sizeof memory);
    struct job_order order;
    struct fault fault;
    buf_text(&query, "language-code=");
    while (query.len < 9 * 1024)
        buf_text(&query, "%22"); /* twice as long in JSON */
    assert_int_equal(
        parse_order(SPAN("/-/transcribe/bucket/k"), buf_span(&query), &order, &fault), OK);
    assert_true(order.body.len > 2 * 3 * 1024);
    memset(scratch_memory, 'x', sizeof scratch_memory);
    struct buf small = buf_over(scratch_memory, 1024);
    struct job_wish wish = {SPAN("/-/transcribe/bucket/k"), buf_span(&query), 0, 0};
    assert_int_equal(job_order_parse(&wish, small, &order, &fault), ERR_BAD_REQUEST);
}

static const struct {
    struct span path, query;
    bool good;
    unsigned wait_s;
    bool as_text;
} questions[] = {
    {TEXT("/-/transcribe/a.b_c-1"), TEXT(""), true, 0, false},
    {TEXT("/-/transcribe/a"), TEXT("wait=60&format=text"), true, 60, true},
    {TEXT("/-/transcribe/a"), TEXT("format=json"), true, 0, false},
    {TEXT("/-/transcribe/a"), TEXT("wait=61"), false, 0, false},
    {TEXT("/-/transcribe/a"), TEXT("wait="), false, 0, false},
    {TEXT("/-/transcribe/a"), TEXT("format=srt"), false, 0, false},
    {TEXT("/-/transcribe/a"), TEXT("x=y"), false, 0, false},
    {TEXT("/-/transcribe/a%2e"), TEXT(""), false, 0, false},
    {TEXT("/-/transcribe/a/b"), TEXT(""), false, 0, false},
};

static void test_questions(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(questions); i++) {
        struct job_question question = {.as_text = false};
        struct fault fault;
        struct buf scratch = buf_over(scratch_memory, sizeof scratch_memory);
        struct span query = questions[i].query;
        enum err err = job_question_parse(questions[i].path, query, scratch, &question, &fault);
        CHECK_NUMBER(query, err, questions[i].good ? OK : ERR_BAD_REQUEST);
        if (!questions[i].good)
            continue;
        CHECK_NUMBER(query, question.wait_s, questions[i].wait_s);
        CHECK_NUMBER(query, question.as_text, questions[i].as_text);
        CHECK_TEXT(query, question.name, span_from(questions[i].path, 14));
        assert_true(span_starts(question.body, SPAN("{\"TranscriptionJobName\":\"a")));
    }
}

#define JOB(members) "{\"TranscriptionJob\":{\"TranscriptionJobName\":\"a\"" members "}}"
#define STATUS(text) ",\"TranscriptionJobStatus\":\"" text "\""

static const struct {
    struct span answer;
    bool good;
    enum job_end end;
    struct span written, uri;
} states[] = {
    {TEXT(JOB("")), true, JOB_RUNS, TEXT("{\"job\":\"a\",\"status\":\"IN_PROGRESS\"}\n"), TEXT("")},
    {TEXT(JOB(STATUS("QUEUED"))), true, JOB_RUNS, TEXT("{\"job\":\"a\",\"status\":\"QUEUED\"}\n"),
        TEXT("")},
    {TEXT(JOB(STATUS("NEW\\\""))), true, JOB_RUNS, TEXT("{\"job\":\"a\",\"status\":\"NEW\\\"\"}\n"),
        TEXT("")},
    {TEXT(JOB(STATUS("FAILED") ",\"FailureReason\":\"no \\\"audio\\\"\"")), true, JOB_FAILED,
        TEXT("{\"job\":\"a\",\"status\":\"FAILED\",\"reason\":\"no \\\"audio\\\"\"}\n"), TEXT("")},
    {TEXT(JOB(STATUS("FAILED"))), true, JOB_FAILED,
        TEXT("{\"job\":\"a\",\"status\":\"FAILED\",\"reason\":\"\"}\n"), TEXT("")},
    {TEXT(JOB(STATUS("COMPLETED") ",\"Transcript\":{\"TranscriptFileUri\":\"https://a\","
                                  "\"RedactedTranscriptFileUri\":\"https://b\"}")),
        true, JOB_COMPLETED, TEXT("{\"job\":\"a\",\"status\":\"COMPLETED\"}\n"), TEXT("https://a")},
    {TEXT(JOB(STATUS("COMPLETED") ",\"Transcript\":{\"RedactedTranscriptFileUri\":\"b\"}")), true,
        JOB_COMPLETED, TEXT("{\"job\":\"a\",\"status\":\"COMPLETED\"}\n"), TEXT("b")},
    {TEXT(JOB(STATUS("COMPLETED"))), true, JOB_COMPLETED,
        TEXT("{\"job\":\"a\",\"status\":\"COMPLETED\"}\n"), TEXT("")},
    {TEXT(""), false, JOB_RUNS, TEXT(""), TEXT("")},
    {TEXT("{}"), false, JOB_RUNS, TEXT(""), TEXT("")},
    {TEXT("{\"TranscriptionJob\":null}"), false, JOB_RUNS, TEXT(""), TEXT("")},
};

static void test_states(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(states); i++) {
        struct job_state job;
        char memory[256];
        struct buf out = buf_over(memory, sizeof memory);
        CHECK_NUMBER(states[i].answer, job_state_read(states[i].answer, &job), states[i].good);
        if (!states[i].good)
            continue;
        job_write_state(&out, SPAN("a"), &job);
        CHECK_NUMBER(states[i].answer, job.end, states[i].end);
        CHECK_TEXT(states[i].answer, buf_span(&out), states[i].written);
        CHECK_TEXT(states[i].answer, job.uri, states[i].uri);
    }
}

static void test_urls(void **state)
{
    (void)state;
    char memory[64];
    struct buf out = buf_over(memory, sizeof memory);
    job_write_url(&out, SPAN("localhost:2774"), SPAN("a"));
    CHECK_TEXT(SPAN("host"), buf_span(&out), SPAN("http://localhost:2774/-/transcribe/a"));
    out.len = 0;
    job_write_url(&out, SPAN(""), SPAN("a"));
    CHECK_TEXT(SPAN("no host"), buf_span(&out), SPAN("/-/transcribe/a"));
    assert_true(job_page_is(SPAN("/-/transcribe/a")) && job_page_is(SPAN("/-/transcribe/a/b")));
    assert_false(job_page_is(SPAN("/-/transcribe/")) || job_page_is(SPAN("/-/transcribe")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_orders),
        cmocka_unit_test(test_refused_orders),
        cmocka_unit_test(test_a_long_order),
        cmocka_unit_test(test_questions),
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_urls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
