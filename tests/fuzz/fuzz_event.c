/* An event of Lambda's Extensions API. */
#include "tests/fuzz/fuzz.h"

#include "extension/event.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct event event;
    bool good = event_parse(fuzz_span(data, size), &event);
    REQUIRE(good || event.kind == EVENT_OTHER);
    REQUIRE(event.deadline_ms >= 0);
    REQUIRE(memchr(event.request_id, '\0', sizeof event.request_id) != NULL);
    REQUIRE(memchr(event.reason, '\0', sizeof event.reason) != NULL);
    return 0;
}
