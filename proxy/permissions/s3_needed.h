/* What a request to S3 needs: its operation by method, path, query and head, and the permissions of
 * that, on buckets, access points of each kind and directory buckets. Pure, no allocation.
 * Source: see s3_rows.def. */
#pragma once

#include "proxy/permissions/s3_asked.h"
#include "proxy/permissions/s3_place.h"

/* What else an operation may need. */
enum {
    S3_EXTRA_BYPASS = 1 << 0,   /* governance retention */
    S3_EXTRA_COPY = 1 << 1,     /* the source of a copy */
    S3_EXTRA_WRITE = 1 << 2,    /* what the new object is given: ACL, tags, locks, a key */
    S3_EXTRA_DECRYPT = 1 << 3,  /* the key for parts that are put together */
    S3_EXTRA_CREATE = 1 << 4,   /* what the new bucket is given */
    S3_EXTRA_VERSIONS = 1 << 5, /* versions that the body names */
    S3_EXTRA_SELECT = 1 << 6,   /* a query over what is restored */
    S3_EXTRA_ROLE = 1 << 7,     /* the role that the body names */
    S3_EXTRA_TABLE = 1 << 8,    /* a metadata table */
    S3_EXTRA_TABLES = 1 << 9,   /* and its table bucket */
};

struct s3_needs {
    struct s3_place place;
    struct s3_asked asked;
    unsigned extras;       /* of its operation */
    struct span container; /* the ARNs of the bucket and the object; empty until they are needed */
    struct span object;
};

/* Adds all; the operation stays empty where it is none that is known. False where the host is not
 * one of buckets: S3 Control's, or that of Outposts themselves. */
bool s3_needed(struct need *need);

/* Adds each of the actions, which are parted by commas. */
void s3_add(
    struct need *need, const struct s3_needs *s3, struct span actions, struct span resource);

/* Adds what the operation's extras ask for. */
void s3_needed_extras(struct need *need, struct s3_needs *s3);

/* Adds that the role is passed which stands in this element of the body; any where it does not
 * plainly. */
void s3_needed_role(struct need *need, struct span element);

/* Adds what a DeleteObjects request needs for each object that its body names. */
void s3_needed_deletes(struct need *need, const struct s3_needs *s3);
