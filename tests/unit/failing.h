/* Allocations that fail: the n-th of the project's own, for a program that has a line
 * "wrap: malloc calloc realloc" in a comment of its own. Those of shared libraries go on as ever.
 */
#pragma once

/* From now on the nth allocation fails, counted from 1; 0 for none. */
void failing_arm(unsigned nth);

/* How many were asked for since. */
unsigned failing_count(void);
