/* A record as one line of JSON, and back: what COUNTERSIGN_POLICY=log prints, and what `countersign
 * policy` merges. Pure.
 *   {"countersign":"policy","version":1,"needed":{"s3:GetObject":["arn:aws:s3:::b/in/..."]},
 *    "widened":[],"lost":0}
 * needed: for each action its resources as IAM's patterns. widened: actions one of whose patterns
 * became that wide for want of room. lost: pairs that found none. */
#pragma once

#include "proxy/base/buf.h"
#include "proxy/permissions/recorder.h"

/* Appends the line, without an end; false without memory. */
bool record_line_write(const struct recorder *recorder, struct buf *out);

enum record_line { RECORD_NONE, RECORD_READ, RECORD_BROKEN, RECORD_NO_MEMORY };

/* Adds what the line holds to a record. Exports wrap such lines, so it may stand behind other text,
 * inside a JSON string ("message"), or in a field of CSV. NONE: the line holds no record; BROKEN:
 * it begins one that is cut or wrong (what was read of it may have been added). Whoever can write a
 * line into the log can write a record: a policy made of one is to be read before it is used. */
enum record_line record_line_read(struct span line, struct recorder *recorder);
