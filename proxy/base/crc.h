/* The checksums that S3 computes fastest and prefers: CRC-32C (Castagnoli, RFC 9260, appendix A)
 * and CRC-64/NVME (NVM Command Set Specification 1.0, 5.2.1.3.4). In: content, in any pieces; out:
 * the sum, or its text as x-amz-checksum-crc32c and x-amz-checksum-crc64nvme want it. Arithmetic on
 * bytes that knows of no protocol, so it lives down here. It runs on the processor's own
 * instructions where they are there (SSE4.2 and PCLMULQDQ, or ARMv8's CRC32 and PMULL), and on
 * tables elsewhere; which of them is found out once, at the first call. */
#pragma once

#include "proxy/base/buf.h"

/* The sum of what had the sum crc, 0 for nothing, followed by bytes. */
uint32_t crc32c(uint32_t crc, struct span bytes);
uint64_t crc64nvme(uint64_t crc, struct span bytes);

/* Appends the sum's bytes, the highest first, in base64: 8 and 12 characters. */
void crc32c_text(uint32_t crc, struct buf *out);
void crc64nvme_text(uint64_t crc, struct buf *out);

/* CRC-32 as of zlib and Ethernet (ISO/IEC 13239), for event streams: their messages are short, so
 * it runs on tables everywhere. */
uint32_t crc32_ieee(uint32_t crc, struct span bytes);
