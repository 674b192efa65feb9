/* Texts in base64 that a client brings in its head: the password of Basic, and the key of a
 * WebSocket's handshake. */
#include "tests/fuzz/fuzz.h"

#include "proxy/http/basic.h"
#include "proxy/http/websocket.h"

/* A password is what stands behind the first colon of what was encoded. */
static void check_password(struct span value)
{
    char *memory = malloc(value.len + 1), *again = malloc(2 * value.len + 16);
    if (!memory || !again)
        abort();
    struct buf password = buf_over(memory, value.len + 1);
    if (basic_password(value, &password))
        REQUIRE(password.len < value.len);
    struct buf encoded = buf_over(again, 2 * value.len + 16);
    buf_text(&encoded, "Basic ");
    buf_base64(&encoded, (const unsigned char *)value.at, value.len);
    password.len = 0;
    password.failed = false;
    size_t colon = span_find(value, ':');
    bool found = basic_password(buf_span(&encoded), &password);
    REQUIRE(!encoded.failed && found == (colon < value.len));
    if (found)
        REQUIRE(span_equal(buf_span(&password), span_from(value, colon + 1)));
    free(memory);
    free(again);
}

static void check_key(struct span key)
{
    char memory[WEBSOCKET_ACCEPT_BYTES];
    struct buf accept = buf_over(memory, sizeof memory);
    if (websocket_key_valid(key))
        REQUIRE(websocket_accept(key, &accept) == OK && accept.len == WEBSOCKET_ACCEPT_BYTES);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = fuzz_copy(fuzz_span(data, size));
    struct span text = {copy, copy ? size : 0};
    check_password(text);
    check_key(text);
    free(copy);
    return 0;
}
