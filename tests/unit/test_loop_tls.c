/* The proxy in its loop before a server that speaks TLS, where OpenSSL refuses one call: whichever
 * it is, the client has an answer or an end, nothing leaks, and the next request is served. The
 * server is a thread of the test's own.
 */
/* wrap: SSL_CTX_new SSL_CTX_ctrl SSL_CTX_set_ciphersuites SSL_CTX_set_cipher_list */
/* wrap: d2i_X509 X509_STORE_add_cert X509_STORE_CTX_get1_issuer */
/* wrap: X509_STORE_load_file BIO_meth_new BIO_new SSL_new X509_VERIFY_PARAM_set1_ip_asc */
/* wrap: SSL_set1_host SSL_ctrl SSL_set_session SSL_do_handshake SSL_read_ex SSL_write_ex */
/* wrap: SSL_free_buffers SSL_shutdown */
/* wrap: clock_wall_ms */
#include "tests/unit/failing.h"
#include "tests/unit/stage.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <unistd.h>

enum { MOST_CALLS = 200, MOST_TURNS = 2000 };

SSL *__real_SSL_new(SSL_CTX *context);
SSL_CTX *__real_SSL_CTX_new(const SSL_METHOD *method);

static const struct scene get = {"get over TLS", TEXT("GET /s3/bucket/key" HOST "\r\n"),
    TEXT(OK_ANSWER), "HTTP/1.1 200 ", KEYS_STATIC, false};

/* ---- a certificate, and a server that shows it ---- */

static EVP_PKEY *key;
static SSL_CTX *own,
    *strangers;         /* servers with a certificate for localhost, and for another name */
static SSL_CTX *server; /* the one that answers */
static char bundle[] = "/tmp/countersign-bundle-XXXXXX"; /* both are trusted */

static X509 *make_certificate(const char *host, int serial)
{
    X509 *certificate = X509_new();
    X509_NAME *name = X509_get_subject_name(certificate);
    assert_int_equal(X509_set_version(certificate, X509_VERSION_3), 1);
    (void)ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial);
    (void)X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    (void)X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    (void)X509_NAME_add_entry_by_txt(
        name, "CN", MBSTRING_ASC, (const unsigned char *)host, -1, -1, 0);
    (void)X509_set_issuer_name(certificate, name);
    (void)X509_set_pubkey(certificate, key);
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
    return certificate;
}

static SSL_CTX *make_server(const char *host, int serial, FILE *trusted)
{
    X509 *certificate = make_certificate(host, serial);
    SSL_CTX *context = __real_SSL_CTX_new(TLS_server_method());
    assert_int_equal(PEM_write_X509(trusted, certificate), 1);
    assert_int_equal(SSL_CTX_use_certificate(context, certificate), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(context, key), 1);
    X509_free(certificate);
    return context;
}

static int set_up(void **state)
{
    (void)state;
    failing_arm(0);
    key = EVP_EC_gen("P-256");
    FILE *file = fdopen(mkstemp(bundle), "w");
    assert_non_null(file);
    own = make_server("localhost", 1, file);
    strangers = make_server("evil.example", 2, file);
    return fclose(file);
}

static int tear_down(void **state)
{
    (void)state;
    SSL_CTX_free(own);
    SSL_CTX_free(strangers);
    EVP_PKEY_free(key);
    return unlink(bundle);
}

/* Two requests of one connection; where either breaks, the client sees it. */
static void serve_connection(int fd)
{
    static const struct span answers[] = {
        TEXT("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"), TEXT(OK_ANSWER)};
    char bytes[8192];
    SSL *ssl = __real_SSL_new(server);
    bool good = SSL_set_fd(ssl, fd) == 1 && SSL_accept(ssl) == 1;
    for (size_t i = 0; good && i < ROWS(answers); i++)
        good = SSL_read(ssl, bytes, sizeof bytes) > 0
            && SSL_write(ssl, answers[i].at, (int)answers[i].len) > 0;
    SSL_free(ssl);
    (void)close(fd);
}

static void *serve(void *listener)
{
    int fd;
    while ((fd = accept(*(int *)listener, NULL, NULL)) >= 0)
        serve_connection(fd);
    return NULL;
}

/* ---- the test ---- */

static void ask(struct stage *stage)
{
    peer_hang_up(&stage->client);
    stage_exchange(stage, &get);
}

/* An end, the whole answer, or words of the proxy's own. */
static void check_answer(const struct stage *stage)
{
    struct span answer = span_of(stage->client.bytes);
    bool whole = span_starts(answer, span_of(get.expected)) && span_ends(answer, SPAN("hello"));
    if (answer.len > 0 && !whole && !span_starts(answer, SPAN("HTTP/1.1 502 "))
        && !span_starts(answer, SPAN("HTTP/1.1 503 ")))
        fail_msg("%s: %s", failing_name(), stage->client.bytes);
}

/* Three requests: a connection rests after the first, and after the second, its last, another
 * resumes its session. */
