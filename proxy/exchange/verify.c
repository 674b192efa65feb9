/* /-/identity?verify: STS is asked who the function is, for nothing else knows for certain. */
#include "proxy/aws/error_code.h"
#include "proxy/base/clock.h"
#include "proxy/credentials/sts.h"
#include "proxy/exchange/state.h"

enum { VERIFY_MS = 10 * 1000, TEXT_BYTES = 16 * 1024 };

static void on_answer(void *owner, struct reply *reply, const struct fault *fault)
{
    struct exchange *x = owner;
    struct proxy *proxy = x->proxy;
    struct fault refused;
    x->call = NULL;
    if (!reply) {
        page_fail(x, fault);
        return;
    }
    struct span content = reply_content(reply);
    if (reply_status(reply) == 200 && caller_parse(content, &proxy->caller)) {
        proxy->caller_generation = credentials_generation(proxy->options.credentials);
        page_verified(x);
        return;
    }
    struct span code = error_code_shown(error_code_find(SPAN(""), content));
    (void)fault_set(&refused, ERR_NO_CREDENTIALS,
        "STS does not say who these credentials are: it answered %u%s%.*s.", reply_status(reply),
        code.len > 0 ? ", " : "", SPAN_ARGS(code));
    page_fail(x, &refused);
}

void verify_begin(struct exchange *x)
{
    char text[TEXT_BYTES], body[256];
    struct proxy *proxy = x->proxy;
    struct credentials_store *store = proxy->options.credentials;
    struct buf out = buf_over(text, sizeof text);
    struct sts_request request = {.by = credentials_current(store)};
    struct sts_means means = {.route = &proxy->route,
        .signer = proxy->signer,
        .now_s = (clock_wall_ms() + proxy->skew.offset_ms) / 1000,
        .body = buf_over(body, sizeof body)};
    struct route to;
    struct fault fault;
    if (!request.by)
        (void)fault_set(&fault, ERR_NO_CREDENTIALS, "%s", credentials_missing(store));
    else if (sts_write(&request, &means, &to, &out, &fault) == OK) {
        struct call_request call = {.target = {.server = to.server, .port = to.port, .tls = to.tls},
            .text = buf_span(&out),
            .timeout_ms = VERIFY_MS};
        x->call = call_start(proxy->pool, &call, on_answer, x);
        (void)fault_set(&fault, ERR_OUT_OF_MEMORY, "There is not enough memory to ask STS.");
    }
    if (x->call)
        exchange_enter(x, PHASE_VERIFY);
    else
        page_fail(x, &fault);
}
