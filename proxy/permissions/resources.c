#include "proxy/permissions/resources.h"

#include "proxy/aws/rows.h"
#include "proxy/permissions/condition.h"
#include "proxy/permissions/resource_form.h"

enum { VALUE_BYTES = 2048, STATEMENT_BYTES = 8192 };

#define TABLE      actions
#define TABLE_FILE "proxy/permissions/action_rows.def"
#include "proxy/aws/rows_table.inc"

#define TABLE      resources
#define TABLE_FILE "proxy/permissions/resource_rows.def"
#include "proxy/aws/rows_table.inc"

/* A row of resource_rows.def. */
struct rule {
    struct span action, pattern, condition;
    bool own;      /* its action is the operation's */
    bool replaces; /* it is needed in its place */
    bool any;      /* "*": of every operation that has no row of its own */
};

/* "{PATH=DEFAULT:FORM}" */
struct placeholder {
    struct span before, path, fallback, form, after;
    bool has_fallback;
};

struct expansion {
    struct need *need;
    const struct operation *operation;
    struct span pattern;
    bool fits_all; /* every value names a resource, in whatever form */
    bool unclear;  /* after it was tried: another reader may find another resource */
};

/* columns: all but the first two. */
static struct rule read_rule(struct span columns)
{
    struct span column[3];
    rows_split(columns, column, 3);
    struct rule rule = {column[0], column[1], column[2], .own = column[0].len == 0};
    rule.replaces = span_starts(rule.action, SPAN("="));
    rule.action = span_from(rule.action, rule.replaces);
    return rule;
}

static bool names(struct span list, struct span name)
{
    struct span item;
    while (span_next(&list, ',', &item))
        if (span_equal(item, name))
            return true;
    return false;
}

/* "MEMBER", "!MEMBER" or "MEMBER^WORD", parted by "&": it may be there, it may not, its text begins
 * so. */
static bool holds(const struct members *members, struct span condition)
{
    struct span term;
    bool all = true;
    while (all && condition.len > 0 && span_next(&condition, '&', &term)) {
        size_t caret = span_find(term, '^');
        char memory[STATEMENT_BYTES];
        struct buf text = buf_over(memory, sizeof memory);
        struct member_walk walk = member_begin(members, span_first(term, caret));
        if (span_starts(term, SPAN("!")))
            all = members_have(members, span_from(term, 1)) != PRESENT;
        else if (caret == term.len)
            all = members_have(members, term) != ABSENT;
        else {
            (void)member_next(&walk, &text);
            all = span_starts_nocase(buf_span(&text), span_from(term, caret + 1));
        }
    }
    return all;
}

static bool next_placeholder(struct span pattern, struct placeholder *found)
{
    size_t open = span_find(pattern, '{');
    struct span inside = span_from(pattern, open + 1), close = SPAN("}");
    if (open == pattern.len)
        return false;
    size_t end = span_find(inside, '}');
    if (span_starts(span_from(inside, end + 1), close)) /* "{NAME{}}" */
        end++;
    *found = (struct placeholder){
        .before = span_first(pattern, open), .after = span_from(inside, end + 1)};
    inside = span_first(inside, end);
    found->path = span_first(inside, span_find(inside, ':'));
    found->form = span_from(inside, found->path.len + 1);
    struct span path = found->path;
    found->path = span_first(path, span_find(path, '='));
    found->has_fallback = found->path.len < path.len;
    found->fallback = span_from(path, found->path.len + 1);
    return true;
}

static bool is_listed(struct span path)
{
    const char *list = path.len > 0 ? memmem(path.at, path.len, "[]", 2) : NULL;
    return list || span_ends(path, SPAN("{}"));
}

