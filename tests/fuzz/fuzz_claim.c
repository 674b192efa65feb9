/* A signature that a client brings, in a whole head. The key is one that no input can sign with,
 * so none may verify. */
#include "tests/fuzz/fuzz.h"

#include "proxy/aws/claim.h"
#include "proxy/http/scan.h"

enum { NOW = 1440938160 }; /* 20150830T123600Z */

static struct signer *signer;
static struct head head;

static void verify(const struct target *target, struct span bytes)
{
    static struct claim claim;
    struct credentials credentials = {
        .access_key_id = {"AKIDEXAMPLE", 11}, .secret_access_key = {"no input knows this", 19}};
    struct claim_request request = {&head, target, {NULL, 0}};
    if (!claim_find(&head, target, &claim))
        return;
    struct span memory = {claim.memory, sizeof claim.memory};
    struct span source = claim.in_query ? memory : bytes;
    REQUIRE(fuzz_within(claim.access_key_id, source) && fuzz_within(claim.service, source));
    REQUIRE(fuzz_within(claim.signed_headers, source) && fuzz_within(claim.signature, bytes));
    enum claim_verdict first = claim_verify(&claim, &request, signer, &credentials, NOW);
    request.body_hash = (struct span){EMPTY_SHA256, HASH_HEX_BYTES};
    enum claim_verdict second = claim_verify(&claim, &request, signer, &credentials, NOW);
    REQUIRE(first != CLAIM_VERIFIED && second != CLAIM_VERIFIED && second != CLAIM_NEEDS_HASH);
    REQUIRE(first == second || (first == CLAIM_NEEDS_HASH && second == CLAIM_WRONG));
}

static void strip(struct span query)
{
    char *stripped = malloc(query.len + 1);
    if (!stripped)
        abort();
    struct buf out = buf_over(stripped, query.len);
    claim_strip_query(query, &out);
    REQUIRE(!out.failed);
    free(stripped);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct scan scan = {.lines = 0};
    struct target target;
    struct fault fault;
    size_t taken = 0;
    if (!signer && !(signer = signer_create()))
        abort();
    if (scan_head(&scan, fuzz_span(data, size), &taken) != SCAN_COMPLETE || taken > HEAD_MAX_BYTES)
        return 0;
    char *copy = fuzz_copy(fuzz_span(data, taken));
    if (copy && head_parse_request(&head, copy, taken, &fault) == OK
        && target_of_request(&head, &target, &fault) == OK) {
        verify(&target, (struct span){copy, taken});
        strip(target.query);
    }
    free(copy);
    return 0;
}
