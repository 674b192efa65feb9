/* What events of Amazon Transcribe become, in each format; numbers and times as readers expect
 * them; and what is no event. */
#include "tests/unit/check.h"

#include "proxy/transcribe/transcript.h"

#define HI                                                                                       \
    "{\"Transcript\":{\"Results\":[{\"Alternatives\":[{\"Items\":[{\"Content\":\"Hi\","          \
    "\"StartTime\":0.1,\"EndTime\":0.545,\"Type\":\"pronunciation\",\"Confidence\":0.9985,"      \
    "\"Speaker\":\"0\",\"Stable\":true,\"VocabularyFilterMatch\":false},{\"Content\":\".\","     \
    "\"StartTime\":0.545,\"EndTime\":0.545,\"Type\":\"punctuation\"}],\"Transcript\":\"Hi.\","   \
    "\"Entities\":[{\"Category\":\"PII\",\"Type\":\"NAME\",\"Content\":\"Hi\",\"Confidence\":1," \
    "\"StartTime\":0.1,\"EndTime\":0.5}]},{\"Transcript\":\"High\"}],\"ChannelId\":\"ch_0\","    \
    "\"StartTime\":0.1,\"EndTime\":1.2,\"IsPartial\":false,\"LanguageCode\":\"en-US\","          \
    "\"ResultId\":\"r-1\"}]}}"

#define HI_LINE                                                                              \
    "{\"partial\":false,\"start\":0.1,\"end\":1.2,\"text\":\"Hi.\",\"id\":\"r-1\","          \
    "\"channel\":\"ch_0\",\"language\":\"en-US\",\"items\":[{\"text\":\"Hi\",\"start\":0.1," \
    "\"end\":0.545,\"type\":\"pronunciation\",\"confidence\":0.9985,\"speaker\":\"0\","      \
    "\"stable\":true,\"filtered\":false},{\"text\":\".\",\"start\":0.545,\"end\":0.545,"     \
    "\"type\":\"punctuation\"}],\"entities\":[{\"text\":\"Hi\",\"start\":0.1,\"end\":0.5,"   \
    "\"category\":\"PII\",\"type\":\"NAME\",\"confidence\":1}]}\n"

#define UTTERANCE                                                                             \
    "{\"UtteranceId\":\"u\",\"IsPartial\":true,\"ParticipantRole\":\"AGENT\","                \
    "\"BeginOffsetMillis\":1500,\"EndOffsetMillis\":61004,\"Transcript\":\"No.\",\"Items\":[" \
    "{\"BeginOffsetMillis\":1500,\"EndOffsetMillis\":2000,\"Type\":\"pronunciation\","        \
    "\"Content\":\"No\",\"Confidence\":0.5,\"VocabularyFilterMatch\":false}],"                \
    "\"Sentiment\":\"NEGATIVE\",\"IssuesDetected\":[{\"CharacterOffsets\":{\"Begin\":0,"      \
    "\"End\":3}}]}"

#define UTTERANCE_LINE                                                                         \
    "{\"partial\":true,\"start\":1.5,\"end\":61.004,\"text\":\"No.\",\"id\":\"u\","            \
    "\"role\":\"AGENT\",\"sentiment\":\"NEGATIVE\",\"items\":[{\"text\":\"No\",\"start\":1.5," \
    "\"end\":2,\"type\":\"pronunciation\",\"confidence\":0.5,\"filtered\":false}],"            \
    "\"issues\":[{\"begin\":0,\"end\":3}]}\n"

/* One result, with what stands in it besides its text. */
#define RESULT(text, more) "{\"Alternatives\":[{\"Transcript\":\"" text "\"}]" more "}"
#define EVENT(results)     "{\"Transcript\":{\"Results\":[" results "]}}"
#define ONE(text, more)    EVENT(RESULT(text, more))

#define N TRANSCRIPT_NDJSON
#define T TRANSCRIPT_TEXT
#define V TRANSCRIPT_VTT
#define S TRANSCRIPT_SRT

struct row {
    enum transcript_format format;
    struct span json, written;
};

