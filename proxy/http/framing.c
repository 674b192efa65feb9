#include "proxy/http/framing.h"

/* Reads both length fields; NULL, or why they cannot be read in one way. */
static const char *lengths(const struct head *head, struct framing *framing)
{
    size_t codings = head_count(head, FIELD_TRANSFER_ENCODING),
           sizes = head_count(head, FIELD_CONTENT_LENGTH);
    if (codings > 0 && sizes > 0)
        return "it has both Content-Length and Transfer-Encoding";
    if (codings > 1 || sizes > 1)
        return "a length field stands twice";
    if (codings == 1) {
        if (head->minor == 0)
            return "HTTP/1.0 has no Transfer-Encoding";
        if (!span_equal_nocase(head_value(head, FIELD_TRANSFER_ENCODING), SPAN("chunked")))
            return "its Transfer-Encoding is not \"chunked\"";
        framing->kind = BODY_CHUNKED;
    }
    if (sizes == 1) {
        if (!span_to_number(head_value(head, FIELD_CONTENT_LENGTH), INT64_MAX, &framing->length))
            return "its Content-Length is not a plain number";
        framing->has_length = true;
        framing->kind = framing->length ? BODY_LENGTH : BODY_NONE;
    }
    return NULL;
}

static bool stays_open(const struct head *head)
{
    bool keep_alive = head->minor == 1;
    for (size_t i = 0; i < head->count; i++) {
        if (head->fields[i].id != FIELD_CONNECTION)
            continue;
        if (field_list_has(head->fields[i].value, SPAN("close")))
            return false;
        keep_alive = keep_alive || field_list_has(head->fields[i].value, SPAN("keep-alive"));
    }
    return keep_alive;
}

enum err framing_of_request(const struct head *head, struct framing *framing, struct fault *fault)
{
    *framing = (struct framing){.keep_alive = stays_open(head)};
    const char *why = lengths(head, framing);
    if (why)
        return fault_set(fault, ERR_BAD_REQUEST,
            "The length of the request cannot be told for certain: %s.", why);
    const struct field *expect = head_find(head, FIELD_EXPECT);
    if (!expect || head->minor == 0)
        return OK;
    if (head_count(head, FIELD_EXPECT) > 1
        || !span_equal_nocase(expect->value, SPAN("100-continue")))
        return fault_set(
            fault, ERR_EXPECTATION_FAILED, "The only expectation that can be met is 100-continue.");
    framing->expects_continue = framing->kind != BODY_NONE;
    return OK;
}

enum err framing_of_response(
    const struct head *head, bool to_head, struct framing *framing, struct fault *fault)
{
    *framing = (struct framing){.kind = BODY_UNTIL_CLOSE, .keep_alive = stays_open(head)};
    const char *why = lengths(head, framing);
    bool interim = head->status < 200;
    bool has_body = framing->kind == BODY_CHUNKED || framing->length > 0;
    if (!why && (interim || head->status == 204) && has_body)
        why = "it promises a body where none may be";
    if (why)
        return fault_set(fault, ERR_UPSTREAM_PROTOCOL,
            "The length of the server's answer cannot be told for certain: %s.", why);
    if (to_head || interim || head->status == 204 || head->status == 304)
        framing->kind = BODY_NONE;
    else if (framing->kind == BODY_UNTIL_CLOSE)
        framing->keep_alive = false;
    return OK;
}
