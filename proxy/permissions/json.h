/* JSON (RFC 8259), read where it lies: see payload.h. */
#pragma once

#include "proxy/permissions/payload.h"

/* Into an array or object. */
void json_begin(struct walk *walk);

bool json_next(struct walk *walk, struct value *key, struct value *item);

/* Appends a string with its escapes decoded; false where raw is none. */
bool json_text(struct span raw, struct buf *out);
