/* GET /-/identity: who the function is, from its credentials and its environment, and where STS was
 * asked from what it said. No I/O. */
#pragma once

#include "proxy/pages/pages.h"

/* Appends it as JSON. */
void identity_write(const struct page_facts *facts, struct buf *out);
