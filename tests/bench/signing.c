/* What it costs to sign one request to S3 with a key that is derived already.
 * Prints a line: nanoseconds of a signature, nanoseconds of the SHA-256 of one block, then what a
 * signature takes: hashes, allocations of the program, allocations of OpenSSL. The medians are of
 * ROUNDS. */
/* wrap: malloc calloc realloc SHA256_Final */
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "proxy/aws/sign.h"

enum { ROUNDS = 31, SIGNATURES = 20000, HEAD_BYTES = 4096, TOKEN_BYTES = 900 };

static unsigned long hashes, allocations, openssl_allocations;

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
    allocations++;
    return __real_malloc(size);
}

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size)
{
    allocations++;
    return __real_calloc(count, size);
}

void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size)
{
    allocations++;
    return __real_realloc(old, size);
}

int __real_SHA256_Final(unsigned char *out, SHA256_CTX *state);
int __wrap_SHA256_Final(unsigned char *out, SHA256_CTX *state)
{
    hashes++;
    return __real_SHA256_Final(out, state);
}

static void *take(size_t size, const char *file, int line)
{
    (void)file, (void)line;
    openssl_allocations++;
    return __real_malloc(size);
}

static void *take_again(void *old, size_t size, const char *file, int line)
{
    (void)file, (void)line;
    openssl_allocations++;
    return __real_realloc(old, size);
}

static void give_back(void *old, const char *file, int line)
{
    (void)file, (void)line;
    free(old);
}

static double now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static int compare(const void *one, const void *other)
{
    double a = *(const double *)one, b = *(const double *)other;
    return (a > b) - (a < b);
}

static double median(double *values)
{
    qsort(values, ROUNDS, sizeof *values, compare);
    return values[ROUNDS / 2];
}

static char token[TOKEN_BYTES]; /* as long as those of a function's role are */

/* As a GET goes out: what the proxy writes of the head, and the Authorization field. */
static bool sign(struct signer *signer)
{
    static char memory[HEAD_BYTES];
    static const struct credentials role = {.access_key_id = {"ASIAQNZGKIQY56JQ7WML", 20},
        .secret_access_key = {"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", 40},
        .session_token = {token, sizeof token}};
    static struct canonical canonical;
    struct scope scope = {
        .date = amz_date_of(1764115200), .region = SPAN("us-east-1"), .service = SPAN("s3")};
    struct buf out = buf_over(memory, sizeof memory);
    canonical.method = SPAN("GET");
    canonical.path = SPAN("/my-bucket/calls/call.wav");
    canonical.style = PATH_ONCE;
    canonical.payload_hash = SPAN("UNSIGNED-PAYLOAD");
    canonical.count = 0;
    canonical_write(&canonical, &out, SPAN("Host"), SPAN("s3.us-east-1.amazonaws.com"));
    canonical_write(&canonical, &out, SPAN("X-Amz-Date"), amz_date_span(&scope.date));
    canonical_write(&canonical, &out, SPAN("X-Amz-Content-Sha256"), canonical.payload_hash);
    canonical_write(&canonical, &out, SPAN("X-Amz-Security-Token"), role.session_token);
    return signer_authorize(signer, &role, &scope, &canonical, &out) == OK && !out.failed;
}

static bool measure_signing(struct signer *signer, double *taken_ns)
{
    double rounds[ROUNDS];
    for (size_t i = 0; i < ROUNDS; i++) {
        double before = now_ns();
        for (size_t n = 0; n < SIGNATURES; n++)
            if (!sign(signer))
                return false;
        rounds[i] = (now_ns() - before) / SIGNATURES;
    }
    *taken_ns = median(rounds);
    return true;
}

static double measure_hash(void)
{
    char hex[HASH_HEX_BYTES];
    double rounds[ROUNDS];
    for (size_t i = 0; i < ROUNDS; i++) {
        double before = now_ns();
        for (size_t n = 0; n < SIGNATURES; n++)
            hash_hex((struct span){token, 64}, hex);
        rounds[i] = (now_ns() - before) / SIGNATURES;
    }
    return median(rounds);
}

int main(void)
{
    double signing_ns;
    if (!CRYPTO_set_mem_functions(take, take_again, give_back))
        return 1;
    memset(token, 'x', sizeof token);
    struct signer *signer = signer_create();
    if (!signer || !sign(signer))
        return 1;
    hashes = allocations = openssl_allocations = 0;
    if (!measure_signing(signer, &signing_ns))
        return 1;
    const double all = (double)ROUNDS * SIGNATURES;
    const double each_hashes = (double)hashes / all, each_own = (double)allocations / all,
                 each_openssl = (double)openssl_allocations / all;
    printf("%.1f %.1f %.2f %.3f %.3f\n", signing_ns, measure_hash(), each_hashes, each_own,
        each_openssl);
    signer_destroy(signer);
    return 0;
}
