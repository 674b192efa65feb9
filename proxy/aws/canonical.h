/* The canonical request: the one text of a request that signer and service both compute.
 * Source: Signature Version 4, "Create a canonical request"; AWS's test vectors in tests/sigv4.
 * Pure. */
#pragma once

#include "proxy/base/buf.h"

/* How the path of a request becomes the canonical one.
 * ONCE: decoded once and encoded again, nothing normalised, so a key "a//b/../c" stays what it is
 * (S3 and its kin). TWICE: "." and ".." and empty segments resolved, then the path as it is on the
 * wire encoded once more. */
enum path_style { PATH_ONCE, PATH_TWICE };

enum { CANONICAL_MAX_FIELDS = 140, CANONICAL_MAX_PARAMETERS = 1000 };

struct canonical_field {
    struct span name; /* any case */
    struct span value;
};

struct canonical {
    struct span method;
    struct span path;  /* as on the wire */
    struct span query; /* as on the wire, without "?" */
    struct span
        left_out; /* the query parameter that a presigned URL's own signature does not cover */
    enum path_style style;
    struct span payload_hash; /* 64 hex digits or one of the literals, e.g. UNSIGNED-PAYLOAD */
    size_t count;
    struct canonical_field
        fields[CANONICAL_MAX_FIELDS]; /* in the order they are sent in; sorted by the call */
};

static inline void canonical_add(struct canonical *c, struct span name, struct span value)
{
    if (c->count < CANONICAL_MAX_FIELDS)
        c->fields[c->count++] = (struct canonical_field){name, value};
}

/* Adds a field, and appends its header line with the CRLF. */
void canonical_write(struct canonical *c, struct buf *out, struct span name, struct span value);

/* Appends the names of the fields, "host;x-amz-date", for who needs them before the canonical
 * request: a presigned URL has them in its query. Sorts the fields. */
void canonical_signed_headers(struct canonical *canonical, struct buf *signed_headers);

/* Appends the canonical request to out, and its list of signed headers ("host;x-amz-date") to
 * signed_headers. scratch: memory for the query's parameters while they are sorted, three times the
 * query's bytes. False where the query has more than CANONICAL_MAX_PARAMETERS parameters; where a
 * buffer is too small, that buffer has failed. */
bool canonical_request(
    struct canonical *canonical, struct buf *out, struct buf *signed_headers, struct buf scratch);
