/* The request as it goes to AWS: written anew from what was parsed, and signed last, just before it
 * is sent. */
#pragma once

#include "proxy/aws/route.h"
#include "proxy/aws/sign4a.h"
#include "proxy/http/framing.h"

/* The body as the server is told of it. */
struct outgoing_body {
    bool chunked;
    bool has_length; /* a Content-Length is sent, perhaps 0 */
    uint64_t length;
    bool expect_continue;       /* the server is asked to say when it wants the body */
    struct span checksum;       /* the name of a checksum; len == 0 where there is none */
    struct span checksum_value; /* where it is known; else it comes as a trailer of aws-chunked */
    uint64_t decoded_length;    /* of what is in those chunks */
    struct span algorithm;      /* of the checksum that an upload in parts will have; or len == 0 */
    bool of_whole;              /* the checksum is that of all parts together */
    bool opened;                /* it was aws-chunked, and is so no more */
    struct span hash;           /* hex SHA-256, or one of SigV4's literals */
};

struct outgoing {
    const struct head *head;
    const struct route *route;
    struct span query;                     /* at == NULL where there is none */
    const struct credentials *credentials; /* those of a session where the route asks for one */
    struct signer *signer;
    struct signer4a *signer4a; /* for routes that are signed by SigV4A */
    bool strip_query;          /* the client's own presigned parameters stand in the query */
    bool upgrades;             /* to a WebSocket */
    struct outgoing_body body;
};

/* Appends the head, signed for now_s (seconds since 1970). scratch: memory for the query without
 * the client's own signature, as long as the head. Errors: HEAD_TOO_LARGE, BAD_REQUEST,
 * OUT_OF_MEMORY. */
MUST_USE enum err outgoing_write(const struct outgoing *outgoing, int64_t now_s, struct buf *out,
    struct buf scratch, struct fault *fault);

/* The signature in a query. */
struct outgoing_query {
    bool token_last; /* the session token stands behind the signature, which leaves it out */
    uint64_t expires_s;
    struct buf scratch;        /* memory for the query, as long as the head */
    char seed[HASH_HEX_BYTES]; /* out: the signature, which those of a stream's events go on from */
};

/* The same for a WebSocket whose request is signed in its query. */
MUST_USE enum err outgoing_write_presigned(const struct outgoing *outgoing, int64_t now_s,
    struct outgoing_query *signs, struct buf *out, struct fault *fault);

/* The same for one that the client has signed: it goes on as it is. */
MUST_USE enum err outgoing_write_signed(
    const struct outgoing *outgoing, struct buf *out, struct fault *fault);
