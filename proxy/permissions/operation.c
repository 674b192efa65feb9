#include "proxy/permissions/operation.h"

#include "proxy/aws/service.h"
#include "proxy/permissions/rest.h"

enum { NAME_BYTES = 80 };

/* Letters and digits, a capital first: no name that a policy would take for more than itself. */
static bool is_operation(struct span name)
{
    bool plain = name.len > 0 && name.len <= NAME_BYTES && name.at[0] >= 'A' && name.at[0] <= 'Z';
    for (size_t i = 0; plain && i < name.len; i++)
        plain = ascii_alpha(name.at[i]) || ascii_digit(name.at[i]);
    return plain;
}

static bool is_service(struct span name)
{
    bool plain = name.len > 0;
    for (size_t i = 0; plain && i < name.len; i++)
        plain = ascii_alpha(name.at[i]) || ascii_digit(name.at[i]) || name.at[i] == '-';
    return plain;
}

static struct value in_query(const struct needed_request *request)
{
    enum payload_kind kind = request->query.len > 0 ? PAYLOAD_FORM : PAYLOAD_NONE;
    return (struct value){kind, request->query};
}

/* PREFIX.OPERATION; nothing where there are two such fields. */
static struct span target_of(const struct needed_request *request)
{
    struct span target = head_value(request->head, FIELD_X_AMZ_TARGET);
    if (head_count(request->head, FIELD_X_AMZ_TARGET) != 1)
        return SPAN("");
    return span_take_last(&target, '.');
}

/* What stands behind Action=, in the query or the form; of an operation's name no byte need be
 * percent-encoded, and what is is none. */
static bool find_action(const struct needed_request *request, struct operation *operation)
{
    struct value action, other;
    struct value form = payload_of(request->body, request->content_type);
    bool in_form = form.kind == PAYLOAD_FORM && payload_member(form, SPAN("Action"), &action);
    if (payload_member(in_query(request), SPAN("Action"), &other)) {
        if (in_form && !span_equal(other.raw, action.raw))
            return false;
        action = other;
        operation->members.query = in_query(request);
        in_form = true;
    }
    if (in_form)
        operation->name = action.raw;
    if (form.kind == PAYLOAD_FORM)
        operation->members.body = form;
    return in_form;
}

/* "/service/NAME/operation/OPERATION" */
static struct span cbor_operation(struct span path)
{
    struct span operation = span_take_last(&path, '/');
    if (!span_starts(path, SPAN("/service/")) || !span_ends(path, SPAN("/operation")))
        return SPAN("");
    return operation;
}

static bool is_compressed(const struct needed_request *request)
{
    return head_value_of(request->head, SPAN("content-encoding")).len > 0;
}

static void take_body(
    const struct needed_request *request, const char *type, struct operation *operation)
{
    if (!is_compressed(request))
        operation->members.body = payload_of(request->body, span_of(type));
}

/* In the old protocol of SQS the path is the queue. */
static void take_queue(const struct needed_request *request, struct operation *operation)
{
    if (request->path.len > 1 && span_equal(request->signing, SPAN("sqs")))
        operation->members.captures[operation->members.count++] =
            (struct capture){SPAN("QueueUrl"), request->path};
}

static struct span rest_service(const struct needed_request *request)
{
    bool control = span_starts(request->path, SPAN("/v20180820/"));
    bool s3 = span_equal(request->signing, SPAN("s3"))
        || span_equal(request->signing, SPAN("s3-outposts"))
        || span_equal(request->signing, SPAN("s3express"));
    return control && s3 ? SPAN("s3-control") : request->signing;
}

static bool find_rest(const struct needed_request *request, struct operation *operation)
{
    struct rest rest = {operation->service, request->method, request->path, request->query};
    operation->name = rest_operation(&rest, &operation->members);
    operation->members.query = in_query(request);
    take_body(request, "application/json", operation);
    return operation->name.len > 0;
}

static bool find_rpc(const struct needed_request *request, struct operation *operation)
{
    struct span target = target_of(request);
    bool queue = span_equal(request->signing, SPAN("sqs"));
    bool action = (request->path.len <= 1 || queue) && find_action(request, operation);
    if (target.len > 0 && action)
        return false;
    if (action)
        take_queue(request, operation);
    else if (target.len > 0 && request->path.len <= 1) {
        operation->name = target;
        take_body(request, "application/json", operation);
    }
    return operation->name.len > 0;
}

static bool find_cbor(const struct needed_request *request, struct operation *operation)
{
    operation->name = cbor_operation(request->path);
    if (operation->name.len > 0)
        take_body(request, "application/cbor", operation);
    return operation->name.len > 0;
}

bool operation_find(const struct needed_request *request, struct operation *operation)
{
    struct service service;
    *operation = (struct operation){.service = rest_service(request), .iam = request->signing};
    if (!is_service(request->signing))
        return false;
    if (service_by_signing(request->signing, &service))
        operation->iam = service.iam;
    bool post = span_equal(request->method, SPAN("POST"));
    bool get = span_equal(request->method, SPAN("GET"));
    bool found = (post && find_cbor(request, operation))
        || ((post || get) && find_rpc(request, operation)) || find_rest(request, operation);
    return found && is_operation(operation->name);
}
