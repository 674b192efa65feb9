/* Where the credentials come from, by the variables that Lambda, ECS, EKS and the SDKs know.
 * Source: AWS SDKs and Tools Reference Guide, "Settings reference". */
#include <arpa/inet.h>

#include "extension/config_parts.h"
#include "extension/variable.h"

#define ECS_HOST      "169.254.170.2"
#define INSTANCE_URL  "http://169.254.169.254"
#define INSTANCE_URL6 "http://[fd00:ec2::254]"

static enum err read_environment(struct config *config, struct fault *fault)
{
    static const char *const names[] = {
        "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"};
    struct credentials *keys = &config->credentials.environment;
    struct span *const parts[] = {
        &keys->access_key_id, &keys->secret_access_key, &keys->session_token};
    enum err err = OK;
    for (size_t i = 0; i < 3 && !err; i++) {
        *parts[i] = variable_value(names[i]);
        err = variable_check_secret(names[i], *parts[i], fault);
    }
    return err;
}

/* The hosts to which SDKs send the token without TLS: this machine, and what is one hop away on
 * EC2, ECS, EKS and Lambda. */
static bool is_near(const struct authority *authority)
{
    char text[64] = {0};
    struct in_addr v4;
    struct in6_addr v6, eks;
    if (authority_is_loopback(authority))
        return true;
    memcpy(text, authority->host.at,
        authority->host.len < sizeof text ? authority->host.len : sizeof text - 1);
    if (inet_pton(AF_INET, text, &v4) == 1)
        return ntohl(v4.s_addr) >> 16 == (169U << 8 | 254U);
    return inet_pton(AF_INET6, text, &v6) == 1 && inet_pton(AF_INET6, "fd00:ec2::23", &eks) == 1
        && (IN6_IS_ADDR_LINKLOCAL(&v6) || IN6_ARE_ADDR_EQUAL(&v6, &eks));
}

/* It goes into a request line as it is: visible ASCII, and nothing that no server is ever told. */
static bool path_shaped(struct span path)
{
    struct fault ignored;
    return span_starts(path, SPAN("/")) && span_find(path, '#') == path.len
        && variable_check_secret("", path, &ignored) == OK;
}

static enum err read_full_uri(struct config *config, struct fault *fault)
{
    static const char name[] = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
    struct span value = variable_value(name);
    struct source_server *container = &config->credentials.container;
    struct url url;
    if (!value.at)
        return OK;
    if (!url_parse(value, &url))
        return variable_refuse(fault, name, value, "must be an http:// or https:// URL");
    if (!url.tls && !is_near(&url.authority))
        return variable_refuse(fault, name, value,
            "without TLS the host must be this machine or a link-local address, for the token "
            "goes there; use https://");
    struct span path = url.path.len > 0 ? url.path : SPAN("/");
    if (!path_shaped(path))
        return variable_refuse(fault, name, value,
            "its path must be visible ASCII without \"#\", other bytes percent-encoded");
    *container = (struct source_server){url.authority, url.tls, path};
    return OK;
}

static enum err read_container(struct config *config, struct fault *fault)
{
    static const char relative[] = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
    static const char token[] = "AWS_CONTAINER_AUTHORIZATION_TOKEN";
    struct credentials_options *options = &config->credentials;
    struct span path = variable_value(relative);
    options->container_token = variable_value(token);
    options->container_token_file = variable_value("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE").at;
    enum err err = variable_check_secret(token, options->container_token, fault);
    if (!path.at)
        return err ? err : read_full_uri(config, fault);
    if (!err && !path_shaped(path))
        err = variable_refuse(fault, relative, path, "must be a path such as /v2/credentials/ID");
    struct authority authority = {.text = SPAN(ECS_HOST), .host = SPAN(ECS_HOST), .port = 80};
    options->container = (struct source_server){.authority = authority, .path = path};
    return err;
}

static bool role_arn_shaped(struct span arn)
{
    struct span part;
    bool good = span_next(&arn, ':', &part) && span_equal(part, SPAN("arn"))
        && span_next(&arn, ':', &part) && span_starts(part, SPAN("aws"))
        && span_next(&arn, ':', &part) && span_equal(part, SPAN("iam"))
        && span_next(&arn, ':', &part) && part.len == 0;
    uint64_t account;
    good = good && span_next(&arn, ':', &part) && part.len == 12
        && span_to_number(part, UINT64_MAX, &account);
    struct fault ignored;
    return good && span_starts(arn, SPAN("role/")) && arn.len > 5
        && variable_check_secret("", arn, &ignored) == OK;
}

