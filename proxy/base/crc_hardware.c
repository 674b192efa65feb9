/* Both sums by folding: a polynomial product takes what is left of the bytes so far to where the
 * next ones stand (Gopal et al., "Fast CRC computation for generic polynomials using PCLMULQDQ
 * instruction"). The last 16 bytes go through the tables, or for CRC-32C through the processor's
 * own instruction, which is simpler than reducing them and costs nothing that shows; that
 * instruction alone waits for each word's result and takes twice as long. Functions are compiled
 * for the instructions they need, and called only where these are there. */
#include "proxy/base/crc_engine.h"

#include <stdbool.h>
#include <string.h>

#if defined(__x86_64__)

#include <immintrin.h>

#define HAS_INSTRUCTIONS
#define SUM_TARGET  __attribute__((target("sse4.2")))
#define FOLD_TARGET __attribute__((target("sse4.1,pclmul")))

typedef __m128i block;

static bool has_sum(void)
{
    return __builtin_cpu_supports("sse4.2");
}

static bool has_fold(void)
{
    return __builtin_cpu_supports("sse4.1") && __builtin_cpu_supports("pclmul");
}

SUM_TARGET static inline uint64_t sum_word(uint64_t state, uint64_t word)
{
    return _mm_crc32_u64(state, word);
}

SUM_TARGET static inline uint64_t sum_byte(uint64_t state, unsigned char byte)
{
    return _mm_crc32_u8((uint32_t)state, byte);
}

FOLD_TARGET static inline block block_of(uint64_t low, uint64_t high)
{
    return _mm_set_epi64x((long long)high, (long long)low);
}

FOLD_TARGET static inline block block_at(const unsigned char *at)
{
    return _mm_loadu_si128((const void *)at);
}

FOLD_TARGET static inline void block_store(unsigned char *at, block b)
{
    _mm_storeu_si128((void *)at, b);
}

FOLD_TARGET static inline block plus(block a, block b)
{
    return _mm_xor_si128(a, b);
}

FOLD_TARGET static inline block times(block a, block by)
{
    return plus(_mm_clmulepi64_si128(a, by, 0x00), _mm_clmulepi64_si128(a, by, 0x11));
}

#elif defined(__aarch64__) && defined(__AARCH64EL__) && !defined(__clang__)
/* Clang gives the intrinsics only where the whole file is compiled for them. */

#include <arm_acle.h>
#include <arm_neon.h>
#include <sys/auxv.h>

#define HAS_INSTRUCTIONS
#define SUM_TARGET  __attribute__((target("+crc")))
#define FOLD_TARGET __attribute__((target("+crypto")))

/* From <asm/hwcap.h>, which a libc of its own may lack. */
enum { CAPABILITY_PMULL = 1 << 4, CAPABILITY_CRC32 = 1 << 7 };

typedef uint64x2_t block;

static bool has_sum(void)
{
    return getauxval(AT_HWCAP) & CAPABILITY_CRC32;
}

static bool has_fold(void)
{
    return getauxval(AT_HWCAP) & CAPABILITY_PMULL;
}

SUM_TARGET static inline uint64_t sum_word(uint64_t state, uint64_t word)
{
    return __crc32cd((uint32_t)state, word);
}

SUM_TARGET static inline uint64_t sum_byte(uint64_t state, unsigned char byte)
{
    return __crc32cb((uint32_t)state, byte);
}

static inline block block_of(uint64_t low, uint64_t high)
{
    return vcombine_u64(vcreate_u64(low), vcreate_u64(high));
}

static inline block block_at(const unsigned char *at)
{
    return vreinterpretq_u64_u8(vld1q_u8(at));
}

static inline void block_store(unsigned char *at, block b)
{
    vst1q_u8(at, vreinterpretq_u8_u64(b));
}

static inline block plus(block a, block b)
{
    return veorq_u64(a, b);
}

