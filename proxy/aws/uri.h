/* Percent-encoding by SigV4's rule: A-Z a-z 0-9 - . _ ~ stay, every other byte is %XX in capitals.
 * Source: Signature Version 4, "Create a canonical request", UriEncode(). */
#pragma once

#include "proxy/base/buf.h"

/* Every byte encoded; a slash too, unless keep_slash. */
void uri_encode(struct buf *out, struct span raw, bool keep_slash);

/* Every byte decoded once and encoded again: the normal form of text that is already
 * percent-encoded, whichever bytes its writer chose to encode. A "%" that begins no escape is taken
 * as itself. */
void uri_recode(struct buf *out, struct span encoded, bool keep_slash);

/* Decoded once; a "+" stays a "+". */
void uri_decode(struct buf *out, struct span encoded);

/* Appends NAME=VALUE, the value encoded, with a "&" before it where the buffer is not empty: a
 * query or a form's body has a buffer of its own. */
void uri_add_parameter(struct buf *query, struct span name, struct span value);
