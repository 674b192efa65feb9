/* The command line's tools: they read files, print, and need neither a loop nor a configuration. */
#pragma once

#include <stdbool.h>

/* `countersign policy` and `countersign unused`: arguments[1] is the name. False where it is none
 * of them; else status is the program's exit status. */
bool commands_run(int count, char **arguments, int *status);
