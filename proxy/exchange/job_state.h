/* The state of an exchange that transcribes, shared by the files that make it: job.c goes
 * from one request to the next, job_text.c passes the transcript on. */
#pragma once

#include "proxy/exchange/state.h"
#include "proxy/pages/job_page.h"
#include "proxy/transcribe/result_text.h"

/* The request that is under way. */
enum job_step {
    JOB_UPLOADS, /* the client's own, to S3 */
    JOB_STARTS,  /* StartTranscriptionJob */
    JOB_ASKS,    /* GetTranscriptionJob */
    JOB_READS,   /* the transcript, from S3 */
};

struct job {
    enum job_step step;
    struct head head; /* of a request of ours */
    struct span query, body;
    char hash[HASH_HEX_BYTES]; /* of its body */
    unsigned wait_ticks;       /* the exchange may last so long; then it is not waited any more */
    unsigned pauses;           /* made so far */

    bool as_is;      /* the transcript's URL is signed already */
    bool begun;      /* something of the transcript has gone to the client */
    const char *why; /* what comes is no transcript; or NULL */
    struct result_text text;

    struct job_order order;       /* of a PUT */
    struct job_question question; /* of a GET */
    struct job_state state;
    char path[JOB_URI_BYTES + 8]; /* where it goes: the route's spans point into it */
};

/* job.c: one request more, prepared by job_prepare(). May end the exchange. */
void job_send(struct exchange *x);

/* The head and the body of a request of ours. */
void job_prepare(struct exchange *x, enum job_step step, struct span body);

/* Answers with a text of the page's own. Ends the exchange. */
void job_answer(struct exchange *x, int status, struct span type, struct span body);

/* job_text.c: fetches the transcript that Transcribe names. May end the exchange. */
void job_fetch(struct exchange *x);

/* It has come whole, and there is no text in it. Ends the exchange. */
void job_answer_empty(struct exchange *x);
