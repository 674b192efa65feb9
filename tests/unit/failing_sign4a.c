#include "tests/unit/failing.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

FAILING(BIGNUM *, BN_secure_new, (void), (), NULL)
FAILING(BIGNUM *, BN_bin2bn, (const unsigned char *bytes, int count, BIGNUM *number),
    (bytes, count, number), NULL)
FAILING(EC_GROUP *, EC_GROUP_new_by_curve_name, (int id), (id), NULL)
FAILING(EC_POINT *, EC_POINT_new, (const EC_GROUP *group), (group), NULL)
FAILING(int, EC_POINT_mul,
    (const EC_GROUP *group, EC_POINT *result, const BIGNUM *n, const EC_POINT *q, const BIGNUM *m,
        BN_CTX *context),
    (group, result, n, q, m, context), 0)
FAILING(size_t, EC_POINT_point2oct,
    (const EC_GROUP *group, const EC_POINT *point, point_conversion_form_t form,
        unsigned char *bytes, size_t count, BN_CTX *context),
    (group, point, form, bytes, count, context), 0)
FAILING(OSSL_PARAM_BLD *, OSSL_PARAM_BLD_new, (void), (), NULL)
FAILING(int, OSSL_PARAM_BLD_push_utf8_string,
    (OSSL_PARAM_BLD * builder, const char *key, const char *text, size_t bytes),
    (builder, key, text, bytes), 0)
FAILING(int, OSSL_PARAM_BLD_push_octet_string,
    (OSSL_PARAM_BLD * builder, const char *key, const void *octets, size_t bytes),
    (builder, key, octets, bytes), 0)
FAILING(int, OSSL_PARAM_BLD_push_BN,
    (OSSL_PARAM_BLD * builder, const char *key, const BIGNUM *number), (builder, key, number), 0)
FAILING(OSSL_PARAM *, OSSL_PARAM_BLD_to_param, (OSSL_PARAM_BLD * builder), (builder), NULL)
FAILING(EVP_PKEY_CTX *, EVP_PKEY_CTX_new_from_name,
    (OSSL_LIB_CTX * library, const char *name, const char *properties), (library, name, properties),
    NULL)
FAILING(int, EVP_PKEY_fromdata_init, (EVP_PKEY_CTX * context), (context), 0)
FAILING(int, EVP_PKEY_fromdata,
    (EVP_PKEY_CTX * context, EVP_PKEY **key, int selection, OSSL_PARAM parameters[]),
    (context, key, selection, parameters), 0)
FAILING(int, EVP_DigestSignInit_ex,
    (EVP_MD_CTX * context, EVP_PKEY_CTX **key_context, const char *digest, OSSL_LIB_CTX *library,
        const char *properties, EVP_PKEY *key, const OSSL_PARAM parameters[]),
    (context, key_context, digest, library, properties, key, parameters), 0)
FAILING(int, EVP_DigestSign,
    (EVP_MD_CTX * context, unsigned char *signature, size_t *signature_bytes,
        const unsigned char *bytes, size_t count),
    (context, signature, signature_bytes, bytes, count), 0)
