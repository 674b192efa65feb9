#include "proxy/transcribe/transcript.h"

#include <cjson/cJSON.h>
#include <math.h> /* isfinite(), which needs no library */

#include "proxy/transcribe/cue.h"

/* How a member is told on: as it is, if it is a text, a number or a boolean; or as a time, from
 * seconds or milliseconds. */
enum kind { AS_IS, SECONDS, MILLISECONDS };

struct member {
    const char *from, *to;
    enum kind kind;
};

struct list {
    const char *from, *to;
    const struct member *members; /* of each of its objects; the last has no name */
};

/* Each table is for both kinds of event, that of Call Analytics too. */
static const struct member times[] = {
    {"StartTime", "start", SECONDS},
    {"BeginOffsetMillis", "start", MILLISECONDS},
    {"EndTime", "end", SECONDS},
    {"EndOffsetMillis", "end", MILLISECONDS},
    {NULL, NULL, AS_IS},
};

static const struct member names[] = {
    {"ResultId", "id", AS_IS},
    {"UtteranceId", "id", AS_IS},
    {"ChannelId", "channel", AS_IS},
    {"LanguageCode", "language", AS_IS},
    {"ParticipantRole", "role", AS_IS},
    {"Sentiment", "sentiment", AS_IS},
    {NULL, NULL, AS_IS},
};

static const struct member item[] = {
    {"Content", "text", AS_IS},
    {"StartTime", "start", SECONDS},
    {"BeginOffsetMillis", "start", MILLISECONDS},
    {"EndTime", "end", SECONDS},
    {"EndOffsetMillis", "end", MILLISECONDS},
    {"Category", "category", AS_IS},
    {"Type", "type", AS_IS},
    {"Confidence", "confidence", AS_IS},
    {"Speaker", "speaker", AS_IS},
    {"Stable", "stable", AS_IS},
    {"VocabularyFilterMatch", "filtered", AS_IS},
    {NULL, NULL, AS_IS},
};

static const struct member language[] = {
    {"LanguageCode", "language", AS_IS},
    {"Score", "score", AS_IS},
    {NULL, NULL, AS_IS},
};

static const struct member offset[] = {
    {"Begin", "begin", AS_IS},
    {"End", "end", AS_IS},
    {NULL, NULL, AS_IS},
};

static const struct list items = {"Items", "items", item};
static const struct list entities = {"Entities", "entities", item};
static const struct list languages = {"LanguageIdentification", "languages", language};
static const struct list issues = {"IssuesDetected", "issues", offset};
static const struct list ranges = {"TimestampRanges", "ranges", times};

