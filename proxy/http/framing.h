/* How long a message is, and whether its connection lives on (RFC 9112, 6.3 and 9.3): one reading,
 * or a refusal. */
#pragma once

#include "proxy/http/head.h"

enum body_kind { BODY_NONE, BODY_LENGTH, BODY_CHUNKED, BODY_UNTIL_CLOSE };

struct framing {
    enum body_kind kind;
    uint64_t length; /* BODY_LENGTH; for an answer to HEAD and for 304 what the field promised */
    bool has_length; /* a Content-Length stood there */
    bool keep_alive; /* the sender will keep its connection */
    bool expects_continue; /* request: the client waits for 100 before its body */
};

/* Errors: BAD_REQUEST, EXPECTATION_FAILED. */
MUST_USE enum err framing_of_request(
    const struct head *head, struct framing *framing, struct fault *fault);

/* to_head: it answers a HEAD, so it has no body whatever it promises. 1xx have none either.
 * Errors: UPSTREAM_PROTOCOL. */
MUST_USE enum err framing_of_response(
    const struct head *head, bool to_head, struct framing *framing, struct fault *fault);
