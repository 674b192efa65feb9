#include "tests/unit/failing.h"

#include <openssl/evp.h>

FAILING(EVP_MD_CTX *, EVP_MD_CTX_new, (void), (), NULL)
FAILING(int, EVP_Digest,
    (const void *bytes, size_t count, unsigned char *digest, unsigned *size, const EVP_MD *type,
        ENGINE *engine),
    (bytes, count, digest, size, type, engine), 0)
