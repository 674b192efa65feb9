#include "proxy/http/websocket.h"

#include <openssl/evp.h>

bool websocket_close_code_valid(unsigned code)
{
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014)
        || (code >= 3000 && code <= 4999);
}

static bool is_base64(struct span s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!ascii_alpha(s.at[i]) && !ascii_digit(s.at[i]) && s.at[i] != '+' && s.at[i] != '/')
            return false;
    return true;
}

bool websocket_key_valid(struct span key)
{
    return key.len == 24 && is_base64(span_first(key, 22)) && span_ends(key, SPAN("=="));
}

enum err websocket_accept(struct span key, struct buf *out)
{
    enum { SHA1_BYTES = 20 };
    unsigned char digest[SHA1_BYTES];
    char memory[128];
    struct buf text = buf_over(memory, sizeof memory);
    buf_add(&text, key);
    buf_text(&text, "258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    if (text.failed || !EVP_Digest(text.at, text.len, digest, NULL, EVP_sha1(), NULL))
        return ERR_OUT_OF_MEMORY;
    buf_base64(out, digest, sizeof digest);
    return out->failed ? ERR_OUT_OF_MEMORY : OK;
}

void websocket_mask(
    char *at, size_t len, const unsigned char mask[WEBSOCKET_MASK_BYTES], uint64_t offset)
{
    unsigned char turned[8];
    uint64_t by, word;
    for (size_t i = 0; i < sizeof turned; i++)
        turned[i] = mask[(offset + i) % WEBSOCKET_MASK_BYTES];
    memcpy(&by, turned, sizeof by);
    for (; len >= sizeof word; at += sizeof word, len -= sizeof word) {
        memcpy(&word, at, sizeof word);
        word ^= by;
        memcpy(at, &word, sizeof word);
    }
    for (size_t i = 0; i < len; i++)
        at[i] = (char)(at[i] ^ turned[i]);
}