/* With partial results. */
static const struct row rows[] = {
    {N, TEXT(HI), TEXT(HI_LINE)},
    {N, TEXT(" \r\n\t" HI "\n"), TEXT(HI_LINE)},
    {T, TEXT(HI), TEXT("Hi.\n")},
    {V, TEXT(HI), TEXT("1\n00:00:00.100 --> 00:00:01.200\nHi.\n\n")},
    {S, TEXT(HI), TEXT("1\n00:00:00,100 --> 00:00:01,200\nHi.\n\n")},
    {N, TEXT(UTTERANCE), TEXT(UTTERANCE_LINE)},
    {T, TEXT(UTTERANCE), TEXT("")},
    {S, TEXT("{\"BeginOffsetMillis\":1500,\"EndOffsetMillis\":61004,\"Transcript\":\"No.\"}"),
        TEXT("1\n00:00:01,500 --> 00:01:01,004\nNo.\n\n")},
    {N,
        TEXT("{\"MatchedCategories\":[\"a\\\"b\",\"c\"],\"MatchedDetails\":{\"a\\\"b\":"
             "{\"TimestampRanges\":[{\"BeginOffsetMillis\":1,\"EndOffsetMillis\":20},"
             "{\"BeginOffsetMillis\":300}]},\"c\":{}}}"),
        TEXT("{\"categories\":[\"a\\\"b\",\"c\"],\"details\":[{\"name\":\"a\\\"b\",\"ranges\":["
             "{\"start\":0.001,\"end\":0.02},{\"start\":0.3}]},{\"name\":\"c\"}]}\n")},
    {N, TEXT("{\"MatchedCategories\":[]}"), TEXT("{\"categories\":[]}\n")},
    {T, TEXT("{\"MatchedCategories\":[\"a\"]}"), TEXT("")},

    {N, TEXT(ONE("a", ",\"IsPartial\":true")), TEXT("{\"partial\":true,\"text\":\"a\"}\n")},
    {T, TEXT(ONE("a", ",\"IsPartial\":true")), TEXT("")},
    {V, TEXT(ONE("a", ",\"IsPartial\":true")), TEXT("")},
    {S, TEXT(ONE("a", ",\"IsPartial\":true")), TEXT("")},
    {T, TEXT(EVENT(RESULT("a", "") "," RESULT("", "") "," RESULT(" ", "") "," RESULT("b", ""))),
        TEXT("a\nb\n")},
    {S, TEXT(EVENT(RESULT("a", "") "," RESULT("", "") "," RESULT("b", ",\"EndTime\":1"))),
        TEXT("1\n00:00:00,000 --> 00:00:00,001\na\n\n2\n00:00:00,000 --> 00:00:01,000\nb\n\n")},

    {N, TEXT(ONE("\\u00e4\\\"\\\\\\n\\u0001", "")),
        TEXT("{\"partial\":false,\"text\":\"\xc3\xa4\\\"\\\\\\u000a\\u0001\"}\n")},
    {N, TEXT(ONE("a\xff", "")), TEXT("{\"partial\":false,\"text\":\"a\xef\xbf\xbd\"}\n")},
    {T, TEXT(ONE(" a\\n\\n b\\u0007\xffz\\r\\n", "")), TEXT("a b \xef\xbf\xbdz\n")},
    {V, TEXT(ONE("a & b <c> --> d\\n\\ne", "")),
        TEXT("1\n00:00:00.000 --> 00:00:00.001\na &amp; b &lt;c&gt; --&gt; d e\n\n")},
    {S, TEXT(ONE("a & <c> --> d ----> -- >", "")),
        TEXT("1\n00:00:00,000 --> 00:00:00,001\na & <c> -> d -> -- >\n\n")},

    {N, TEXT(ONE("a", ",\"LanguageIdentification\":[{\"LanguageCode\":\"de-DE\",\"Score\":0.9}]")),
        TEXT("{\"partial\":false,\"text\":\"a\",\"languages\":[{\"language\":\"de-DE\","
             "\"score\":0.9}]}\n")},

    {N, TEXT(EVENT("")), TEXT("")},
    {N, TEXT("{}"), TEXT("")},
    {N, TEXT("{\"Message\":\"no\"}"), TEXT("")},
    {N, TEXT("{\"Transcript\":1}"), TEXT("")},
    {N, TEXT("{\"Transcript\":{\"Results\":\"x\"}}"), TEXT("")},
    {N, TEXT(EVENT("1,null,[],{},{\"Alternatives\":{}},{\"Alternatives\":[]}")), TEXT("")},
    {N, TEXT(EVENT("{\"Alternatives\":[{\"Transcript\":1}]}")), TEXT("")},
    {N,
        TEXT(ONE("a",
            ",\"StartTime\":\"x\",\"EndTime\":[],\"ChannelId\":null,\"LanguageCode\":{},"
            "\"Sentiment\":1")),
        TEXT("{\"partial\":false,\"text\":\"a\",\"sentiment\":1}\n")},
    {N,
        TEXT(EVENT("{\"Alternatives\":[{\"Transcript\":\"a\",\"Items\":[1,{},{\"Type\":\"t\"}],"
                   "\"Entities\":[]}]}")),
        TEXT("{\"partial\":false,\"text\":\"a\",\"items\":[{},{},{\"type\":\"t\"}]}\n")},
};

