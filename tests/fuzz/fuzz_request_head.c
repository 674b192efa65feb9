/* A request's head, from its first byte to the route it takes. The input is what a client sends. */
#include "tests/fuzz/fuzz.h"

#include "proxy/aws/route.h"
#include "proxy/http/framing.h"
#include "proxy/http/scan.h"

static const struct endpoint endpoint = {.service = {"s3", 2},
    .authority = {.text = {"e.example", 9}, .host = {"e.example", 9}, .port = 81}};
static const struct route_options options = {
    .region = {"eu-west-1", 9}, .endpoints = 1, .endpoint = &endpoint};

/* What goes upstream stands in one line each, whatever the client wrote. */
static bool one_line(struct span text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.at[i] <= ' ' || text.at[i] == 0x7f)
            return false;
    return true;
}

static void check_head(const struct head *head, struct span bytes)
{
    REQUIRE(head->count <= HEAD_MAX_FIELDS);
    REQUIRE(head->target.len > 0 && fuzz_within(head->target, bytes) && one_line(head->target));
    for (size_t i = 0; i < head->count; i++) {
        const struct field *field = &head->fields[i];
        REQUIRE(fuzz_within(field->name, bytes) && fuzz_within(field->value, bytes));
        REQUIRE(field_name_valid(field->name) && field_value_valid(field->value));
        REQUIRE(field->id == field_identify(field->name));
        REQUIRE(span_equal(span_trim(field->value), field->value));
        (void)head_forwards(head, field);
    }
}

static void check_framing(const struct head *head, const struct framing *framing)
{
    bool coded = head_count(head, FIELD_TRANSFER_ENCODING) > 0;
    bool sized = head_count(head, FIELD_CONTENT_LENGTH) > 0;
    REQUIRE(!(coded && sized));
    REQUIRE((framing->kind == BODY_CHUNKED) == coded);
    REQUIRE(framing->kind != BODY_UNTIL_CLOSE);
}

static void find_route(const struct head *head, struct fault *fault)
{
    static struct route route;
    struct target target;
    if (target_of_request(head, &target, fault) != OK)
        return;
    REQUIRE(target.path.len > 0 && target.path.at[0] == '/');
    if (route_find(&options, &target, NULL, &route, fault) != OK) {
        REQUIRE(strnlen(fault->text, sizeof fault->text) < sizeof fault->text);
        return;
    }
    if (route.kind == ROUTE_OWN_PAGE)
        return;
    REQUIRE(route.service.len > 0 && route.region.len > 0 && route.host.len > 0);
    REQUIRE(one_line(route.host) && one_line(route.region) && one_line(route.service));
    REQUIRE(route.path.len > 0 && route.path.at[0] == '/' && route.port > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct head head;
    struct scan scan = {.lines = 0};
    struct fault fault;
    struct framing framing;
    size_t taken = 0, start = size >= 2 && data[0] == '\r' && data[1] == '\n' ? 2 : 0;
    enum scan_verdict verdict = scan_head(&scan, fuzz_span(data, size), &taken);
    REQUIRE(taken <= size && (verdict == SCAN_BAD) == (scan.why != NULL));
    if (verdict != SCAN_COMPLETE || taken > HEAD_MAX_BYTES)
        return 0;
    char *copy = fuzz_copy(fuzz_span(data + start, taken - start));
    struct span bytes = {copy, taken - start};
    if (copy && head_parse_request(&head, copy, bytes.len, &fault) == OK) {
        check_head(&head, bytes);
        if (framing_of_request(&head, &framing, &fault) == OK)
            check_framing(&head, &framing);
        find_route(&head, &fault);
    }
    free(copy);
    return 0;
}
