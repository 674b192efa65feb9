#include "proxy/io/tls.h"

#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "proxy/io/trust.h"

struct tls_client {
    SSL_CTX *context;
    BIO_METHOD *bytes; /* a BIO over struct tls: no queue of its own, so no byte is copied twice */
    void (*on_session)(void *user, struct ssl_session_st *session);
};

static int take_input(BIO *bio, char *to, size_t max, size_t *taken)
{
    struct tls *tls = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (tls->in.len == 0) {
        BIO_set_retry_read(bio);
        return 0;
    }
    *taken = tls->in.len < max ? tls->in.len : max;
    memcpy(to, tls->in.at, *taken);
    tls->in = span_from(tls->in, *taken);
    return 1;
}

static int add_output(BIO *bio, const char *from, size_t bytes, size_t *taken)
{
    struct tls *tls = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (bytes > tls->out_max - tls->out_bytes)
        return 0;
    memcpy(tls->out + tls->out_bytes, from, bytes);
    tls->out_bytes += bytes;
    *taken = bytes;
    return 1;
}

static long control(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH;
}

static int begin_bio(BIO *bio)
{
    BIO_set_init(bio, 1);
    return 1;
}

static BIO_METHOD *bytes_method(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "bytes");
    if (method && BIO_meth_set_read_ex(method, take_input)
        && BIO_meth_set_write_ex(method, add_output) && BIO_meth_set_ctrl(method, control)
        && BIO_meth_set_create(method, begin_bio))
        return method;
    BIO_meth_free(method);
    return NULL;
}

static int on_new_session(SSL *ssl, SSL_SESSION *session)
{
    struct tls_client *client = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    void *user = SSL_get_app_data(ssl);
    if (!client->on_session || !user)
        return 0;
    client->on_session(user, session);
    return 1;
}

/* AES-128 first where the server leaves the choice to us: it costs the least and is as safe. Keys
 * and signatures of less than 112 bits are refused (RSA under 2048, SHA-1), whatever OpenSSL was
 * built to take. */
static bool configure(struct tls_client *client)
{
    enum { BITS_112 = 2 };
    SSL_CTX *context = client->context;
    SSL_CTX_set_security_level(context, BITS_112);
    SSL_CTX_set_app_data(context, client);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_mode(context, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context, on_new_session);
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION)
        && SSL_CTX_set_ciphersuites(
            context, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256")
        && SSL_CTX_set_cipher_list(context,
            "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
            "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
            "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305");
}

struct tls_client *tls_client_create(const char *bundle, struct fault *fault)
{
    struct tls_client *client = calloc(1, sizeof *client);
    if (!client)
        goto out;
    client->context = SSL_CTX_new(TLS_client_method());
    client->bytes = bytes_method();
    if (!client->context || !client->bytes || !configure(client))
        goto out;
    if (trust_setup(SSL_CTX_get_cert_store(client->context), bundle, fault) == OK)
        return client;
    tls_client_destroy(client);
    return NULL;
out:
    tls_client_destroy(client);
    (void)fault_set(fault, ERR_OUT_OF_MEMORY, "There is not enough memory for TLS.");
    return NULL;
}

void tls_client_destroy(struct tls_client *client)
{
    if (!client)
        return;
    SSL_CTX_free(client->context);
    BIO_meth_free(client->bytes);
    free(client);
}

/* The name that the certificate must show; an address is matched as one. */
static bool expect_name(SSL *ssl, struct span host)
{
    char name[256];
    if (host.len >= sizeof name)
        return false;
    memcpy(name, host.at, host.len);
    name[host.len] = '\0';
    if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name))
        return true;
    ERR_clear_error();
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_set1_host(ssl, name) && SSL_set_tlsext_host_name(ssl, name);
}

