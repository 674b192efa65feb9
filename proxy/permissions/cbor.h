/* CBOR (RFC 8949), read where it lies: see payload.h. */
#pragma once

#include "proxy/permissions/payload.h"

/* Into an array or map. */
void cbor_begin(struct walk *walk);

bool cbor_next(struct walk *walk, struct value *key, struct value *item);

/* Appends a text string; false where raw is none, or one in pieces. */
bool cbor_text(struct span raw, struct buf *out);
