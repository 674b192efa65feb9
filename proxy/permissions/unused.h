/* What a role's policy grants and a record never used. Pure. */
#pragma once

#include "proxy/permissions/document.h"
#include "proxy/permissions/recorder.h"

/* Appends a line for each statement, action and resource that nothing in the record used, and for
 * each pattern that is broader than what was; how many lines, or -1 without memory. A statement
 * that denies grants nothing; one that cannot be compared is named. Where the record does not tell
 * the resource, it may be any: then nothing is called unused for it. */
long unused_write(const struct document *role, const struct recorder *recorder, struct buf *out);
