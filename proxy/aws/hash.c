/* SHA256_*() are marked as deprecated in favour of EVP; see the header for why they are taken. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "proxy/aws/hash.h"

#include <openssl/crypto.h>

#include "proxy/base/buf.h"

/* None of these can fail: their results are 1, always (SHA256_Init(3)). */
void hash_begin(struct hash *hash)
{
    (void)SHA256_Init(&hash->state);
}

void hash_add(struct hash *hash, struct span content)
{
    (void)SHA256_Update(&hash->state, content.at, content.len);
}

static void end(struct hash *hash, unsigned char out[HASH_BYTES])
{
    (void)SHA256_Final(out, &hash->state);
}

void hash_end(struct hash *hash, char hex[HASH_HEX_BYTES])
{
    unsigned char digest[HASH_BYTES];
    struct buf text = buf_over(hex, HASH_HEX_BYTES);
    end(hash, digest);
    buf_hex(&text, digest, sizeof digest);
    hash_begin(hash);
}

void hash_hex(struct span content, char hex[HASH_HEX_BYTES])
{
    struct hash hash;
    hash_begin(&hash);
    hash_add(&hash, content);
    hash_end(&hash, hex);
}

static void begin_behind(struct hash *hash, const unsigned char block[SHA256_CBLOCK], char mask)
{
    char masked[SHA256_CBLOCK];
    for (size_t i = 0; i < sizeof masked; i++)
        masked[i] = (char)(block[i] ^ mask);
    hash_begin(hash);
    hash_add(hash, (struct span){masked, sizeof masked});
    OPENSSL_cleanse(masked, sizeof masked);
}

/* A key that is longer than a block is hashed first. */
void hmac_prepare(struct hmac_key *prepared, struct span key)
{
    unsigned char block[SHA256_CBLOCK] = {0};
    if (key.len > sizeof block) {
        hash_begin(&prepared->inner);
        hash_add(&prepared->inner, key);
        end(&prepared->inner, block);
    } else if (key.len > 0) {
        memcpy(block, key.at, key.len);
    }
    begin_behind(&prepared->inner, block, 0x36);
    begin_behind(&prepared->outer, block, 0x5c);
    OPENSSL_cleanse(block, sizeof block);
}

void hmac(const struct hmac_key *key, struct span message, unsigned char out[HASH_BYTES])
{
    struct hash inner = key->inner, outer = key->outer;
    char digest[HASH_BYTES];
    hash_add(&inner, message);
    end(&inner, (unsigned char *)digest);
    hash_add(&outer, (struct span){digest, sizeof digest});
    end(&outer, out);
}
