/* GET /-/presign?url=...&method=GET&expires=900: a URL with which whoever holds it may make one
 * kind of request until it expires. What is asked becomes a struct, and a struct with a route
 * becomes the answer; no I/O. */
#pragma once

#include "proxy/aws/presign.h"
#include "proxy/aws/route.h"
#include "proxy/pages/signing.h"

enum { PRESIGN_FIELDS_MAX = 16, PRESIGN_TEXT_BYTES = 32 * 1024 };

struct presign_ask {
    struct span method;   /* GET, PUT, HEAD, DELETE */
    struct target target; /* of the URL */
    uint64_t expires_s;
    size_t count;
    struct canonical_field fields[PRESIGN_FIELDS_MAX]; /* that the request must then have */
    char text[PRESIGN_TEXT_BYTES];                     /* what the spans point into */
};

/* query: the page's own. Errors: BAD_REQUEST, naming the parameter. */
MUST_USE enum err presign_parse(struct span query, struct presign_ask *ask, struct fault *fault);

/* Appends the answer: a URL never lives longer than the credentials. Errors: BAD_REQUEST (too many
 * parameters in the URL), OUT_OF_MEMORY (out is too small), NO_CREDENTIALS (they have ended). */
MUST_USE enum err presign_write(const struct presign_ask *ask, const struct route *route,
    const struct page_signing *with, struct buf *out, struct fault *fault);
