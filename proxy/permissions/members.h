/* The members of a request, wherever they stand: in its path, its query or its body. Pure, no
 * allocation. */
#pragma once

#include "proxy/permissions/payload.h"

enum { CAPTURES_MAX = 4, MEMBER_STEPS_MAX = 4 };

/* What a path's pattern took: "{FunctionName}" of "/functions/{FunctionName}". */
struct capture {
    struct span name;
    struct span value; /* percent-encoded */
};

struct members {
    struct capture captures[CAPTURES_MAX];
    size_t count;
    struct value query;      /* a form, with what the body may have as well */
    struct value parameters; /* a form too, of a path's query, with what it alone may have */
    struct value body;
};

/* Whether it is there, in whatever type. path: "Tags", "Settings.Role"; "?Qualifier" among the
 * parameters. A form has lists and structures as NAME.1 and NAME.member.1. */
enum presence members_have(const struct members *members, struct span path);

/* Over the values of a member: one, or those of a list. */
struct member_walk {
    const struct members *members;
    struct span first, rest; /* of its path: up to the list, and within the item */
    struct walk items;
    bool listed, keys, done;
    bool missing; /* after member_next(): an item has no such member, or no text */
    bool unclear; /* so far: another reader may find other values */
};

/* path: "Media.MediaFileUri"; "Entries[].Name" in each item of a list; "RequestItems{}" the name of
 * each member. */
struct member_walk member_begin(const struct members *members, struct span path);

/* Appends the next text to out. False at the end. */
bool member_next(struct member_walk *walk, struct buf *out);
