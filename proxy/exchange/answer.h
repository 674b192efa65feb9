/* Heads of answers to the client: the server's, written anew, and the proxy's own. */
#pragma once

#include "proxy/aws/dialect.h"
#include "proxy/base/err.h"
#include "proxy/http/body.h"

/* How the client is told where the body ends. */
enum answer_framing { ANSWER_BARE, ANSWER_LENGTH, ANSWER_CHUNKED, ANSWER_UNTIL_CLOSE };

/* Which of them an answer of the server needs. minor: the client's version. */
enum answer_framing answer_framing_for(const struct framing *framing, unsigned minor);

struct answer_connection {
    bool close;        /* the connection ends after this answer */
    unsigned minor;    /* the client's version: HTTP/1.0 must be told that it lives on */
    struct span extra; /* further header lines, each with its CRLF */
};

/* Appends the server's head, less what is between two neighbours. */
void answer_relay(struct buf *out, const struct head *head, const struct framing *framing,
    enum answer_framing how, struct answer_connection connection);

/* Appends a whole answer of the proxy's own. error: the X-Countersign-Error code, or empty.
 * to_head: no body. */
struct answer_own {
    int status;
    struct span content_type;
    struct span error;
    struct span extra; /* further header lines, each with its CRLF */
    struct span body;
    bool to_head;
};
void answer_write(
    struct buf *out, const struct answer_own *own, struct answer_connection connection);

/* Appends the head of an answer of the proxy's own whose body comes as it is made; how: CHUNKED or
 * UNTIL_CLOSE. */
void answer_write_begun(struct buf *out, struct span content_type, enum answer_framing how,
    struct answer_connection connection);

/* Appends the error as an answer, in the dialect. */
void answer_write_error(struct buf *out, const struct fault *fault, enum dialect dialect,
    bool to_head, struct answer_connection connection);

/* Appends those of the trailer fields (lines with their CRLFs) that may stand in a trailer: none
 * that frames, routes or proves anything, and in a request none that changes what is asked (RFC
 * 9110, 6.5.1). */
void answer_write_trailers(struct buf *out, struct span trailers, bool of_request);

/* The reason phrase for a status of the proxy's own. */
const char *answer_reason(int status);
