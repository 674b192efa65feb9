#include "extension/config.h"

#include <stdlib.h>
#include <unistd.h>

#include "extension/config_parts.h"
#include "extension/variable.h"
#include "proxy/base/nearest.h"

/* ---- numbers ---- */

#define NUMBERS(X)                                                                \
    X("MAX_BODY", max_body, 10485760, 1, 1073741824, "bytes")                     \
    X("PARTS", parts, 2, 1, 64, "parts")                                          \
    X("MAX_CONNECTIONS", max_connections, 256, 1, 10000, "connections")           \
    X("MAX_UPSTREAM", max_upstream, 64, 1, 1000, "connections")                   \
    X("CONNECT_TIMEOUT_MS", connect_timeout_ms, 3000, 1, 3600000, "milliseconds") \
    X("TIMEOUT_MS", timeout_ms, 60000, 1, 3600000, "milliseconds")                \
    X("RETRIES", retries, 0, 0, 10, "times")                                      \
    X("IDLE_MS", idle_ms, 20000, 0, 3600000, "milliseconds")

/* Of all held bodies together. The memory is the function's, so they take an eighth of it at most,
 * but for one that may be longer. */
static size_t held_together(size_t max_body)
{
    enum { BODIES = 4, SHARE = 8, MEMORY_MAX_MB = 1024 * 1024 };
    size_t bytes = max_body * BODIES;
    uint64_t memory_mb;
    if (span_to_number(variable_value("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"), MEMORY_MAX_MB, &memory_mb)
        && memory_mb * 1024 * 1024 / SHARE < bytes)
        bytes = memory_mb * 1024 * 1024 / SHARE;
    return bytes > max_body ? bytes : max_body;
}

static enum err read_numbers(struct config *config, struct fault *fault)
{
    uint64_t number;
    enum err err;
#define X(name, member, default, min, max, unit)                                      \
    number = default;                                                                 \
    err = variable_number(PREFIX name, (uint64_t[]){min, max}, unit, &number, fault); \
    if (err)                                                                          \
        return err;                                                                   \
    config->proxy.member = (__typeof__(config->proxy.member))number;
    NUMBERS(X)
#undef X
    config->proxy.max_held = held_together(config->proxy.max_body);
    return OK;
}

/* ---- the log ---- */

static enum err read_log(struct config *config, struct fault *fault)
{
    static const enum log_level levels[] = {
        LOG_INFO, LOG_TRACE, LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_FATAL};
    struct fault ignored;
    size_t level = 0, shape = 0;
    if (variable_choice(
            "AWS_LAMBDA_LOG_LEVEL", "|TRACE|DEBUG|INFO|WARN|ERROR|FATAL", &level, &ignored)
        == OK)
        config->log_level = levels[level];
    if (variable_choice("AWS_LAMBDA_LOG_FORMAT", "Text|JSON", &shape, &ignored) == OK)
        config->log_shape = shape ? LOG_JSON : LOG_TEXT;
    enum err err =
        variable_choice(PREFIX "LOG_LEVEL", "|TRACE|DEBUG|INFO|WARN|ERROR|FATAL", &level, fault);
    if (err)
        return err;
    if (level > 0)
        config->log_level = levels[level];
    err = variable_choice(PREFIX "LOG_FORMAT", "|Text|JSON", &shape, fault);
    if (!err && shape > 0)
        config->log_shape = shape == 2 ? LOG_JSON : LOG_TEXT;
    return err;
}

/* ---- the rest ---- */

static enum err read_checksum(struct config *config, struct fault *fault)
{
    static const enum sum sums[] = {SUM_NONE, SUM_CRC64NVME, SUM_CRC32C};
    size_t choice;
    enum err err = variable_choice(PREFIX "CHECKSUM", "off|crc64nvme|crc32c", &choice, fault);
    if (!err)
        config->proxy.checksum = sums[choice];
    return err;
}

