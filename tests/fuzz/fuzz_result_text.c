/* A transcription job's file: what comes out does not hang on how it was cut, is UTF-8, has room,
 * and is the same text as the inside of a JSON string. */
#include "tests/fuzz/fuzz.h"

#include <cjson/cJSON.h>

#include "proxy/transcribe/result_text.h"

static void take(struct result_text *result, struct span piece, struct buf *text)
{
    char *copy = fuzz_copy(piece), *memory = malloc(piece.len + RESULT_GROWTH_BYTES);
    struct buf out = buf_over(memory, piece.len + RESULT_GROWTH_BYTES);
    if (!memory)
        abort();
    (void)result_text_take(result, (struct span){copy, copy ? piece.len : 0}, &out);
    REQUIRE(!out.failed);
    buf_add(text, buf_span(&out));
    free(copy);
    free(memory);
}

static struct buf read_cut(
    struct span document, size_t each, bool as_json, struct result_text *result)
{
    size_t most = document.len + RESULT_GROWTH_BYTES;
    struct buf text = buf_over(malloc(most), most);
    result_text_begin(result, as_json);
    for (size_t at = 0; at < document.len; at += each)
        take(result, span_first(span_from(document, at), each), &text);
    REQUIRE(!text.failed);
    return text;
}

static void check_utf8(struct span text)
{
    while (text.len > 0) {
        size_t len = utf8_length(text);
        REQUIRE(len > 0 || text.len < 4); /* what was refused may be cut within a character */
        text = span_from(text, len > 0 ? len : text.len);
    }
}

/* A text with NUL in it is one that cJSON's strings end at. */
static void check_json(struct span inside, struct span text)
{
    size_t most = inside.len + 2;
    char *memory = malloc(most);
    struct buf quoted = buf_over(memory, most);
    buf_char(&quoted, '"');
    buf_add(&quoted, inside);
    buf_char(&quoted, '"');
    cJSON *json = cJSON_ParseWithLength(quoted.at, quoted.len);
    REQUIRE(cJSON_IsString(json) || span_find(text, '\0') < text.len);
    REQUIRE(
        !json || span_find(text, '\0') < text.len || span_equal(span_of(json->valuestring), text));
    cJSON_Delete(json);
    free(memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span document = fuzz_span(data, size);
    struct result_text whole, cut, quoted;
    size_t each = size > 0 ? 1 + data[0] % 7 : 1;
    struct buf text = read_cut(document, size + 1, false, &whole);
    struct buf other = read_cut(document, each, false, &cut);
    struct buf inside = read_cut(document, each, true, &quoted);
    REQUIRE(span_equal(buf_span(&text), buf_span(&other)) || !result_text_whole(&whole));
    REQUIRE(result_text_whole(&whole) == result_text_whole(&cut));
    REQUIRE(whole.found == cut.found && whole.shown == cut.shown && whole.want == cut.want);
    REQUIRE(quoted.want == cut.want);
    check_utf8(buf_span(&text));
    if (result_text_whole(&whole))
        check_json(buf_span(&inside), buf_span(&text));
    free(text.at);
    free(other.at);
    free(inside.at);
    return 0;
}
