/* A message head as spans into the buffer that holds it: request line or status line, and the
 * fields in order. llhttp parses, without any of its lenient flags; what it lets through although
 * two readers could differ over it is checked here on top. */
#pragma once

#include "proxy/base/err.h"
#include "proxy/http/field.h"

enum { HEAD_MAX_BYTES = 64 * 1024, HEAD_MAX_FIELDS = 128 };

struct head {
    struct span method; /* request: the registered methods of RFC 9110 and PATCH, upper case */
    struct span target; /* request: visible ASCII, no "#" */
    unsigned status;    /* response: 100 to 599 */
    struct span reason; /* response: may be empty */
    unsigned minor;     /* HTTP/1.minor: 0 or 1 */
    size_t count;
    struct field fields[HEAD_MAX_FIELDS];
};

/* bytes: one whole head as scan_head() has passed it, the empty line included. The head's spans
 * point into it. White space at a line's end is moved to where llhttp takes it, before the value.
 * Errors: BAD_REQUEST, HEAD_TOO_LARGE (more than HEAD_MAX_FIELDS). */
MUST_USE enum err head_parse_request(
    struct head *head, char *bytes, size_t len, struct fault *fault);

/* Errors: UPSTREAM_PROTOCOL. */
MUST_USE enum err head_parse_response(
    struct head *head, char *bytes, size_t len, struct fault *fault);

/* The first field of that kind, or NULL. */
const struct field *head_find(const struct head *head, enum field_id id);

/* The same by name, any case. */
const struct field *head_find_name(const struct head *head, struct span name);

size_t head_count(const struct head *head, enum field_id id);

/* The value of the first such field; a span with at == NULL where there is none. */
struct span head_value(const struct head *head, enum field_id id);

/* The same by name, any case. */
struct span head_value_of(const struct head *head, struct span name);

bool head_method_is(const struct head *head, struct span method);

/* Whether the field goes on to the other side: not hop-by-hop, not for this proxy, and not named by
 * a Connection field, which cannot take away what matters (RFC 9110, 7.6.1). */
bool head_forwards(const struct head *head, const struct field *field);