/* The value of a placeholder: the list's current one, the member's, or what it is by default. */
static bool find_value(struct expansion *expansion, const struct placeholder *placeholder,
    struct span item, struct buf *text)
{
    if (is_listed(placeholder->path)) {
        buf_add(text, item);
        return !text->failed;
    }
    struct member_walk walk = member_begin(&expansion->operation->members, placeholder->path);
    bool found = member_next(&walk, text) && !walk.missing && !text->failed;
    expansion->unclear |= walk.unclear;
    if (!found && placeholder->has_fallback) {
        text->len = 0;
        text->failed = false;
        buf_add(text, placeholder->fallback);
    }
    return found || placeholder->has_fallback;
}

/* "::" before a pattern is no region, "SERVICE!" another service; one that begins with a
 * placeholder is an ARN of its own form, and a condition is none. */
static void begin(const struct expansion *expansion, struct fill *fill, struct span *pattern)
{
    struct need *need = expansion->need;
    size_t mark = span_find(*pattern, '!');
    if (mark < pattern->len) {
        fill->service = span_first(*pattern, mark);
        *pattern = span_from(*pattern, mark + 1);
    }
    bool nowhere = span_starts(*pattern, SPAN("::"));
    *pattern = span_from(*pattern, nowhere ? 2 : 0);
    if (!span_starts(*pattern, SPAN("{")) && !condition_begins(*pattern))
        need_write_arn(
            need, fill->service, nowhere ? SPAN("") : need->request->region, need_account(need));
}

/* Writes the resource; any: with "*" for what the request does not tell. False where it tells too
 * little. */
static bool expand(struct expansion *expansion, struct span item, bool any)
{
    struct need *need = expansion->need;
    struct placeholder placeholder;
    struct span pattern = expansion->pattern;
    struct fill fill = {need, need->text.len, expansion->operation->service, {NULL, 0}, any, true};
    if (span_starts(fill.service, SPAN("s3-")))
        fill.service = need->request->signing;
    begin(expansion, &fill, &pattern);
    bool told = true;
    while (told && next_placeholder(pattern, &placeholder)) {
        char memory[VALUE_BYTES];
        struct buf text = buf_over(memory, sizeof memory);
        buf_add(&need->text, placeholder.before);
        if (any)
            buf_char(&text, '*');
        else
            told = find_value(expansion, &placeholder, item, &text);
        fill.value = buf_span(&text);
        fill.any = any || span_equal(fill.value, SPAN("*"));
        fill.any = fill.any && (any || span_equal(placeholder.fallback, SPAN("*")));
        if (told && !resource_form_write(placeholder.form, &fill)) {
            told = false;
            expansion->unclear |= expansion->fits_all;
        }
        pattern = placeholder.after;
        fill.first = false;
    }
    buf_add(&need->text, pattern);
    return told;
}

static void add(struct need *need, struct span actions, struct span resource)
{
    struct span action;
    while (span_next(&actions, ',', &action))
        need_add(need, action, resource);
}

/* One resource; false where the request tells too little. */
static bool add_one(struct expansion *expansion, struct span actions, struct span item)
{
    struct need *need = expansion->need;
    size_t start = need->text.len;
    bool told = expand(expansion, item, false);
    if (told)
        add(need, actions, need_since(need, start));
    else
        need->text.len = start;
    return told;
}

static void add_any(struct expansion *expansion, struct span actions)
{
    size_t start = expansion->need->text.len;
    bool told = expand(expansion, SPAN("*"), true);
    add(expansion->need, actions, told ? need_since(expansion->need, start) : SPAN("*"));
}

static bool find_listed(struct span pattern, struct placeholder *found)
{
    while (next_placeholder(pattern, found)) {
        if (is_listed(found->path))
            return true;
        pattern = found->after;
    }
    return false;
}

