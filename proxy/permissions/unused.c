#include "proxy/permissions/unused.h"

#include <stdlib.h>

#include "proxy/permissions/condition.h"
#include "proxy/permissions/quote.h"

struct comparison {
    const struct recorded *pairs;
    size_t count;
    struct buf *out;
    long lines;
};

/* Whether the pattern may have been what allowed the resource. Of a folder it is enough that the
 * pattern goes on inside. */
static bool touches(const struct document_item *item, const struct recorded *pair)
{
    char memory[RECORDER_RESOURCE_BYTES + 1];
    struct buf text = buf_over(memory, sizeof memory);
    const struct pattern *pattern = &item->pattern;
    if (!pair->folded)
        return pattern_matches(pattern, pair->resource, false);
    buf_add(&text, pair->resource);
    buf_char(&text, '*');
    bool inside = pattern->plain >= pair->resource.len;
    for (size_t i = 0; inside && i < pair->resource.len; i++)
        inside = pattern->codes[i] == (unsigned char)pair->resource.at[i];
    return inside || pattern_matches(pattern, buf_span(&text), false);
}

static bool touches_any(const struct document_list *list, const struct recorded *pair)
{
    for (size_t i = 0; i < list->count; i++)
        if (touches(&list->items[i], pair))
            return true;
    return false;
}

/* Whether the statement used the pair by this one of its actions or resources; NULL for any. */
static bool uses(const struct document_statement *statement, const struct document_item *action,
    const struct document_item *resource, const struct recorded *pair)
{
    bool by_action = action ? pattern_matches(&action->pattern, pair->action, true)
                            : document_find(&statement->actions, pair->action, true) != NULL;
    return by_action
        && (resource ? touches(resource, pair) : touches_any(&statement->resources, pair));
}

/* A pattern as a person may read it on a terminal: a JSON string without its quotes. */
static void show(struct buf *out, struct span pattern)
{
    char memory[6 * PATTERN_BYTES(RECORDER_RESOURCE_BYTES) + 2];
    char words_memory[PATTERN_TEXT_BYTES + 64];
    struct buf quoted = buf_over(memory, sizeof memory);
    struct buf words = buf_over(words_memory, sizeof words_memory);
    condition_write_words(&words, pattern);
    quote_text(&quoted, QUOTE_JSON, words.failed ? pattern : buf_span(&words));
    if (!quoted.failed)
        buf_add(out, span_first(span_from(buf_span(&quoted), 1), quoted.len - 2));
}

static void begin_line(
    struct comparison *c, const struct document_statement *statement, size_t number)
{
    c->lines++;
    buf_format(c->out, "statement %zu", number);
    if (statement->sid.len > 0) {
        buf_text(c->out, " (");
        show(c->out, statement->sid);
        buf_char(c->out, ')');
    }
    buf_text(c->out, ": ");
}

static bool same_use(const struct recorded *a, const struct recorded *b, bool is_action)
{
    return is_action ? span_equal(a->action, b->action)
                     : a->folded == b->folded && span_equal(a->resource, b->resource);
}

static bool is_action_of(
    const struct document_statement *statement, const struct document_item *item)
{
    return item >= statement->actions.items
        && item < statement->actions.items + statement->actions.count;
}

/* Whether an earlier pair that the item allowed shows the same. */
static bool is_shown(const struct comparison *c, const struct document_statement *statement,
    const struct document_item *item, size_t pair)
{
    bool is_action = is_action_of(statement, item);
    for (size_t i = pair; i > 0; i--) {
        const struct recorded *earlier = &c->pairs[i - 1];
        bool same = same_use(earlier, &c->pairs[pair], is_action);
        if (is_action && !same)
            return false; /* they stand in order of actions */
        if (same && uses(statement, is_action ? item : NULL, is_action ? NULL : item, earlier))
            return true;
    }
    return false;
}

/* What the pair shows of its action or resource: a pattern. */
static struct span shown_of(const struct recorded *pair, bool is_action, struct buf *memory)
{
    if (is_action)
        return pair->action;
    memory->len = 0;
    pattern_write(memory, pair->resource, pair->folded);
    return buf_span(memory);
}

/* Appends what the item allowed, each once, the first few of them. needed: the item itself is among
 * it, as wide as it is. How many there are. */
static size_t list_uses(const struct comparison *c, const struct document_statement *statement,
    const struct document_item *item, struct buf *shown, bool *needed)
{
    enum { MOST_SHOWN = 10 };
    char memory[PATTERN_BYTES(RECORDER_RESOURCE_BYTES) + 1];
    struct buf text = buf_over(memory, sizeof memory);
    bool is_action = is_action_of(statement, item);
    size_t used = 0;
    for (size_t i = 0; i < c->count; i++) {
        const struct recorded *pair = &c->pairs[i];
        if (!uses(statement, is_action ? item : NULL, is_action ? NULL : item, pair)
            || is_shown(c, statement, item, i))
            continue;
        struct span pattern = shown_of(pair, is_action, &text);
        *needed = *needed || span_equal(pattern, item->text);
        if (++used > MOST_SHOWN)
            continue;
        buf_text(shown, "\n    ");
        show(shown, pattern);
    }
    if (used > MOST_SHOWN)
        buf_format(shown, "\n    and %zu more", used - MOST_SHOWN);
    return used;
}

/* One line for an action or resource that nothing used, or that allows more than was used. */
static void compare_item(struct comparison *c, const struct document_statement *statement,
    size_t number, const struct document_item *item)
{
    char memory[64 * 1024];
    struct buf shown = buf_over(memory, sizeof memory);
    bool needed = item->pattern.plain == item->pattern.count;
    size_t used = list_uses(c, statement, item, &shown, &needed);
    if (used > 0 && needed)
        return;
    begin_line(c, statement, number);
    show(c->out, item->text);
    buf_add(c->out, used == 0 ? SPAN(" was never used") : SPAN(" is broader than use:"));
    buf_add(c->out, used == 0 ? SPAN("") : buf_span(&shown));
    buf_char(c->out, '\n');
}

static bool is_used(const struct comparison *c, const struct document_statement *statement)
{
    for (size_t i = 0; i < c->count; i++)
        if (uses(statement, NULL, NULL, &c->pairs[i]))
            return true;
    return false;
}

static void compare_statement(
    struct comparison *c, const struct document_statement *statement, size_t number)
{
    if (statement->deny)
        return;
    if (statement->not_matched) {
        begin_line(c, statement, number);
        buf_text(c->out, "has ");
        show(c->out, span_of(statement->not_matched));
        buf_text(c->out, ", which cannot be compared\n");
        return;
    }
    if (!is_used(c, statement)) {
        begin_line(c, statement, number);
        buf_text(c->out, "nothing used it\n");
        return;
    }
    for (size_t i = 0; i < statement->actions.count; i++)
        compare_item(c, statement, number, &statement->actions.items[i]);
    for (size_t i = 0; i < statement->resources.count; i++)
        compare_item(c, statement, number, &statement->resources.items[i]);
}

long unused_write(const struct document *role, const struct recorder *recorder, struct buf *out)
{
    struct recorded *pairs = recorder_list(recorder);
    struct comparison comparison = {pairs, recorder_state(recorder).count, out, 0};
    if (!pairs)
        return -1;
    for (size_t i = 0; i < role->count; i++)
        compare_statement(&comparison, &role->statements[i], i + 1);
    free(pairs);
    return comparison.lines;
}
