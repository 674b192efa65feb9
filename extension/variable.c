#include "extension/variable.h"

#include <stdio.h>
#include <stdlib.h>

enum { HTTP_PORT = 80, HTTPS_PORT = 443 };

struct span variable_value(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? span_of(value) : (struct span){NULL, 0};
}

struct span variable_first_of(const char *const names[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct span value = variable_value(names[i]);
        if (value.at)
            return value;
    }
    return (struct span){NULL, 0};
}

/* A value with an "@" may hold a password; one with a line feed would be more than a line. */
static bool may_be_shown(struct span value)
{
    for (size_t i = 0; i < value.len; i++)
        if (value.at[i] == '@' || (unsigned char)value.at[i] < ' ' || value.at[i] == 0x7f)
            return false;
    return true;
}

enum err variable_refuse(
    struct fault *fault, const char *name, struct span value, const char *allowed)
{
    struct span shown = may_be_shown(value) ? span_first(value, 80) : SPAN("(not shown)");
    return fault_set(fault, ERR_BAD_REQUEST, "%s=%.*s: %s.", name, SPAN_ARGS(shown), allowed);
}

enum err variable_number(const char *name, const uint64_t limits[2], const char *unit,
    uint64_t *number, struct fault *fault)
{
    char allowed[96];
    struct span value = variable_value(name);
    uint64_t found = *number;
    if (!value.at)
        return OK;
    (void)snprintf(allowed, sizeof allowed, "must be a whole number of %s from %llu to %llu", unit,
        (unsigned long long)limits[0], (unsigned long long)limits[1]);
    if (!span_to_number(value, limits[1], &found) || found < limits[0])
        return variable_refuse(fault, name, value, allowed);
    *number = found;
    return OK;
}

enum err variable_choice(const char *name, const char *choices, size_t *index, struct fault *fault)
{
    bool ours = span_starts(span_of(name), SPAN(PREFIX))
        && !span_starts(span_of(name), SPAN(PREFIX "LOG_"));
    char allowed[128];
    struct span value = variable_value(name), list = span_of(choices), choice;
    *index = 0;
    if (!value.at)
        return OK;
    while (span_next(&list, '|', &choice)) {
        if (ours ? span_equal(choice, value) : span_equal_nocase(choice, value))
            return OK;
        ++*index;
    }
    (void)snprintf(allowed, sizeof allowed, "must be one of %s", choices);
    return variable_refuse(fault, name, value, allowed);
}

enum err variable_check_secret(const char *name, struct span secret, struct fault *fault)
{
    for (size_t i = 0; i < secret.len; i++)
        if (secret.at[i] <= ' ' || secret.at[i] > '~')
            return fault_set(fault, ERR_BAD_REQUEST,
                "%s (not shown): a space, line feed or other byte stands in it that no key or "
                "token has; set it without.",
                name);
    return OK;
}

bool url_parse(struct span text, struct url *url)
{
    url->tls = span_starts_nocase(text, SPAN("https://"));
    if (!url->tls && !span_starts_nocase(text, SPAN("http://")))
        return false;
    struct span rest = span_from(text, url->tls ? 8 : 7);
    size_t authority_bytes = span_find(rest, '/');
    url->path = span_from(rest, authority_bytes);
    if (!authority_parse(span_first(rest, authority_bytes), &url->authority))
        return false;
    if (url->authority.port == 0)
        url->authority.port = url->tls ? HTTPS_PORT : HTTP_PORT;
    return true;
}
