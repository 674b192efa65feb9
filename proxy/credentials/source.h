/* Where credentials come from, as a chain of steps: each is one HTTP call, written and read here
 * and made elsewhere. No waiting in this file.
 *
 *   CONTAINER ----------------------------------------------> keys
 *   WEB_IDENTITY (STS) -------------------------------------> keys
 *   INSTANCE_TOKEN -> INSTANCE_ROLE -> INSTANCE_KEYS -------> keys
 *   and where a further role is named: keys -> ASSUME_ROLE -> that role's keys
 *
 * Sources: "Container credential provider" and "IMDS credential provider" of the AWS SDKs and Tools
 * Reference Guide; Lambda Developer Guide, "Activating Lambda SnapStart". */
#pragma once

#include "proxy/aws/route.h"
#include "proxy/base/skew.h"
#include "proxy/credentials/issued.h"
#include "proxy/http/reply.h"
#include "proxy/http/target.h"
#include "proxy/io/upstream.h"

/* In the order in which they are looked for, as the SDKs do. */
enum source {
    SOURCE_NONE,
    SOURCE_ENVIRONMENT,
    SOURCE_WEB_IDENTITY,
    SOURCE_CONTAINER,
    SOURCE_INSTANCE
};

/* An address that gives keys. */
struct source_server {
    struct authority authority; /* with its port; text.len == 0: there is none */
    bool tls;
    struct span path; /* and query */
};

/* What the environment says. The spans and pointers must hold as long as the store, but for the
 * secrets, which are copied. */
struct credentials_options {
    struct credentials environment; /* each part may be empty */
    /* AWS_CONTAINER_AUTHORIZATION_TOKEN: shown to the container's endpoint; and by callers of a
     * function that has no session token. */
    struct span container_token;
    const char *container_token_file; /* goes before it; read at each use. NULL: none */
    struct source_server container;
    const char *web_identity_file; /* read at each use. NULL: none */
    struct span web_identity_role;
    struct source_server instance;
    struct span session; /* the RoleSessionName of roles that are assumed */
    struct span role;    /* assumed with the keys that the source gives. Empty: none */
};

enum source source_of(const struct credentials_options *options);
const char *source_text(enum source source);

enum step {
    STEP_DONE,
    STEP_CONTAINER,
    STEP_WEB_IDENTITY,
    STEP_INSTANCE_TOKEN,
    STEP_INSTANCE_ROLE,
    STEP_INSTANCE_KEYS,
    STEP_ASSUME_ROLE,
};

/* STEP_DONE where the source needs none. */
enum step source_first_step(enum source source);

enum { SOURCE_BODY_BYTES = 40 * 1024, SOURCE_TEXT_BYTES = 48 * 1024, SOURCE_NAME_BYTES = 256 };

/* The state of one run through the steps. */
struct source_run {
    const struct credentials_options *options;
    const struct route_options *route;
    struct signer *signer;
    const struct skew *skew;
    const struct credentials *by;    /* STEP_ASSUME_ROLE: the keys to ask with */
    char name[2][SOURCE_NAME_BYTES]; /* EC2's token and role */
    size_t name_bytes[2];
    struct route sts;
    char body[SOURCE_BODY_BYTES]; /* of a request to STS */
};

struct source_request {
    struct upstream_target target; /* good as long as the run */
    unsigned timeout_ms;
    struct buf text; /* over the caller's memory */
};

/* Writes the step's request, whole. Errors: in words for whoever set it up (a file that cannot be
 * read, no region). */
MUST_USE enum err source_write(
    struct source_run *run, enum step step, struct source_request *request, struct fault *fault);

/* Reads its answer, and moves *step on: to STEP_DONE where *issued is set. Errors: NO_CREDENTIALS,
 * OUT_OF_MEMORY, in words. */
MUST_USE enum err source_read(struct source_run *run, const struct reply *reply, enum step *step,
    struct issued **issued, struct fault *fault);

/* Reads a file that holds a token, without the line feed at its end. False where it cannot be read,
 * is larger than the buffer, or holds what no token does. */
bool source_read_token(const char *path, struct buf *token);
