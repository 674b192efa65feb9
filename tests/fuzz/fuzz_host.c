/* Hosts and the names of services: whatever they are, the answer lies in the host or in tables, and
 * a service's own host is one that is signed for by the same name. */
#include "tests/fuzz/fuzz.h"

#include "proxy/aws/service_host.h"

static void check_host(struct span host)
{
    struct aws_host to = {.service = {NULL, 0}};
    enum host_kind kind = host_identify(host, SPAN("/"), SPAN("eu-west-1"), &to);
    REQUIRE((kind == HOST_SERVICE) == (to.service.len > 0));
    char memory[512];
    struct buf copy = buf_over(memory, sizeof memory); /* reads all that was answered */
    buf_add(&copy, to.service);
    buf_add(&copy, to.region);
}

static void check_name(struct span name)
{
    struct service service;
    struct aws_host to = {.region = SPAN("eu-west-1")}, back;
    struct host_variant plain = {false, false};
    char memory[512];
    struct buf out = buf_over(memory, sizeof memory);
    if (!service_host_find(name, &service) && !service_host_assume(name, &service))
        return;
    service_host_write(&out, &service, plain, &to);
    REQUIRE(!out.failed);
    REQUIRE(host_identify(buf_span(&out), SPAN("/"), SPAN("eu-west-1"), &back) == HOST_SERVICE);
    REQUIRE(span_equal(back.service, to.service));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span text = fuzz_span(data, size);
    check_host(text);
    check_name(text);
    return 0;
}
