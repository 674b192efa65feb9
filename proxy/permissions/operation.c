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

static bool is_compressed(const struct needed_request *request)
{
    return head_value_of(request->head, SPAN("content-encoding")).len > 0;
}

/* Whether the body's bytes are not the form's, as far as this program reads it. */
static bool is_other_text(const struct needed_request *request)
{
    static const struct span mark = {"charset=", 8};
    struct span type = request->content_type;
    while (type.len > mark.len && !span_starts_nocase(type, mark))
        type = span_from(type, 1);
    bool utf8 = span_starts_nocase(span_from(type, mark.len), SPAN("utf-8"));
    return (type.len > mark.len && !utf8) || is_compressed(request);
}

/* What stands behind Action=, in the query or the form; of an operation's name no byte need be
 * percent-encoded, and what is is none. */
static enum presence find_action(const struct needed_request *request, struct operation *operation)
{
    struct value action, other, query = in_query(request);
    struct value body = payload_of(request->body, request->content_type);
    struct value form = body.kind == PAYLOAD_FORM ? body : (struct value){PAYLOAD_NONE, SPAN("")};
    enum presence in_form = payload_member(form, SPAN("Action"), &action);
    enum presence in_query = payload_member(query, SPAN("Action"), &other);
    bool other_text = request->body.len > 0 && is_other_text(request);
    bool unread = request->body.len > 0 && (form.kind == PAYLOAD_NONE || other_text);
    if (in_form == UNCLEAR || in_query == UNCLEAR || (in_query == PRESENT && unread)
        || (in_form == PRESENT && other_text)
        || (in_form == PRESENT && in_query == PRESENT && !span_equal(other.raw, action.raw)))
        return UNCLEAR;
    if (in_form == ABSENT && in_query == ABSENT)
        return ABSENT;
    operation->name = in_form == PRESENT ? action.raw : other.raw;
    operation->members.query = query;
    operation->members.body = form;
    return PRESENT;
}

/* "/service/NAME/operation/OPERATION" */
static struct span cbor_operation(struct span path)
{
    struct span operation = span_take_last(&path, '/');
    if (!span_starts(path, SPAN("/service/")) || !span_ends(path, SPAN("/operation")))
        return SPAN("");
    return operation;
}

static void take_body(
    const struct needed_request *request, const char *type, struct operation *operation)
{
    if (!is_compressed(request))
        operation->members.body = payload_of(request->body, span_of(type));
}

static bool names_path(const struct needed_request *request, struct value url)
{
    char memory[512];
    struct buf text = buf_over(memory, sizeof memory);
    return payload_text(url, &text) && span_ends(buf_span(&text), request->path);
}

/* In the old protocol of SQS the path is the queue. Where another one is named besides it stands
 * there twice. */
static void take_queue(const struct needed_request *request, struct operation *operation)
{
    struct members *members = &operation->members;
    struct span name = SPAN("QueueUrl");
    struct value url;
    if (request->path.len <= 1 || !span_equal(request->signing, SPAN("sqs")))
        return;
    enum presence found = payload_member(members->query, name, &url);
    if (found == ABSENT)
        found = payload_member(members->body, name, &url);
    members->captures[members->count++] = (struct capture){name, request->path};
    if (found == UNCLEAR || (found == PRESENT && !names_path(request, url)))
        members->captures[members->count++] = (struct capture){name, request->path};
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
    operation->members.parameters = in_query(request);
    take_body(request, "application/json", operation);
    return operation->name.len > 0;
}

static bool find_rpc(const struct needed_request *request, struct operation *operation)
{
    struct span target = target_of(request);
    bool queue = span_equal(request->signing, SPAN("sqs"));
    enum presence action =
        request->path.len <= 1 || queue ? find_action(request, operation) : ABSENT;
    if (action == UNCLEAR)
        return false;
    if (action == PRESENT && head_count(request->head, FIELD_X_AMZ_TARGET) > 0)
        return false;
    if (action == PRESENT)
        take_queue(request, operation);
    else if (target.len > 0 && request->path.len <= 1) {
        operation->name = target;
        take_body(request, "application/json", operation);
    }
    return operation->name.len > 0;
}

static bool find_cbor(const struct needed_request *request, struct operation *operation)
{
    struct value action;
    bool other = head_count(request->head, FIELD_X_AMZ_TARGET) > 0
        || payload_member(in_query(request), SPAN("Action"), &action) != ABSENT;
    operation->name = other ? SPAN("") : cbor_operation(request->path);
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
