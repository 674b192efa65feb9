/* What is being found out about a request: permissions are added, and resources written into their
 * text. Pure, no allocation. */
#pragma once

#include "proxy/base/buf.h"
#include "proxy/permissions/needed.h"

struct need {
    const struct needed_request *request;
    struct permissions *out;
    struct buf text; /* over out->text; it has failed where there is more than room for */
};

struct need need_begin(const struct needed_request *request, struct permissions *out);

/* Whether all went into it; else out says that nothing is known. */
bool need_end(struct need *need);

/* A permission; once only. pattern: the resource as a policy writes it. The spans live as long as
 * need's text or the program. */
void need_add(struct need *need, struct span action, struct span pattern);

/* Room for so many more. */
size_t need_room(const struct need *need);

/* Appends "arn:PARTITION:SERVICE:REGION:ACCOUNT:". */
void need_write_arn(
    struct need *need, struct span service, struct span region, struct span account);

/* The account of the request, or "*". */
struct span need_account(const struct need *need);

/* Appends a name as a policy writes it: its "*", "?" and "${" are escaped. */
void need_write_name(struct need *need, struct span name);

/* The same for a name that is percent-encoded. */
void need_write_encoded(struct need *need, struct span encoded);

/* What has been written since that length of the text. */
struct span need_since(const struct need *need, size_t start);

/* "PREFIX:NAME", written. */
struct span need_action(struct need *need, struct span prefix, struct span name);

/* Appends the ARN of a KMS key by what names it in a request: its id, its ARN, or an alias, which
 * policies do not take for a key. */
void need_write_kms_key(struct need *need, struct span name);
