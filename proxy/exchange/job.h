/* Where an exchange that transcribes differs from others: what the rest of the exchange asks, at
 * the places where it would else go on by itself. Without a job all of these are false, or nothing.
 */
#pragma once

#include "proxy/base/buf.h"
#include "proxy/base/err.h"

struct exchange;
struct message;
struct outgoing_body;

/* job.c: audio is stored and transcribed, or a transcript asked for */
/* Serves the page, or says why not. May end the exchange, or it waits. */
void job_serve(struct exchange *x);
/* Whether the request under way is the proxy's own; then what it is, and how the server is told of
 * its body. */
bool job_asks(const struct exchange *x);
struct message job_message(const struct exchange *x);
struct outgoing_body job_body(struct exchange *x);
/* Whether the answer to a step is not for the client, at least not before it is weighed. */
bool job_keeps(const struct exchange *x);
/* A step has its answer, held and whole. False where it is to be relayed. May end the exchange. */
bool job_takes(struct exchange *x);
/* The pause between two questions is over. May end the exchange. */
void job_ask_again(struct exchange *x);
/* A job could not be started: adds to the hint what has been done so far. */
void job_hint(struct exchange *x);
/* Counts it, and frees all that it has. */
void job_end(struct exchange *x);

/* job_text.c: the transcript */
/* Whether its URL is signed already, and the head that asks for it. Errors: HEAD_TOO_LARGE. */
bool job_sends_as_is(const struct exchange *x);
MUST_USE enum err job_write_as_is(struct exchange *x, struct buf *out, struct fault *fault);
/* Whether the answer that comes is the file that it is in. */
bool job_reads(const struct exchange *x);
/* Takes content in which no text begins; false where some does, and nothing is taken. */
bool job_passes(struct exchange *x, struct span piece);
/* NULL, or why what has come is no transcript. */
const char *job_wrong(const struct exchange *x);
/* The answer begins: its head becomes the page's. */
void job_dress(struct exchange *x);
/* What the client gets of content, in the proxy's memory; and behind the last of it. NULL, or what
 * is wrong. */
struct span job_text(struct exchange *x, struct span piece);
const char *job_text_end(struct exchange *x, struct span *rest);
