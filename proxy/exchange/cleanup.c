/* What outlives a client: an upload in parts that has begun and is not completed is aborted, also
 * when its client has had an error, or is gone. */
#include "proxy/exchange/parts.h"

/* Whether the answer that is on its way decides what there is to clean up. */
static bool decides(const struct exchange *x)
{
    enum multipart_step step = steps_now(x);
    return (step == MULTIPART_CREATE || step == MULTIPART_COMPLETE) && x->phase == PHASE_SENT
        && x->upstream && x->answer < ANSWER_BODY && !x->odd;
}

static void stop_waiting(struct exchange *x)
{
    pool_leave(&x->lease);
    credentials_leave(&x->wait);
    exchange_let_upstream_go(x);
    parts_drop(x);
}

bool cleanup_due(const struct exchange *x)
{
    return x->upload && !x->left && (x->upload->id_bytes > 0 || decides(x));
}

bool cleanup_begins(struct exchange *x)
{
    struct upload *u = x->upload;
    if (!cleanup_due(x))
        return false;
    exchange_record(x);
    x->left = true;
    u->tries = 0;
    u->cut = u->step == MULTIPART_PART && x->phase == PHASE_SENT && x->answer < ANSWER_WEIGHED;
    if (decides(x)) {
        parts_drop(x);
        exchange_stir(x);
    } else {
        stop_waiting(x);
        steps_begin(x, MULTIPART_ABORT);
    }
    return true;
}

static void warn(const struct exchange *x)
{
    const struct log_value values[] = {
        {.name = "bucket_host", .text = x->route.host}, {.name = "path", .text = x->route.path}};
    log_values(LOG_WARN,
        "an upload in parts could not be aborted; its parts are billed until they are removed (a "
        "lifecycle rule AbortIncompleteMultipartUpload does that, the role needs "
        "s3:AbortMultipartUpload)",
        values, sizeof values / sizeof *values);
}

bool cleanup_again(struct exchange *x)
{
    struct upload *u = x->upload;
    bool aborting = u->step == MULTIPART_ABORT;
    if (u->id_bytes == 0)
        return false;
    if (aborting && ++u->tries > 1) {
        warn(x);
        return false;
    }
    stop_waiting(x);
    steps_begin(x, MULTIPART_ABORT);
    return true;
}

void cleanup_give_up(struct exchange *x)
{
    if (x->upload->id_bytes > 0)
        warn(x);
    x->upload->id_bytes = 0;
    x->upload->step = MULTIPART_NONE;
}