enum err tls_begin(
    struct tls *tls, struct tls_client *client, struct span host, struct ssl_session_st **session)
{
    *tls = (struct tls){.ssl = SSL_new(client->context)};
    BIO *bio = BIO_new(client->bytes);
    if (!tls->ssl || !bio || !expect_name(tls->ssl, host)) {
        BIO_free(bio);
        tls_finish(tls);
        return ERR_OUT_OF_MEMORY;
    }
    BIO_set_data(bio, tls);
    SSL_set_bio(tls->ssl, bio, bio);
    SSL_set_connect_state(tls->ssl);
    if (session && *session) {
        (void)SSL_set_session(tls->ssl, *session);
        if (SSL_SESSION_get_protocol_version(*session) >= TLS1_3_VERSION) {
            SSL_SESSION_free(*session); /* a ticket is for one use (RFC 8446, C.4) */
            *session = NULL;
        }
    }
    return OK;
}

void tls_finish(struct tls *tls)
{
    /* OpenSSL takes a connection that was not shut down for a broken one, and forbids to resume its
     * session. */
    if (tls->ssl)
        SSL_set_shutdown(tls->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(tls->ssl);
    tls->ssl = NULL;
}

void tls_use(struct tls *tls, char *memory, size_t bytes)
{
    tls->out = memory;
    tls->out_bytes = 0;
    tls->out_max = bytes;
}

/* In words for the caller. The queue of errors is OpenSSL's and shared: it is left empty. */
static enum err explain(const struct tls *tls, struct fault *fault)
{
    long verdict = SSL_get_verify_result(tls->ssl);
    unsigned long error = ERR_peek_error();
    const char *reason = ERR_reason_error_string(error);
    if (verdict != X509_V_OK)
        (void)fault_set(fault, ERR_UPSTREAM_TLS,
            "The server's certificate cannot be trusted: %s. If the server has a private "
            "authority, name its PEM file in COUNTERSIGN_CA_BUNDLE.",
            X509_verify_cert_error_string(verdict));
    else
        (void)fault_set(fault, ERR_UPSTREAM_TLS, "The TLS handshake with the server failed: %s.",
            reason ? reason : "the server ended it");
    ERR_clear_error();
    return ERR_UPSTREAM_TLS;
}

enum err tls_handshake(struct tls *tls, struct fault *fault)
{
    ERR_clear_error();
    int done = SSL_do_handshake(tls->ssl);
    tls->established = done == 1;
    if (done == 1 || SSL_get_error(tls->ssl, done) == SSL_ERROR_WANT_READ)
        return OK;
    return explain(tls, fault);
}

bool tls_has_more(const struct tls *tls)
{
    return tls->in.len > 0 || SSL_pending(tls->ssl) > 0;
}

enum err tls_read(struct tls *tls, char *memory, size_t max, size_t *bytes)
{
    size_t total = 0, got = 0;
    bool more = true;
    ERR_clear_error(); /* SSL_get_error() takes what others left there for this call's */
    while (more && total < max && SSL_read_ex(tls->ssl, memory + total, max - total, &got)) {
        total += got;
        more = tls_has_more(tls);
    }
    *bytes = total;
    if (!more || total == max)
        return OK;
    int error = SSL_get_error(tls->ssl, 0);
    tls->ended = tls->ended || error == SSL_ERROR_ZERO_RETURN;
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_ZERO_RETURN)
        return OK;
    ERR_clear_error();
    return ERR_UPSTREAM_TLS;
}

enum err tls_write(struct tls *tls, struct span plaintext)
{
    size_t written;
    if (plaintext.len == 0 || SSL_write_ex(tls->ssl, plaintext.at, plaintext.len, &written))
        return OK;
    ERR_clear_error();
    return ERR_UPSTREAM_TLS;
}

void tls_rest(struct tls *tls)
{
    (void)SSL_free_buffers(tls->ssl);
}

void tls_end(struct tls *tls)
{
    if (tls->established)
        (void)SSL_shutdown(tls->ssl);
    ERR_clear_error();
}

void tls_client_on_session(
    struct tls_client *client, void (*on_session)(void *user, struct ssl_session_st *session))
{
    client->on_session = on_session;
}

void tls_set_user(struct tls *tls, void *user)
{
    SSL_set_app_data(tls->ssl, user);
}

void tls_session_free(struct ssl_session_st *session)
{
    SSL_SESSION_free(session);
}

void tls_reseed(void)
{
    (void)RAND_poll(); /* where the system gives none now, the next draw asks again */
}