static enum err read_lifecycle(struct config *config, struct fault *fault)
{
    size_t choice;
    enum err err = variable_choice(PREFIX "DRAIN", "off|on", &choice, fault);
    config->drain = choice == 1;
    struct span kind = variable_value("AWS_LAMBDA_INITIALIZATION_TYPE");
    config->managed_instances = span_equal(kind, SPAN("lambda-managed-instances"));
    config->proxy.may_be_copied = span_equal(kind, SPAN("snap-start"));
    config->proxy.function_name = variable_value("AWS_LAMBDA_FUNCTION_NAME");
    config->proxy.function_version = variable_value("AWS_LAMBDA_FUNCTION_VERSION");
    return err;
}

/* CloudWatch's rules for a namespace ("Metrics concepts" in its User Guide, and PutMetricData);
 * those that begin with AWS/ are AWS's own. */
static enum err read_metrics(struct config *config, struct fault *fault)
{
    static const char name[] = PREFIX "METRICS";
    struct span value = variable_value(name);
    bool good = value.len <= 255 && !span_starts(value, SPAN("AWS/"))
        && !span_starts(value, SPAN(":")) && (value.len == 0 || span_trim(value).len > 0);
    for (size_t i = 0; good && i < value.len; i++)
        good =
            ascii_alpha(value.at[i]) || ascii_digit(value.at[i]) || strchr(".-_/#: ", value.at[i]);
    if (!good)
        return variable_refuse(fault, name, value,
            "must be a CloudWatch namespace: at most 255 letters, digits, spaces and . - _ / # :, "
            "not spaces alone, and not begin with AWS/ or :");
    config->metrics = value;
    config->proxy.times_upstream = value.len > 0;
    return OK;
}

static const char *const known[] = {"LISTEN", "HOSTS", "AUTH", "ALLOW", "ENDPOINT", "CA_BUNDLE",
    "S3_ADDRESSING", "MAX_BODY", "PARTS", "MAX_CONNECTIONS", "MAX_UPSTREAM", "CONNECT_TIMEOUT_MS",
    "TIMEOUT_MS", "IDLE_MS", "CHECKSUM", "RETRIES", "PREWARM", "POLICY", "DRAIN", "ROLE_ARN",
    "METRICS", "SDK_SERVICES", "LOG_LEVEL", "LOG_FORMAT"};

/* A typing error must not pass in silence. */
static enum err refuse_unknown(struct fault *fault)
{
    for (char **variable = environ; *variable; variable++) {
        struct span text = span_of(*variable), name = span_first(text, span_find(text, '='));
        if (!span_starts(name, SPAN(PREFIX)) || span_starts(name, SPAN(PREFIX "ENDPOINT_")))
            continue;
        name = span_from(name, sizeof PREFIX - 1);
        size_t nearest = nearest_name(name, known, sizeof known / sizeof *known);
        if (!span_equal(name, span_of(known[nearest])))
            return fault_set(fault, ERR_BAD_REQUEST,
                PREFIX "%.*s: there is no such variable; did you mean " PREFIX "%s?",
                SPAN_ARGS(name), known[nearest]);
    }
    return OK;
}

enum err config_load(struct config *config, struct fault *fault)
{
    static enum err (*const readers[])(struct config *, struct fault *) = {read_log,
        config_read_access, config_read_listen, config_read_names, read_numbers,
        config_read_endpoints, config_read_region, config_read_prewarm, config_read_bundle,
        read_lifecycle, read_checksum, read_metrics, config_read_permissions,
        config_read_credentials};
    *config = (struct config){
        .log_level = LOG_INFO, .runtime_api = variable_value("AWS_LAMBDA_RUNTIME_API").at};
    enum err err = OK;
    for (size_t i = 0; i < sizeof readers / sizeof *readers && !err; i++)
        err = readers[i](config, fault);
    if (!err)
        err = refuse_unknown(fault);
    return err;
}
