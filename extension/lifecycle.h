/* The extension's life, as Lambda has it:
 *
 *   listen -> REGISTER -> NEXT <-> (INVOKE) -> SHUTDOWN -> drained -> exit 0
 *                |
 *                '-> a start that cannot work: init/error, exit status 1 or 2
 *
 * and stand-alone: listen -> SIGTERM or SIGINT -> drained -> exit 0.
 * Source: Lambda Developer Guide, "Lambda Extensions API" and "Lambda execution environment". */
#pragma once

#include "extension/config.h"

enum exit_status { EXIT_CLEAN = 0, EXIT_RUN_TIME = 1, EXIT_CONFIGURATION = 2 };

struct lifecycle_setup {
    uv_loop_t *loop;
    const struct config *config;
    const char *program;       /* argv[0] */
    const struct fault *fault; /* of the configuration; NULL where all is well */
    struct proxy *proxy;       /* NULL where the configuration is not */
};

/* Listens, registers, runs the loop to the end. Returns the exit status of the program. */
int lifecycle_run(const struct lifecycle_setup *setup);
