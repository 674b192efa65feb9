/* The message of an error of AWS, in whatever dialect. Pure. */
#pragma once

#include "proxy/base/buf.h"

/* Appends the message of an answer's body (XML, JSON or CBOR), its escapes undone, as much as fits;
 * nothing where there is none. */
void denial_message_read(struct span body, struct buf *out);