#define ITEM(name, value) "{\"Transcript\":\"a\",\"Items\":[{\"" name "\":" value "}]}"
#define ITEM_LINE(member) "{\"partial\":false,\"text\":\"a\",\"items\":[{" member "}]}\n"
#define CONFIDENCE(value, written) \
    TEXT(ITEM("Confidence", value)), TEXT(ITEM_LINE("\"confidence\":" written))
#define START(value, written) TEXT(ITEM("StartTime", value)), TEXT(ITEM_LINE("\"start\":" written))

static const struct row numbers[] = {
    {N, CONFIDENCE("0.1", "0.1")},
    {N, CONFIDENCE("0.1000000000000001", "0.1")},
    {N, CONFIDENCE("0.30000000000000004", "0.3")},
    {N, CONFIDENCE("1.0", "1")},
    {N, CONFIDENCE("0.123456789", "0.123456789")},
    {N, CONFIDENCE("0", "0")},
    {N, CONFIDENCE("-1", "-1")},
    {N, CONFIDENCE("123456", "123456")},
    {N, TEXT(ITEM("Confidence", "1e999")), TEXT(ITEM_LINE(""))},
    {N, START("0", "0")},
    {N, START("1.0", "1")},
    {N, START("1.10", "1.1")},
    {N, START("1.01", "1.01")},
    {N, START("1.001", "1.001")},
    {N, START("0.30000000000000004", "0.3")},
    {N, START("2.8999999999999999", "2.9")},
    {N, START("0.9996", "1")},
    {N, START("0.0004", "0")},
    {N, START("14399.985", "14399.985")},
    {N, START("-1", "0")},
    {N, START("1e300", "1000000000")},
    {N, TEXT(ITEM("StartTime", "1e999")), TEXT(ITEM_LINE(""))},
};

static const struct row cue_times[] = {
    {V, TEXT(ONE("a", ",\"StartTime\":3599.9994,\"EndTime\":3599.9996")),
        TEXT("1\n00:59:59.999 --> 01:00:00.000\na\n\n")},
    {V, TEXT(ONE("a", ",\"StartTime\":360000,\"EndTime\":359999")),
        TEXT("1\n100:00:00.000 --> 100:00:00.001\na\n\n")},
    {S, TEXT(ONE("a", ",\"StartTime\":1e999,\"EndTime\":-5")),
        TEXT("1\n277777:46:40,000 --> 277777:46:40,001\na\n\n")},
};

static const struct {
    const struct row *rows;
    size_t count;
} tables[] = {{rows, ROWS(rows)}, {numbers, ROWS(numbers)}, {cue_times, ROWS(cue_times)}};

static void check_row(const struct row *row)
{
    struct transcript transcript;
    char memory[2048], none[16], *copy = check_copy(row->json);
    struct buf out = buf_over(memory, sizeof memory), head = buf_over(none, sizeof none);
    buf_text(&out, "{");
    transcript_begin(&transcript, row->format, true, &head);
    CHECK_NUMBER(
        row->json, transcript_write(&transcript, (struct span){copy, row->json.len}, &out), true);
    CHECK_TEXT(row->json, buf_since(&out, 1), row->written);
    free(copy);
}

static void test_rows(void **state)
{
    (void)state;
    for (size_t t = 0; t < ROWS(tables); t++)
        for (size_t i = 0; i < tables[t].count; i++)
            check_row(&tables[t].rows[i]);
}

