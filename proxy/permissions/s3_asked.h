/* What a request to S3 asks for beside its path: the names in its query and the fields of its head
 * that choose the operation, or ask for more permissions. Pure, no allocation.
 * Source: botocore 1.44.5, service model of s3 (Apache-2.0). */
#pragma once

#include "proxy/permissions/needed.h"

/* Names that choose an operation. */
#define S3_SUBRESOURCES(X)                                  \
    X(ABAC, "abac")                                         \
    X(ACCELERATE, "accelerate")                             \
    X(ACL, "acl")                                           \
    X(ANALYTICS, "analytics")                               \
    X(ANNOTATION, "annotation")                             \
    X(ATTRIBUTES, "attributes")                             \
    X(CORS, "cors")                                         \
    X(DELETE, "delete")                                     \
    X(ENCRYPTION, "encryption")                             \
    X(INTELLIGENT_TIERING, "intelligent-tiering")           \
    X(INVENTORY, "inventory")                               \
    X(LEGAL_HOLD, "legal-hold")                             \
    X(LIFECYCLE, "lifecycle")                               \
    X(LOCATION, "location")                                 \
    X(LOGGING, "logging")                                   \
    X(METADATA_ANNOTATION_TABLE, "metadataAnnotationTable") \
    X(METADATA_CONFIGURATION, "metadataConfiguration")      \
    X(METADATA_INVENTORY_TABLE, "metadataInventoryTable")   \
    X(METADATA_JOURNAL_TABLE, "metadataJournalTable")       \
    X(METADATA_TABLE, "metadataTable")                      \
    X(METRICS, "metrics")                                   \
    X(NOTIFICATION, "notification")                         \
    X(OBJECT_LOCK, "object-lock")                           \
    X(OWNERSHIP_CONTROLS, "ownershipControls")              \
    X(POLICY, "policy")                                     \
    X(POLICY_STATUS, "policyStatus")                        \
    X(PUBLIC_ACCESS_BLOCK, "publicAccessBlock")             \
    X(RENAME_OBJECT, "renameObject")                        \
    X(REPLICATION, "replication")                           \
    X(REQUEST_PAYMENT, "requestPayment")                    \
    X(RESTORE, "restore")                                   \
    X(RETENTION, "retention")                               \
    X(SELECT, "select")                                     \
    X(SESSION, "session")                                   \
    X(TAGGING, "tagging")                                   \
    X(TORRENT, "torrent")                                   \
    X(UPLOAD_ID, "uploadId")                                \
    X(UPLOADS, "uploads")                                   \
    X(VERSIONING, "versioning")                             \
    X(VERSIONS, "versions")                                 \
    X(WEBSITE, "website")

/* Names that go with them. */
#define S3_PARAMETERS(X)                 \
    X(ANNOTATION_NAME, "annotationName") \
    X(ID, "id")                          \
    X(LIST_TYPE, "list-type")            \
    X(PART_NUMBER, "partNumber")         \
    X(SELECT_TYPE, "select-type")        \
    X(VERSION_ID, "versionId")

/* Fields whose names begin with "x-amz-". */
#define S3_HEADERS(X)                                   \
    X(ACL, "acl")                                       \
    X(BYPASS, "bypass-governance-retention")            \
    X(COPY_SOURCE, "copy-source")                       \
    X(KMS_KEY, "server-side-encryption-aws-kms-key-id") \
    X(LEGAL_HOLD, "object-lock-legal-hold")             \
    X(LOCK, "object-lock-mode")                         \
    X(LOCK_UNTIL, "object-lock-retain-until-date")      \
    X(LOCKED_BUCKET, "bucket-object-lock-enabled")      \
    X(OWNERSHIP, "object-ownership")                    \
    X(RENAME_SOURCE, "rename-source")                   \
    X(ROUTE, "request-route")                           \
    X(TAGGING, "tagging")

#define X(id, name) S3_KEY_##id,
enum s3_key {
    S3_SUBRESOURCES(X) S3_SUBRESOURCES_END,
    S3_BEFORE_PARAMETERS = S3_SUBRESOURCES_END - 1,
    S3_PARAMETERS(X)
};
#undef X

#define X(id, name) S3_HEADER_##id,
enum s3_header { S3_HEADERS(X) S3_HEADER_FORM, S3_HEADER_ORIGIN };
#undef X

#define S3_KEY_BIT(id)    (UINT64_C(1) << S3_KEY_##id)
#define S3_HEADER_BIT(id) (1U << S3_HEADER_##id)

struct s3_asked {
    uint64_t keys;    /* S3_KEY_BIT of each; of list-type and select-type only for the value 2 */
    unsigned headers; /* S3_HEADER_BIT of each; grants are ACL, and a choice of "false" is none */
    struct span copy_source, kms_key; /* the fields' values; of a query as they stand there */
    bool unclear; /* a name without a value that may be an operation of which nothing is known here,
                     or what counts stands there twice */
};

#define S3_SUBRESOURCES_MASK ((UINT64_C(1) << S3_SUBRESOURCES_END) - 1)

/* Names in the query are percent-decoded first, as S3 does; x-amz- fields may stand there too, as
 * presigned URLs have them. */
struct s3_asked s3_asked_of(const struct needed_request *request);
