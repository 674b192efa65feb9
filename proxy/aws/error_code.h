/* Which error an answer of AWS names, in whatever dialect: S3's and the query protocol's XML, JSON,
 * CBOR, or the header alone. Pure; allocates nothing.
 * Sources: S3 API Reference, "Error responses"; Smithy's AWS protocols ("Operation error
 * serialization"), awsQuery, awsJson1_1 and rpcv2Cbor. */
#pragma once

#include "proxy/base/span.h"

/* header: the value of X-Amzn-ErrorType, may be empty. body: the whole of it. The code without its
 * namespace or what stands after ":"; len == 0 where none can be found. */
struct span error_code_find(struct span header, struct span body);

/* The code, where it is one: up to 64 letters, digits and dots. Else len == 0: what is no code is
 * not repeated, who knows what it holds. */
struct span error_code_shown(struct span code);

/* Whether the code says that the session's keys have ended, so that newer ones may do. */
bool error_code_is_expired(struct span code);

/* The text of the first element of that name (no attributes in it), markup and all; len == 0 where
 * there is none. */
struct span xml_text(struct span xml, struct span name);
