/* SHA-256 (FIPS 180-4) of content that comes in pieces, and HMAC-SHA256 (RFC 2104) with a key that
 * is prepared once.
 * These are OpenSSL's functions for this one digest, not those for any: their state is a plain
 * struct, so nothing is allocated, nothing can fail, and the state behind a key's block is copied
 * for each message instead of being made anew. (EVP allocates whenever a digest begins.) */
#pragma once

#include <openssl/sha.h>

#include "proxy/base/span.h"

enum { HASH_BYTES = 32, HASH_HEX_BYTES = 64 };
#define EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

struct hash {
    SHA256_CTX state;
};

void hash_begin(struct hash *hash);
void hash_add(struct hash *hash, struct span content);

/* The hash of all that was added, in hexadecimal; the next content begins anew. */
void hash_end(struct hash *hash, char hex[HASH_HEX_BYTES]);

/* All three for content that is there as a whole. */
void hash_hex(struct span content, char hex[HASH_HEX_BYTES]);

/* A key, ready to be used for many messages. As secret as the key: whoever has it cleanses it. */
struct hmac_key {
    struct hash inner, outer; /* behind the key's block */
};

void hmac_prepare(struct hmac_key *prepared, struct span key);
void hmac(const struct hmac_key *key, struct span message, unsigned char out[HASH_BYTES]);
