/* A process that is copied draws what the other copies draw, until it is seeded anew: shown with
 * fork(), whose detection in OpenSSL is defeated, as a snapshot's restore cannot be detected. */
#include "tests/unit/check.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proxy/io/tls.h"

enum { DRAWN_BYTES = 32, COPIES = 3 };

/* All copies of a snapshot have the same one, as they have all else of it. */
pid_t getpid(void)
{
    return 4711;
}

static void draw(unsigned char bytes[DRAWN_BYTES])
{
    assert_int_equal(RAND_bytes(bytes, DRAWN_BYTES), 1);
}

/* The random of a TLS hello is what a copy would be known by. */
static void draw_hello(unsigned char bytes[DRAWN_BYTES])
{
    struct fault fault;
    struct tls tls;
    char memory[16 * 1024];
    struct tls_client *client = tls_client_create(NULL, &fault);
    assert_non_null(client);
    assert_int_equal(tls_begin(&tls, client, SPAN("aws.example"), NULL), OK);
    tls_use(&tls, memory, sizeof memory);
    assert_int_equal(tls_handshake(&tls, &fault), OK);
    assert_true(tls.out_bytes > 11 + DRAWN_BYTES);
    memcpy(bytes, tls.out + 11, DRAWN_BYTES); /* after the record's and the message's head */
    tls_finish(&tls);
    tls_client_destroy(client);
}

/* What a copy of this process draws next; reseeds: as it does once it knows that it is one. */
static void draw_in_copy(
    void (*how)(unsigned char *bytes), bool reseeds, unsigned char bytes[DRAWN_BYTES])
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t copy = fork();
    assert_true(copy >= 0);
    if (copy == 0) {
        if (reseeds)
            tls_reseed();
        how(bytes);
        _exit(write(ends[1], bytes, DRAWN_BYTES) != DRAWN_BYTES);
    }
    int status;
    (void)close(ends[1]);
    assert_int_equal(read(ends[0], bytes, DRAWN_BYTES), DRAWN_BYTES);
    (void)close(ends[0]);
    assert_int_equal(waitpid(copy, &status, 0), copy);
    assert_int_equal(status, 0);
}

static void check_copies(void (*how)(unsigned char *bytes), bool reseeds)
{
    unsigned char drawn[COPIES][DRAWN_BYTES];
    how(drawn[0]); /* before the snapshot, so that there is a state to be copied */
    for (int i = 0; i < COPIES; i++)
        draw_in_copy(how, reseeds, drawn[i]);
    for (int i = 1; i < COPIES; i++)
        assert_int_equal(memcmp(drawn[0], drawn[i], DRAWN_BYTES) != 0, reseeds);
}

/* Without this the others would show nothing. */
static void test_copies_draw_the_same(void **state)
{
    (void)state;
    check_copies(draw, false);
    check_copies(draw_hello, false);
}

static void test_copies_differ_once_reseeded(void **state)
{
    (void)state;
    check_copies(draw, true);
    check_copies(draw_hello, true);
}

static unsigned reseeds_of(EVP_RAND_CTX *generator)
{
    unsigned count = 0;
    OSSL_PARAM asked[] = {OSSL_PARAM_construct_uint(OSSL_DRBG_PARAM_RESEED_COUNTER, &count),
        OSSL_PARAM_construct_end()};
    assert_int_equal(EVP_RAND_CTX_get_params(generator, asked), 1);
    return count;
}

/* All generators of OpenSSL are seeded anew, each at its next use. */
static void test_generators_are_reseeded(void **state)
{
    unsigned char bytes[DRAWN_BYTES];
    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(RAND_bytes(bytes, sizeof bytes), 1);
        assert_int_equal(RAND_priv_bytes(bytes, sizeof bytes), 1);
        unsigned primary = reseeds_of(RAND_get0_primary(NULL)),
                 public = reseeds_of(RAND_get0_public(NULL)),
                 private = reseeds_of(RAND_get0_private(NULL));
        tls_reseed();
        assert_int_equal(RAND_bytes(bytes, sizeof bytes), 1);
        assert_int_equal(RAND_priv_bytes(bytes, sizeof bytes), 1);
        assert_true(reseeds_of(RAND_get0_primary(NULL)) > primary);
        assert_true(reseeds_of(RAND_get0_public(NULL)) > public);
        assert_true(reseeds_of(RAND_get0_private(NULL)) > private);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_copies_draw_the_same),
        cmocka_unit_test(test_copies_differ_once_reseeded),
        cmocka_unit_test(test_generators_are_reseeded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
