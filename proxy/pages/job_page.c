#include "proxy/pages/job_page.h"

#include "proxy/http/query.h"
#include "proxy/permissions/payload.h"

bool job_page_is(struct span path)
{
    return span_starts(path, SPAN(JOB_FOLDER)) && path.len > sizeof JOB_FOLDER - 1;
}

bool job_name_valid(struct span name)
{
    bool good = name.len > 0 && name.len <= JOB_NAME_BYTES;
    for (size_t i = 0; good && i < name.len; i++)
        good = ascii_alpha(name.at[i]) || ascii_digit(name.at[i])
            || span_find(SPAN("._-"), name.at[i]) < 3;
    return good;
}

/* ---- GET ---- */

enum { ROW_WAIT, ROW_FORMAT };

static const struct query_parameter question_parameters[] = {
    [ROW_WAIT] = {{"wait", 4}, false},
    [ROW_FORMAT] = {{"format", 6}, false},
};

static enum err take_wait(struct span text, struct job_question *question, struct fault *fault)
{
    uint64_t wait_s;
    if (!span_to_number(text, JOB_WAIT_MAX_S, &wait_s))
        return fault_set(fault, ERR_BAD_REQUEST,
            "The parameter wait must be a number of seconds from 0 to %d.", JOB_WAIT_MAX_S);
    question->wait_s = (unsigned)wait_s;
    return OK;
}

static enum err take_format(struct span text, struct job_question *question, struct fault *fault)
{
    question->as_text = span_equal(text, SPAN("text"));
    return question->as_text || span_equal(text, SPAN("json"))
        ? OK
        : fault_set(fault, ERR_BAD_REQUEST, "The parameter format must be json or text.");
}

enum err job_question_parse(struct span path, struct span query, struct buf scratch,
    struct job_question *question, struct fault *fault)
{
    struct buf body = buf_over(question->text, sizeof question->text);
    struct query_walk walk = {.rest = query,
        .table = question_parameters,
        .count = sizeof question_parameters / sizeof *question_parameters,
        .text = scratch};
    question->name = span_from(path, sizeof JOB_FOLDER - 1);
    question->wait_s = 0;
    if (!job_name_valid(question->name))
        return fault_set(fault, ERR_BAD_REQUEST,
            "This is no name of a transcription job: those are of letters, digits, \".\", \"_\" "
            "and \"-\". GET /-/transcribe/JOB asks for a job; PUT /-/transcribe/BUCKET/KEY "
            "starts one.");
    while (query_next(&walk, fault))
        if ((walk.row == ROW_WAIT ? take_wait : take_format)(walk.value, question, fault) != OK)
            return fault->err;
    buf_text(&body, "{\"TranscriptionJobName\":\"");
    buf_add(&body, question->name);
    buf_text(&body, "\"}");
    question->body = buf_span(&body);
    return fault->err;
}

/* ---- Transcribe's answers ---- */

/* A member that is a text, appended; empty where it is not there. */
static struct span text_of(struct value object, struct span name, struct buf *out)
{
    struct value member;
    size_t start = out->len;
    if (payload_member(object, name, &member) != PRESENT || !payload_text(member, out))
        return SPAN("");
    return buf_since(out, start);
}

/* A job whose content is redacted may have the redacted transcript only. */
static struct span uri_of(struct value job, struct buf *out)
{
    struct value transcript;
    if (payload_member(job, SPAN("Transcript"), &transcript) != PRESENT)
        return SPAN("");
    struct span uri = text_of(transcript, SPAN("TranscriptFileUri"), out);
    return uri.len > 0 ? uri : text_of(transcript, SPAN("RedactedTranscriptFileUri"), out);
}

bool job_state_read(struct span answer, struct job_state *state)
{
    struct buf text = buf_over(state->text, sizeof state->text);
    struct value job;
    struct value whole = payload_of(answer, SPAN("application/x-amz-json-1.1"));
    if (payload_member(whole, SPAN("TranscriptionJob"), &job) != PRESENT)
        return false;
    state->status = text_of(job, SPAN("TranscriptionJobStatus"), &text);
    if (state->status.len == 0)
        state->status = SPAN("IN_PROGRESS");
    state->end = span_equal(state->status, SPAN("COMPLETED")) ? JOB_COMPLETED
        : span_equal(state->status, SPAN("FAILED"))           ? JOB_FAILED
                                                              : JOB_RUNS;
    state->reason = text_of(job, SPAN("FailureReason"), &text);
    state->uri = uri_of(job, &text);
    return !text.failed;
}

/* ---- the page's answers ---- */

static void write_member(struct buf *out, const char *name, struct span value)
{
    buf_format(out, ",\"%s\":\"", name);
    buf_json(out, value);
    buf_char(out, '"');
}

static void begin(struct buf *out, struct span name)
{
    buf_text(out, "{\"job\":\"");
    buf_add(out, name);
    buf_char(out, '"');
}

void job_write_url(struct buf *out, struct span host, struct span name)
{
    if (host.len > 0)
        buf_text(out, "http://");
    buf_add(out, host);
    buf_text(out, JOB_FOLDER);
    buf_add(out, name);
}

void job_write_started(
    struct buf *out, const struct job_order *order, struct span host, const struct job_state *state)
{
    begin(out, order->name);
    write_member(out, "status", state->status);
    buf_text(out, ",\"url\":\"");
    job_write_url(out, host, order->name);
    buf_char(out, '"');
    write_member(out, "media", order->media);
    buf_text(out, "}\n");
}

void job_write_state(struct buf *out, struct span name, const struct job_state *state)
{
    begin(out, name);
    write_member(out, "status", state->status);
    if (state->end == JOB_FAILED)
        write_member(out, "reason", state->reason);
    buf_text(out, "}\n");
}

void job_write_text_begin(struct buf *out, struct span name)
{
    begin(out, name);
    buf_text(out, ",\"status\":\"COMPLETED\",\"text\":\"");
}
