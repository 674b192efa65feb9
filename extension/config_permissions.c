/* The guard (COUNTERSIGN_ALLOW), and what becomes of the record (COUNTERSIGN_POLICY). */
#include <stdio.h>
#include <stdlib.h>

#include "extension/config_parts.h"
#include "extension/variable.h"

enum { GUARD_MOST_BYTES = 256 * 1024 };

static enum err read_file(struct span path, char **text, size_t *bytes, struct fault *fault)
{
    char name[4096];
    FILE *file = NULL;
    if (path.len > 0 && path.len < sizeof name) {
        memcpy(name, path.at, path.len);
        name[path.len] = '\0';
        file = fopen(name, "re");
    }
    *text = file ? malloc(GUARD_MOST_BYTES + 1) : NULL;
    *bytes = *text ? fread(*text, 1, GUARD_MOST_BYTES + 1, file) : 0;
    bool good = *text && *bytes <= GUARD_MOST_BYTES && !ferror(file);
    if (file)
        (void)fclose(file);
    if (good)
        return OK;
    free(*text);
    *text = NULL;
    return fault_set(fault, ERR_BAD_REQUEST,
        "COUNTERSIGN_ALLOW=@%.*s: must name a file that can be read, of at most %d bytes.",
        (int)(path.len < 200 ? path.len : 200), path.at, GUARD_MOST_BYTES);
}

static enum err read_guard(struct config *config, struct fault *fault)
{
    struct span value = variable_value(PREFIX "ALLOW");
    struct fault found;
    struct guard *guard = NULL;
    char *text = NULL;
    size_t bytes = 0;
    if (value.len == 0)
        return OK;
    if (value.at[0] == '@') {
        if (read_file(span_from(value, 1), &text, &bytes, fault) != OK)
            return fault->err;
        value = (struct span){text, bytes};
    }
    enum err err = guard_create(value, &guard, &found);
    free(text);
    if (err)
        return fault_set(fault, ERR_BAD_REQUEST, "COUNTERSIGN_ALLOW: %s", found.text);
    config->proxy.guard = guard;
    return OK;
}

enum err config_read_permissions(struct config *config, struct fault *fault)
{
    size_t choice;
    enum err err = variable_choice(PREFIX "POLICY", "record|log|off", &choice, fault);
    if (err)
        return err;
    config->proxy.records = choice < 2;
    config->logs_policy = choice == 1;
    return read_guard(config, fault);
}
