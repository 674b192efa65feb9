/* The transcript of a job that is completed: fetched from where Transcribe says that it is, which
 * must be S3, and passed on as it comes, its text alone. The answer begins with the first of that:
 * until then a file that is no transcript is an error. */
#include "proxy/exchange/job_state.h"

static const struct span text_type = TEXT("text/plain; charset=utf-8");
static const struct span json_type = TEXT("application/json");

/* ---- the request ---- */

/* Whether a URL has the signature of somebody, whose own it then is to read it. */
static bool is_signed(struct span query)
{
    struct span parameter;
    while (span_next(&query, '&', &parameter))
        if (span_starts(parameter, SPAN("X-Amz-Signature="))
            || span_starts(parameter, SPAN("Signature=")))
            return true;
    return false;
}

static bool is_url(struct span uri, struct target *target)
{
    bool good = span_starts(uri, SPAN("http")) && target_parse(uri, target);
    for (size_t i = 0; good && i < uri.len; i++)
        good = uri.at[i] > ' ' && uri.at[i] <= '~' && uri.at[i] != '#';
    return good;
}

/* Whether it is the server that takes the place of S3. */
static bool is_endpoint(const struct exchange *x, const struct authority *named)
{
    struct route s3;
    struct fault fault;
    return route_of_service(&x->proxy->route, SPAN("s3"), &s3, &fault) == OK
        && span_equal_nocase(named->host, s3.server) && named->port == s3.port;
}

/* Where the URL leads: as a path of the proxy's own where that server is S3's, else by its host. */
static bool find_s3(struct exchange *x, struct target *target)
{
    struct job *job = x->job;
    struct buf path = buf_over(job->path, sizeof job->path);
    struct fault fault;
    target->method = SPAN("GET");
    if (is_endpoint(x, &target->authority)) {
        buf_text(&path, "/s3");
        buf_add(&path, target->path);
        target->path = buf_span(&path);
        target->authority = (struct authority){.port = 0};
    } else if (route_own_name(&x->proxy->route, &target->authority)) {
        return false;
    }
    return !path.failed && route_find(&x->proxy->route, target, NULL, &x->route, &fault) == OK
        && x->route.s3 && span_equal(x->route.service, SPAN("s3"));
}

void job_fetch(struct exchange *x)
{
    struct job *job = x->job;
    struct target target;
    struct fault fault;
    exchange_count(x);
    if (!is_url(job->state.uri, &target) || !find_s3(x, &target)) {
        (void)fault_set(&fault, ERR_UPSTREAM_PROTOCOL,
            "Transcribe names a transcript that is not in S3, or not where COUNTERSIGN_ENDPOINT_S3 "
            "says that S3 is. Nothing was sent there.");
        exchange_fail(x, &fault);
        return;
    }
    job->as_is = is_signed(x->route.query);
    if (!job->as_is)
        place_route(x->proxy, &x->route);
    x->permitted = job->as_is; /* the guard is about what the role does */
    result_text_begin(&job->text, !job->question.as_text);
    job_prepare(x, JOB_READS, SPAN(""));
    job_send(x);
}

bool job_sends_as_is(const struct exchange *x)
{
    return x->job && x->job->step == JOB_READS && x->job->as_is;
}

enum err job_write_as_is(struct exchange *x, struct buf *out, struct fault *fault)
{
    buf_text(out, "GET ");
    buf_add(out, x->route.path);
    buf_char(out, '?');
    buf_add(out, x->route.query);
    buf_text(out, " HTTP/1.1\r\nHost: ");
    buf_add(out, x->route.host);
    buf_text(out, "\r\n\r\n");
    return out->failed ? fault_set(fault, ERR_HEAD_TOO_LARGE, "The transcript's URL is too long.")
                       : OK;
}

/* ---- the answer ---- */

bool job_reads(const struct exchange *x)
{
    return x->job && x->job->step == JOB_READS && x->answer_head.status == 200;
}

static struct buf output(const struct exchange *x)
{
    return buf_over(x->proxy->query_scratch, sizeof x->proxy->query_scratch);
}

static const char no_transcript[] =
    "it is not what a transcription job writes (JSON with results.transcripts)";

bool job_passes(struct exchange *x, struct span piece)
{
    struct job *job = x->job;
    struct result_text ahead = job->text;
    struct buf out = output(x);
    bool good = result_text_take(&ahead, piece, &out);
    if (good && ahead.shown > 0)
        return false;
    job->text = ahead;
    job->why = good ? NULL : no_transcript;
    return true;
}

const char *job_wrong(const struct exchange *x)
{
    return x->job ? x->job->why : NULL;
}

/* S3's head becomes the page's. */
void job_dress(struct exchange *x)
{
    static const struct field fields[] = {
        {TEXT("Cache-Control"), TEXT("no-store"), FIELD_OTHER},
        {TEXT("X-Content-Type-Options"), TEXT("nosniff"), FIELD_OTHER},
    };
    struct head *head = &x->answer_head;
    if (!job_reads(x))
        return;
    head->reason = SPAN("OK");
    head->count = 0;
    head->fields[head->count++] = (struct field){.name = SPAN("Content-Type"),
        .value = x->job->question.as_text ? text_type : json_type,
        .id = FIELD_CONTENT_TYPE};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        head->fields[head->count++] = fields[i];
    if (x->answer_framing.kind != BODY_UNTIL_CLOSE)
        x->answer_framing.kind = BODY_CHUNKED;
}

struct span job_text(struct exchange *x, struct span piece)
{
    struct job *job = x->job;
    struct buf out = output(x);
    if (!job->begun && !job->question.as_text)
        job_write_text_begin(&out, job->question.name);
    job->begun = true;
    if (!result_text_take(&job->text, piece, &out))
        job->why = no_transcript;
    return buf_span(&out);
}

const char *job_text_end(struct exchange *x, struct span *rest)
{
    *rest = SPAN("");
    if (!job_reads(x))
        return NULL;
    if (!x->job->question.as_text)
        *rest = SPAN(JOB_TEXT_END);
    return result_text_whole(&x->job->text) ? x->job->why : no_transcript;
}

void job_answer_empty(struct exchange *x)
{
    struct job *job = x->job;
    struct buf body = output(x);
    struct fault fault;
    bool as_text = job->question.as_text;
    if (!result_text_whole(&job->text) || !job->text.found) {
        (void)fault_set(&fault, ERR_UPSTREAM_PROTOCOL,
            "The server's answer cannot be passed on: %s.", no_transcript);
        exchange_fail(x, &fault);
        return;
    }
    if (!as_text) {
        job_write_text_begin(&body, job->question.name);
        buf_text(&body, JOB_TEXT_END);
    }
    job_answer(x, 200, as_text ? text_type : json_type, buf_span(&body));
}
