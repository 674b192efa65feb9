#include "tests/unit/failing.h"

#include <openssl/evp.h>

FAILING(EVP_MD *, EVP_MD_fetch, (OSSL_LIB_CTX * library, const char *name, const char *properties),
    (library, name, properties), NULL)
FAILING(EVP_MD_CTX *, EVP_MD_CTX_new, (void), (), NULL)
FAILING(int, EVP_DigestInit_ex2,
    (EVP_MD_CTX * context, const EVP_MD *digest, const OSSL_PARAM parameters[]),
    (context, digest, parameters), 0)
FAILING(int, EVP_DigestUpdate, (EVP_MD_CTX * context, const void *bytes, size_t count),
    (context, bytes, count), 0)
FAILING(int, EVP_DigestFinal_ex, (EVP_MD_CTX * context, unsigned char *digest, unsigned *bytes),
    (context, digest, bytes), 0)
FAILING(int, EVP_Digest,
    (const void *bytes, size_t count, unsigned char *digest, unsigned *size, const EVP_MD *type,
        ENGINE *engine),
    (bytes, count, digest, size, type, engine), 0)
