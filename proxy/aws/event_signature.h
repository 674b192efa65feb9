/* The signatures of events that a client streams to AWS (Amazon Transcribe and its kin): each event
 * is wrapped in another message with the headers
 *
 *   :date              timestamp, the event's own
 *   :chunk-signature   bytes, 32
 *
 * and covers the signature before it, the first that of the request's head or presigned URL (the
 * seed). An empty event, wrapped and signed too, ends the stream.
 * In: events one after another, each a whole message of http/event_stream. Out: what goes to AWS.
 * Source: Amazon Transcribe Developer Guide, "Event stream encoding"; Signature Version 4,
 * AWS4-HMAC-SHA256-PAYLOAD. The signing key stays with the signer. Pure. */
#pragma once

#include "proxy/aws/chunk_signature.h"

/* Bytes that wrapping adds: around, the date's header, the signature's. */
enum { EVENT_SIGNATURE_BYTES = 12 + 4 + (1 + 5 + 1 + 8) + (1 + 16 + 1 + 2 + 32) };

struct event_chain {
    struct scope scope; /* its date is the last event's */
    char previous[HASH_HEX_BYTES];
};

/* Begins behind the seed, in hexadecimal, lower case; the scope's region and service must live as
 * long as the chain. There is nothing to finish. */
void event_chain_init(
    struct event_chain *chain, const struct scope *scope, const char seed[HASH_HEX_BYTES]);

/* Appends the event, wrapped and signed with its time, milliseconds since 1970; the scope goes with
 * it over midnight. inner: a whole message, or nothing, which ends the stream. by: as in every call
 * and for the seed. The chain goes on only where all of it is in out.
 * Errors: OUT_OF_MEMORY (out is too small, or inner too long for a payload). */
MUST_USE enum err event_signature_write(struct event_chain *chain, const struct chunk_signer *by,
    int64_t now_ms, struct span inner, struct buf *out);
