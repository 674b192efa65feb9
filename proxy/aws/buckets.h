/* Where buckets lie, as S3 has told: bounded, with an expiry, the one unused for longest goes
 * first. Pure but for its own memory. */
#pragma once

#include "proxy/base/span.h"

enum { BUCKETS_MAX = 64, BUCKET_NAME_BYTES = 64, BUCKET_REGION_BYTES = 32 };

struct bucket {
    size_t name_bytes, region_bytes;
    char name[BUCKET_NAME_BYTES];
    char region[BUCKET_REGION_BYTES];
    int64_t learned_ms; /* Unix time */
    uint64_t used;      /* the higher, the later */
};

struct buckets {
    size_t count;
    uint64_t uses;
    struct bucket bucket[BUCKETS_MAX];
};

/* The region that the bucket is known to lie in; len == 0 where it is not known, or no longer. The
 * span is good until the next call. */
struct span buckets_region(struct buckets *buckets, struct span name, int64_t now_ms);

/* S3 has said where it lies. Names that no bucket can have are passed over. */
void buckets_learn(struct buckets *buckets, struct span name, struct span region, int64_t now_ms);
