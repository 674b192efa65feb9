/* TLS as bytes in, bytes out: there is no socket here. Ciphertext is fed from the loop's input
 * buffer, plaintext comes out into a buffer of the caller, and what is to be sent gathers in the
 * loop's cipher buffer. The only file that calls SSL_*; trust.c makes the context. */
#pragma once

#include "proxy/base/err.h"
#include "proxy/base/span.h"

struct ssl_st;
struct ssl_session_st;
struct tls_client;

struct tls {
    struct ssl_st *ssl;
    struct span in; /* ciphertext not yet taken */
    char *out;      /* ciphertext to send, in memory that tls_use() lends */
    size_t out_bytes, out_max;
    bool established;
    bool ended; /* close_notify has come */
};

/* The context all connections share: versions, ciphers, roots. bundle: PEM file of the roots to
 * trust, NULL for the built-in ones, then the system's. NULL, with fault, where the bundle cannot
 * be read. */
struct tls_client *tls_client_create(const char *bundle, struct fault *fault);
void tls_client_destroy(struct tls_client *client);

/* Begins a client connection to host, whose certificate must show that name (or address) and a
 * chain to a root. session: of an earlier connection to the same host, or NULL; one of TLS 1.3 is
 * used up and becomes NULL. */
MUST_USE enum err tls_begin(
    struct tls *tls, struct tls_client *client, struct span host, struct ssl_session_st **session);
void tls_finish(struct tls *tls);

/* Lends memory for what is to be sent; it must hold until tls_output() has been taken. */
void tls_use(struct tls *tls, char *memory, size_t bytes);

/* Ciphertext that has come; it must hold until tls_handshake() or tls_read() want more. */
static inline void tls_feed(struct tls *tls, struct span ciphertext)
{
    tls->in = ciphertext;
}

/* Goes on with the handshake as far as the bytes reach. Errors: UPSTREAM_TLS, with words. Done when
 * established. */
MUST_USE enum err tls_handshake(struct tls *tls, struct fault *fault);

/* Plaintext into memory, as much as there is and fits; 0 bytes when more ciphertext must come or
 * the peer has ended. Errors: UPSTREAM_TLS. */
MUST_USE enum err tls_read(struct tls *tls, char *memory, size_t max, size_t *bytes);

/* Whether tls_read() has more to give without further ciphertext. */
bool tls_has_more(const struct tls *tls);

/* The connection will be idle for a while: its record buffers, 34 KiB, are freed until it is used.
 */
void tls_rest(struct tls *tls);

/* Encrypts; at most IO_BYTES a call. Errors: UPSTREAM_TLS. */
MUST_USE enum err tls_write(struct tls *tls, struct span plaintext);

/* What is to be sent now. */
static inline struct span tls_output(const struct tls *tls)
{
    return (struct span){tls->out, tls->out_bytes};
}

/* Tells the peer that no more will come. */
void tls_end(struct tls *tls);

/* Sessions that servers hand out go to this, with the user of tls_set_user(); it takes the
 * reference. */
void tls_client_on_session(
    struct tls_client *client, void (*on_session)(void *user, struct ssl_session_st *session));
void tls_set_user(struct tls *tls, void *user);
void tls_session_free(struct ssl_session_st *session);

/* Takes new randomness from the system: copies of one process must not draw the same. */
void tls_reseed(void);
