/* Where OpenSSL refuses a call of a connection it leaves an error in its queue. */
#include "tests/unit/failing.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

static int refused(void)
{
    ERR_raise(ERR_LIB_SSL, ERR_R_MALLOC_FAILURE);
    return 0;
}

FAILING(SSL_CTX *, SSL_CTX_new, (const SSL_METHOD *method), (method), NULL)
FAILING(long, SSL_CTX_ctrl, (SSL_CTX * context, int command, long number, void *pointer),
    (context, command, number, pointer), 0)
FAILING(int, SSL_CTX_set_ciphersuites, (SSL_CTX * context, const char *list), (context, list),
    refused())
FAILING(
    int, SSL_CTX_set_cipher_list, (SSL_CTX * context, const char *list), (context, list), refused())
FAILING(int, X509_STORE_load_file, (X509_STORE * store, const char *file), (store, file), refused())
FAILING(X509 *, d2i_X509, (X509 * *old, const unsigned char **der, long bytes), (old, der, bytes),
    (refused(), NULL))
FAILING(int, X509_STORE_add_cert, (X509_STORE * store, X509 *certificate), (store, certificate),
    refused())
FAILING(int, X509_STORE_CTX_get1_issuer, (X509 * *issuer, X509_STORE_CTX *context, X509 *subject),
    (issuer, context, subject), refused() - 1)
FAILING(BIO_METHOD *, BIO_meth_new, (int type, const char *name), (type, name), NULL)
FAILING(BIO *, BIO_new, (const BIO_METHOD *method), (method), NULL)
FAILING(SSL *, SSL_new, (SSL_CTX * context), (context), NULL)
FAILING(int, X509_VERIFY_PARAM_set1_ip_asc, (X509_VERIFY_PARAM * parameters, const char *address),
    (parameters, address), refused())
FAILING(int, SSL_set1_host, (SSL * ssl, const char *name), (ssl, name), refused())
FAILING(long, SSL_ctrl, (SSL * ssl, int command, long number, void *pointer),
    (ssl, command, number, pointer), 0)
FAILING(int, SSL_set_session, (SSL * ssl, SSL_SESSION *session), (ssl, session), refused())
FAILING(int, SSL_do_handshake, (SSL * ssl), (ssl), refused() - 1)
FAILING(int, SSL_read_ex, (SSL * ssl, void *bytes, size_t max, size_t *got), (ssl, bytes, max, got),
    refused())
FAILING(int, SSL_write_ex, (SSL * ssl, const void *bytes, size_t count, size_t *written),
    (ssl, bytes, count, written), refused())
FAILING(int, SSL_free_buffers, (SSL * ssl), (ssl), 0)
FAILING(int, SSL_shutdown, (SSL * ssl), (ssl), refused() - 1)