FOLD_TARGET static inline block times(block a, block by)
{
    poly128_t low = vmull_p64(vgetq_lane_u64(a, 0), vgetq_lane_u64(by, 0));
    poly128_t high = vmull_high_p64(vreinterpretq_p64_u64(a), vreinterpretq_p64_u64(by));
    return plus(vreinterpretq_u64_p128(low), vreinterpretq_u64_p128(high));
}

#endif

#ifdef HAS_INSTRUCTIONS

/* What takes a block 512 bits on, and 128: x^(n+63) for its first half, x^(n-1) for its second,
 * modulo the polynomial and reflected in 64 bits. The product of two reflected halves stands one
 * bit too low, hence one power less. */
static const struct folds {
    uint64_t by_512[2], by_128[2];
} crc32c_folds = {{UINT64_C(0x1c19243b00000000), UINT64_C(0x75bba45b00000000)},
    {UINT64_C(0x3743f7bd00000000), UINT64_C(0x3171d43000000000)}},
  crc64nvme_folds = {{UINT64_C(0x0c32cdb31e18a84a), UINT64_C(0x62242240ace5045a)},
      {UINT64_C(0xeadc41fd2ba3d420), UINT64_C(0x21e9761e252621ac)}};

enum { FOLD_MIN = 64, REST = 16 };

/* 16 bytes whose sum, from 0, is that of the state and all whole blocks of at least FOLD_MIN bytes.
 * Returns how many bytes they stand for. */
FOLD_TARGET static size_t fold(const struct folds *folds, uint64_t state, const unsigned char *at,
    size_t len, unsigned char rest[REST])
{
    const unsigned char *start = at;
    block by_512 = block_of(folds->by_512[0], folds->by_512[1]);
    block by_128 = block_of(folds->by_128[0], folds->by_128[1]);
    block a = plus(block_at(at), block_of(state, 0)), b = block_at(at + 16);
    block c = block_at(at + 32), d = block_at(at + 48);
    for (at += 64, len -= 64; len >= 64; at += 64, len -= 64) {
        a = plus(times(a, by_512), block_at(at));
        b = plus(times(b, by_512), block_at(at + 16));
        c = plus(times(c, by_512), block_at(at + 32));
        d = plus(times(d, by_512), block_at(at + 48));
    }
    b = plus(b, times(a, by_128));
    c = plus(c, times(b, by_128));
    d = plus(d, times(c, by_128));
    for (; len >= 16; at += 16, len -= 16)
        d = plus(times(d, by_128), block_at(at));
    block_store(rest, d);
    return (size_t)(at - start);
}

SUM_TARGET static uint64_t sum_crc32c(uint64_t state, const unsigned char *at, size_t len)
{
    for (; len >= 8; at += 8, len -= 8) {
        uint64_t word;
        memcpy(&word, at, sizeof word);
        state = sum_word(state, word);
    }
    for (; len > 0; at++, len--)
        state = sum_byte(state, *at);
    return state;
}

static uint64_t fold_crc32c(uint64_t state, const unsigned char *at, size_t len)
{
    unsigned char rest[REST];
    if (len < FOLD_MIN)
        return sum_crc32c(state, at, len);
    size_t folded = fold(&crc32c_folds, state, at, len, rest);
    return sum_crc32c(sum_crc32c(0, rest, sizeof rest), at + folded, len - folded);
}

static uint64_t fold_crc64nvme(uint64_t state, const unsigned char *at, size_t len)
{
    const struct crc_engine portable = crc_engine_portable();
    unsigned char rest[REST];
    if (len < FOLD_MIN)
        return portable.crc64nvme(state, at, len);
    size_t folded = fold(&crc64nvme_folds, state, at, len, rest);
    return portable.crc64nvme(portable.crc64nvme(0, rest, sizeof rest), at + folded, len - folded);
}

struct crc_engine crc_engine_hardware(void)
{
    bool folds = has_fold();
    return (struct crc_engine){.crc32c = !has_sum() ? NULL
            : folds                                 ? fold_crc32c
                                                    : sum_crc32c,
        .crc64nvme = folds ? fold_crc64nvme : NULL};
}

#else

struct crc_engine crc_engine_hardware(void)
{
    return (struct crc_engine){NULL, NULL};
}

#endif
