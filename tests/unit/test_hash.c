#include "proxy/aws/hash.h"

#include "tests/unit/check.h"

static struct span hex_of(const unsigned char digest[HASH_BYTES], char hex[HASH_HEX_BYTES])
{
    struct buf text = buf_over(hex, HASH_HEX_BYTES);
    buf_hex(&text, digest, HASH_BYTES);
    return buf_span(&text);
}

/* Source: FIPS 180-4's examples (NIST), and RFC 6234, 8.5. */
static void test_hash(void **state)
{
    (void)state;
    static const struct {
        struct span content, hex;
    } rows[] = {
        {TEXT(""), TEXT(EMPTY_SHA256)},
        {TEXT("abc"), TEXT("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")},
        {TEXT("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            TEXT("248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")},
    };
    char hex[HASH_HEX_BYTES];
    struct hash hash;
    hash_begin(&hash);
    for (size_t i = 0; i < ROWS(rows); i++) {
        hash_hex(rows[i].content, hex);
        CHECK_TEXT(rows[i].content, ((struct span){hex, sizeof hex}), rows[i].hex);
        for (size_t piece = 1; piece < rows[i].content.len; piece++) {
            for (struct span left = rows[i].content; left.len > 0; left = span_from(left, piece))
                hash_add(&hash, span_first(left, piece));
            hash_end(&hash, hex); /* and begins anew */
            CHECK_TEXT(rows[i].content, ((struct span){hex, sizeof hex}), rows[i].hex);
        }
    }
}

#define AA20 "\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa"
#define DD10 "\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd"

/* Source: RFC 4231, 4. Each key serves twice. */
static void test_hmac(void **state)
{
    (void)state;
    static const struct {
        struct span key, message, hex;
    } rows[] = {
        {TEXT("\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b"),
            TEXT("Hi There"),
            TEXT("b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")},
        {TEXT("Jefe"), TEXT("what do ya want for nothing?"),
            TEXT("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")},
        {TEXT(AA20), TEXT(DD10 DD10 DD10 DD10 DD10),
            TEXT("773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe")},
        {TEXT(AA20 AA20 AA20 AA20 AA20 AA20 "\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa"),
            TEXT("Test Using Larger Than Block-Size Key - Hash Key First"),
            TEXT("60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")},
        {TEXT(""), TEXT(""),
            TEXT("b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad")},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct hmac_key key;
        unsigned char digest[HASH_BYTES];
        char hex[HASH_HEX_BYTES];
        hmac_prepare(&key, rows[i].key);
        for (unsigned turn = 0; turn < 2; turn++) {
            hmac(&key, rows[i].message, digest);
            CHECK_TEXT(rows[i].message, hex_of(digest, hex), rows[i].hex);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hash),
        cmocka_unit_test(test_hmac),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
