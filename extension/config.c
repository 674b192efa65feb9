#include "extension/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "extension/nearest.h"
#include "proxy/io/listener.h"

#define PREFIX "COUNTERSIGN_"

/* The value of a variable; at == NULL where it is not set or empty. */
static struct span value_of(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? span_of(value) : (struct span){NULL, 0};
}

static struct span first_of(const char *const names[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct span value = value_of(names[i]);
        if (value.at)
            return value;
    }
    return (struct span){NULL, 0};
}

#define FIRST_OF(...)                            \
    first_of((const char *const[]){__VA_ARGS__}, \
        sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

/* A value with an "@" may hold a password. */
static enum err refuse(
    struct fault *fault, const char *name, struct span value, const char *allowed)
{
    bool secret = span_find(value, '@') < value.len;
    struct span shown = secret ? SPAN("(not shown)") : span_first(value, 80);
    return fault_set(fault, ERR_BAD_REQUEST, "%s=%.*s: %s.", name, SPAN_ARGS(shown), allowed);
}

/* ---- numbers ---- */

#define NUMBERS(X)                                                                \
    X("MAX_BODY", max_body, 10485760, 1, 1073741824, "bytes")                     \
    X("MAX_CONNECTIONS", max_connections, 256, 1, 10000, "connections")           \
    X("MAX_UPSTREAM", max_upstream, 64, 1, 1000, "connections")                   \
    X("CONNECT_TIMEOUT_MS", connect_timeout_ms, 3000, 1, 3600000, "milliseconds") \
    X("TIMEOUT_MS", timeout_ms, 60000, 1, 3600000, "milliseconds")                \
    X("IDLE_MS", idle_ms, 20000, 0, 3600000, "milliseconds")

static enum err read_number(
    const char *name, uint64_t limits[2], const char *unit, uint64_t *number, struct fault *fault)
{
    char allowed[96];
    struct span value = value_of(name);
    uint64_t found = *number;
    if (!value.at)
        return OK;
    (void)snprintf(allowed, sizeof allowed, "must be a whole number of %s from %llu to %llu", unit,
        (unsigned long long)limits[0], (unsigned long long)limits[1]);
    if (!span_to_number(value, limits[1], &found) || found < limits[0])
        return refuse(fault, name, value, allowed);
    *number = found;
    return OK;
}

static enum err read_numbers(struct config *config, struct fault *fault)
{
    uint64_t number;
    enum err err;
#define X(name, member, default, min, max, unit)                                  \
    number = default;                                                             \
    err = read_number(PREFIX name, (uint64_t[]){min, max}, unit, &number, fault); \
    if (err)                                                                      \
        return err;                                                               \
    config->proxy.member = (__typeof__(config->proxy.member))number;
    NUMBERS(X)
#undef X
    return OK;
}

/* ---- choices ---- */

/* The index of the value in the list; the first where it is not set. Values that AWS defined are
 * taken in any case. */
static enum err read_choice(
    const char *name, const char *choices, size_t *index, struct fault *fault)
{
    bool ours = span_starts(span_of(name), SPAN(PREFIX))
        && !span_starts(span_of(name), SPAN(PREFIX "LOG_"));
    char allowed[128];
    struct span value = value_of(name), list = span_of(choices), choice;
    *index = 0;
    if (!value.at)
        return OK;
    while (span_next(&list, '|', &choice)) {
        if (ours ? span_equal(choice, value) : span_equal_nocase(choice, value))
            return OK;
        ++*index;
    }
    (void)snprintf(allowed, sizeof allowed, "must be one of %s", choices);
    return refuse(fault, name, value, allowed);
}

/* Variables of the contract whose work this version does not do: set to more than their default
 * they are refused, for what is asked for and not done is worse than an error. */
static enum err refuse_later(struct fault *fault)
{
    static const struct {
        const char *name;
        const char *allowed; /* what asks for nothing */
    } later[] = {{PREFIX "ALLOW", ""}, {PREFIX "CHECKSUM", "off"}, {PREFIX "RETRIES", "0"},
        {PREFIX "PREWARM", ""}, {PREFIX "POLICY", "record|off"}, {PREFIX "ROLE_ARN", ""},
        {PREFIX "METRICS", ""}, {PREFIX "S3_ADDRESSING", "path"}};
    for (size_t i = 0; i < sizeof later / sizeof *later; i++) {
        struct span value = value_of(later[i].name), list = span_of(later[i].allowed), choice;
        bool asks = value.at != NULL;
        while (asks && span_next(&list, '|', &choice))
            asks = !span_equal(choice, value);
        if (asks)
            return refuse(fault, later[i].name, value,
                "this version does not support it; remove the variable");
    }
    return OK;
}

static enum err read_log(struct config *config, struct fault *fault)
{
    static const enum log_level levels[] = {
        LOG_INFO, LOG_TRACE, LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_FATAL};
    struct fault ignored;
    size_t level = 0, shape = 0;
    if (read_choice("AWS_LAMBDA_LOG_LEVEL", "|TRACE|DEBUG|INFO|WARN|ERROR|FATAL", &level, &ignored)
        == OK)
        config->log_level = levels[level];
    if (read_choice("AWS_LAMBDA_LOG_FORMAT", "Text|JSON", &shape, &ignored) == OK)
        config->log_shape = shape ? LOG_JSON : LOG_TEXT;
    enum err err =
        read_choice(PREFIX "LOG_LEVEL", "|TRACE|DEBUG|INFO|WARN|ERROR|FATAL", &level, fault);
    if (err)
        return err;
    if (level > 0)
        config->log_level = levels[level];
    err = read_choice(PREFIX "LOG_FORMAT", "|Text|JSON", &shape, fault);
    if (!err && shape > 0)
        config->log_shape = shape == 2 ? LOG_JSON : LOG_TEXT;
    return err;
}

/* ---- where to listen, and who may come ---- */

static enum err read_access(struct config *config, struct fault *fault)
{
    size_t choice;
    enum err err = read_choice(PREFIX "AUTH", "token|none", &choice, fault);
    config->proxy.token_required = choice == 0;
    return err;
}

static enum err read_listen(struct config *config, struct fault *fault)
{
    static const char name[] = PREFIX "LISTEN";
    struct span value = value_of(name), list, item;
    struct listen_address address;
    config->proxy.listen = value.at ? value : SPAN("localhost:2774");
    list = config->proxy.listen;
    while (span_next(&list, ',', &item)) {
        if (!listen_address_parse(span_trim(item), &address))
            return refuse(fault, name, value,
                "must be host:port or unix:/path, with commas between several; host is localhost "
                "or an address");
        if (!listen_address_is_loopback(&address) && !config->proxy.token_required)
            return refuse(fault, name, value,
                "other machines could reach it and use the role, so it needs "
                "COUNTERSIGN_AUTH=token");
        if (!address.is_unix && !address.localhost && config->proxy.route.names < CONFIG_NAMES)
            config->names[config->proxy.route.names++] = address.host;
    }
    return OK;
}

static enum err read_names(struct config *config, struct fault *fault)
{
    static const char name[] = PREFIX "HOSTS";
    struct span value = value_of(name), list = value, item;
    struct authority authority;
    while (span_next(&list, ',', &item)) {
        bool valid = authority_parse(span_trim(item), &authority) && authority.port == 0;
        if (!valid || config->proxy.route.names == CONFIG_NAMES)
            return refuse(fault, name, value,
                "must be host names without ports, with commas between them, at most 32");
        config->names[config->proxy.route.names++] = authority.host;
    }
    config->proxy.route.name = config->names;
    return OK;
}

/* ---- where requests go ---- */

/* http://host[:port][/] or https://... */
static bool parse_endpoint(struct span url, struct endpoint *endpoint)
{
    endpoint->tls = span_starts_nocase(url, SPAN("https://"));
    if (!endpoint->tls && !span_starts_nocase(url, SPAN("http://")))
        return false;
    struct span rest = span_from(url, endpoint->tls ? 8 : 7);
    if (span_ends(rest, SPAN("/")))
        rest.len--;
    if (!authority_parse(rest, &endpoint->authority))
        return false;
    if (endpoint->authority.port == 0)
        endpoint->authority.port = endpoint->tls ? 443 : 80;
    return true;
}

/* "BEDROCK_RUNTIME" -> "bedrock-runtime" */
static struct span service_named(struct config *config, struct span name)
{
    struct buf b =
        buf_over(config->text + config->text_bytes, sizeof config->text - config->text_bytes);
    for (size_t i = 0; i < name.len; i++)
        buf_char(&b, name.at[i] == '_' ? '-' : ascii_lower(name.at[i]));
    config->text_bytes += b.len;
    return buf_span(&b);
}

static enum err add_endpoint(struct config *config, struct span variable, struct fault *fault)
{
    size_t equals = span_find(variable, '=');
    struct span name = span_first(variable, equals), value = span_from(variable, equals + 1);
    struct span service = span_from(name, sizeof(PREFIX "ENDPOINT") - 1);
    char text[128];
    (void)snprintf(text, sizeof text, "%.*s", SPAN_ARGS(name));
    if (value.len == 0)
        return OK;
    struct endpoint endpoint = {.variable = name};
    bool named = service.len == 0 || (service.len > 1 && service.at[0] == '_');
    if (!named || config->proxy.route.endpoints == CONFIG_ENDPOINTS
        || !parse_endpoint(value, &endpoint))
        return refuse(fault, text, value,
            "must be http://host[:port] or https://host[:port], without path or user");
    if (service.len > 0)
        endpoint.service = service_named(config, span_from(service, 1));
    if (service.len > 0 && endpoint.service.len + 1 != service.len)
        return refuse(fault, text, value, "is too long a name for a service");
    for (size_t i = 0; i < config->proxy.route.endpoints; i++)
        if (span_equal(config->endpoints[i].service, endpoint.service))
            return refuse(fault, text, value, "names the endpoint of that service a second time");
    config->endpoints[config->proxy.route.endpoints++] = endpoint;
    return OK;
}

static enum err read_endpoints(struct config *config, struct fault *fault)
{
    enum err err = OK;
    for (char **variable = environ; *variable && !err; variable++) {
        struct span text = span_of(*variable);
        if (span_starts(text, SPAN(PREFIX "ENDPOINT="))
            || span_starts(text, SPAN(PREFIX "ENDPOINT_")))
            err = add_endpoint(config, text, fault);
    }
    config->proxy.route.endpoint = config->endpoints;
    return err;
}

static enum err read_region(struct config *config, struct fault *fault)
{
    struct span region = FIRST_OF("AWS_REGION", "AWS_DEFAULT_REGION");
    size_t dualstack, fips;
    if (region.at && !region_shaped(region))
        return refuse(fault, "AWS_REGION", region, "must be a region such as eu-west-1");
    config->proxy.route.region = region;
    enum err err = read_choice("AWS_USE_DUALSTACK_ENDPOINT", "false|true", &dualstack, fault);
    if (!err)
        err = read_choice("AWS_USE_FIPS_ENDPOINT", "false|true", &fips, fault);
    if (!err)
        config->proxy.route.variant =
            (struct host_variant){.dualstack = dualstack == 1, .fips = fips == 1};
    return err;
}

static bool holds_certificate(const char *path)
{
    char line[256];
    FILE *file = fopen(path, "re");
    bool found = false;
    while (file && !found && fgets(line, sizeof line, file))
        found = span_starts(span_of(line), SPAN("-----BEGIN ")) && strstr(line, "CERTIFICATE-----");
    if (file)
        (void)fclose(file);
    return found;
}

static enum err read_bundle(struct config *config, struct fault *fault)
{
    static const char *const names[] = {PREFIX "CA_BUNDLE", "AWS_CA_BUNDLE", "SSL_CERT_FILE"};
    for (size_t i = 0; i < 3 && !config->proxy.ca_bundle; i++) {
        struct span value = value_of(names[i]);
        if (!value.at)
            continue;
        if (!holds_certificate(value.at))
            return refuse(
                fault, names[i], value, "must be a PEM file of certificates that can be read");
        config->proxy.ca_bundle = value.at;
    }
    return OK;
}

/* ---- the rest ---- */

static enum err read_lifecycle(struct config *config, struct fault *fault)
{
    size_t choice;
    enum err err = read_choice(PREFIX "DRAIN", "off|on", &choice, fault);
    config->drain = choice == 1;
    config->managed_instances =
        span_equal(value_of("AWS_LAMBDA_INITIALIZATION_TYPE"), SPAN("lambda-managed-instances"));
    config->proxy.function_name = value_of("AWS_LAMBDA_FUNCTION_NAME");
    config->proxy.function_version = value_of("AWS_LAMBDA_FUNCTION_VERSION");
    return err;
}

/* A byte that no key or token has, a line feed from a file say, would become part of a header. */
static enum err check_secret(const char *name, struct span secret, struct fault *fault)
{
    for (size_t i = 0; i < secret.len; i++)
        if (secret.at[i] <= ' ' || secret.at[i] > '~')
            return fault_set(fault, ERR_BAD_REQUEST,
                "%s (not shown): a space, line feed or other byte stands in it that no key or "
                "token has; set it without.",
                name);
    return OK;
}

static enum err check_credentials(struct config *config, struct fault *fault)
{
    enum err err = check_secret("AWS_ACCESS_KEY_ID", config->credentials.access_key_id, fault);
    if (!err)
        err = check_secret("AWS_SECRET_ACCESS_KEY", config->credentials.secret_access_key, fault);
    if (!err)
        err = check_secret("AWS_SESSION_TOKEN", config->credentials.session_token, fault);
    if (!err)
        err = check_secret("AWS_CONTAINER_AUTHORIZATION_TOKEN", config->container_token, fault);
    return err;
}

static void read_credentials(struct config *config)
{
    config->credentials.access_key_id = value_of("AWS_ACCESS_KEY_ID");
    config->credentials.secret_access_key = value_of("AWS_SECRET_ACCESS_KEY");
    config->credentials.session_token = value_of("AWS_SESSION_TOKEN");
    config->container_token = value_of("AWS_CONTAINER_AUTHORIZATION_TOKEN");
}

static const char *const known[] = {"LISTEN", "HOSTS", "AUTH", "ALLOW", "ENDPOINT", "CA_BUNDLE",
    "S3_ADDRESSING", "MAX_BODY", "MAX_CONNECTIONS", "MAX_UPSTREAM", "CONNECT_TIMEOUT_MS",
    "TIMEOUT_MS", "IDLE_MS", "CHECKSUM", "RETRIES", "PREWARM", "POLICY", "DRAIN", "ROLE_ARN",
    "METRICS", "LOG_LEVEL", "LOG_FORMAT"};

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
    static enum err (*const readers[])(struct config *, struct fault *) = {read_log, read_access,
        read_listen, read_names, read_numbers, read_endpoints, read_region, read_bundle,
        read_lifecycle, check_credentials};
    *config = (struct config){
        .log_level = LOG_INFO, .runtime_api = value_of("AWS_LAMBDA_RUNTIME_API").at};
    read_credentials(config);
    enum err err = OK;
    for (size_t i = 0; i < sizeof readers / sizeof *readers && !err; i++)
        err = readers[i](config, fault);
    if (!err)
        err = refuse_unknown(fault);
    return err ? err : refuse_later(fault);
}
