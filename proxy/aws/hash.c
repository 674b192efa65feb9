#include "proxy/aws/hash.h"

#include <openssl/evp.h>

enum err hash_begin(struct hash *hash)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (!context || !EVP_DigestInit_ex2(context, EVP_sha256(), NULL)) {
        EVP_MD_CTX_free(context);
        return ERR_OUT_OF_MEMORY;
    }
    hash->context = context;
    return OK;
}

enum err hash_add(struct hash *hash, struct span content)
{
    return EVP_DigestUpdate(hash->context, content.at, content.len) ? OK : ERR_OUT_OF_MEMORY;
}

enum err hash_take(struct hash *hash, char hex[HASH_HEX_BYTES])
{
    unsigned char bytes[HASH_HEX_BYTES / 2];
    struct buf text = buf_over(hex, HASH_HEX_BYTES);
    if (!EVP_DigestFinal_ex(hash->context, bytes, NULL)
        || !EVP_DigestInit_ex2(hash->context, NULL, NULL))
        return ERR_OUT_OF_MEMORY;
    buf_hex(&text, bytes, sizeof bytes);
    return OK;
}

void hash_finish(struct hash *hash)
{
    EVP_MD_CTX_free(hash->context);
    hash->context = NULL;
}
