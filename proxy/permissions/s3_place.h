/* Where at S3 a request leads: a bucket, an access point of one of S3's kinds, or the service
 * itself; and the ARNs of it and of its objects. Pure, no allocation.
 * Sources: Amazon S3 User Guide, "Methods for accessing a general purpose bucket", "Referencing
 * access points", "Access point aliases"; Service Authorization Reference, "Actions, resources, and
 * condition keys for Amazon S3", "... S3 Express", "... S3 Object Lambda", "... S3 on Outposts". */
#pragma once

#include "proxy/permissions/need.h"

enum s3_kind {
    S3_NONE, /* the service itself */
    S3_BUCKET,
    S3_ACCESS_POINT,
    S3_MULTI_REGION,
    S3_OBJECT_LAMBDA,
    S3_OUTPOST,
    S3_DIRECTORY,       /* a directory bucket */
    S3_DIRECTORY_POINT, /* an access point of one */
};

struct s3_place {
    enum s3_kind kind;
    struct span name; /* decoded; of an alias its beginning, which is that of the name */
    bool alias;
    struct span account; /* that the host names, else the request's, else "*" */
    struct span outpost;
    struct span key;      /* percent-encoded; len == 0: the bucket itself */
    bool control;         /* S3 Control's host, or the one of Outposts, whose paths are others */
    bool express_control; /* the host for the buckets themselves of a region's directory buckets */
    bool object_lambda_api; /* the host of Object Lambda's own operation */
};

/* False where there is no such place: no bucket before the second slash, one with a slash in it, a
 * host that is none. */
bool s3_place_find(struct need *need, struct s3_place *place);

/* The place of a bucket by its name, or its access point's alias. */
void s3_place_of_bucket(struct span name, struct s3_place *place);

/* Both write an ARN. */
struct span s3_place_container(struct need *need, const struct s3_place *place);

/* key: percent-encoded. */
struct span s3_place_object(struct need *need, const struct s3_place *place, struct span key);

/* The same by a key that is decoded. */
struct span s3_place_key(struct need *need, const struct s3_place *place, struct span key);

/* All of its objects whose keys begin so; prefix: decoded. */
struct span s3_place_objects(struct need *need, const struct s3_place *place, struct span prefix);
