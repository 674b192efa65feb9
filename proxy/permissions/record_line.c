#include "proxy/permissions/record_line.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

#include "proxy/permissions/pattern.h"
#include "proxy/permissions/quote.h"

static void write_needed(const struct recorded *list, size_t count, struct buf *out)
{
    for (size_t i = 0; i < count; i++) {
        bool same = i > 0 && span_equal(list[i].action, list[i - 1].action);
        if (!same) {
            buf_add(out, i > 0 ? SPAN("],") : SPAN(""));
            quote_text(out, QUOTE_JSON, list[i].action);
            buf_text(out, ":[");
        }
        buf_add(out, same ? SPAN(",") : SPAN(""));
        quote_resource(out, QUOTE_JSON, list[i].resource, list[i].folded);
    }
    buf_add(out, count > 0 ? SPAN("]") : SPAN(""));
}

static void write_widened(const struct recorded *list, size_t count, struct buf *out)
{
    struct span last = {NULL, 0};
    for (size_t i = 0; i < count; i++) {
        if (!list[i].widened || span_equal(last, list[i].action))
            continue;
        buf_add(out, last.at ? SPAN(",") : SPAN(""));
        quote_text(out, QUOTE_JSON, list[i].action);
        last = list[i].action;
    }
}

bool record_line_write(const struct recorder *recorder, struct buf *out)
{
    struct recorder_state state = recorder_state(recorder);
    struct recorded *list = recorder_list(recorder);
    if (!list)
        return false;
    buf_text(out, "{\"countersign\":\"policy\",\"version\":1,\"needed\":{");
    write_needed(list, state.count, out);
    buf_text(out, "},\"widened\":[");
    write_widened(list, state.count, out);
    buf_text(out, "],\"lost\":");
    buf_number(out, state.lost);
    buf_char(out, '}');
    free(list);
    return true;
}

static bool lists(const cJSON *list, const char *text)
{
    const cJSON *item;
    cJSON_ArrayForEach(
        item, list) if (cJSON_IsString(item) && strcmp(item->valuestring, text) == 0) return true;
    return false;
}

static bool read_resources(
    const cJSON *action, const cJSON *widened, struct buf *literal, struct recorder *recorder)
{
    const cJSON *item;
    bool wide = lists(widened, action->string);
    cJSON_ArrayForEach(item, action)
    {
        bool folded;
        literal->len = 0;
        literal->failed = false;
        if (!cJSON_IsString(item) || !pattern_read(span_of(item->valuestring), literal, &folded))
            return false;
        recorder_add_pair(recorder,
            (struct recorded){span_of(action->string), buf_span(literal), folded, folded && wide});
    }
    return cJSON_IsArray(action);
}

static enum record_line read_record(const cJSON *root, struct recorder *recorder)
{
    char memory[RECORDER_RESOURCE_BYTES];
    struct buf literal = buf_over(memory, sizeof memory);
    const cJSON *version = cJSON_GetObjectItemCaseSensitive(root, "version");
    const cJSON *needed = cJSON_GetObjectItemCaseSensitive(root, "needed");
    const cJSON *widened = cJSON_GetObjectItemCaseSensitive(root, "widened");
    const cJSON *lost = cJSON_GetObjectItemCaseSensitive(root, "lost"), *action;
    if (!cJSON_IsNumber(version) || version->valueint != 1 || !cJSON_IsObject(needed))
        return RECORD_BROKEN;
    cJSON_ArrayForEach(action,
        needed) if (!read_resources(action, widened, &literal, recorder)) return RECORD_BROKEN;
    int missing = cJSON_IsNumber(lost) && lost->valueint > 0 ? lost->valueint : 0;
    recorder_mark(recorder, (uint64_t)missing, cJSON_GetArraySize(widened) > 0);
    return RECORD_READ;
}

/* Where the mark begins, or the end. */
static struct span from_mark(struct span line, struct span mark)
{
    const char *hit = line.len ? memmem(line.at, line.len, mark.at, mark.len) : NULL;
    return hit ? span_from(line, (size_t)(hit - line.at)) : (struct span){NULL, 0};
}

static enum record_line read_json(struct span json, struct recorder *recorder)
{
    const char *end = NULL;
    cJSON *root = cJSON_ParseWithLengthOpts(json.at, json.len, &end, false);
    enum record_line result = root ? read_record(root, recorder) : RECORD_BROKEN;
    cJSON_Delete(root);
    return result;
}

/* A text in which each quote is written as two bytes, the first of them escape; the record ends
 * before a quote that is not. An escape in front of any other byte is its own. */
static enum record_line read_escaped(struct span text, char escape, struct recorder *recorder)
{
    char *memory = malloc(text.len);
    struct buf out = buf_over(memory, text.len);
    enum record_line result = RECORD_NO_MEMORY;
    for (size_t i = 0; memory && i < text.len; i++) {
        bool pair = text.at[i] == escape && i + 1 < text.len
            && (text.at[i + 1] == '"' || text.at[i + 1] == escape);
        if (!pair && text.at[i] == '"')
            break;
        i += pair;
        buf_char(&out, text.at[i]);
    }
    if (memory)
        result = read_json(buf_span(&out), recorder);
    free(memory);
    return result;
}

enum record_line record_line_read(struct span line, struct recorder *recorder)
{
    struct span plain = from_mark(line, SPAN("{\"countersign\":\"policy\""));
    struct span json = from_mark(line, SPAN("{\\\"countersign\\\":\\\"policy\\\""));
    struct span csv = from_mark(line, SPAN("{\"\"countersign\"\":\"\"policy\"\""));
    if (plain.len > 0)
        return read_json(plain, recorder);
    if (json.len > 0)
        return read_escaped(json, '\\', recorder);
    return csv.len > 0 ? read_escaped(csv, '"', recorder) : RECORD_NONE;
}
