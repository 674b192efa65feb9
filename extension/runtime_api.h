/* One call of Lambda's Extensions API, on a connection of its own and without any timeout:
 * event/next may take days, for the environment is frozen in between. */
#pragma once

#include <uv.h>

#include "proxy/base/span.h"

enum { API_IDENTIFIER_BYTES = 128 };

struct api_answer {
    unsigned status; /* 0: no answer; error tells why */
    const char *error;
    struct span identifier; /* Lambda-Extension-Identifier; len == 0 where there is none */
    struct span body;
};

struct api_request {
    const char *host; /* AWS_LAMBDA_RUNTIME_API: host:port */
    struct span method;
    struct span path;
    struct span headers; /* lines with their CRLFs */
    struct span body;    /* JSON, or empty */
};

struct api_call;

/* on_answer comes once, from the loop, never from within this call; the answer is gone when it
 * returns. The request is copied. NULL where memory is not to be had. The loop's data is a struct
 * io_memory. */
struct api_call *api_call(uv_loop_t *loop, const struct api_request *request,
    void (*on_answer)(void *owner, const struct api_answer *answer), void *owner);

/* The owner goes away: it hears no more. NULL is fine. */
void api_abandon(struct api_call *call);
