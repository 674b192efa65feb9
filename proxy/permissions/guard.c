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
        const char *unfit = statement->conditional ? "Condition" : statement->not_matched;
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

/* A resource that the request does not tell may be the one that a Deny is about. */
static bool concerns(
    const struct document_statement *statement, const struct permission *permission)
{
    if (!document_find(&statement->actions, permission->action, true))
        return false;
    bool unknown = statement->deny && span_equal(permission->resource, SPAN("*"));
    return unknown || document_find(&statement->resources, permission->resource, false);
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
