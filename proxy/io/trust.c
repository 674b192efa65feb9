#include "proxy/io/trust.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <unistd.h>

#include "proxy/io/amazon_roots.h"

/* Where distributions keep their bundle (the list that Go's crypto/x509 probes as well). */
static const char *const system_bundles[] = {
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
};

static bool add_system_roots(X509_STORE *store)
{
    bool added = false;
    for (size_t i = 0; i < sizeof system_bundles / sizeof *system_bundles && !added; i++)
        added = access(system_bundles[i], R_OK) == 0
            && X509_STORE_load_file(store, system_bundles[i]) == 1;
    ERR_clear_error();
    return added;
}

/* Asked for the issuer of a certificate. The store's own data says whether the system's roots are
 * in it; where they could not be read, for want of a descriptor say, the next handshake tries
 * again. */
static int find_issuer(X509 **issuer, X509_STORE_CTX *context, X509 *certificate)
{
    X509_STORE *store = X509_STORE_CTX_get0_store(context);
    int found = X509_STORE_CTX_get1_issuer(issuer, context, certificate);
    if (found != 0 || X509_STORE_get_ex_data(store, 0) || !add_system_roots(store))
        return found;
    (void)X509_STORE_set_ex_data(store, 0, store);
    return X509_STORE_CTX_get1_issuer(issuer, context, certificate);
}

static enum err add_amazon_roots(X509_STORE *store)
{
    for (size_t i = 0; i < amazon_roots_count; i++) {
        const unsigned char *der = amazon_roots[i].der;
        X509 *root = d2i_X509(NULL, &der, (long)amazon_roots[i].length);
        int added = root && X509_STORE_add_cert(store, root);
        X509_free(root);
        if (!added)
            return ERR_OUT_OF_MEMORY;
    }
    return OK;
}

enum err trust_setup(X509_STORE *store, const char *bundle, struct fault *fault)
{
    if (bundle) {
        if (X509_STORE_load_file(store, bundle))
            return OK;
        ERR_clear_error();
        return fault_set(fault, ERR_UPSTREAM_TLS,
            "The file of trusted roots, %s, cannot be read as PEM. It is named by "
            "COUNTERSIGN_CA_BUNDLE, AWS_CA_BUNDLE or SSL_CERT_FILE.",
            bundle);
    }
    X509_STORE_set_get_issuer(store, find_issuer);
    if (add_amazon_roots(store) == OK)
        return OK;
    return fault_set(fault, ERR_OUT_OF_MEMORY, "There is not enough memory for the trusted roots.");
}
