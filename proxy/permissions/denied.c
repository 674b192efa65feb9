#include "proxy/permissions/denied.h"

#include <stdlib.h>

#include "proxy/base/clock.h"
#include "proxy/permissions/condition.h"
#include "proxy/permissions/quote.h"

struct denied {
    size_t count;
    uint64_t forgotten; /* entries that made room */
    struct denied_entry entries[DENIED_MOST];
};

struct denied *denied_create(void)
{
    return calloc(1, sizeof(struct denied));
}

void denied_destroy(struct denied *denied)
{
    free(denied);
}

enum { ACTION_BYTES = 128, RESOURCE_BYTES = 1152, NAME_BYTES = 256 };

static bool is_same(
    const struct denied_entry *entry, const struct denial *denial, const struct permission *what)
{
    return entry->policy == denial->policy && entry->explicitly == denial->explicitly
        && span_equal(entry->action, span_first(what->action, ACTION_BYTES))
        && span_equal(entry->resource, span_first(what->resource, RESOURCE_BYTES));
}

/* The entry that is about the same, a free one, or the one seen longest ago. */
static struct denied_entry *place_for(
    struct denied *denied, const struct denial *denial, const struct permission *what)
{
    struct denied_entry *oldest = &denied->entries[0];
    for (size_t i = 0; i < denied->count; i++) {
        struct denied_entry *entry = &denied->entries[i];
        if (is_same(entry, denial, what))
            return entry;
        if (entry->last_ms < oldest->last_ms)
            oldest = entry;
    }
    if (denied->count < DENIED_MOST)
        oldest = &denied->entries[denied->count++];
    else
        denied->forgotten++;
    oldest->count = 0;
    return oldest;
}

static struct span keep(struct buf *text, struct span s, size_t max)
{
    size_t start = text->len;
    buf_add(text, span_first(s, max));
    return buf_since(text, start);
}

static void add(struct denied *denied, const struct denial *denial, const struct permission *what,
    int64_t now_ms)
{
    struct denied_entry *entry = place_for(denied, denial, what);
    struct buf text = buf_over(entry->text, sizeof entry->text);
    entry->policy = denial->policy;
    entry->explicitly = denial->explicitly;
    entry->guessed = denial->action.len == 0;
    entry->count++;
    entry->last_ms = now_ms;
    entry->action = keep(&text, what->action, ACTION_BYTES);
    entry->resource = keep(&text, what->resource, RESOURCE_BYTES);
    entry->who = keep(&text, denial->who, NAME_BYTES);
    entry->policy_arn = keep(&text, denial->policy_arn, NAME_BYTES);
}

void denied_add(struct denied *denied, const struct denial *denial,
    const struct permissions *needed, int64_t now_ms)
{
    struct permission what = {
        .action = denial->action, .resource = denial_resource(denial, needed)};
    if (what.action.len > 0 || !needed || needed->count == 0) {
        add(denied, denial, &what, now_ms);
        return;
    }
    for (size_t i = 0; i < needed->count; i++)
        add(denied, denial, &needed->needed[i], now_ms);
}

bool denied_holds(const struct denied *denied, const struct permission *what, int64_t since_ms)
{
    for (size_t i = 0; i < denied->count; i++) {
        const struct denied_entry *entry = &denied->entries[i];
        if (entry->last_ms >= since_ms
            && span_equal(entry->action, span_first(what->action, ACTION_BYTES))
            && span_equal(entry->resource, span_first(what->resource, RESOURCE_BYTES)))
            return true;
    }
    return false;
}

static int compare(const void *left, const void *right)
{
    const struct denied_entry *a = *(const struct denied_entry *const *)left;
    const struct denied_entry *b = *(const struct denied_entry *const *)right;
    int order = (a->last_ms < b->last_ms) - (a->last_ms > b->last_ms);
    order = order ? order : span_compare(a->action, b->action);
    return order ? order : span_compare(a->resource, b->resource);
}

size_t denied_list(const struct denied *denied, const struct denied_entry *list[DENIED_MOST])
{
    for (size_t i = 0; i < denied->count; i++)
        list[i] = &denied->entries[i];
    qsort(list, denied->count, sizeof(void *), compare);
    return denied->count;
}

static void write_member(struct buf *out, const char *name, struct span value)
{
    buf_format(out, "\"%s\":", name);
    quote_text(out, QUOTE_JSON, value);
    buf_char(out, ',');
}

static void write_condition(const struct condition *condition, struct buf *out)
{
    buf_text(out, "\"*\",\"Condition\":{\"StringEquals\":{");
    quote_text(out, QUOTE_JSON, condition->key);
    buf_char(out, ':');
    quote_text(out, QUOTE_JSON, condition->value);
    buf_text(out, "}}");
}

/* A message that names no resource means every one; one cut for length, all that begin so. */
static void write_resource(struct span resource, struct buf *out)
{
    bool every = resource.len == 0 || span_equal(resource, SPAN("*"));
    bool below = span_ends(resource, SPAN("/*"));
    if (every)
        resource.len = 0;
    else if (below)
        resource.len--;
    quote_resource(out, QUOTE_JSON, resource, every || below || resource.len == RESOURCE_BYTES);
}

static void write_statement(const struct denied_entry *entry, struct buf *out)
{
    struct condition condition;
    buf_text(out, "{\"Effect\":\"Allow\",\"Action\":");
    quote_text(out, QUOTE_JSON, entry->action);
    buf_text(out, ",\"Resource\":");
    if (condition_read(entry->resource, &condition))
        write_condition(&condition, out);
    else
        write_resource(entry->resource, out);
    buf_char(out, '}');
}

static void write_entry(const struct denied_entry *entry, struct buf *out)
{
    char last[25], memory[RESOURCE_BYTES + 64];
    struct buf words = buf_over(memory, sizeof memory);
    clock_rfc3339(entry->last_ms, last);
    condition_write_words(&words, entry->resource);
    buf_char(out, '{');
    write_member(out, "action", entry->action);
    write_member(out, "resource", buf_span(&words));
    buf_format(out, "\"guessed\":%s,\"count\":%llu,\"last\":\"%s\",",
        entry->guessed ? "true" : "false", (unsigned long long)entry->count, last);
    write_member(out, "why", span_of(denial_why(entry->policy, entry->explicitly)));
    write_member(out, "advice", span_of(denial_advice(entry->policy, entry->explicitly)));
    write_member(out, "who", entry->who);
    write_member(out, "policy", entry->policy_arn);
    buf_text(out, "\"statement\":");
    if (denial_can_be_allowed(entry->policy, entry->explicitly) && entry->action.len > 0)
        write_statement(entry, out);
    else
        buf_text(out, "null");
    buf_char(out, '}');
}

void denied_write(const struct denied *denied, struct buf *out)
{
    const struct denied_entry *list[DENIED_MOST] = {NULL};
    size_t count = denied_list(denied, list);
    buf_text(out, "{\"denied\":[");
    for (size_t i = 0; i < count; i++) {
        buf_add(out, i > 0 ? SPAN(",") : SPAN(""));
        write_entry(list[i], out);
    }
    buf_text(out, "],\"forgotten\":");
    buf_number(out, denied->forgotten);
    buf_text(out, "}\n");
}
