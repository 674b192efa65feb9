/* Environment variables read with their rules: what is set, what is allowed, and what is said where
 * the two differ. With config.c the only code that reads the environment. */
#pragma once

#include "proxy/base/err.h"
#include "proxy/base/span.h"
#include "proxy/http/target.h"

#define PREFIX "COUNTERSIGN_"

/* The value of a variable; at == NULL where it is not set or empty. */
struct span variable_value(const char *name);

/* That of the first of them that is set. */
#define VARIABLE_FIRST_OF(...)                            \
    variable_first_of((const char *const[]){__VA_ARGS__}, \
        sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))
struct span variable_first_of(const char *const names[], size_t count);

/* "NAME=value: must be ...". A value that may hold a password is not shown. Returns BAD_REQUEST. */
enum err variable_refuse(
    struct fault *fault, const char *name, struct span value, const char *allowed);

/* A whole number within limits; *number stays as it is where the variable is not set. */
MUST_USE enum err variable_number(const char *name, const uint64_t limits[2], const char *unit,
    uint64_t *number, struct fault *fault);

/* The index of the value in the list, "first|second"; the first where it is not set. Values that
 * AWS defined are taken in any case. */
MUST_USE enum err variable_choice(
    const char *name, const char *choices, size_t *index, struct fault *fault);

/* A byte that no key or token has, a line feed from a file say, would become part of a header. */
MUST_USE enum err variable_check_secret(const char *name, struct span secret, struct fault *fault);

struct url {
    bool tls;
    struct authority authority; /* its port filled in */
    struct span path;           /* and query; may be empty */
};

/* http://host[:port][/path] or https://..., without user; false where it is not that. */
bool url_parse(struct span text, struct url *url);
