/* The names that a typing error may have been meant to be. Pure. */
#pragma once

#include "proxy/base/span.h"

enum { NEAREST_NAMES = 3 };

/* The names with the fewest insertions, deletions and replacements to what was typed, nearest
 * first; of equals the one that was offered first. Zeroed, it is empty. */
struct nearest {
    struct span name[NEAREST_NAMES];
    size_t steps[NEAREST_NAMES];
    size_t names;
};

/* Takes the name in, if it is among the nearest and not there yet. Of the name 64 bytes count, of
 * what was typed 256. */
void nearest_offer(struct nearest *nearest, struct span typed, struct span name);

/* The index of the name that is nearest of these. count is at least 1; names are shorter than 64
 * bytes. */
size_t nearest_name(struct span typed, const char *const names[], size_t count);
