/* Where a request is addressed: its target (RFC 9112, 3.2) and Host taken apart into spans, nothing
 * decoded. */
#pragma once

#include "proxy/http/head.h"

/* A host with its port: "bucket.s3.amazonaws.com", "[::1]:2774". */
struct authority {
    struct span text; /* as it stood */
    struct span host; /* without port; an IPv6 address without its brackets */
    unsigned port;    /* 0 where none was named */
    bool bracketed;   /* an IPv6 address */
};

struct target {
    struct authority
        authority; /* of an absolute target, else of Host; text.at == NULL where there is neither */
    struct span path;  /* begins with "/" */
    struct span query; /* after the "?"; at == NULL where there is none */
    bool absolute;     /* the client uses this as its proxy */
    struct span method;
};

/* HOST [ ":" PORT ], with no user information; false where it is not exactly that. */
bool authority_parse(struct span text, struct authority *authority);

/* Whether the host names this very machine: localhost, 127.x.x.x or ::1. */
bool authority_is_loopback(const struct authority *authority);

/* A path, or an http:// or https:// URL without user; false where it is none of them. */
bool target_parse(struct span text, struct target *target);

/* Takes the target of a request apart, and finds its one Host. The absolute form wins over Host
 * (RFC 9112, 3.2.2). Errors: BAD_REQUEST, METHOD_NOT_ALLOWED (CONNECT, TRACE). */
MUST_USE enum err target_of_request(
    const struct head *head, struct target *target, struct fault *fault);
