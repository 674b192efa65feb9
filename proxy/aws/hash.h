/* A SHA-256 of content that comes in pieces. */
#pragma once

#include "proxy/aws/sign.h"

struct hash {
    struct evp_md_ctx_st *context; /* NULL: not begun */
};

/* Errors of all: OUT_OF_MEMORY. After one of hash_begin() there is nothing to finish. */
MUST_USE enum err hash_begin(struct hash *hash);
MUST_USE enum err hash_add(struct hash *hash, struct span content);

/* The hash in hexadecimal; the next content begins anew. */
MUST_USE enum err hash_take(struct hash *hash, char hex[HASH_HEX_BYTES]);

/* Accepts one that has not begun, or is finished already; what it has of the content is cleansed.
 */
void hash_finish(struct hash *hash);
