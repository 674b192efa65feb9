#include "proxy/permissions/needed.h"

#include "proxy/permissions/operation.h"
#include "proxy/permissions/s3_needed.h"

/* Whether a segment of what was written of the path is "." or "..": another reader may go up. */
static bool has_dots(struct span path)
{
    struct span segment;
    while (span_next(&path, '/', &segment))
        if (span_equal(segment, SPAN(".")) || span_equal(segment, SPAN("..")))
            return true;
    return false;
}

/* API Gateway's actions are methods, and its resources paths. */
static void add_gateway(struct need *need)
{
    const struct needed_request *request = need->request;
    size_t start = need->text.len;
    need_write_arn(need, SPAN("apigateway"), request->region, SPAN(""));
    need_write_encoded(need, request->path);
    struct span resource = need_since(need, start);
    if (has_dots(resource))
        return;
    need->out->operation = request->method;
    need_add(need, need_action(need, SPAN("apigateway"), request->method), resource);
}

/* A call of an API, or of a connection to it: APIID/STAGE/METHOD/PATH. */
static void add_api(struct need *need)
{
    const struct needed_request *request = need->request;
    struct span host = request->host, id = span_first(host, span_find(host, '.'));
    bool own = span_starts(span_from(host, id.len), SPAN(".execute-api."));
    struct span rest = span_from(request->path, 1), stage = span_first(rest, span_find(rest, '/'));
    rest = span_from(rest, stage.len + 1);
    bool connection = span_starts(rest, SPAN("@connections/"))
        || span_starts_nocase(rest, SPAN("%40connections/"));
    size_t start = need->text.len;
    need_write_encoded(need, request->path);
    if (has_dots(need_since(need, start)))
        return;
    need->text.len = start;
    need_write_arn(need, SPAN("execute-api"), request->region, need_account(need));
    if (own) {
        need_write_name(need, id);
        buf_char(&need->text, '/');
        need_write_encoded(need, stage);
        buf_char(&need->text, '/');
        buf_add(&need->text, request->method);
        buf_char(&need->text, '/');
        need_write_encoded(need, rest);
    } else
        buf_char(&need->text, '*');
    need->out->operation = connection ? SPAN("ManageConnections") : SPAN("Invoke");
    need_add(need, connection ? SPAN("execute-api:ManageConnections") : SPAN("execute-api:Invoke"),
        need_since(need, start));
}

/* The URL of a function does not tell which. */
static void add_function_url(struct need *need)
{
    size_t start = need->text.len;
    need_write_arn(need, SPAN("lambda"), need->request->region, need_account(need));
    buf_text(&need->text, "function:*");
    need->out->operation = SPAN("InvokeFunctionUrl");
    need_add(need, SPAN("lambda:InvokeFunctionUrl"), need_since(need, start));
}

static void add_others(struct need *need)
{
    struct operation operation;
    if (!operation_find(need->request, &operation))
        return;
    size_t start = need->text.len;
    buf_add(&need->text, operation.name);
    need->out->operation = need_since(need, start);
    resources_needed(need, &operation);
    if (span_equal(operation.service, SPAN("s3-control"))
        && span_equal(operation.name, SPAN("CreateJob")))
        s3_needed_role(need, SPAN("RoleArn"));
}

static bool is_s3(struct span signing)
{
    static const struct span names[] = {
        {"s3", 2}, {"s3express", 9}, {"s3-object-lambda", 16}, {"s3-outposts", 11}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (span_equal(signing, names[i]))
            return true;
    return false;
}

bool permissions_of(const struct needed_request *request, struct permissions *out)
{
    struct need need = need_begin(request, out);
    struct span signing = request->signing, host = request->host;
    bool plain = request->path.len > 0 && request->path.at[0] == '/';
    if (!plain)
        return need_end(&need);
    if (is_s3(signing)) {
        if (!s3_needed(&need))
            add_others(&need);
    } else if (span_equal(signing, SPAN("apigateway")))
        add_gateway(&need);
    else if (span_equal(signing, SPAN("execute-api")))
        add_api(&need);
    else if (span_equal(signing, SPAN("lambda"))
        && span_starts(span_from(host, span_find(host, '.')), SPAN(".lambda-url.")))
        add_function_url(&need);
    else
        add_others(&need);
    return need_end(&need);
}
