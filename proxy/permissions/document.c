#include "proxy/permissions/document.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

#include "proxy/permissions/condition.h"
#include "proxy/permissions/document_part.h"

enum err document_no_memory(struct fault *fault)
{
    return fault_set(fault, ERR_OUT_OF_MEMORY, "There is not enough memory for the policy.");
}

struct document *document_create(size_t statements)
{
    struct document *document = calloc(1, sizeof *document);
    if (!document)
        return NULL;
    document->statements = calloc(statements + 1, sizeof *document->statements);
    if (document->statements)
        return document;
    free(document);
    return NULL;
}

void document_finish_list(struct document_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].pattern.codes);
        free(list->items[i].memory);
    }
    free(list->items);
}

void document_destroy(struct document *document)
{
    if (!document)
        return;
    for (size_t i = 0; i < document->count; i++) {
        document_finish_list(&document->statements[i].actions);
        document_finish_list(&document->statements[i].resources);
    }
    cJSON_Delete(document->json);
    free(document->text);
    free(document->statements);
    free(document);
}

enum err document_reserve(struct document_list *list, size_t count, struct fault *fault)
{
    list->items = calloc(count + 1, sizeof *list->items);
    return list->items ? OK : document_no_memory(fault);
}

/* "*", or "service:Name" with wildcards in the name only. */
static const char *wrong_action(struct span action)
{
    size_t colon = span_find(action, ':');
    if (span_equal(action, SPAN("*")))
        return NULL;
    if (colon == 0 || colon + 1 >= action.len)
        return "an action is * or service:Name, as s3:GetObject or s3:Get*";
    for (size_t i = 0; i < action.len; i++) {
        char c = action.at[i];
        bool wildcard = (c == '*' || c == '?') && i > colon;
        if (i != colon && !wildcard && !ascii_alpha(c) && !ascii_digit(c) && c != '-')
            return "an action is a service, a colon, and letters, digits, * and ?";
    }
    return NULL;
}

static const char *wrong_resource(struct span resource)
{
    struct span field, rest = resource;
    struct condition condition;
    int fields = 0;
    if (condition_begins(resource))
        return condition_split(resource, &condition)
            ? NULL
            : "a condition is if:transcribe:OutputBucketName=BUCKET";
    while (fields < 6 && span_next(&rest, ':', &field))
        fields++;
    bool arn =
        span_starts(resource, SPAN("arn:")) && (fields == 6 || span_ends(resource, SPAN("*")));
    return arn || span_equal(resource, SPAN("*"))
        ? NULL
        : "a resource is * or an ARN, as arn:aws:s3:::photos/*";
}

enum err document_add(struct document_list *list, struct span text, bool is_action,
    struct document_place place, struct fault *fault)
{
    enum { SHOWN_BYTES = 80 };
    struct document_item item = {.text = text};
    const char *wrong = is_action ? wrong_action(text) : wrong_resource(text);
    const char *unfit = NULL;
    uint16_t *codes = calloc(text.len + 1, sizeof *codes);
    if (!codes)
        return document_no_memory(fault);
    if (!wrong)
        unfit = pattern_compile(text, codes, &item.pattern);
    if (!wrong && !unfit) {
        list->items[list->count++] = item;
        return OK;
    }
    free(codes);
    return fault_set(fault, ERR_BAD_REQUEST, "%s %zu: \"%.*s\"%s%s.", place.what, place.number,
        SPAN_ARGS(span_first(text, SHOWN_BYTES)), wrong ? ": " : " ", wrong ? wrong : unfit);
}

const struct document_item *document_find(
    const struct document_list *list, struct span text, bool is_action)
{
    for (size_t i = 0; i < list->count; i++)
        if (pattern_matches(&list->items[i].pattern, text, is_action))
            return &list->items[i];
    return NULL;
}
