/* A request's body as a document: JSON, CBOR (RFC 8949) or a form, read where it lies. Bodies may
 * be hostile: all is bounded, and what is malformed, or has a name twice, is told apart from what
 * is not there. Pure, no allocation. */
#pragma once

#include "proxy/base/buf.h"

enum payload_kind { PAYLOAD_NONE, PAYLOAD_JSON, PAYLOAD_CBOR, PAYLOAD_FORM };

enum { PAYLOAD_MAX_BYTES = 1024 * 1024, PAYLOAD_MAX_DEPTH = 32 };

/* A value: of a form what stands behind the "=". */
struct value {
    enum payload_kind kind;
    struct span raw;
};

/* The kind by the content type, else by the first byte. Longer than PAYLOAD_MAX_BYTES it is none.
 */
struct value payload_of(struct span body, struct span content_type);

/* Over the items of an array, or the members of an object. */
struct walk {
    enum payload_kind kind;
    struct span rest;
    bool object;
    uint64_t left; /* CBOR: items, UINT64_MAX where a break ends them */
    bool broken;   /* after the end: it was malformed, or neither an array nor an object */
};

struct walk payload_walk(struct value value);

/* On to the next; key is that of a member. */
bool walk_next(struct walk *walk, struct value *key, struct value *item);

/* Whether a member is there. UNCLEAR: it has that name twice, or what could have it cannot be read,
 * so that another reader may find another one. */
enum presence { ABSENT, PRESENT, UNCLEAR };

/* The member of that name of an object or form. One that is null is not there. */
enum presence payload_member(struct value object, struct span name, struct value *member);

/* Whether it is a text: then it is appended, decoded. */
bool payload_text(struct value value, struct buf *out);
