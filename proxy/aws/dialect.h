/* Errors in the form that a service's SDK takes apart. */
#pragma once

#include "proxy/base/buf.h"

enum dialect { DIALECT_JSON, DIALECT_S3, DIALECT_QUERY, DIALECT_EC2, DIALECT_CBOR };

/* The dialect that a client of no S3 speaks: by the Content-Type of its request, and where that
 * does not tell by what the service speaks (struct service; may be empty). */
enum dialect dialect_of_request(struct span content_type, struct span protocols);

/* The Content-Type that goes with it. */
struct span dialect_content_type(enum dialect dialect);

/* Appends the body: <Error><Code/><Message/></Error>, the same inside <ErrorResponse> (the query
 * protocol, and services of REST-XML) or EC2's <Response><Errors>, or
 * {"__type","message"} in JSON or CBOR (RFC 8949). */
void dialect_write_error(
    struct buf *out, enum dialect dialect, struct span code, struct span message);
