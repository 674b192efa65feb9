/* An answer to a fetch of keys, from the bytes of a server to keys or an error's code. Its first
 * byte says in what pieces the rest comes; whatever they are, the outcome is that of one piece. */
#include "tests/fuzz/fuzz.h"

#include "proxy/aws/error_code.h"
#include "proxy/credentials/issued.h"
#include "proxy/http/reply.h"

static struct reply whole, pieces;

/* Keys, or what is no set of keys: a fault. */
static void check_issued(enum err err, struct issued *issued, const struct fault *fault)
{
    REQUIRE((err == OK) == (issued != NULL));
    if (err) {
        REQUIRE(err == ERR_NO_CREDENTIALS && fault->err == err && fault->text[0]);
        return;
    }
    struct span parts[] = {
        issued->keys.access_key_id, issued->keys.secret_access_key, issued->keys.session_token};
    struct span memory = {issued->memory, issued->bytes};
    for (size_t i = 0; i < 3; i++) {
        REQUIRE(parts[i].len > 0 && fuzz_within(parts[i], memory));
        for (size_t at = 0; at < parts[i].len; at++)
            REQUIRE(parts[i].at[at] > ' ' && parts[i].at[at] <= '~');
    }
    REQUIRE(fuzz_within(issued->role, memory));
    issued_destroy(issued);
}

static void read_content(struct span content)
{
    struct fault fault = {.err = OK};
    struct issued *issued = NULL;
    char *copy = fuzz_copy(content);
    struct span own = {copy, copy ? content.len : 0};
    enum err err = issued_from_json(own, &issued, &fault);
    check_issued(err, issued, &fault);
    issued = NULL;
    err = issued_from_sts(own, &issued, &fault);
    check_issued(err, issued, &fault);
    struct span code = error_code_find(SPAN(""), own);
    REQUIRE(fuzz_within(code, own));
    REQUIRE(fuzz_within(error_code_find(own, SPAN("")), own));
    REQUIRE(fuzz_within(xml_text(own, SPAN("Code")), own));
    (void)error_code_is_expired(code);
    free(copy);
}

/* False where it is refused. */
static bool take(struct reply *reply, struct span bytes, size_t at_once)
{
    reply_begin(reply);
    for (; bytes.len > 0; bytes = span_from(bytes, at_once)) {
        struct span piece = span_first(bytes, at_once);
        char *copy = fuzz_copy(piece);
        const char *wrong = copy ? reply_take(reply, (struct span){copy, piece.len}) : "no memory";
        free(copy);
        if (wrong)
            return false;
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    struct span bytes = fuzz_span(data + 1, size - 1);
    bool taken = take(&whole, bytes, bytes.len);
    REQUIRE(take(&pieces, bytes, data[0] + 1U) == taken);
    if (taken) {
        REQUIRE(reply_whole(&whole) == reply_whole(&pieces));
        REQUIRE(reply_end(&whole) == reply_end(&pieces));
        REQUIRE(reply_status(&whole) == reply_status(&pieces));
        REQUIRE(span_equal(reply_content(&whole), reply_content(&pieces)));
        REQUIRE(!reply_whole(&whole) || reply_end(&whole));
        REQUIRE(!reply_end(&whole) || reply_status(&whole) >= 200);
    }
    read_content(taken && reply_end(&whole) ? reply_content(&whole) : bytes);
    return 0;
}
