/* The environment, read once and checked as a whole: what the program is to do. The only place that
 * reads it. */
#pragma once

#include "proxy/base/log.h"
#include "proxy/proxy.h"

enum { CONFIG_ENDPOINTS = 64, CONFIG_NAMES = 32, CONFIG_TEXT_BYTES = 16 * 1024 };

struct config {
    struct proxy_options proxy; /* all but loop and credentials */
    struct credentials_options credentials;
    enum log_level log_level;
    enum log_shape log_shape;
    const char *runtime_api; /* AWS_LAMBDA_RUNTIME_API, host:port; NULL outside Lambda */
    bool managed_instances;  /* an environment that takes registrations for SHUTDOWN only */
    bool drain;              /* COUNTERSIGN_DRAIN */
    bool logs_policy;        /* COUNTERSIGN_POLICY=log: the record, when the program ends */
    struct span metrics;     /* COUNTERSIGN_METRICS: a namespace; empty for none */
    struct endpoint endpoints[CONFIG_ENDPOINTS];
    struct span names[CONFIG_NAMES];
    char text[CONFIG_TEXT_BYTES]; /* what had to be written anew, such as a service's name in lower
                                     case */
    size_t text_bytes;
};

/* Reads the environment. runtime_api and the log's settings are right also after an error.
 * Errors: BAD_REQUEST, in one line that names the variable, its value, and what is allowed. */
MUST_USE enum err config_load(struct config *config, struct fault *fault);

/* Prints what is in force to standard output, never a secret. */
void config_print(const struct config *config);
