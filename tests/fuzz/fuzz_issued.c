/* What sources of credentials answer: the container's endpoint and EC2's JSON, and STS's XML. */
#include "tests/fuzz/fuzz.h"

#include "proxy/credentials/issued.h"
#include "proxy/permissions/caller.h"

static void check(struct issued *issued)
{
    REQUIRE(issued->keys.access_key_id.len > 0 && issued->keys.secret_access_key.len > 0);
    issued_empty(issued);
    REQUIRE(issued->keys.secret_access_key.len == 0);
    issued_destroy(issued);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct issued *issued = NULL;
    struct caller caller;
    struct fault fault;
    struct span text = fuzz_span(data, size);
    if (issued_from_json(text, &issued, &fault) == OK)
        check(issued);
    if (issued_from_sts(text, &issued, &fault) == OK)
        check(issued);
    if (caller_parse(text, &caller))
        REQUIRE(caller.arn_bytes > 0 && caller.account_bytes > 0);
    return 0;
}
