/* The checksums, each way to compute them against the definition, bit by bit: all short lengths and
 * alignments, longer ones at random, and in pieces. */
#include "tests/unit/check.h"

#include "proxy/base/crc.h"
#include "proxy/base/crc_engine.h"

enum { MOST = 4096 };

/* More than the longest, for the alignments. */
static unsigned char content[MOST + 64];

static uint64_t next_random(void)
{
    static uint64_t x = UINT64_C(88172645463325252); /* xorshift64: the same in every run */
    x ^= x << 13;
    x ^= x >> 7;
    return x ^= x << 17;
}

static int set_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof content; i++)
        content[i] = (unsigned char)next_random();
    return 0;
}

static uint64_t by_bits(uint64_t polynomial, uint64_t state, const unsigned char *at, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        state ^= at[i];
        for (int bit = 0; bit < 8; bit++)
            state = state >> 1 ^ (state & 1 ? polynomial : 0);
    }
    return state;
}

typedef uint64_t (*crc_function)(uint64_t state, const unsigned char *at, size_t len);

static void check_one(crc_function function, uint64_t polynomial, size_t offset, size_t len)
{
    uint64_t start = next_random() & (polynomial >> 32 ? UINT64_MAX : UINT32_MAX);
    char *copy = check_copy((struct span){(const char *)content + offset % 16, len + offset});
    const unsigned char *at = (const unsigned char *)copy + offset;
    uint64_t expected = by_bits(polynomial, start, at, len);
    if (function(start, at, len) != expected) {
        print_error("%zu bytes at +%zu\n", len, offset);
        fail();
    }
    free(copy);
}

static void check_function(crc_function function, uint64_t polynomial)
{
    if (!function) /* not on this machine */
        return;
    for (size_t len = 0; len <= 200; len++)
        for (size_t offset = 0; offset < 16; offset++)
            check_one(function, polynomial, offset, len);
    for (size_t i = 0; i < 500; i++)
        check_one(function, polynomial, next_random() % 16, next_random() % MOST);
}

static void test_crc32c_engines(void **state)
{
    (void)state;
    check_function(crc_engine_portable().crc32c, UINT64_C(0x82f63b78));
    check_function(crc_engine_hardware().crc32c, UINT64_C(0x82f63b78));
}

static void test_crc64nvme_engines(void **state)
{
    (void)state;
    check_function(crc_engine_portable().crc64nvme, UINT64_C(0x9a6c9329ac4bc9b5));
    check_function(crc_engine_hardware().crc64nvme, UINT64_C(0x9a6c9329ac4bc9b5));
}

/* Whoever breaks the choice finds out on any machine of the last ten years. */
static void test_hardware_is_found(void **state)
{
    (void)state;
#if defined(__x86_64__)
    struct crc_engine hardware = crc_engine_hardware();
    assert_true(!__builtin_cpu_supports("sse4.2") || hardware.crc32c != NULL);
    assert_true(!__builtin_cpu_supports("pclmul") || hardware.crc64nvme != NULL);
#endif
}

struct row {
    struct span content;
    uint32_t crc32c;
    uint64_t crc64nvme;
    struct span crc32c_text, crc64nvme_text;
};

/* The check values of "123456789": the CRC catalogue's CRC-32/ISCSI and CRC-64/NVME. The sums of 32
 * bytes: RFC 3720, B.4. */
static const struct row rows[] = {
    {TEXT(""), 0, 0, TEXT("AAAAAA=="), TEXT("AAAAAAAAAAA=")},
    {TEXT("123456789"), 0xe3069283, UINT64_C(0xae8b14860a799888), TEXT("4waSgw=="),
        TEXT("rosUhgp5mIg=")},
    {TEXT("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), 0x8a9136aa,
        UINT64_C(0xcf3473434d4ecf3b), TEXT("ipE2qg=="), TEXT("zzRzQ01Ozzs=")},
};

static void test_check_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        char memory[32];
        struct buf out = buf_over(memory, sizeof memory);
        assert_int_equal(crc32c(0, rows[i].content), rows[i].crc32c);
        assert_true(crc64nvme(0, rows[i].content) == rows[i].crc64nvme);
        crc32c_text(rows[i].crc32c, &out);
        CHECK_TEXT(rows[i].content, buf_span(&out), rows[i].crc32c_text);
        out.len = 0;
        crc64nvme_text(rows[i].crc64nvme, &out);
        CHECK_TEXT(rows[i].content, buf_span(&out), rows[i].crc64nvme_text);
    }
}

/* The trailer of AWS's example of an upload in chunks: 66560 times "a". */
static void test_published_trailer(void **state)
{
    (void)state;
    char memory[32], letters[1024];
    struct buf out = buf_over(memory, sizeof memory);
    uint32_t crc = 0;
    memset(letters, 'a', sizeof letters);
    for (size_t i = 0; i < 65; i++)
        crc = crc32c(crc, (struct span){letters, sizeof letters});
    crc32c_text(crc, &out);
    CHECK_TEXT(SPAN("trailer"), buf_span(&out), SPAN("sOO8/Q=="));
}

static uint64_t crc32_as_engine(uint64_t state, const unsigned char *at, size_t len)
{
    return ~crc32_ieee(~(uint32_t)state, (struct span){(const char *)at, len});
}

/* Its check value: the CRC catalogue's CRC-32/ISO-HDLC. */
static void test_crc32(void **state)
{
    (void)state;
    assert_int_equal(crc32_ieee(0, SPAN("")), 0);
    assert_int_equal(crc32_ieee(0, SPAN("123456789")), 0xcbf43926);
    check_function(crc32_as_engine, UINT64_C(0xedb88320));
}

static void test_pieces(void **state)
{
    (void)state;
    struct span whole = {(const char *)content, MOST};
    uint32_t crc32 = crc32c(0, whole);
    uint64_t crc64 = crc64nvme(0, whole);
    for (size_t i = 0; i < 200; i++) {
        uint32_t sum32 = 0;
        uint64_t sum64 = 0;
        for (struct span rest = whole, piece; rest.len > 0; rest = span_from(rest, piece.len)) {
            piece = span_first(rest, next_random() % (i % 2 ? 1000 : 50));
            sum32 = crc32c(sum32, piece);
            sum64 = crc64nvme(sum64, piece);
        }
        assert_int_equal(sum32, crc32);
        assert_true(sum64 == crc64);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crc32c_engines),
        cmocka_unit_test(test_crc64nvme_engines),
        cmocka_unit_test(test_hardware_is_found),
        cmocka_unit_test(test_check_values),
        cmocka_unit_test(test_published_trailer),
        cmocka_unit_test(test_crc32),
        cmocka_unit_test(test_pieces),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
