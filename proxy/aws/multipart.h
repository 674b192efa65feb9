/* A multipart upload to S3, by which an object is stored whose length nobody knows yet: how long
 * each part is, which fields go with which request, and what the answers tell. Pure.
 * Sources: S3 API Reference, CreateMultipartUpload, UploadPart, CompleteMultipartUpload,
 * AbortMultipartUpload; S3 User Guide, "Multipart upload limits". */
#pragma once

#include "proxy/base/buf.h"
#include "proxy/http/field.h"

enum multipart_step {
    MULTIPART_NONE,
    MULTIPART_CREATE,
    MULTIPART_PART,
    MULTIPART_COMPLETE,
    MULTIPART_ABORT,
};

enum { MULTIPART_LAST_NUMBER = 10000, MULTIPART_ID_BYTES = 1024, MULTIPART_ETAG_BYTES = 128 };

/* The content of part number 1 and on: 8 MiB, doubled after every 1,000 parts, so that 5 TiB fit
 * into the parts that S3 allows, none over its 5 GiB. */
uint64_t multipart_part_bytes(unsigned number);

/* Of all the parts that there can be. */
uint64_t multipart_most_bytes(void);

/* Whether a field of the client's PUT goes on with the step: what describes the object with the
 * first, a condition with the last, the key that encrypts it with all that need it. */
bool multipart_field_goes(enum multipart_step step, const struct field *field);

/* The upload's id in the answer to the first step; len == 0 where there is none to rely on. */
struct span multipart_upload_id(struct span xml);

/* Appends the query of a step. number: of a part. */
void multipart_write_query(
    struct buf *query, enum multipart_step step, unsigned number, struct span id);

/* Whether S3 can have given that as a part's or an object's ETag. */
bool multipart_etag_valid(struct span etag);

/* The body of COMPLETE: this, a text for each part in order, and that. */
#define MULTIPART_LIST_BEGIN \
    "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
#define MULTIPART_LIST_END "</CompleteMultipartUpload>"
enum { MULTIPART_LISTED_BYTES = 160 + 6 * MULTIPART_ETAG_BYTES };
struct multipart_listed {
    unsigned number;
    struct span etag;
    struct span algorithm, checksum; /* "CRC32C" and its value; or len == 0 */
};
void multipart_write_listed(struct buf *list, const struct multipart_listed *part);

/* What the answer to COMPLETE says: it is 200 before S3 knows how it ends. Where it is an object
 * the status is 200 and *etag is decoded into text; else the status that S3 would have given. */
unsigned multipart_completed(struct span xml, struct buf *text, struct span *etag);
