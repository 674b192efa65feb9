/* The signatures inside an upload that is signed chunk by chunk: each covers a chunk's content and
 * the signature before it, the first of them that of the request's head (the seed); after the last
 * chunk comes, where there are trailers, theirs.
 * In: the content of one chunk after another, in any pieces. Out: the signatures that the sender
 * must have written, to be compared with signature_equal(). The encoding around them is read by
 * http/aws_chunked.
 * Source: Amazon S3 API Reference, "Signature calculations for the Authorization header:
 * transferring payload in multiple chunks" and "... including trailing headers".
 * The signing key stays with the signer. */
#pragma once

#include "proxy/aws/sign.h"

struct chunk_chain {
    struct hash content; /* of the chunk under way */
    struct scope scope;
    char previous[HASH_HEX_BYTES];
};

/* With whose key: the same in every call, those that signed the seed. */
struct chunk_signer {
    struct signer *signer;
    const struct credentials *credentials;
};

/* Begins a chain behind the seed; the scope's region and service must live as long as the chain. */
void chunk_chain_init(
    struct chunk_chain *chain, const struct scope *scope, const char seed[HASH_HEX_BYTES]);

/* More content of the chunk. */
void chunk_chain_add(struct chunk_chain *chain, struct span content);

/* The chunk ends: its signature; the next one begins. The last of a body has no content.
 * Errors: OUT_OF_MEMORY. */
MUST_USE enum err chunk_chain_sign(
    struct chunk_chain *chain, const struct chunk_signer *by, char hex[HASH_HEX_BYTES]);

/* After the last chunk: the signature of the trailers, "name:value\r\n" each, in any order, no name
 * twice, together no more than AWS_CHUNKED_TRAILER_BYTES. Errors: OUT_OF_MEMORY. */
MUST_USE enum err chunk_chain_sign_trailers(struct chunk_chain *chain,
    const struct chunk_signer *by, struct span trailers, char hex[HASH_HEX_BYTES]);

/* Whether what the sender wrote is the signature; in constant time. */
bool signature_equal(const char hex[HASH_HEX_BYTES], struct span given);
