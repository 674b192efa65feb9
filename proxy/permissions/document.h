/* An IAM policy document, or the guard's list of patterns, ready to be matched. Pure.
 * Source: IAM User Guide, "Grammar of the IAM JSON policy language". */
#pragma once

#include "proxy/base/err.h"
#include "proxy/permissions/pattern.h"

enum { DOCUMENT_BYTES = 1024 * 1024, DOCUMENT_STATEMENTS = 4096, DOCUMENT_PATTERNS = 16384 };

struct document_item {
    struct span text; /* as it was written */
    struct pattern pattern;
    char *memory; /* of a text that was made, or NULL */
};

struct document_list {
    struct document_item *items;
    size_t count;
};

struct document_statement {
    struct span sid; /* may be empty */
    bool deny;
    bool conditional;        /* it has a Condition that is not understood, nor looked at */
    const char *not_matched; /* "NotAction" or another that is not understood; NULL */
    struct document_list actions;
    struct document_list resources; /* conditions (condition.h) in the place of an understood one */
};

struct document {
    struct document_statement *statements;
    size_t count;
    void *json; /* what the texts of a document in JSON point into */
    char *text; /* or those of a list */
};

/* json: a whole policy document, its Statement alone, or what `aws iam get-role-policy` prints. The
 * Condition of an Allow on "*" is understood where all of it is StringEquals or StringLike of one
 * key that condition.h knows. On an error the fault says in which line or statement, and what is
 * allowed. document_destroy() ends it. */
enum err document_read(struct span json, struct document **out, struct fault *fault) MUST_USE;

/* "s3:GetObject arn:aws:s3:::photos/...", one a line or parted by commas; "#" begins a comment;
 * an action alone means every resource, and "if:KEY=PATTERN" may stand for one. The fault says in
 * which line. */
enum err document_read_list(struct span text, struct document **out, struct fault *fault) MUST_USE;

void document_destroy(struct document *document);

/* The first of the list that matches, or NULL. Actions are compared without case. */
const struct document_item *document_find(
    const struct document_list *list, struct span text, bool is_action);