static void test_without_partials(void **state)
{
    (void)state;
    struct transcript transcript;
    char memory[1024];
    struct buf out = buf_over(memory, sizeof memory);
    transcript_begin(&transcript, N, false, &out);
    assert_true(transcript_write(&transcript, SPAN(UTTERANCE), &out));
    assert_true(transcript_write(&transcript, SPAN(ONE("b", "")), &out));
    assert_true(transcript_write(&transcript, SPAN("{\"MatchedCategories\":[]}"), &out));
    CHECK_TEXT(SPAN("without"), buf_span(&out),
        SPAN("{\"partial\":false,\"text\":\"b\"}\n{\"categories\":[]}\n"));
}

static const struct span no_events[] = {TEXT(""), TEXT(" "), TEXT("{"), TEXT("[]"), TEXT("\"a\""),
    TEXT("1"), TEXT("null"), TEXT("{}x"), TEXT("{}{}"), TEXT("{\"Transcript\":}"),
    TEXT("{\"a\":1,}")};

static void test_no_events(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(no_events); i++) {
        struct transcript transcript;
        char memory[16], *copy = check_copy(no_events[i]);
        struct buf out = buf_over(memory, sizeof memory);
        transcript_begin(&transcript, S, true, &out);
        struct span json = {copy, no_events[i].len};
        CHECK_NUMBER(no_events[i], transcript_write(&transcript, json, &out), false);
        CHECK_NUMBER(no_events[i], out.len, 0);
        assert_false(out.failed);
        free(copy);
    }
}

/* A payload of just the longest size is read; one byte more is not. */
static void test_longest(void **state)
{
    (void)state;
    char *json = malloc(TRANSCRIPT_JSON_BYTES + 1);
    assert_non_null(json);
    memset(json, ' ', TRANSCRIPT_JSON_BYTES + 1);
    memcpy(json, "{}", 2);
    for (size_t more = 0; more < 2; more++) {
        struct transcript transcript;
        struct buf out = buf_over(NULL, 0);
        transcript_begin(&transcript, N, true, &out);
        struct span whole = {json, TRANSCRIPT_JSON_BYTES + more};
        assert_int_equal(transcript_write(&transcript, whole, &out), more == 0);
    }
    free(json);
}

/* Where there is too little room nothing is written, and the next cue has the number of this one.
 */
static void test_no_room(void **state)
{
    (void)state;
    static const struct span cue = TEXT("1\n00:00:00.000 --> 00:00:00.001\na\n\n");
    struct transcript transcript;
    char memory[64];
    struct buf none = buf_over(memory, sizeof memory);
    transcript_begin(&transcript, V, true, &none);
    for (size_t room = 0; room <= cue.len; room++) {
        struct buf out = buf_over(memory, room);
        bool fits = room == cue.len;
        assert_int_equal(transcript_write(&transcript, SPAN(ONE("a", "")), &out), fits);
        CHECK_TEXT(cue, buf_span(&out), fits ? cue : SPAN(""));
        assert_int_equal(out.failed, !fits);
    }
}

static const struct {
    struct span name, type, head;
} formats[] = {
    [TRANSCRIPT_NDJSON] = {TEXT("ndjson"), TEXT("application/x-ndjson"), TEXT("")},
    [TRANSCRIPT_TEXT] = {TEXT("text"), TEXT("text/plain; charset=utf-8"), TEXT("")},
    [TRANSCRIPT_VTT] = {TEXT("vtt"), TEXT("text/vtt; charset=utf-8"), TEXT("WEBVTT\n\n")},
    [TRANSCRIPT_SRT] = {TEXT("srt"), TEXT("application/x-subrip; charset=utf-8"), TEXT("")},
};

static void test_formats(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ROWS(formats); i++) {
        enum transcript_format format;
        struct transcript transcript;
        char memory[16];
        struct buf out = buf_over(memory, sizeof memory);
        assert_true(transcript_format_find(formats[i].name, &format));
        assert_int_equal(format, i);
        CHECK_TEXT(formats[i].name, transcript_content_type(format), formats[i].type);
        transcript_begin(&transcript, format, false, &out);
        CHECK_TEXT(formats[i].name, buf_span(&out), formats[i].head);
    }
    enum transcript_format format;
    assert_false(transcript_format_find(SPAN("VTT"), &format));
    assert_false(transcript_format_find(SPAN(""), &format));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_without_partials),
        cmocka_unit_test(test_no_events),
        cmocka_unit_test(test_longest),
        cmocka_unit_test(test_no_room),
        cmocka_unit_test(test_formats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
