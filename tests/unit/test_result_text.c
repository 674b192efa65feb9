/* The text in a transcription job's file: whole, in two pieces cut at every place and byte by byte,
 * plain and as the inside of a JSON string; what is refused, and what is there without text. */
#include "tests/unit/check.h"

#include <cjson/cJSON.h>

#include "proxy/transcribe/result_text.h"

#define FILE_OF(text) "{\"results\":{\"transcripts\":[{\"transcript\":\"" text "\"}]}}"

enum { TEXT_BYTES = 1024 };

static const struct {
    struct span document;
    struct span text;
} texts[] = {
    {TEXT(FILE_OF("Hello, world.")), TEXT("Hello, world.")},
    {TEXT(FILE_OF("")), TEXT("")},
    {TEXT(" { \"jobName\" : \"a\\\"b\" , \"n\":-1.5e+3,\"t\":true,\"results\" : { \"items\":[[],{},"
          "[1,2]], \"transcripts\" :\r\n\t[ { \"transcript\" : \"x\" } ] , \"z\":null } } \n"),
        TEXT("x")},
    {TEXT("{\"results\":{\"transcripts\":[{\"transcript\":\"a\"},{\"x\":1},"
          "{\"transcript\":\"b\"}]}}"),
        TEXT("a\nb")},
    {TEXT(FILE_OF("\\\"\\\\\\/\\b\\f\\n\\r\\t")), TEXT("\"\\/\b\f\n\r\t")},
    {TEXT(FILE_OF("\\u0041\\u00e9\\u20AC")), TEXT("A\xc3\xa9\xe2\x82\xac")},
    {TEXT(FILE_OF("\\ud83d\\ude00!")), TEXT("\xf0\x9f\x98\x80!")},
    {TEXT(FILE_OF("\\ud83d")), TEXT("\xef\xbf\xbd")},
    {TEXT(FILE_OF("\\ud83dx")), TEXT("\xef\xbf\xbdx")},
    {TEXT(FILE_OF("\\ud83d\\n")), TEXT("\xef\xbf\xbd\n")},
    {TEXT(FILE_OF("\\ude00\\ud83d\\ud83d\\ude00")),
        TEXT("\xef\xbf\xbd\xef\xbf\xbd\xf0\x9f\x98\x80")},
    {TEXT(FILE_OF("\\ud83d\\u0041")), TEXT("\xef\xbf\xbd\x41")},
    {TEXT(FILE_OF("\\u0001\x7f")), TEXT("\x01\x7f")},
    {TEXT(FILE_OF("\xe6\x97\xa5\xf0\x9f\x98\x80")), TEXT("\xe6\x97\xa5\xf0\x9f\x98\x80")},
    {TEXT("{\"r\\u0065sults\":{\"transcripts\":[{\"transcript\":\"x\"}]}}"), TEXT("x")},
    {TEXT("{\"results\":{\"transcripts\":[]}}"), TEXT("")},
    {TEXT("{\"results\":{\"transcripts\":[{\"transcript\":\"a\",\"transcript\":[{\"transcript\":"
          "\"no\"}]}]}}"),
        TEXT("a")},
};

/* Documents that are fine, and have no list of transcripts. */
static const struct span others[] = {
    TEXT("{}"),
    TEXT("[]"),
    TEXT("1"),
    TEXT("\"transcript\""),
    TEXT("{\"transcript\":\"no\"}"),
    TEXT("{\"results\":[{\"transcripts\":[{\"transcript\":\"no\"}]}]}"),
    TEXT("{\"results\":{\"transcripts\":{\"transcript\":\"no\"}}}"),
    TEXT("{\"result\":{\"transcripts\":[{\"transcript\":\"no\"}]}}"),
    TEXT("{\"resultsx\":{\"transcripts\":[{\"transcript\":\"no\"}]}}"),
    TEXT("{\"a\":{\"results\":{\"transcripts\":[{\"transcript\":\"no\"}]}}}"),
    TEXT("{\"results\":{\"x\":{\"transcripts\":[{\"transcript\":\"no\"}]}}}"),
    TEXT("[{\"results\":{\"transcripts\":[{\"transcript\":\"no\"}]}}]"),
    TEXT("{\"\":{\"transcripts\":[{\"transcript\":\"no\"}]}}"),
};

/* Lists of transcripts that hold none. */
static const struct span empty[] = {
    TEXT("{\"results\":{\"transcripts\":[\"no\",[{\"transcript\":\"no\"}]]}}"),
    TEXT("{\"results\":{\"transcripts\":[{\"transcript\":{\"transcript\":\"no\"}}]}}"),
    TEXT("{\"results\":{\"transcripts\":[{\"transcripts\":\"no\",\"transcrip\":\"no\"}]}}"),
    TEXT("{\"results\":{\"transcripts\":[{\"transcript\":null}]}}"),
};

