/* Header fields: a name, a value, and which of the names that matter to a proxy it is. */
#pragma once

#include "proxy/base/span.h"

/* What a proxy does with a field.
 * HOP: between two neighbours only, never passed on (RFC 9110, 7.6.1).
 * MINE: proof for this proxy or part of its own signature; never passed on, replaced where a
 * request needs it. KEEP: passed on even where a Connection field names it, for without it the
 * message means something else. */
enum { FIELD_HOP = 1, FIELD_MINE = 2, FIELD_KEEP = 4 };

#define FIELD_LIST(X)                                                          \
    X(AUTHORIZATION, "authorization", FIELD_MINE)                              \
    X(CONNECTION, "connection", FIELD_HOP)                                     \
    X(CONTENT_LENGTH, "content-length", FIELD_HOP | FIELD_KEEP)                \
    X(CONTENT_MD5, "content-md5", FIELD_KEEP)                                  \
    X(CONTENT_TYPE, "content-type", FIELD_KEEP)                                \
    X(EXPECT, "expect", FIELD_HOP | FIELD_KEEP)                                \
    X(HOST, "host", FIELD_MINE | FIELD_KEEP)                                   \
    X(HTTP2_SETTINGS, "http2-settings", FIELD_HOP)                             \
    X(KEEP_ALIVE, "keep-alive", FIELD_HOP)                                     \
    X(ORIGIN, "origin", FIELD_KEEP)                                            \
    X(PROXY_AUTHENTICATE, "proxy-authenticate", FIELD_HOP)                     \
    X(PROXY_AUTHORIZATION, "proxy-authorization", FIELD_HOP | FIELD_MINE)      \
    X(PROXY_CONNECTION, "proxy-connection", FIELD_HOP)                         \
    X(SEC_FETCH_SITE, "sec-fetch-site", FIELD_KEEP)                            \
    X(TE, "te", FIELD_HOP)                                                     \
    X(TRAILER, "trailer", FIELD_HOP)                                           \
    X(TRANSFER_ENCODING, "transfer-encoding", FIELD_HOP | FIELD_KEEP)          \
    X(UPGRADE, "upgrade", FIELD_HOP)                                           \
    X(X_AMZ_CONTENT_SHA256, "x-amz-content-sha256", FIELD_MINE | FIELD_KEEP)   \
    X(X_AMZ_DATE, "x-amz-date", FIELD_MINE | FIELD_KEEP)                       \
    X(X_AMZ_REGION_SET, "x-amz-region-set", FIELD_MINE | FIELD_KEEP)           \
    X(X_AMZ_S3SESSION_TOKEN, "x-amz-s3session-token", FIELD_MINE | FIELD_KEEP) \
    X(X_AMZ_SECURITY_TOKEN, "x-amz-security-token", FIELD_MINE | FIELD_KEEP)   \
    X(X_AMZ_TARGET, "x-amz-target", FIELD_KEEP)                                \
    X(X_COUNTERSIGN_ERROR, "x-countersign-error", FIELD_MINE)                  \
    X(X_COUNTERSIGN_TOKEN, "x-countersign-token", FIELD_MINE)

enum field_id {
    FIELD_OTHER = 0,
#define X(id, name, flags) FIELD_##id,
    FIELD_LIST(X)
#undef X
};

struct field {
    struct span name;
    struct span value;
    enum field_id id;
};

enum field_id field_identify(struct span name);

/* FIELD_HOP, FIELD_MINE and FIELD_KEEP of the field; KEEP also for whole families (x-amz-,
 * content-, if-, range ...). */
unsigned field_flags(const struct field *field);

/* Whether all bytes are of RFC 9110's `token`, and there is one. */
bool field_name_valid(struct span name);

/* Whether no control but the tab is in it (RFC 9110, 5.5); bytes from 0x80 are allowed. */
bool field_value_valid(struct span value);

/* One field line without its CRLF; false where it is not exactly NAME ":" OWS VALUE OWS. */
bool field_parse_line(struct span line, struct field *field);

/* Whether the comma-separated list holds the token, without regard to case. */
bool field_list_has(struct span list, struct span token);
