/* An error answer that newer keys may cure is held until it is whole, and weighed: either the
 * request goes out once more, signed with keys fetched anew, or the answer is relayed as it came.
 */
#include "proxy/aws/error_code.h"
#include "proxy/exchange_state.h"

enum { WEIGHED_MAX_BYTES = 16 * 1024 };

bool weigh_wants(const struct exchange *x)
{
    unsigned status = x->answer_head.status;
    const struct framing *framing = &x->answer_framing;
    bool may_tell = status == 400 || status == 401 || status == 403;
    bool small = framing->kind == BODY_NONE || framing->kind == BODY_CHUNKED
        || (framing->kind == BODY_LENGTH && framing->length <= WEIGHED_MAX_BYTES);
    return may_tell && small && x->attempts == 1
        && credentials_renewable(x->proxy->options.credentials);
}

bool weigh_take(struct exchange *x, struct span piece)
{
    size_t place = x->answer_head_bytes + x->weighed_bytes;
    if (piece.len > WEIGHED_MAX_BYTES - x->weighed_bytes
        || piece.len > sizeof x->answer_memory - place)
        return false;
    memcpy(x->answer_memory + place, piece.at, piece.len);
    x->weighed_bytes += piece.len;
    return true;
}

static void on_renewed(struct credentials_wait *wait)
{
    struct exchange *x = CONTAINER_OF(wait, struct exchange, wait);
    const struct credentials_store *store = x->proxy->options.credentials;
    if (credentials_current(store) && credentials_generation(store) != x->generation)
        send_repeat(x);
    else
        receive_release(x);
}

static bool tells_of_expired_keys(const struct exchange *x)
{
    const struct field *type = head_find_name(&x->answer_head, SPAN("X-Amzn-ErrorType"));
    struct span body = {x->answer_memory + x->answer_head_bytes, x->weighed_bytes};
    return error_code_is_expired(error_code_find(type ? type->value : SPAN(""), body));
}

/* Where the request cannot be repeated newer keys are fetched all the same, for the next. */
void weigh_decide(struct exchange *x)
{
    struct credentials_store *store = x->proxy->options.credentials;
    bool expired = tells_of_expired_keys(x);
    bool repeatable = x->phase == PHASE_SENT && send_repeatable(x);
    x->wait.on_settled = on_renewed;
    if (!expired) {
        receive_release(x);
        return;
    }
    bool settled = credentials_renew(store, x->generation, repeatable ? &x->wait : NULL);
    if (!repeatable) {
        receive_release(x);
        return;
    }
    exchange_let_upstream_go(x);
    if (settled)
        on_renewed(&x->wait);
    else
        exchange_enter(x, PHASE_CREDENTIALS);
}
