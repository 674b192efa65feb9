/* How a text is read as an event-stream message: from a copy of just its size. */
#pragma once

#include "tests/unit/check.h"

#include "proxy/http/event_stream.h"

static inline enum event_stream_step step_of(struct span bytes, size_t max_bytes)
{
    struct event_stream_message message;
    size_t used;
    char *copy = check_copy(bytes);
    enum event_stream_step step =
        event_stream_read((struct span){copy, bytes.len}, max_bytes, &message, &used);
    CHECK_NUMBER(bytes, message.why != NULL, step == EVENT_STREAM_BAD);
    free(copy);
    return step;
}
