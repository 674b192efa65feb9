/* What is in force, for `--check`: a line a setting, never a secret. */
#include <stdio.h>

#include "extension/config.h"
#include "extension/variable.h"

static void print_text(const char *name, struct span value)
{
    (void)printf("%-34s %.*s\n", name, SPAN_ARGS(value));
}

static void print_set(const char *name, struct span value)
{
    if (value.len > 0)
        print_text(name, value);
}

static void print_number(const char *name, uint64_t number)
{
    (void)printf("%-34s %llu\n", name, (unsigned long long)number);
}

static void print_endpoint(const struct endpoint *e)
{
    (void)printf("%-34s %.*s -> http%s://%.*s:%u\n", PREFIX "ENDPOINT",
        SPAN_ARGS(e->service.len ? e->service : SPAN("(all)")), e->tls ? "s" : "",
        SPAN_ARGS(e->authority.host), e->authority.port);
}

static struct span policy_text(const struct config *config)
{
    if (config->logs_policy)
        return SPAN("log");
    return config->proxy.records ? SPAN("record") : SPAN("off");
}

void config_print(const struct config *config)
{
    const struct proxy_options *p = &config->proxy;
    print_text(PREFIX "LISTEN", p->listen);
    print_text(PREFIX "AUTH", p->token_required ? SPAN("token") : SPAN("none"));
    for (size_t i = 0; i < p->route.names; i++)
        print_text(PREFIX "HOSTS", p->route.name[i]);
    for (size_t i = 0; i < p->route.endpoints; i++)
        print_endpoint(&p->route.endpoint[i]);
    print_text(PREFIX "CA_BUNDLE",
        p->ca_bundle ? span_of(p->ca_bundle) : SPAN("(Amazon's roots, then the system's)"));
    print_text(PREFIX "S3_ADDRESSING", p->route.s3_virtual ? SPAN("virtual") : SPAN("path"));
    print_number(PREFIX "MAX_BODY", p->max_body);
    print_number(PREFIX "PARTS", p->parts);
    print_number(PREFIX "MAX_CONNECTIONS", p->max_connections);
    print_number(PREFIX "MAX_UPSTREAM", p->max_upstream);
    print_number(PREFIX "CONNECT_TIMEOUT_MS", p->connect_timeout_ms);
    print_number(PREFIX "TIMEOUT_MS", p->timeout_ms);
    print_number(PREFIX "IDLE_MS", p->idle_ms);
    print_set(PREFIX "PREWARM", p->prewarm);
    print_set(PREFIX "METRICS", config->metrics);
    print_set(PREFIX "ROLE_ARN", config->credentials.role);
    print_text(PREFIX "CHECKSUM",
        p->checksum == SUM_NONE         ? SPAN("off")
            : p->checksum == SUM_CRC32C ? SPAN("crc32c")
                                        : SPAN("crc64nvme"));
    print_text(PREFIX "ALLOW", p->guard ? SPAN("(set)") : SPAN("all that the role may do"));
    print_text(PREFIX "POLICY", policy_text(config));
    print_text(PREFIX "DRAIN", config->drain ? SPAN("on") : SPAN("off"));
    print_text(PREFIX "LOG_LEVEL", span_of(log_level_name(config->log_level)));
    print_text(PREFIX "LOG_FORMAT", config->log_shape == LOG_JSON ? SPAN("JSON") : SPAN("Text"));
    print_text(
        "AWS_USE_DUALSTACK_ENDPOINT", p->route.variant.dualstack ? SPAN("true") : SPAN("false"));
    print_text("AWS_USE_FIPS_ENDPOINT", p->route.variant.fips ? SPAN("true") : SPAN("false"));
    print_text("AWS_REGION", p->route.region.len > 0 ? p->route.region : SPAN("(not set)"));
    print_text("credentials", span_of(source_text(source_of(&config->credentials))));
}
