/* An answer's body, as a denial: its parts, its hint, and the page. */
#include "tests/fuzz/fuzz.h"

#include "proxy/permissions/denied.h"

static struct denial denial;

static void show(const struct denial *what)
{
    static char memory[64 * 1024];
    struct buf hint = buf_over(memory, DENIAL_HINT_BYTES), page = buf_over(memory, sizeof memory);
    denial_write_hint(&hint, what, NULL);
    REQUIRE(!hint.failed);
    for (size_t i = 0; i < hint.len; i++)
        REQUIRE(hint.at[i] >= ' ' && hint.at[i] <= '~');
    struct denied *denied = denied_create();
    if (!denied)
        abort();
    denied_add(denied, what, NULL, 0);
    denied_write(denied, &page);
    REQUIRE(!page.failed);
    for (size_t i = 0; i + 1 < page.len; i++)
        REQUIRE((unsigned char)page.at[i] >= ' ' && page.at[i] != 0x7f);
    denied_destroy(denied);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = fuzz_copy(fuzz_span(data, size));
    struct denial_answer answer = {403, {NULL, 0}, {NULL, 0}, {copy, copy ? size : 0}};
    for (int named = 0; named < 2; named++) {
        answer.error_type = named ? SPAN("AccessDenied") : (struct span){NULL, 0};
        if (!denial_read(&answer, &denial))
            continue;
        struct span text = {denial.text, denial.text_bytes};
        REQUIRE(denial.text_bytes <= sizeof denial.text && denial.policy < DENIAL_POLICIES);
        REQUIRE(fuzz_within(denial.who, text) && fuzz_within(denial.action, text));
        REQUIRE(fuzz_within(denial.resource, text) && fuzz_within(denial.policy_arn, text));
        REQUIRE(fuzz_within(denial.encoded, text));
        show(&denial);
    }
    free(copy);
    return 0;
}
