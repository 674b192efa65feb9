/* The state of an upload in parts, shared by the files that make it: parts.c fills parts with what
 * the client sends, steps.c sends them, cleanup.c aborts. */
#pragma once

#include "proxy/aws/multipart.h"
#include "proxy/exchange/state.h"

struct upload {
    struct exchange *exchange;
    enum multipart_step step; /* that is under way */
    unsigned number;          /* of the last part that was sent, or is being sent */
    unsigned tries;           /* that the step has had in vain */
    bool whole;               /* the client has sent all of its body */
    bool cut;                 /* a part was on its way when it was given up: it may still arrive */
    bool full;                /* what is being filled can take no more: more than it has come */
    bool carries;             /* ... one byte, which is the next one's first */
    char carried;
    struct part *filling, *sending;
    struct part_wait wait;

    size_t id_bytes; /* 0: the upload does not exist yet, or no more */
    struct buf list; /* the parts so far, as the last step tells of them */
    uint64_t sum;    /* of all content so far */
    struct span part_sum;
    char sum_text[SUM_VALUE_BYTES]; /* the part's, then that of all */
    char hash[HASH_HEX_BYTES];      /* of the list */

    struct head head; /* of the step */
    struct span query;
    char id[MULTIPART_ID_BYTES];
    char query_memory[3 * MULTIPART_ID_BYTES + 64];
    char etag[MULTIPART_ETAG_BYTES];
};

/* steps.c */
/* Something is ready: a part, the body's end, or a step that is done. Begins what is next, or
 * waits. May end the exchange. */
void steps_advance(struct exchange *x);

/* Begins a step. May end the exchange. */
void steps_begin(struct exchange *x, enum multipart_step step);

/* parts.c */
/* Asks for a part to fill, where one is needed. False where the exchange has ended: there is no
 * memory, and no part on its way that could be had again. */
bool parts_want(struct exchange *x);

/* Gives back what it has of them. */
void parts_drop(struct exchange *x);