static const cJSON *get(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

/* --- Values ----------------------------------------------------------------------------------- */

/* Milliseconds; 0 for what is no time. */
static uint64_t time_of(const cJSON *value, enum kind kind)
{
    static const double most = 1e12;
    double ms = cJSON_IsNumber(value) ? value->valuedouble * (kind == SECONDS ? 1000 : 1) : 0;
    return ms > 0 ? (uint64_t)((ms < most ? ms : most) + 0.5) : 0;
}

/* Without zeros at its end: "1", "1.5", "0.123". */
static void write_seconds(struct buf *out, uint64_t ms)
{
    unsigned left = (unsigned)(ms % 1000);
    buf_number(out, ms / 1000);
    for (unsigned place = 100; left > 0; left %= place, place /= 10) {
        if (place == 100)
            buf_char(out, '.');
        buf_char(out, (char)('0' + left / place));
    }
}

static void write_text(struct buf *out, struct span text)
{
    buf_char(out, '"');
    buf_json(out, text);
    buf_char(out, '"');
}

/* A number with as many digits as a reader can take for meant: 0.1, not 0.10000000000000001. */
static void write_as_is(struct buf *out, const cJSON *value)
{
    if (cJSON_IsString(value))
        write_text(out, span_of(value->valuestring));
    else if (cJSON_IsNumber(value))
        buf_format(out, "%.12g", value->valuedouble);
    else
        buf_add(out, cJSON_IsTrue(value) ? SPAN("true") : SPAN("false"));
}

/* Null, lists and objects are not, and neither is a number beyond all that JSON has. */
static bool is_told(const cJSON *value, enum kind kind)
{
    if (cJSON_IsNumber(value))
        return isfinite(value->valuedouble);
    return kind == AS_IS && (cJSON_IsString(value) || cJSON_IsBool(value));
}

/* --- Lines of JSON ---------------------------------------------------------------------------- */

/* Begins a member, or with no name the next of a list. */
static void begin(struct buf *out, const char *name)
{
    char last = out->len > 0 ? out->at[out->len - 1] : '{';
    if (last != '{' && last != '[')
        buf_char(out, ',');
    if (name)
        buf_format(out, "\"%s\":", name);
}

static void write_members(struct buf *out, const cJSON *object, const struct member *member)
{
    for (; member->from; member++) {
        const cJSON *value = get(object, member->from);
        if (!is_told(value, member->kind))
            continue;
        begin(out, member->to);
        if (member->kind == AS_IS)
            write_as_is(out, value);
        else
            write_seconds(out, time_of(value, member->kind));
    }
}

/* inner: what of each element has the members; NULL for the element itself. */
static void write_list(
    struct buf *out, const cJSON *object, const struct list *list, const char *inner)
{
    const cJSON *each, *array = get(object, list->from);
    if (!cJSON_IsArray(array) || !array->child)
        return;
    begin(out, list->to);
    buf_char(out, '[');
    cJSON_ArrayForEach(each, array)
    {
        begin(out, NULL);
        buf_char(out, '{');
        write_members(out, inner ? get(each, inner) : each, list->members);
        buf_char(out, '}');
    }
    buf_char(out, ']');
}

/* A result, and of it that which has text and items: an alternative, or itself. */
struct heard {
    const cJSON *result, *words;
    struct span text;
    bool partial;
};

static void write_result(struct buf *out, const struct heard *heard)
{
    buf_add(out, heard->partial ? SPAN("{\"partial\":true") : SPAN("{\"partial\":false"));
    write_members(out, heard->result, times);
    begin(out, "text");
    write_text(out, heard->text);
    write_members(out, heard->result, names);
    write_list(out, heard->result, &languages, NULL);
    write_list(out, heard->words, &items, NULL);
    write_list(out, heard->words, &entities, NULL);
    write_list(out, heard->result, &issues, "CharacterOffsets");
    buf_text(out, "}\n");
}

static void write_details(struct buf *out, const cJSON *details)
{
    const cJSON *each;
    begin(out, "details");
    buf_char(out, '[');
    cJSON_ArrayForEach(each, details)
    {
        begin(out, NULL);
        buf_text(out, "{\"name\":");
        write_text(out, span_of(each->string));
        write_list(out, each, &ranges, NULL);
        buf_char(out, '}');
    }
    buf_char(out, ']');
}

static void write_categories(struct buf *out, const cJSON *event)
{
    const cJSON *each, *details = get(event, "MatchedDetails");
    buf_text(out, "{\"categories\":[");
    cJSON_ArrayForEach(each, get(event, "MatchedCategories"))
    {
        if (!cJSON_IsString(each))
            continue;
        begin(out, NULL);
        write_text(out, span_of(each->valuestring));
    }
    buf_char(out, ']');
    if (cJSON_IsObject(details))
        write_details(out, details);
    buf_text(out, "}\n");
}

/* --- Results ---------------------------------------------------------------------------------- */

static uint64_t either_time(const cJSON *result, const struct member member[2])
{
    const cJSON *seconds = get(result, member[0].from);
    return seconds ? time_of(seconds, SECONDS) : time_of(get(result, member[1].from), MILLISECONDS);
}

static void write_cue(struct transcript *transcript, const struct heard *heard, struct buf *out)
{
    struct cue cue = {.number = ++transcript->cues,
        .start_ms = either_time(heard->result, &times[0]),
        .end_ms = either_time(heard->result, &times[2]),
        .text = heard->text};
    if (transcript->format == TRANSCRIPT_VTT)
        cue_write_vtt(out, &cue);
    else
        cue_write_srt(out, &cue);
}

static void write_heard(
    struct transcript *transcript, const cJSON *result, const cJSON *words, struct buf *out)
{
    struct heard heard = {.result = result,
        .words = words,
        .text = span_of(cJSON_GetStringValue(get(words, "Transcript"))),
        .partial = cJSON_IsTrue(get(result, "IsPartial"))};
    bool wanted = transcript->format == TRANSCRIPT_NDJSON && transcript->with_partials;
    if (!cue_has_text(heard.text) || (heard.partial && !wanted))
        return;
    if (transcript->format == TRANSCRIPT_NDJSON)
        write_result(out, &heard);
    else if (transcript->format == TRANSCRIPT_TEXT)
        cue_write_line(out, heard.text);
    else
        write_cue(transcript, &heard, out);
}

static void write_event(struct transcript *transcript, const cJSON *event, struct buf *out)
{
    const cJSON *what = get(event, "Transcript"), *result;
    if (cJSON_IsString(what))
        write_heard(transcript, event, event, out);
    cJSON_ArrayForEach(result, get(what, "Results"))
    {
        const cJSON *alternatives = get(result, "Alternatives");
        if (cJSON_IsArray(alternatives))
            write_heard(transcript, result, alternatives->child, out);
    }
    if (transcript->format == TRANSCRIPT_NDJSON && cJSON_IsArray(get(event, "MatchedCategories")))
        write_categories(out, event);
}

/* --- A whole payload -------------------------------------------------------------------------- */

static const struct {
    struct span name, type, head;
} formats[] = {
    [TRANSCRIPT_NDJSON] = {TEXT("ndjson"), TEXT("application/x-ndjson"), TEXT("")},
    [TRANSCRIPT_TEXT] = {TEXT("text"), TEXT("text/plain; charset=utf-8"), TEXT("")},
    [TRANSCRIPT_VTT] = {TEXT("vtt"), TEXT("text/vtt; charset=utf-8"), TEXT("WEBVTT\n\n")},
    [TRANSCRIPT_SRT] = {TEXT("srt"), TEXT("application/x-subrip; charset=utf-8"), TEXT("")},
};

bool transcript_format_find(struct span name, enum transcript_format *format)
{
    for (unsigned i = 0; i < sizeof formats / sizeof *formats; i++)
        if (span_equal(name, formats[i].name)) {
            *format = (enum transcript_format)i;
            return true;
        }
    return false;
}

struct span transcript_content_type(enum transcript_format format)
{
    return formats[format].type;
}

void transcript_begin(struct transcript *transcript, enum transcript_format format,
    bool with_partials, struct buf *out)
{
    *transcript = (struct transcript){.format = format, .with_partials = with_partials};
    buf_add(out, formats[format].head);
}

/* The object, with nothing but white space behind it; to be deleted. */
static cJSON *parse(struct span json)
{
    const char *end = NULL;
    if (json.len == 0 || json.len > TRANSCRIPT_JSON_BYTES)
        return NULL;
    cJSON *root = cJSON_ParseWithLengthOpts(json.at, json.len, &end, false);
    struct span rest = root ? span_from(json, (size_t)(end - json.at)) : json;
    if (cJSON_IsObject(root) && !cue_has_text(rest))
        return root;
    cJSON_Delete(root);
    return NULL;
}

bool transcript_write(struct transcript *transcript, struct span json, struct buf *out)
{
    struct transcript before = *transcript;
    size_t start = out->len;
    cJSON *event = parse(json);
    if (!event)
        return false;
    write_event(transcript, event, out);
    cJSON_Delete(event);
    if (!out->failed)
        return true;
    *transcript = before;
    out->len = start;
    return false;
}
