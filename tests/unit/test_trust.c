/* The system's roots: they are read when a certificate needs them first, once; where they could not
 * be read, for want of a descriptor say, the next certificate tries again.
 */
/* wrap: access X509_STORE_load_file */
#include "tests/unit/check.h"

#include <openssl/pem.h>
#include <openssl/x509.h>

#include "proxy/io/trust.h"

static X509 *root; /* all that is in the system's bundle */
static int reads, refusals;

int __wrap_access(const char *path, int mode);
int __wrap_X509_STORE_load_file(X509_STORE *store, const char *path);

int __wrap_access(const char *path, int mode)
{
    (void)path;
    (void)mode;
    return 0;
}

int __wrap_X509_STORE_load_file(X509_STORE *store, const char *path)
{
    (void)path;
    reads++;
    return reads > refusals && X509_STORE_add_cert(store, root);
}

static X509 *make_root(EVP_PKEY *key)
{
    X509 *made = X509_new();
    (void)ASN1_INTEGER_set(X509_get_serialNumber(made), 1);
    (void)X509_gmtime_adj(X509_getm_notBefore(made), -60);
    (void)X509_gmtime_adj(X509_getm_notAfter(made), 3600);
    (void)X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_ASC,
        (const unsigned char *)"localhost", -1, -1, 0);
    (void)X509_set_issuer_name(made, X509_get_subject_name(made));
    (void)X509_set_pubkey(made, key);
    assert_true(X509_sign(made, key, EVP_sha256()) > 0);
    return made;
}

static bool verifies(X509_STORE *store)
{
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    assert_int_equal(X509_STORE_CTX_init(context, store, root, NULL), 1);
    bool good = X509_verify_cert(context) == 1;
    X509_STORE_CTX_free(context);
    return good;
}

/* For any number of refusals that all the bundles together give. */
static void test_roots_are_read_again(void **state)
{
    (void)state;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    root = make_root(key);
    for (refusals = 0; refusals < 20; refusals++) {
        struct fault fault;
        X509_STORE *store = X509_STORE_new();
        reads = 0;
        assert_int_equal(trust_setup(store, NULL, &fault), OK);
        for (int tries = 0; tries < 20 && !verifies(store); tries++)
            assert_true(reads <= refusals);
        assert_true(verifies(store));
        assert_true(verifies(store));
        assert_int_equal(reads, refusals + 1);
        X509_STORE_free(store);
    }
    X509_free(root);
    EVP_PKEY_free(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_roots_are_read_again)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