/* A resource for each item; for more than there is room for, one for all. */
static bool add_listed(
    struct expansion *expansion, struct span actions, const struct placeholder *placeholder)
{
    struct need *need = expansion->need;
    struct member_walk walk = member_begin(&expansion->operation->members, placeholder->path);
    size_t room = (need_room(need) + 1) / 2, first = need->out->count, text = need->text.len;
    char memory[VALUE_BYTES];
    struct buf item = buf_over(memory, sizeof memory);
    bool told = false;
    while (member_next(&walk, &item)) {
        if (walk.missing && placeholder->has_fallback)
            buf_add(&item, placeholder->fallback);
        if (item.len > 0)
            told = add_one(expansion, actions, buf_span(&item)) || told;
        if (item.failed || need->out->count - first > room || need->text.failed) {
            need->out->count = first;
            need->text.len = text;
            need->text.failed = false;
            add_any(expansion, actions);
            return true;
        }
        item.len = 0;
    }
    expansion->unclear |= walk.unclear;
    return told;
}

/* What is unclear may be any resource. */
static bool apply(struct expansion *expansion, struct span actions)
{
    struct placeholder listed;
    bool told = find_listed(expansion->pattern, &listed) ? add_listed(expansion, actions, &listed)
                                                         : add_one(expansion, actions, SPAN(""));
    if (expansion->unclear)
        add_any(expansion, actions);
    return told || expansion->unclear;
}

/* The operation's own actions; "none" where it needs none. */
static struct span own_actions(struct need *need, const struct operation *operation)
{
    struct rows rows = actions();
    struct span action = need_action(need, operation->iam, operation->name), column[2];
    size_t i = rows_find(&rows, action);
    if (i == rows.count)
        return action;
    rows_split(rows_at(&rows, i), column, 2);
    return column[1];
}

struct applied {
    bool specific; /* a row names the operation */
    bool own;      /* its own actions are there, or what replaces them */
    struct span fallback;
};

static void apply_rule(struct need *need, const struct operation *operation,
    const struct rule *rule, struct span actions, struct applied *applied)
{
    bool more = !rule->own && !rule->replaces;
    struct expansion expansion = {need, operation, rule->pattern, more, false};
    bool of_body = memchr(rule->pattern.at, '{', rule->pattern.len) != NULL;
    bool unread = need->request->body.len > 0 && operation->members.body.kind == PAYLOAD_NONE;
    need->out->wants_body |= of_body && need->request->body.len == 0
        && !span_equal(need->request->method, SPAN("GET")) && operation->members.count == 0
        && operation->members.query.kind == PAYLOAD_NONE;
    need->out->wants_body |= unread && more; /* else "*" stands for what is not read */
    if (rule->own && applied->fallback.len == 0 && !rule->any)
        applied->fallback = rule->pattern;
    if (!holds(&operation->members, rule->condition))
        return;
    if (span_equal(rule->pattern, SPAN("*"))) {
        add(need, rule->own ? actions : rule->action, SPAN("*"));
        applied->own |= rule->own || rule->replaces;
    } else if (apply(&expansion, rule->own ? actions : rule->action))
        applied->own |= rule->own || rule->replaces;
}

void resources_needed(struct need *need, const struct operation *operation)
{
    struct rows rows = resources();
    struct span actions = own_actions(need, operation), key = operation->service;
    struct applied applied = {.fallback = {NULL, 0}};
    if (span_equal(actions, SPAN("none")))
        return;
    size_t first = rows_find(&rows, key);
    for (size_t i = first; rows_keyed(&rows, i, key); i++) {
        struct span column[3];
        rows_split(rows_at(&rows, i), column, 3);
        bool any = span_equal(column[1], SPAN("*"));
        if (!any && !names(column[1], operation->name))
            continue;
        struct rule rule = read_rule(column[2]);
        rule.any = any;
        if (any && rule.own && applied.specific)
            continue;
        applied.specific |= !rule.any && (rule.own || rule.replaces);
        apply_rule(need, operation, &rule, actions, &applied);
    }
    struct expansion expansion = {need, operation, applied.fallback, false, false};
    if (!applied.own && applied.fallback.len > 0 && !span_equal(applied.fallback, SPAN("*")))
        add_any(&expansion, actions);
    else if (!applied.own)
        add(need, actions, SPAN("*"));
}
