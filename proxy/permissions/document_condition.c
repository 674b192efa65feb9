/* Reading the one kind of Condition that document.h understands. Source: IAM User Guide, "IAM JSON
 * policy elements: Condition operators" (string operators) and "Policy variables". */
#include <cjson/cJSON.h>
#include <stdlib.h>

#include "proxy/permissions/condition.h"
#include "proxy/permissions/document_part.h"

struct reading {
    struct span key;
    bool like; /* StringLike: with wildcards */
    const cJSON *values;
    size_t count;
};

/* The only member of an object, or NULL. */
static const cJSON *only_member(const cJSON *object)
{
    const cJSON *first = object && cJSON_IsObject(object) ? object->child : NULL;
    return first && !first->next ? first : NULL;
}

static bool read_values(const cJSON *value, struct reading *reading)
{
    bool listed = cJSON_IsArray(value);
    const cJSON *each = listed ? value->child : value;
    reading->values = each;
    reading->count = listed ? (size_t)cJSON_GetArraySize(value) : 1;
    for (size_t i = 0; i < reading->count; i++, each = each->next)
        if (!cJSON_IsString(each) || each->valuestring[0] == '\0')
            return false;
    return reading->count > 0 && reading->count <= DOCUMENT_PATTERNS;
}

/* Of two of a name the reader takes the first, IAM perhaps the other. */
static bool is_once(const cJSON *object, const char *name)
{
    size_t count = 0;
    for (const cJSON *each = object->child; each; each = each->next)
        count += strcmp(each->string, name) == 0;
    return count == 1;
}

/* {"StringEquals": {KEY: "VALUE"}} and no more. */
static bool read(const cJSON *statement, struct reading *reading)
{
    const cJSON *condition = cJSON_GetObjectItemCaseSensitive(statement, "Condition");
    const cJSON *test = only_member(condition), *key = only_member(test);
    if (!key || !is_once(statement, "Condition"))
        return false;
    reading->like = strcmp(test->string, "StringLike") == 0;
    reading->key = span_of(key->string);
    return (reading->like || strcmp(test->string, "StringEquals") == 0)
        && condition_knows(reading->key) && read_values(key, reading);
}

/* Of StringEquals stars and question marks are themselves. False at a policy variable. */
static bool write_value(struct span value, bool like, struct buf *out)
{
    struct pattern_part part;
    while (pattern_next(&value, &part)) {
        if (like && part.wild)
            buf_char(out, part.byte);
        else
            pattern_write(out, (struct span){&part.byte, 1}, false);
    }
    return value.len == 0;
}

/* ERR_BAD_REQUEST, and a fault that nobody reads, where it cannot be a pattern. */
static enum err add(struct document_list *list, const struct reading *reading, const char *value,
    struct fault *fault)
{
    size_t bytes = PATTERN_BYTES(strlen(value)) + reading->key.len + sizeof "if:=";
    char *memory = malloc(bytes);
    struct buf text = buf_over(memory, bytes);
    if (!memory)
        return document_no_memory(fault);
    condition_write(&text, reading->key);
    enum err err = write_value(span_of(value), reading->like, &text)
        ? document_add(list, buf_span(&text), false, (struct document_place){"", 0}, fault)
        : ERR_BAD_REQUEST;
    if (err)
        free(memory);
    else
        list->items[list->count - 1].memory = memory;
    return err;
}

static enum err read_patterns(
    const struct reading *reading, struct document_list *list, struct fault *fault)
{
    const cJSON *each = reading->values;
    enum err err = document_reserve(list, reading->count, fault);
    for (size_t i = 0; !err && i < reading->count; i++, each = each->next)
        err = add(list, reading, each->valuestring, fault);
    return err;
}

enum err document_read_condition(
    const cJSON *json, struct document_statement *statement, struct fault *fault)
{
    struct document_list list = {NULL, 0}, *resources = &statement->resources;
    struct reading reading = {.count = 0};
    bool every = resources->count == 1 && span_equal(resources->items[0].text, SPAN("*"));
    if (statement->deny || !every || !read(json, &reading))
        return OK;
    enum err err = read_patterns(&reading, &list, fault);
    if (!err) {
        struct document_list read_before = *resources;
        *resources = list;
        list = read_before;
        statement->conditional = false;
    }
    document_finish_list(&list);
    return err == ERR_BAD_REQUEST ? OK : err;
}
