/* Reading what document.h describes. */
#include <cjson/cJSON.h>
#include <stdlib.h>

#include "proxy/permissions/condition.h"
#include "proxy/permissions/document_part.h"

static enum err wrong_statement(size_t number, const char *what, struct fault *fault)
{
    return fault_set(fault, ERR_BAD_REQUEST, "statement %zu: %s.", number, what);
}

/* A document has a Condition for what a list says so. */
static enum err read_text(const char *text, bool is_action, size_t number,
    struct document_list *list, struct fault *fault)
{
    struct document_place place = {"statement", number};
    if (!is_action && condition_begins(span_of(text)))
        return wrong_statement(number, "what begins with if: is no Resource", fault);
    return document_add(list, span_of(text), is_action, place, fault);
}

/* A string, or an array of them. */
static enum err read_list(const cJSON *value, bool is_action, size_t number,
    struct document_list *list, struct fault *fault)
{
    const char *wrong = is_action ? "Action must be a string or an array of strings, not empty"
                                  : "Resource must be a string or an array of strings, not empty";
    const cJSON *each = cJSON_IsArray(value) ? value->child : value;
    int count = cJSON_IsArray(value) ? cJSON_GetArraySize(value) : 1;
    if (!each || count > DOCUMENT_PATTERNS)
        return wrong_statement(number, wrong, fault);
    enum err err = document_reserve(list, (size_t)count, fault);
    for (int i = 0; !err && i < count; i++, each = each->next)
        err = !cJSON_IsString(each) ? wrong_statement(number, wrong, fault)
                                    : read_text(each->valuestring, is_action, number, list, fault);
    return err;
}

/* The first element that this program does not match: NotAction, Principal, or one that is written
 * in another way. */
static const char *find_unmatched(const cJSON *json)
{
    static const char *const known[] = {"Sid", "Effect", "Action", "Resource", "Condition"};
    for (const cJSON *each = json->child; each; each = each->next) {
        size_t i = 0;
        while (i < sizeof known / sizeof *known && strcmp(each->string, known[i]) != 0)
            i++;
        if (i == sizeof known / sizeof *known)
            return each->string;
    }
    return NULL;
}

static enum err read_statement(
    const cJSON *json, size_t number, struct document_statement *statement, struct fault *fault)
{
    const char *effect = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "Effect"));
    if (!effect || (strcmp(effect, "Allow") != 0 && strcmp(effect, "Deny") != 0))
        return wrong_statement(number, "Effect must be Allow or Deny", fault);
    statement->deny = effect[0] == 'D';
    statement->sid = span_of(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "Sid")));
    statement->conditional = cJSON_GetObjectItemCaseSensitive(json, "Condition") != NULL;
    statement->not_matched = find_unmatched(json);
    if (statement->not_matched)
        return OK;
    enum err err = read_list(
        cJSON_GetObjectItemCaseSensitive(json, "Action"), true, number, &statement->actions, fault);
    err = err ? err
              : read_list(cJSON_GetObjectItemCaseSensitive(json, "Resource"), false, number,
                  &statement->resources, fault);
    return err || !statement->conditional ? err : document_read_condition(json, statement, fault);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static size_t line_of(struct span text, const char *place)
{
    size_t line = 1;
    for (size_t i = 0; i < text.len && text.at + i < place; i++)
        line += text.at[i] == '\n';
    return line;
}

static enum err read_statements(const cJSON *list, struct document **out, struct fault *fault)
{
    const cJSON *each = cJSON_IsArray(list) ? list->child : list;
    int count = cJSON_IsArray(list) ? cJSON_GetArraySize(list) : 1;
    if (!list || count > DOCUMENT_STATEMENTS)
        return fault_set(fault, ERR_BAD_REQUEST,
            "The policy needs a Statement, with at most %d in it.", DOCUMENT_STATEMENTS);
    struct document *document = document_create((size_t)count);
    if (!document)
        return document_no_memory(fault);
    enum err err = OK;
    for (int i = 0; !err && i < count; i++, each = each->next) {
        struct document_statement *statement = &document->statements[document->count++];
        err = cJSON_IsObject(each) ? read_statement(each, document->count, statement, fault)
                                   : wrong_statement(document->count, "not an object", fault);
    }
    if (err) {
        document_destroy(document);
        return err;
    }
    *out = document;
    return OK;
}

