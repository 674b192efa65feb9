/* A condition in the place of a resource, "if:KEY=VALUE": of an action that takes no resource, that
 * the request fills this key of a policy with this value. A policy says it as Resource "*" with
 * "Condition": {"StringEquals": {KEY: VALUE}}. Pure.
 *
 * Keys: transcribe:OutputBucketName. transcribe:OutputKey is left out: the same request needs
 * s3:PutObject on that very key, of the role or of the data access role that it passes.
 * transcribe:OutputEncryptionKMSKeyId is likewise limited by the kms: actions on that key.
 * Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon
 * Transcribe". */
#pragma once

#include "proxy/base/buf.h"

enum { CONDITION_NAME_BYTES = 255 };

struct condition {
    struct span key; /* "transcribe:OutputBucketName" */
    struct span value;
};

/* Whether it claims to be one, and so is no resource. */
bool condition_begins(struct span resource);

bool condition_knows(struct span key);

/* The parts of one whose key is known; its value is a name, or a pattern in a guard. */
bool condition_split(struct span resource, struct condition *condition);

/* Whether it is a bucket's name: letters, digits, dots, dashes and underscores, which no format of
 * a policy takes for more. */
bool condition_is_name(struct span value);

/* condition_split() where the value is a name: what requests fill, and what a record holds. */
bool condition_read(struct span resource, struct condition *condition);

/* Appends "if:KEY=". */
void condition_write(struct buf *out, struct span key);

/* Appends a resource for people: a condition as "* where KEY is VALUE", any other as it is. */
void condition_write_words(struct buf *out, struct span resource);
