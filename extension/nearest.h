/* The name that a typing error was meant to be. Pure. */
#pragma once

#include "proxy/base/span.h"

/* The index of the name with the fewest insertions, deletions and replacements between; the first
 * of equals. count is at least 1; names are shorter than 64 bytes. */
size_t nearest_name(struct span typed, const char *const names[], size_t count);
