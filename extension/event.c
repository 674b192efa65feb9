#include "extension/event.h"

#include <cjson/cJSON.h>

static void copy_text(char *to, size_t bytes, const cJSON *item)
{
    const char *text = cJSON_GetStringValue(item);
    size_t length = text ? strlen(text) : 0;
    length = length < bytes ? length : bytes - 1;
    if (length > 0)
        memcpy(to, text, length);
    to[length] = '\0';
}

static int64_t whole_number(const cJSON *item)
{
    enum { LARGEST_EXACT_BITS = 53 };
    double number = cJSON_IsNumber(item) ? item->valuedouble : 0;
    return number > 0 && number < (double)(1LL << LARGEST_EXACT_BITS) ? (int64_t)number : 0;
}

static enum event_kind kind_of(const char *type)
{
    if (strcmp(type, "INVOKE") == 0)
        return EVENT_INVOKE;
    return strcmp(type, "SHUTDOWN") == 0 ? EVENT_SHUTDOWN : EVENT_OTHER;
}

bool event_parse(struct span json, struct event *event)
{
    cJSON *root = json.len > 0 ? cJSON_ParseWithLength(json.at, json.len) : NULL;
    const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, "eventType"));
    *event = (struct event){.kind = EVENT_OTHER};
    if (type) {
        event->kind = kind_of(type);
        event->deadline_ms = whole_number(cJSON_GetObjectItemCaseSensitive(root, "deadlineMs"));
        copy_text(event->request_id, sizeof event->request_id,
            cJSON_GetObjectItemCaseSensitive(root, "requestId"));
        copy_text(event->reason, sizeof event->reason,
            cJSON_GetObjectItemCaseSensitive(root, "shutdownReason"));
    }
    cJSON_Delete(root);
    return type != NULL;
}

bool event_account(struct span json, char account[EVENT_ACCOUNT_BYTES])
{
    cJSON *root = json.len > 0 ? cJSON_ParseWithLength(json.at, json.len) : NULL;
    copy_text(account, EVENT_ACCOUNT_BYTES, cJSON_GetObjectItemCaseSensitive(root, "accountId"));
    cJSON_Delete(root);
    return account[0] != '\0';
}