static enum err read_role(const char *name, struct span *role, struct fault *fault)
{
    *role = variable_value(name);
    if (!role->at || role_arn_shaped(*role))
        return OK;
    return variable_refuse(
        fault, name, *role, "must be a role's ARN, such as arn:aws:iam::123456789012:role/name");
}

static enum err read_web_identity(struct config *config, struct fault *fault)
{
    static const char name[] = "AWS_WEB_IDENTITY_TOKEN_FILE";
    struct span file = variable_value(name);
    if (!file.at)
        return OK;
    enum err err = read_role("AWS_ROLE_ARN", &config->credentials.web_identity_role, fault);
    if (!err && !config->credentials.web_identity_role.at)
        return variable_refuse(
            fault, name, file, "needs AWS_ROLE_ARN, the role that the token is for");
    config->credentials.web_identity_file = file.at;
    return err;
}

static enum err read_instance(struct config *config, struct fault *fault)
{
    static const char name[] = "AWS_EC2_METADATA_SERVICE_ENDPOINT";
    struct span value = variable_value(name);
    struct url url;
    size_t disabled, mode;
    enum err err = variable_choice("AWS_EC2_METADATA_DISABLED", "false|true", &disabled, fault);
    if (!err)
        err = variable_choice("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv4|IPv6", &mode, fault);
    if (err || disabled == 1 || config->runtime_api)
        return err;
    if (!value.at)
        value = mode == 1 ? SPAN(INSTANCE_URL6) : SPAN(INSTANCE_URL);
    if (!url_parse(value, &url) || (url.path.len > 0 && !span_equal(url.path, SPAN("/"))))
        return variable_refuse(fault, name, value, "must be an http:// URL without a path");
    config->credentials.instance = (struct source_server){url.authority, url.tls, SPAN("")};
    return OK;
}

/* RoleSessionName: 2 to 64 letters, digits and "+=,.@-_". */
static bool session_shaped(struct span name)
{
    for (size_t i = 0; i < name.len; i++)
        if (!ascii_alpha(name.at[i]) && !ascii_digit(name.at[i]) && !strchr("+=,.@-_", name.at[i]))
            return false;
    return name.len >= 2 && name.len <= 64;
}

static enum err read_session(struct config *config, struct fault *fault)
{
    static const char name[] = "AWS_ROLE_SESSION_NAME";
    struct span given = variable_value(name), function = config->proxy.function_name;
    if (given.at && !session_shaped(given))
        return variable_refuse(
            fault, name, given, "must be 2 to 64 letters, digits and the signs +=,.@-_");
    config->credentials.session = given.at ? given
        : session_shaped(function)         ? function
                                           : SPAN("countersign");
    return OK;
}

/* Signs that somebody has put other keys before the role's. */
static void read_signs(struct config *config)
{
    static const char *const files[] = {"AWS_PROFILE", "AWS_SHARED_CREDENTIALS_FILE"};
    if (!config->runtime_api)
        return;
    config->proxy.endpoint_offered = variable_value("AWS_CONTAINER_CREDENTIALS_FULL_URI").len > 0;
    for (size_t i = sizeof files / sizeof *files; i > 0; i--)
        if (variable_value(files[i - 1]).len > 0)
            config->proxy.shared_file = files[i - 1];
}

/* What stands in the environment itself is all that is looked at where it is there. */
enum err config_read_credentials(struct config *config, struct fault *fault)
{
    static enum err (*const sources[])(struct config *, struct fault *) = {
        read_container, read_web_identity, read_instance};
    enum err err = read_environment(config, fault);
    bool there = source_of(&config->credentials) == SOURCE_ENVIRONMENT;
    for (size_t i = 0; i < sizeof sources / sizeof *sources && !err && !there; i++)
        err = sources[i](config, fault);
    if (!err && there) {
        config->credentials.container_token = variable_value("AWS_CONTAINER_AUTHORIZATION_TOKEN");
        err = variable_check_secret(
            "AWS_CONTAINER_AUTHORIZATION_TOKEN", config->credentials.container_token, fault);
    }
    if (!err)
        err = read_role(PREFIX "ROLE_ARN", &config->credentials.role, fault);
    read_signs(config);
    return err ? err : read_session(config, fault);
}
