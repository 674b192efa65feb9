#include "proxy/pages/permissions_page.h"

#include "proxy/http/query.h"

enum err policy_page_parse(struct span query, enum policy_format *format, struct fault *fault)
{
    static const struct query_parameter parameters[] = {{{"format", 6}, false}};
    char text[32];
    struct query_walk walk = {
        .rest = query, .table = parameters, .count = 1, .text = buf_over(text, sizeof text)};
    *format = POLICY_IAM;
    while (query_next(&walk, fault))
        if (!policy_format_of(walk.value, format))
            return fault_set(fault, ERR_BAD_REQUEST,
                "The parameter format must be iam, serverless, sam, cdk or terraform.");
    return fault->err;
}

struct span policy_page_type(enum policy_format format)
{
    return format == POLICY_IAM ? SPAN("application/json") : SPAN("text/plain; charset=utf-8");
}

static enum err not_recorded(struct fault *fault)
{
    return fault_set(fault, ERR_NOT_FOUND,
        "Nothing is recorded: COUNTERSIGN_POLICY is off. Leave it unset, or set it to record.");
}

static enum err too_large(struct fault *fault)
{
    return fault_set(fault, ERR_OUT_OF_MEMORY, "There is not enough memory for this page.");
}

enum err policy_page_write(const struct recorder *recorder, enum policy_format format,
    struct buf *out, struct fault *fault)
{
    if (!recorder)
        return not_recorded(fault);
    struct policy *policy = policy_create(recorder);
    if (!policy)
        return too_large(fault);
    policy_write(policy, format, out);
    policy_destroy(policy);
    return out->failed ? too_large(fault) : OK;
}

enum err denied_page_write(const struct denied *denied, struct buf *out, struct fault *fault)
{
    if (!denied)
        return not_recorded(fault);
    denied_write(denied, out);
    return out->failed ? too_large(fault) : OK;
}
