/* What a request needs, from a whole head and the body behind it; it is signed for the service that
 * its Authorization field names. */
#include "tests/fuzz/fuzz.h"

#include "proxy/http/scan.h"
#include "proxy/http/target.h"
#include "proxy/permissions/condition.h"
#include "proxy/permissions/needed.h"

static struct head head;
static struct permissions first, second;

/* An action is PREFIX:NAME and no pattern of actions, whatever the request says. */
static void check_action(struct span action)
{
    size_t colon = span_find(action, ':');
    REQUIRE(colon > 0 && colon + 1 < action.len);
    for (size_t i = 0; i < action.len; i++)
        REQUIRE(ascii_alpha(action.at[i]) || ascii_digit(action.at[i]) || action.at[i] == '-'
            || (i == colon && action.at[i] == ':'));
}

static void check(const struct needed_request *request)
{
    bool known = permissions_of(request, &first);
    REQUIRE(known == (first.operation.len > 0));
    REQUIRE(first.count <= PERMISSIONS_MAX && first.text_bytes <= PERMISSIONS_TEXT_BYTES);
    REQUIRE(known || first.count == 0);
    for (size_t i = 0; i < first.count; i++) {
        struct span resource = first.needed[i].resource;
        struct condition condition;
        check_action(first.needed[i].action);
        REQUIRE(span_equal(resource, SPAN("*")) || span_starts(resource, SPAN("arn:"))
            || condition_read(resource, &condition));
        REQUIRE(resource.len <= PERMISSIONS_TEXT_BYTES);
    }
    REQUIRE(permissions_of(request, &second) == known && first.count == second.count);
    for (size_t i = 0; i < first.count; i++)
        REQUIRE(span_equal(first.needed[i].resource, second.needed[i].resource)
            && span_equal(first.needed[i].action, second.needed[i].action));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct scan scan = {.lines = 0};
    struct target target;
    struct fault fault;
    size_t taken = 0;
    if (scan_head(&scan, fuzz_span(data, size), &taken) != SCAN_COMPLETE || taken > HEAD_MAX_BYTES)
        return 0;
    char *copy = fuzz_copy(fuzz_span(data, taken)),
         *body = fuzz_copy(fuzz_span(data + taken, size - taken));
    if (copy && head_parse_request(&head, copy, taken, &fault) == OK
        && target_of_request(&head, &target, &fault) == OK) {
        struct needed_request request = {.method = head.method,
            .path = target.path,
            .query = target.query,
            .head = &head,
            .host = target.authority.host,
            .signing = head_value(&head, FIELD_AUTHORIZATION),
            .region = SPAN("eu-west-1"),
            .partition = SPAN("aws"),
            .account = SPAN("123456789012"),
            .content_type = head_value(&head, FIELD_CONTENT_TYPE),
            .body = {body, body ? size - taken : 0}};
        check(&request);
    }
    free(copy);
    free(body);
    return 0;
}
