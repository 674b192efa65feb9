#include "proxy/base/crc.h"

#include <endian.h>
#include <pthread.h>

#include "proxy/base/crc_engine.h"

/* All are reflected: the lowest bit is the highest power of x. */
#define CRC32_POLYNOMIAL     UINT64_C(0xedb88320)
#define CRC32C_POLYNOMIAL    UINT64_C(0x82f63b78)
#define CRC64NVME_POLYNOMIAL UINT64_C(0x9a6c9329ac4bc9b5)

/* table[k][b]: what the byte b adds to the register when k more bytes have followed it (slicing by
 * 8; Kounavis and Berry, "A systematic approach to building high performance software-based CRC
 * generators"). One form for all sums, so one loop. */
struct slices {
    uint64_t table[8][256];
};

static struct slices crc32_slices, crc32c_slices, crc64nvme_slices;
static struct crc_engine chosen;
static pthread_once_t once = PTHREAD_ONCE_INIT, once_for_crc32 = PTHREAD_ONCE_INIT;

static void fill(struct slices *slices, uint64_t polynomial)
{
    for (unsigned byte = 0; byte < 256; byte++) {
        uint64_t state = byte;
        for (int bit = 0; bit < 8; bit++)
            state = state >> 1 ^ (state & 1 ? polynomial : 0);
        slices->table[0][byte] = state;
    }
    for (unsigned k = 1; k < 8; k++)
        for (unsigned byte = 0; byte < 256; byte++) {
            uint64_t before = slices->table[k - 1][byte];
            slices->table[k][byte] = before >> 8 ^ slices->table[0][before & 0xff];
        }
}

/* Eight bytes at once; written out, for compilers leave a loop of eight a loop. */
static uint64_t eight(const uint64_t table[8][256], uint64_t word)
{
    return table[7][word & 0xff] ^ table[6][word >> 8 & 0xff] ^ table[5][word >> 16 & 0xff]
        ^ table[4][word >> 24 & 0xff] ^ table[3][word >> 32 & 0xff] ^ table[2][word >> 40 & 0xff]
        ^ table[1][word >> 48 & 0xff] ^ table[0][word >> 56];
}

static uint64_t slice(
    const struct slices *slices, uint64_t state, const unsigned char *at, size_t len)
{
    for (; len >= 8; at += 8, len -= 8) {
        uint64_t word;
        memcpy(&word, at, sizeof word);
        state = eight(slices->table, le64toh(word) ^ state);
    }
    for (; len > 0; at++, len--)
        state = state >> 8 ^ slices->table[0][(state ^ *at) & 0xff];
    return state;
}

static uint64_t portable_crc32c(uint64_t state, const unsigned char *at, size_t len)
{
    return slice(&crc32c_slices, state, at, len);
}

static uint64_t portable_crc64nvme(uint64_t state, const unsigned char *at, size_t len)
{
    return slice(&crc64nvme_slices, state, at, len);
}

static void set_up(void)
{
    struct crc_engine hardware = crc_engine_hardware();
    fill(&crc32c_slices, CRC32C_POLYNOMIAL);
    fill(&crc64nvme_slices, CRC64NVME_POLYNOMIAL);
    chosen.crc32c = hardware.crc32c ? hardware.crc32c : portable_crc32c;
    chosen.crc64nvme = hardware.crc64nvme ? hardware.crc64nvme : portable_crc64nvme;
}

static void set_up_crc32(void)
{
    fill(&crc32_slices, CRC32_POLYNOMIAL);
}

struct crc_engine crc_engine_portable(void)
{
    (void)pthread_once(&once, set_up);
    return (struct crc_engine){portable_crc32c, portable_crc64nvme};
}

uint32_t crc32c(uint32_t crc, struct span bytes)
{
    (void)pthread_once(&once, set_up);
    return ~(uint32_t)chosen.crc32c(~crc, (const unsigned char *)bytes.at, bytes.len);
}

uint64_t crc64nvme(uint64_t crc, struct span bytes)
{
    (void)pthread_once(&once, set_up);
    return ~chosen.crc64nvme(~crc, (const unsigned char *)bytes.at, bytes.len);
}

uint32_t crc32_ieee(uint32_t crc, struct span bytes)
{
    (void)pthread_once(&once_for_crc32, set_up_crc32);
    return ~(uint32_t)slice(&crc32_slices, ~crc, (const unsigned char *)bytes.at, bytes.len);
}

static void text(uint64_t crc, size_t len, struct buf *out)
{
    unsigned char bytes[8];
    for (size_t i = 0; i < len; i++)
        bytes[i] = (unsigned char)(crc >> 8 * (len - 1 - i));
    buf_base64(out, bytes, len);
}

void crc32c_text(uint32_t crc, struct buf *out)
{
    text(crc, 4, out);
}

void crc64nvme_text(uint64_t crc, struct buf *out)
{
    text(crc, 8, out);
}