static const struct span refused[] = {
    TEXT("{,"),
    TEXT("{\"a\"}"),
    TEXT("{\"a\" 1"),
    TEXT("{\"a\":1,}"),
    TEXT("{\"a\":}"),
    TEXT("{a"),
    TEXT("[1,]"),
    TEXT("[1 2"),
    TEXT("[}"),
    TEXT("{]"),
    TEXT("[1}"),
    TEXT("{} {"),
    TEXT("1 1"),
    TEXT("}"),
    TEXT(","),
    TEXT("\xef\xbb\xbf{}"),
    TEXT("\"\\x"),
    TEXT("\"\\\0"),
    TEXT("\"\\u12g"),
    TEXT("\"\n"),
    TEXT("\"\0"),
    TEXT("\"\xff"),
    TEXT("\"\xc3\""),
    TEXT("\"\xc3\\n"),
    TEXT("\"\xed\xa0\x80"),
    TEXT(FILE_OF("good\xc0\x80")),
};

/* Takes it from a copy of just its size, into room of just the promised size. */
static bool take(struct result_text *result, struct span piece, struct buf *text)
{
    char *copy = check_copy(piece), *memory = malloc(piece.len + RESULT_GROWTH_BYTES);
    struct buf out = buf_over(memory, piece.len + RESULT_GROWTH_BYTES);
    bool good = result_text_take(result, (struct span){copy, piece.len}, &out);
    assert_false(out.failed);
    buf_add(text, buf_span(&out));
    free(copy);
    free(memory);
    return good;
}

/* In pieces of so many bytes, the first of another size. False where it is refused. */
static bool take_cut(
    struct span document, size_t first, size_t each, struct result_text *result, struct buf *text)
{
    text->len = 0;
    bool good = take(result, span_first(document, first), text);
    for (size_t at = first; at < document.len; at += each)
        good = take(result, span_first(span_from(document, at), each), text);
    return good;
}

/* What a reader of JSON makes of it. */
static void unquote(struct buf *text)
{
    char memory[TEXT_BYTES + 3];
    struct buf quoted = buf_over(memory, sizeof memory);
    buf_char(&quoted, '"');
    buf_add(&quoted, buf_span(text));
    buf_text(&quoted, "\"");
    cJSON *json = cJSON_ParseWithLength(quoted.at, quoted.len);
    assert_true(cJSON_IsString(json));
    text->len = 0;
    buf_add(text, span_of(json->valuestring));
    cJSON_Delete(json);
}

static void check_document(struct span document, struct span expected, bool found)
{
    char memory[TEXT_BYTES];
    struct buf text = buf_over(memory, sizeof memory);
    for (size_t first = 0; first <= document.len; first++)
        for (unsigned how = 0; how < 4; how++) {
            struct result_text result;
            result_text_begin(&result, how & 1);
            CHECK_NUMBER(document,
                take_cut(document, first, how & 2 ? 1 : document.len + 1, &result, &text), true);
            CHECK_NUMBER(document, result_text_whole(&result), true);
            CHECK_NUMBER(document, result.found, found);
            if (how & 1)
                unquote(&text);
            CHECK_TEXT(document, buf_span(&text), expected);
        }
}

static void test_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(texts); i++)
        check_document(texts[i].document, texts[i].text, true);
}

static void test_without(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(others); i++)
        check_document(others[i], SPAN(""), false);
    for (size_t i = 0; i < ROWS(empty); i++)
        check_document(empty[i], SPAN(""), true);
}

static void test_not_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(texts); i++) {
        struct span document = texts[i].document;
        for (size_t len = 0; len < document.len && document.at[len] != '\n'; len++) {
            char memory[TEXT_BYTES];
            struct buf text = buf_over(memory, sizeof memory);
            struct result_text result;
            result_text_begin(&result, false);
            CHECK_NUMBER(document, take(&result, span_first(document, len), &text), true);
            CHECK_NUMBER(document, result_text_whole(&result), false);
        }
    }
}

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(refused); i++)
        for (size_t each = 1; each < 4; each++) {
            char memory[TEXT_BYTES];
            struct buf text = buf_over(memory, sizeof memory);
            struct result_text result;
            result_text_begin(&result, false);
            CHECK_NUMBER(refused[i], take_cut(refused[i], 0, each, &result, &text), false);
            CHECK_NUMBER(refused[i], take(&result, SPAN(" "), &text), false);
            CHECK_NUMBER(refused[i], result_text_whole(&result), false);
        }
}

static bool take_nested(unsigned depth)
{
    char memory[TEXT_BYTES];
    struct buf text = buf_over(memory, sizeof memory);
    struct result_text result;
    bool good = true;
    result_text_begin(&result, false);
    for (unsigned i = 0; i < depth; i++)
        good = take(&result, i & 1 ? SPAN("[") : SPAN("{\"a\":"), &text);
    for (unsigned i = depth; good && i-- > 0;)
        good = take(&result, i & 1 ? SPAN("]") : i + 1 == depth ? SPAN("1}") : SPAN("}"), &text);
    return good && result_text_whole(&result);
}

static void test_depth(void **state)
{
    (void)state;
    for (unsigned depth = 1; depth <= RESULT_DEPTH_MAX; depth++)
        assert_true(take_nested(depth));
    assert_false(take_nested(RESULT_DEPTH_MAX + 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_without),
        cmocka_unit_test(test_not_whole),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_depth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