static bool run_with_failure(struct stage *stage, unsigned nth)
{
    failing_arm(nth);
    assert_true(stage_open(stage));
    for (int i = 0; i < 3; i++) {
        ask(stage);
        check_answer(stage);
    }
    bool failed = failing_count() >= nth;
    const char *name = failing_name();
    failing_arm(0);
    ask(stage);
    if (!span_starts(span_of(stage->client.bytes), span_of(get.expected)))
        fail_msg("after %s: %s", name, stage->client.bytes);
    stage_close(stage);
    return failed;
}

/* The server's thread, and the stage that leads to it. */
struct tls_stage {
    struct stage *stage;
    pthread_t thread;
    int listener;
};

static void begin(struct tls_stage *tls, void **state, SSL_CTX *context)
{
    struct stage *stage = tls->stage = *state;
    server = context;
    tls->listener = stage->server_socket;
    stage->server_socket = -1; /* it is the thread's */
    stage->endpoints[0].authority.text = stage->endpoints[0].authority.host = SPAN("localhost");
    stage->endpoints[0].tls = true;
    stage->ca_bundle = bundle;
    assert_int_equal(fcntl(tls->listener, F_SETFL, 0), 0);
    assert_int_equal(pthread_create(&tls->thread, NULL, serve, &tls->listener), 0);
}

static void end(struct tls_stage *tls)
{
    (void)shutdown(tls->listener, SHUT_RDWR);
    assert_int_equal(pthread_join(tls->thread, NULL), 0);
    tls->stage->server_socket = tls->listener;
}

static void test_every_call(void **state)
{
    struct tls_stage tls;
    begin(&tls, state, own);
    unsigned nth = 1;
    while (nth < MOST_CALLS && run_with_failure(tls.stage, nth))
        nth++;
    assert_in_range(nth, 20, MOST_CALLS - 1);
    end(&tls);
}

static bool leaves_errors;

int64_t __real_clock_wall_ms(void);
int64_t __wrap_clock_wall_ms(void);

/* A request that is signed asks for the time: then a digest may fail, of another request. */
int64_t __wrap_clock_wall_ms(void)
{
    if (leaves_errors)
        ERR_raise(ERR_LIB_EVP, ERR_R_MALLOC_FAILURE);
    return __real_clock_wall_ms();
}

/* What other calls leave in OpenSSL's queue is no error of a connection. */
static void test_errors_of_others(void **state)
{
    struct tls_stage tls;
    begin(&tls, state, own);
    failing_arm(0);
    assert_true(stage_open(tls.stage));
    leaves_errors = true;
    for (int i = 0; i < 3; i++) {
        ask(tls.stage);
        if (!span_starts(span_of(tls.stage->client.bytes), span_of(get.expected)))
            fail_msg("%s", tls.stage->client.bytes);
    }
    leaves_errors = false;
    stage_close(tls.stage);
    end(&tls);
}

/* A connection that rests gives its buffers back now and then, or keeps them. */
static void test_rest(void **state)
{
    struct tls_stage tls;
    begin(&tls, state, own);
    failing_arm(0);
    assert_true(stage_open(tls.stage));
    ask(tls.stage);
    failing_arm(1);
    for (int turns = 0; turns < MOST_TURNS && failing_count() == 0; turns++)
        stage_turn(tls.stage, 1);
    assert_string_equal(failing_name(), "SSL_free_buffers");
    ask(tls.stage);
    assert_true(span_starts(span_of(tls.stage->client.bytes), span_of(get.expected)));
    stage_close(tls.stage);
    end(&tls);
}

/* Whichever call fails, it is not trusted. */
static void trust_none(struct stage *stage)
{
    bool failed = true;
    for (unsigned nth = 1; nth < MOST_CALLS && failed; nth++) {
        failing_arm(nth);
        assert_true(stage_open(stage));
        ask(stage);
        failed = failing_count() >= nth;
        if (!span_starts(span_of(stage->client.bytes), SPAN("HTTP/1.1 50")))
            fail_msg("%s: %s", failing_name(), stage->client.bytes);
        stage_close(stage);
    }
    assert_false(failed);
}

static void test_certificate_for_another_name(void **state)
{
    struct tls_stage tls;
    begin(&tls, state, strangers);
    trust_none(tls.stage);
    end(&tls);
}

/* By the built-in roots, and by the system's. */
static void test_certificate_of_nobody(void **state)
{
    struct tls_stage tls;
    begin(&tls, state, own);
    tls.stage->ca_bundle = NULL;
    trust_none(tls.stage);
    end(&tls);
}

static void test_each_call_is_made(void **state)
{
    (void)state;
    if (failing_never_made())
        fail_msg("%s: no test makes that call", failing_never_made());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_every_call, stage_set_up, stage_tear_down),
        cmocka_unit_test_setup_teardown(test_errors_of_others, stage_set_up, stage_tear_down),
        cmocka_unit_test_setup_teardown(test_rest, stage_set_up, stage_tear_down),
        cmocka_unit_test_setup_teardown(
            test_certificate_for_another_name, stage_set_up, stage_tear_down),
        cmocka_unit_test_setup_teardown(test_certificate_of_nobody, stage_set_up, stage_tear_down),
        cmocka_unit_test(test_each_call_is_made),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
