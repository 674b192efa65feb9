/* What reading a document in JSON and reading a list have in common. Of document*.c only. */
#pragma once

#include <cjson/cJSON.h>

#include "proxy/permissions/document.h"

/* Where a pattern stands, for the fault: "line 3", "statement 2". */
struct document_place {
    const char *what;
    size_t number;
};

/* Room for so many statements; NULL without memory. */
struct document *document_create(size_t statements);

/* Adds a pattern to a list that has room for it; text must last as long as the document. */
enum err document_add(struct document_list *list, struct span text, bool is_action,
    struct document_place place, struct fault *fault) MUST_USE;

/* Room for so many in the list. */
enum err document_reserve(struct document_list *list, size_t count, struct fault *fault) MUST_USE;

void document_finish_list(struct document_list *list);

/* Puts what the Condition of this statement asks for in the place of its resources; it stays
 * conditional where that is not understood. */
enum err document_read_condition(
    const cJSON *json, struct document_statement *statement, struct fault *fault) MUST_USE;

enum err document_no_memory(struct fault *fault);
