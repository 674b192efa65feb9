/* A whole exchange: what a client sends, and what the server answers, through the running proxy.
 * The two are parted by the bytes ff fe. Whatever they are, the next request is answered. */
#include "tests/fuzz/fuzz.h"

#include <unistd.h>

#include "tests/unit/stage.h"

enum { TURNS = 48, AFTERMATH = 8, IDLE_NS = 4 * 1000 * 1000, REQUEST_MOST = 64 * 1024 };

static struct stage *open_stage(void)
{
    void *state = NULL;
    REQUIRE(stage_set_up(&state) == 0);
    (void)alarm(0); /* it is no test, and goes on */
    struct stage *stage = state;
    REQUIRE(stage_open(stage));
    return stage;
}

/* Until a turn has had to wait: then all has been said. */
static void turn(struct stage *stage)
{
    uint64_t begun;
    int turns = 0;
    do {
        begun = uv_hrtime();
        stage_turn(stage, 1);
    } while (++turns < TURNS && uv_hrtime() - begun < IDLE_NS);
}

static void try(struct stage *stage, struct span request, struct span answer)
{
    stage_connect(stage);
    stage->answer = answer;
    stage->again = stage->switched = false;
    (void)send(stage->client.fd, request.at, request.len, MSG_NOSIGNAL | MSG_DONTWAIT);
    turn(stage);
    peer_hang_up(&stage->client);
    for (int i = 0; i < AFTERMATH; i++) { /* an upload that is aborted asks once more */
        peer_hang_up(&stage->server);
        turn(stage);
        if (stage->server.fd < 0)
            break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct scene good = {
        .request = TEXT("GET /s3/bucket/key" HOST "\r\n"), .answer = TEXT(OK_ANSWER)};
    static struct stage *stage;
    struct span input = span_first(fuzz_span(data, size), REQUEST_MOST);
    size_t cut = 0;
    stage = stage ? stage : open_stage();
    while (cut < input.len && !span_starts(span_from(input, cut), SPAN("\xff\xfe")))
        cut++;
    try(stage, span_first(input, cut), span_from(input, cut + 2));
    stage_exchange(stage, &good);
    REQUIRE(span_starts(
        (struct span){stage->client.bytes, stage->client.received}, SPAN("HTTP/1.1 200 ")));
    peer_hang_up(&stage->client);
    return 0;
}
