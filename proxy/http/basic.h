/* The password in an `Authorization: Basic` header (RFC 7617). */
#pragma once

#include "proxy/base/buf.h"

/* value: the header's value. Appends the password's bytes, what follows the first colon; false
 * where the scheme is another or the base64 is broken. */
bool basic_password(struct span value, struct buf *password);
