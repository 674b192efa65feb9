#include "proxy/aws/buckets.h"

enum { KNOWN_MS = 60 * 60 * 1000 };

static struct bucket *find(struct buckets *buckets, struct span name)
{
    for (size_t i = 0; i < buckets->count; i++) {
        struct bucket *bucket = &buckets->bucket[i];
        if (span_equal((struct span){bucket->name, bucket->name_bytes}, name))
            return bucket;
    }
    return NULL;
}

struct span buckets_region(struct buckets *buckets, struct span name, int64_t now_ms)
{
    struct bucket *bucket = find(buckets, name);
    int64_t age_ms = bucket ? now_ms - bucket->learned_ms : -1;
    if (!bucket || age_ms < 0 || age_ms >= KNOWN_MS)
        return (struct span){NULL, 0};
    bucket->used = ++buckets->uses;
    return (struct span){bucket->region, bucket->region_bytes};
}

static struct bucket *make_room(struct buckets *buckets)
{
    struct bucket *oldest = &buckets->bucket[0];
    if (buckets->count < BUCKETS_MAX)
        return &buckets->bucket[buckets->count++];
    for (size_t i = 1; i < BUCKETS_MAX; i++)
        if (buckets->bucket[i].used < oldest->used)
            oldest = &buckets->bucket[i];
    return oldest;
}

/* Letters, digits, dots and hyphens; old ones may have capitals and underscores. */
static bool bucket_shaped(struct span name)
{
    for (size_t i = 0; i < name.len; i++)
        if (!ascii_alpha(name.at[i]) && !ascii_digit(name.at[i])
            && span_find(SPAN(".-_"), name.at[i]) == 3)
            return false;
    return name.len > 0 && name.len <= BUCKET_NAME_BYTES;
}

void buckets_learn(struct buckets *buckets, struct span name, struct span region, int64_t now_ms)
{
    if (!bucket_shaped(name) || region.len == 0 || region.len > BUCKET_REGION_BYTES)
        return;
    struct bucket *bucket = find(buckets, name);
    if (!bucket)
        bucket = make_room(buckets);
    memcpy(bucket->name, name.at, bucket->name_bytes = name.len);
    memcpy(bucket->region, region.at, bucket->region_bytes = region.len);
    bucket->learned_ms = now_ms;
    bucket->used = ++buckets->uses;
}
