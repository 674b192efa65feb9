/* The parameters of the proxy's own pages, and the first bytes of audio. The first byte tells which
 * page. */
#include "tests/fuzz/fuzz.h"

#include <cjson/cJSON.h>

#include "proxy/pages/job_page.h"
#include "proxy/pages/presign_page.h"
#include "proxy/pages/token_page.h"
#include "proxy/pages/transcribe_page.h"

static void transcribe(struct span query, struct span audio)
{
    struct transcribe_ask *ask = malloc(sizeof *ask);
    struct fault fault = {OK, ""};
    struct wav wav;
    if (!ask)
        return;
    if (transcribe_parse(query, ask, &fault) == OK) {
        enum transcribe_step step =
            transcribe_look(ask, span_first(audio, TRANSCRIBE_START_BYTES), true, &wav, &fault);
        REQUIRE(step != TRANSCRIBE_MORE);
        REQUIRE(step != TRANSCRIBE_READY || wav.audio_at <= audio.len);
        REQUIRE((step == TRANSCRIBE_REFUSED) == (fault.err != OK));
    }
    free(ask);
}

static void presign(struct span query)
{
    struct presign_ask *ask = malloc(sizeof *ask);
    struct fault fault;
    if (ask && presign_parse(query, ask, &fault) == OK)
        REQUIRE(ask->expires_s > 0 && ask->count <= PRESIGN_FIELDS_MAX);
    free(ask);
}

static void token(enum login_kind kind, struct span query)
{
    struct token_ask *ask = malloc(sizeof *ask);
    struct fault fault;
    if (ask && token_parse(kind, query, SPAN("us-east-1"), ask, &fault) != OK)
        REQUIRE(fault.text[0] != '\0');
    free(ask);
}

static bool is_object(struct span text)
{
    cJSON *json = cJSON_ParseWithLength(text.at, text.len);
    bool object = cJSON_IsObject(json);
    cJSON_Delete(json);
    return object;
}

/* What Transcribe is asked is JSON, whatever the client asks. */
static void job(struct span query, struct span place, bool starts)
{
    char path_memory[2048], scratch_memory[4096];
    struct buf path = buf_over(path_memory, sizeof path_memory);
    struct buf scratch = buf_over(scratch_memory, sizeof scratch_memory);
    struct job_order *order = malloc(sizeof *order);
    struct job_question question = {.as_text = false};
    struct fault fault = {OK, ""};
    buf_text(&path, JOB_FOLDER);
    buf_add(&path, span_first(place, sizeof path_memory - sizeof JOB_FOLDER));
    struct job_wish wish = {buf_span(&path), query, 0, 1};
    if (order && starts && job_order_parse(&wish, scratch, order, &fault) == OK)
        REQUIRE(is_object(order->body) && job_name_valid(order->name));
    if (!starts && job_question_parse(wish.path, query, scratch, &question, &fault) == OK)
        REQUIRE(is_object(question.body) && job_name_valid(question.name));
    free(order);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span rest = span_from(fuzz_span(data, size), 1), query;
    unsigned page = size > 0 ? data[0] % 9 : 0;
    (void)span_next(&rest, '\0', &query);
    if (page == 0)
        transcribe(query, rest);
    else if (page == 1)
        presign(query);
    else if (page > 6)
        job(query, rest, page == 7);
    else
        token((enum login_kind)(page - 2), query);
    return 0;
}
