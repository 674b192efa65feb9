/* PUT /-/transcribe/BUCKET/KEY?language-code=..., which stores audio in S3 and starts a
 * transcription job for it, and GET /-/transcribe/JOB, which asks how far that is: from what a
 * client asks to what Transcribe is asked, and from its answers to the page's. No I/O.
 *
 * Source: botocore 1.44.5, service model of transcribe, StartTranscriptionJob and
 * GetTranscriptionJob (Apache-2.0); Amazon Transcribe API Reference. */
#pragma once

#include "proxy/base/buf.h"
#include "proxy/base/err.h"

enum {
    JOB_NAME_BYTES = 200,
    JOB_PATH_BYTES = 4 * 1024, /* of a bucket and a key, percent-encoded */
    JOB_URI_BYTES = 8 * 1024,  /* of a transcript's URL */
    JOB_ORDER_BYTES = 24 * 1024,
    JOB_WAIT_MAX_S = 60,
};

#define JOB_FOLDER "/-/transcribe/"

/* Whether the path is one of these pages'. */
bool job_page_is(struct span path);

/* Whether Transcribe takes it for a job's name. */
bool job_name_valid(struct span name);

/* What PUT asks for: job_order.c. */
struct job_order {
    struct span name;
    bool named;        /* by the client */
    struct span media; /* "s3://BUCKET/KEY" */
    struct span path;  /* "/BUCKET/KEY", percent-encoded as it came */
    struct span body;  /* StartTranscriptionJob's request */
    char text[JOB_ORDER_BYTES];
};

struct job_wish {
    struct span path, query; /* the page's */
    int64_t now_ms;          /* since 1970 */
    uint64_t chance;         /* random: a part of the name */
};

/* scratch: memory for the values of the query. Errors: BAD_REQUEST, which names the parameter. */
MUST_USE enum err job_order_parse(
    const struct job_wish *wish, struct buf scratch, struct job_order *order, struct fault *fault);

/* What GET asks for. */
struct job_question {
    struct span name; /* in the path */
    unsigned wait_s;  /* for how long its client waits for the job's end */
    bool as_text;     /* the transcript alone; asks for that, or does so already */
    struct span body; /* GetTranscriptionJob's request */
    char text[JOB_NAME_BYTES + 64];
};

/* Errors: BAD_REQUEST. */
MUST_USE enum err job_question_parse(struct span path, struct span query, struct buf scratch,
    struct job_question *question, struct fault *fault);

/* How far a job is, as Transcribe says. */
enum job_end { JOB_RUNS, JOB_FAILED, JOB_COMPLETED };

struct job_state {
    enum job_end end;
    struct span status; /* "QUEUED"; JOB_RUNS where none is told: "IN_PROGRESS" */
    struct span reason; /* of a job that failed */
    struct span uri;    /* of the transcript, where it is completed */
    char text[JOB_URI_BYTES + 2 * 1024];
};

/* answer: of StartTranscriptionJob or GetTranscriptionJob. False where it is none. state is not to
 * be moved. */
bool job_state_read(struct span answer, struct job_state *state);

/* The URL that asks for the job: host as the client calls the proxy, or empty. */
void job_write_url(struct buf *out, struct span host, struct span name);

/* Appends the answer of a PUT, and of a GET of a job that has no transcript yet, or never will. */
void job_write_started(struct buf *out, const struct job_order *order, struct span host,
    const struct job_state *state);
void job_write_state(struct buf *out, struct span name, const struct job_state *state);

/* Around the transcript, which is the inside of a JSON string. */
void job_write_text_begin(struct buf *out, struct span name);
#define JOB_TEXT_END "\"}\n"
