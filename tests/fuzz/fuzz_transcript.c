/* The payload of an event, in every format: lines of JSON are JSON, subtitles have the shape that
 * their readers go by, and there is room for all of it. */
#include "tests/fuzz/fuzz.h"

#include <cjson/cJSON.h>

#include "proxy/transcribe/transcript.h"

static void check_json(struct span lines)
{
    struct span line;
    while (span_next(&lines, '\n', &line) && line.len > 0) {
        cJSON *json = cJSON_ParseWithLength(line.at, line.len);
        REQUIRE(cJSON_IsObject(json));
        cJSON_Delete(json);
    }
    REQUIRE(!lines.at || lines.len == 0);
}

/* Lines of text, none of them empty. */
static void check_text(struct span lines)
{
    struct span line;
    while (lines.len > 0 && span_next(&lines, '\n', &line)) {
        REQUIRE(line.len > 0 && line.at[0] != ' ' && line.at[line.len - 1] != ' ');
        for (size_t i = 0; i < line.len; i++)
            REQUIRE((unsigned char)line.at[i] >= ' ' && line.at[i] != 0x7f);
    }
}

static size_t count(struct span s, struct span what)
{
    size_t hits = 0;
    for (size_t i = 0; i + what.len <= s.len; i++)
        hits += span_starts(span_from(s, i), what);
    return hits;
}

static void check_cues(struct span lines, uint64_t cues)
{
    REQUIRE(count(lines, SPAN("-->")) == cues);
    REQUIRE(count(lines, SPAN("\n")) == 4 * cues);
    REQUIRE(count(lines, SPAN("\n\n")) == cues);
}

static void check(struct span json, enum transcript_format format, bool with_partials)
{
    struct transcript transcript;
    char *copy = fuzz_copy(json), *memory = malloc(TRANSCRIPT_GROWTH * json.len + 16);
    struct buf out = buf_over(memory, 16);
    if (!memory)
        abort();
    transcript_begin(&transcript, format, with_partials, &out);
    size_t start = out.len;
    out.max = start + TRANSCRIPT_GROWTH * json.len;
    bool read = transcript_write(&transcript, (struct span){copy, copy ? json.len : 0}, &out);
    struct span written = buf_since(&out, start);
    REQUIRE(!out.failed && (read || written.len == 0));
    if (format == TRANSCRIPT_NDJSON)
        check_json(written);
    else if (format == TRANSCRIPT_TEXT)
        check_text(written);
    else
        check_cues(written, transcript.cues);
    free(copy);
    free(memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span json = fuzz_span(data, size);
    check(json, TRANSCRIPT_NDJSON, true);
    check(json, TRANSCRIPT_NDJSON, false);
    check(json, TRANSCRIPT_TEXT, false);
    check(json, TRANSCRIPT_VTT, false);
    check(json, TRANSCRIPT_SRT, false);
    return 0;
}
