/* Where to listen, who may come, and where requests go. */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "extension/config_parts.h"
#include "extension/variable.h"
#include "proxy/io/listener.h"

/* ---- where to listen, and who may come ---- */

enum err config_read_access(struct config *config, struct fault *fault)
{
    size_t choice;
    enum err err = variable_choice(PREFIX "AUTH", "token|none", &choice, fault);
    config->proxy.token_required = choice == 0;
    return err;
}

enum err config_read_listen(struct config *config, struct fault *fault)
{
    static const char name[] = PREFIX "LISTEN";
    struct span value = variable_value(name), list, item;
    struct listen_address address;
    config->proxy.listen = value.at ? value : SPAN("localhost:2774");
    list = config->proxy.listen;
    while (span_next(&list, ',', &item)) {
        if (!listen_address_parse(span_trim(item), &address))
            return variable_refuse(fault, name, value,
                "must be host:port or unix:/path, with commas between several; host is localhost "
                "or an address");
        if (!listen_address_is_loopback(&address) && !config->proxy.token_required)
            return variable_refuse(fault, name, value,
                "other machines could reach it and use the role, so it needs "
                "COUNTERSIGN_AUTH=token");
        if (!address.is_unix && !address.localhost && config->proxy.route.names < CONFIG_NAMES)
            config->names[config->proxy.route.names++] = address.host;
    }
    return OK;
}

enum err config_read_names(struct config *config, struct fault *fault)
{
    static const char name[] = PREFIX "HOSTS";
    struct span value = variable_value(name), list = value, item;
    struct authority authority;
    while (span_next(&list, ',', &item)) {
        bool valid = authority_parse(span_trim(item), &authority) && authority.port == 0;
        if (!valid || config->proxy.route.names == CONFIG_NAMES)
            return variable_refuse(fault, name, value,
                "must be host names without ports, with commas between them, at most 32");
        config->names[config->proxy.route.names++] = authority.host;
    }
    config->proxy.route.name = config->names;
    return OK;
}

/* ---- where requests go ---- */

static bool parse_endpoint(struct span text, struct endpoint *endpoint)
{
    struct url url;
    if (!url_parse(text, &url) || (url.path.len > 0 && !span_equal(url.path, SPAN("/"))))
        return false;
    endpoint->tls = url.tls;
    endpoint->authority = url.authority;
    return true;
}

/* "COST_EXPLORER" -> "ce", the service's name; or of a service that no table knows "cost-explorer"
 */
static struct span service_named(struct config *config, struct span name)
{
    struct buf b =
        buf_over(config->text + config->text_bytes, sizeof config->text - config->text_bytes);
    for (size_t i = 0; i < name.len; i++)
        buf_char(&b, name.at[i] == '_' ? '-' : ascii_lower(name.at[i]));
    struct service service;
    if (b.failed)
        return SPAN("");
    if (service_by_name(buf_span(&b), &service))
        return service.name;
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
        return variable_refuse(fault, text, value,
            "must be http://host[:port] or https://host[:port], without path or user");
    if (service.len > 0)
        endpoint.service = service_named(config, span_from(service, 1));
    if (service.len > 0 && endpoint.service.len == 0)
        return variable_refuse(fault, text, value, "is too long a name for a service");
    for (size_t i = 0; i < config->proxy.route.endpoints; i++)
        if (span_equal(config->endpoints[i].service, endpoint.service))
            return variable_refuse(
                fault, text, value, "names the endpoint of that service a second time");
    config->endpoints[config->proxy.route.endpoints++] = endpoint;
    return OK;
}

enum err config_read_endpoints(struct config *config, struct fault *fault)
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

enum err config_read_region(struct config *config, struct fault *fault)
{
    struct span region = VARIABLE_FIRST_OF("AWS_REGION", "AWS_DEFAULT_REGION");
    size_t dualstack, fips, virtual;
    if (region.at && !region_shaped(region))
        return variable_refuse(fault, "AWS_REGION", region, "must be a region such as eu-west-1");
    config->proxy.route.region = region;
    enum err err = variable_choice("AWS_USE_DUALSTACK_ENDPOINT", "false|true", &dualstack, fault);
    if (!err)
        err = variable_choice("AWS_USE_FIPS_ENDPOINT", "false|true", &fips, fault);
    if (!err)
        err = variable_choice(PREFIX "S3_ADDRESSING", "path|virtual", &virtual, fault);
    if (!err)
        config->proxy.route.variant =
            (struct host_variant){.dualstack = dualstack == 1, .fips = fips == 1};
    config->proxy.route.s3_virtual = !err && virtual == 1;
    return err;
}

static enum err refuse_prewarm(
    struct span value, struct span item, enum err err, struct fault *fault)
{
    char allowed[224];
    struct nearest nearest;
    service_nearest(item, &nearest);
    (void)snprintf(allowed, sizeof allowed,
        "\"%.*s\" is no service; the nearest are %.*s, %.*s and %.*s",
        SPAN_ARGS(span_first(item, 40)), SPAN_ARGS(nearest.name[0]), SPAN_ARGS(nearest.name[1]),
        SPAN_ARGS(nearest.name[2]));
    return variable_refuse(fault, PREFIX "PREWARM", value,
        err == ERR_UNKNOWN_SERVICE ? allowed : "needs AWS_REGION, or regions as in s3.eu-west-1");
}

/* Each must be a service that the proxy could send to. */
enum err config_read_prewarm(struct config *config, struct fault *fault)
{
    struct span value = variable_value(PREFIX "PREWARM"), list = value, item;
    struct fault wrong;
    struct route route;
    while (span_next(&list, ',', &item))
        if (route_of_service(&config->proxy.route, span_trim(item), &route, &wrong) != OK)
            return refuse_prewarm(value, span_trim(item), wrong.err, fault);
    config->proxy.prewarm = value;
    return OK;
}

/* A pipe or a device may have no end, or not even open. */
static bool is_file(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

static bool holds_certificate(const char *path)
{
    char line[256];
    FILE *file = is_file(path) ? fopen(path, "re") : NULL;
    bool found = false;
    while (file && !found && fgets(line, sizeof line, file))
        found = span_starts(span_of(line), SPAN("-----BEGIN ")) && strstr(line, "CERTIFICATE-----");
    if (file)
        (void)fclose(file);
    return found;
}

enum err config_read_bundle(struct config *config, struct fault *fault)
{
    static const char *const names[] = {PREFIX "CA_BUNDLE", "AWS_CA_BUNDLE", "SSL_CERT_FILE"};
    for (size_t i = 0; i < 3 && !config->proxy.ca_bundle; i++) {
        struct span value = variable_value(names[i]);
        if (!value.at)
            continue;
        if (!holds_certificate(value.at))
            return variable_refuse(
                fault, names[i], value, "must be a PEM file of certificates that can be read");
        config->proxy.ca_bundle = value.at;
    }
    return OK;
}