/* Of a document, or of what `aws iam get-role-policy` and `get-policy-version` print. */
static const cJSON *find_statements(const cJSON *root)
{
    const cJSON *version = cJSON_GetObjectItemCaseSensitive(root, "PolicyVersion");
    const cJSON *document = cJSON_GetObjectItemCaseSensitive(
        version ? version : root, version ? "Document" : "PolicyDocument");
    return cJSON_GetObjectItemCaseSensitive(document ? document : root, "Statement");
}

enum err document_read(struct span json, struct document **out, struct fault *fault)
{
    const char *end = NULL;
    if (json.len > DOCUMENT_BYTES)
        return fault_set(
            fault, ERR_BAD_REQUEST, "The policy is longer than %d bytes.", DOCUMENT_BYTES);
    cJSON *root = json.len > 0 ? cJSON_ParseWithLengthOpts(json.at, json.len, &end, false) : NULL;
    struct span rest = root ? span_from(json, (size_t)(end - json.at)) : json;
    while (root && rest.len > 0 && (is_space(rest.at[0]) || rest.at[0] == '\n'))
        rest = span_from(rest, 1);
    if (!root || rest.len > 0) {
        cJSON_Delete(root);
        return fault_set(fault, ERR_BAD_REQUEST, "line %zu: the policy is not JSON from here on.",
            line_of(json, root ? rest.at : end));
    }
    const cJSON *list = cJSON_IsArray(root) ? root : find_statements(root);
    enum err err = read_statements(list, out, fault);
    if (err)
        cJSON_Delete(root);
    else
        (*out)->json = root;
    return err;
}

static struct span trim(struct span s)
{
    while (s.len > 0 && is_space(s.at[0]))
        s = span_from(s, 1);
    while (s.len > 0 && is_space(s.at[s.len - 1]))
        s.len--;
    return s;
}

/* "action resource", or an action alone. */
static enum err read_item(
    struct document *document, struct span item, size_t line, struct fault *fault)
{
    struct document_place place = {"line", line};
    size_t end = 0;
    while (end < item.len && !is_space(item.at[end]))
        end++;
    struct span resource = trim(span_from(item, end));
    if (document->count == DOCUMENT_STATEMENTS)
        return fault_set(
            fault, ERR_BAD_REQUEST, "line %zu: more than %d patterns.", line, DOCUMENT_STATEMENTS);
    struct document_statement *statement = &document->statements[document->count++];
    enum err err = document_reserve(&statement->actions, 1, fault);
    err = err ? err : document_reserve(&statement->resources, 1, fault);
    err = err ? err : document_add(&statement->actions, span_first(item, end), true, place, fault);
    return err ? err
               : document_add(&statement->resources, resource.len > 0 ? resource : SPAN("*"), false,
                   place, fault);
}

/* A "#" within a word is a part of it: keys may have it. */
static struct span without_comment(struct span line)
{
    for (size_t i = 0; i < line.len; i++)
        if (line.at[i] == '#' && (i == 0 || is_space(line.at[i - 1])))
            return span_first(line, i);
    return line;
}

static enum err read_lines(struct document *document, struct span text, struct fault *fault)
{
    struct span line, item;
    enum err err = OK;
    for (size_t number = 1; !err && span_next(&text, '\n', &line); number++) {
        line = without_comment(line);
        while (!err && span_next(&line, ',', &item)) {
            item = trim(item);
            if (item.len > 0)
                err = read_item(document, item, number, fault);
        }
    }
    return err;
}

enum err document_read_list(struct span text, struct document **out, struct fault *fault)
{
    if (text.len > DOCUMENT_BYTES)
        return fault_set(
            fault, ERR_BAD_REQUEST, "The list is longer than %d bytes.", DOCUMENT_BYTES);
    struct document *document = document_create(DOCUMENT_STATEMENTS);
    char *copy = document ? malloc(text.len + 1) : NULL;
    if (!copy) {
        document_destroy(document);
        return document_no_memory(fault);
    }
    if (text.len > 0)
        memcpy(copy, text.at, text.len);
    document->text = copy;
    enum err err = read_lines(document, (struct span){copy, text.len}, fault);
    if (err) {
        document_destroy(document);
        return err;
    }
    *out = document;
    return OK;
}
