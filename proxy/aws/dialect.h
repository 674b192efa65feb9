/* Errors in the form that a service's SDK takes apart. */
#pragma once

#include "proxy/base/buf.h"

enum dialect { DIALECT_JSON, DIALECT_S3 };

/* The Content-Type that goes with it. */
struct span dialect_content_type(enum dialect dialect);

/* Appends the body: <Error><Code/><Message/></Error>, or {"__type","message"}. */
void dialect_write_error(struct buf *out, enum dialect dialect, struct span code, struct span message);
