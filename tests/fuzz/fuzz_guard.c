/* A guard's text, and what it then says of a few requests. The first line of the input is a
 * resource that is asked for. */
#include "tests/fuzz/fuzz.h"

#include "proxy/permissions/guard.h"
#include "proxy/permissions/pattern.h"

/* What is written as a literal pattern matches what it was made of, and reads back as it. */
static void round_trip(struct span literal)
{
    size_t bytes = PATTERN_BYTES(literal.len) + 1;
    char *memory = malloc(bytes), *back = malloc(literal.len + 1);
    uint16_t *codes = calloc(bytes, sizeof *codes);
    struct buf pattern = buf_over(memory, bytes), read = buf_over(back, literal.len + 1);
    struct pattern compiled;
    bool folded;
    if (!memory || !back || !codes)
        abort();
    pattern_write(&pattern, literal, true);
    REQUIRE(!pattern.failed);
    REQUIRE(pattern_read(buf_span(&pattern), &read, &folded) && folded);
    REQUIRE(span_equal(buf_span(&read), literal));
    if (!pattern_compile(buf_span(&pattern), codes, &compiled))
        REQUIRE(pattern_matches(&compiled, literal, false));
    free(codes);
    free(back);
    free(memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct permissions permissions = {.operation = {"GetObject", 9}, .count = 1};
    struct span input = fuzz_span(data, size < 4096 ? size : 4096);
    size_t line = span_find(input, '\n');
    char *text = fuzz_copy(span_from(input, line + 1)),
         *resource = fuzz_copy(span_first(input, line));
    const struct permission *which = NULL;
    struct guard *guard = NULL;
    struct fault fault = {OK, ""};
    permissions.needed[0] = (struct permission){
        .action = SPAN("s3:GetObject"), .resource = {resource, resource ? line : 0}};
    round_trip(permissions.needed[0].resource);
    enum err err =
        guard_create((struct span){text, span_from(input, line + 1).len}, &guard, &fault);
    REQUIRE(err ? !guard && fault.text[0] != '\0' : guard != NULL);
    if (guard) {
        bool allowed = guard_allows(guard, &permissions, &which);
        REQUIRE(allowed == !which);
    }
    guard_destroy(guard);
    free(resource);
    free(text);
    return 0;
}
