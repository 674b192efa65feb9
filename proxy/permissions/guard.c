#include "proxy/permissions/guard.h"

#include <stdlib.h>

#include "proxy/permissions/document.h"

struct guard {
    struct document *document;
};

static bool is_json(struct span text)
{
    while (text.len > 0 && span_find(SPAN(" \t\r\n"), text.at[0]) < 4)
        text = span_from(text, 1);
    return text.len > 0 && (text.at[0] == '{' || text.at[0] == '[');
}

/* What is not looked at must not be there. */
static enum err check(const struct document *document, struct fault *fault)
{
    for (size_t i = 0; i < document->count; i++) {
        const struct document_statement *statement = &document->statements[i];
        const char *unfit = statement->conditional
            ? "Condition but StringEquals or StringLike of transcribe:OutputBucketName on *"
            : statement->not_matched;
        if (unfit)
            return fault_set(fault, ERR_BAD_REQUEST,
                "statement %zu: the guard knows no %s; say it with Action and Resource.", i + 1,
                unfit);
    }
    return document->count > 0
        ? OK
        : fault_set(fault, ERR_BAD_REQUEST,
            "There is no pattern in it; to allow all that the role may do, leave it unset.");
}

enum err guard_create(struct span text, struct guard **out, struct fault *fault)
{
    struct document *document = NULL;
    enum err err = is_json(text) ? document_read(text, &document, fault)
                                 : document_read_list(text, &document, fault);
    if (err)
        return err;
    err = check(document, fault);
    struct guard *guard = err ? NULL : malloc(sizeof *guard);
    if (!guard) {
        document_destroy(document);
        return err ? err
                   : fault_set(fault, ERR_OUT_OF_MEMORY, "There is not enough memory to start.");
    }
    guard->document = document;
    *out = guard;
    return OK;
}

void guard_destroy(struct guard *guard)
{
    if (guard)
        document_destroy(guard->document);
    free(guard);
}

/* Whether a pattern may match something that begins so. */
static bool may_match(const struct document_list *list, struct span prefix)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct pattern *pattern = &list->items[i].pattern;
        size_t same = 0;
        while (same < pattern->plain && same < prefix.len
            && pattern->codes[same] == (unsigned char)prefix.at[same])
            same++;
        if (same == pattern->plain || same == prefix.len)
            return true;
    }
    return false;
}

/* Whether a pattern matches all that begins so: what only a star takes is put behind it, as "?"
 * takes no colon. */
static bool match_all(const struct document_list *list, struct span prefix)
{
    char memory[PATTERN_TEXT_BYTES];
    struct buf text = buf_over(memory, sizeof memory);
    buf_add(&text, prefix);
    buf_text(&text, "\1:\1");
    return !text.failed && document_find(list, buf_span(&text), false);
}

/* Of resources that the request does not tell apart one may be what a Deny is about, and all must
 * be what an Allow is. */
static bool concerns(
    const struct document_statement *statement, const struct permission *permission)
{
    if (!document_find(&statement->actions, permission->action, true))
        return false;
    struct span prefix = span_first(permission->resource, permission->resource.len - 1);
    if (!permission_is_folded(permission))
        return document_find(&statement->resources, permission->resource, false) != NULL;
    return statement->deny ? may_match(&statement->resources, prefix)
                           : match_all(&statement->resources, prefix);
}

static bool allows(const struct document *document, const struct permission *permission)
{
    bool allowed = false;
    for (size_t i = 0; i < document->count; i++) {
        const struct document_statement *statement = &document->statements[i];
        if ((statement->deny || !allowed) && concerns(statement, permission)) {
            if (statement->deny)
                return false;
            allowed = true;
        }
    }
    return allowed;
}

bool guard_allows(const struct guard *guard, const struct permissions *permissions,
    const struct permission **which)
{
    const struct permission *refused = NULL;
    for (size_t i = 0; !refused && i < permissions->count; i++)
        if (!allows(guard->document, &permissions->needed[i]))
            refused = &permissions->needed[i];
    if (which)
        *which = permissions->operation.len > 0 ? refused : NULL;
    return permissions->operation.len > 0 && !refused;
}
