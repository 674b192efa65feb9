/* The readers that config.c calls one after the other; private to the configuration. Each fills its
 * part of the config and returns OK, or BAD_REQUEST in words. */
#pragma once

#include "extension/config.h"

/* config_routes.c */
enum err config_read_access(struct config *config, struct fault *fault);
enum err config_read_listen(struct config *config, struct fault *fault);
enum err config_read_names(struct config *config, struct fault *fault);
enum err config_read_endpoints(struct config *config, struct fault *fault);
enum err config_read_region(struct config *config, struct fault *fault);
enum err config_read_bundle(struct config *config, struct fault *fault);
enum err config_read_prewarm(struct config *config, struct fault *fault);

/* config_permissions.c: the guard is the config's until the process ends. */
enum err config_read_permissions(struct config *config, struct fault *fault);

/* config_credentials.c */
enum err config_read_credentials(struct config *config, struct fault *fault);
