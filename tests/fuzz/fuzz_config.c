/* The environment. The input is its variables, a line each: either "NAME=value" as it stands, or a
 * byte from 80 on that chooses a name, and the value. What is read is fit for the proxy; what is
 * refused is told in one line. */
#include "tests/fuzz/fuzz.h"

#include <unistd.h>

#include "extension/config.h"
#include "proxy/credentials/credentials.h"
#include "proxy/permissions/guard.h"

enum { VARIABLES_MOST = 40, CHOSEN = 0x80 };

static const char *const names[] = {"COUNTERSIGN_LISTEN", "COUNTERSIGN_HOSTS", "COUNTERSIGN_AUTH",
    "COUNTERSIGN_ALLOW", "COUNTERSIGN_ENDPOINT", "COUNTERSIGN_ENDPOINT_S3", "COUNTERSIGN_ENDPOINT_",
    "COUNTERSIGN_CA_BUNDLE", "COUNTERSIGN_S3_ADDRESSING", "COUNTERSIGN_MAX_BODY",
    "COUNTERSIGN_PARTS", "COUNTERSIGN_MAX_CONNECTIONS", "COUNTERSIGN_MAX_UPSTREAM",
    "COUNTERSIGN_CONNECT_TIMEOUT_MS", "COUNTERSIGN_TIMEOUT_MS", "COUNTERSIGN_IDLE_MS",
    "COUNTERSIGN_CHECKSUM", "COUNTERSIGN_RETRIES", "COUNTERSIGN_PREWARM", "COUNTERSIGN_POLICY",
    "COUNTERSIGN_DRAIN", "COUNTERSIGN_ROLE_ARN", "COUNTERSIGN_METRICS", "COUNTERSIGN_SDK_SERVICES",
    "COUNTERSIGN_LOG_LEVEL", "COUNTERSIGN_LOG_FORMAT", "AWS_LAMBDA_LOG_LEVEL",
    "AWS_LAMBDA_LOG_FORMAT", "AWS_LAMBDA_RUNTIME_API", "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_REGION", "AWS_DEFAULT_REGION",
    "AWS_USE_DUALSTACK_ENDPOINT", "AWS_USE_FIPS_ENDPOINT", "AWS_CA_BUNDLE", "SSL_CERT_FILE",
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME",
    "AWS_EC2_METADATA_DISABLED", "AWS_EC2_METADATA_SERVICE_ENDPOINT",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "AWS_PROFILE", "AWS_SHARED_CREDENTIALS_FILE"};

/* A file that is read at once must be none of the machine's: a device may never end. */
static bool names_file(struct span variable)
{
    size_t equals = span_find(variable, '=');
    struct span name = span_first(variable, equals), value = span_from(variable, equals + 1);
    bool reads = span_ends(name, SPAN("CA_BUNDLE")) || span_equal(name, SPAN("SSL_CERT_FILE"))
        || span_starts(value, SPAN("@"));
    return reads && span_find(value, '/') < value.len;
}

/* Appends the line's variable, and its NUL. False where it is none. */
static bool add_variable(struct buf *text, struct span line)
{
    size_t start = text->len;
    if (line.len == 0 || memchr(line.at, '\0', line.len))
        return false;
    unsigned first = (unsigned char)line.at[0];
    if (first >= CHOSEN) {
        buf_add(text, span_of(names[(first - CHOSEN) % (sizeof names / sizeof *names)]));
        line = span_from(line, 1);
        if (!span_ends(buf_since(text, start), SPAN("_"))) /* "SQS=http://..." */
            buf_char(text, '=');
    }
    buf_add(text, line);
    struct span variable = buf_since(text, start);
    buf_char(text, '\0');
    return !text->failed && !names_file(variable);
}

static void check_fault(const struct fault *fault)
{
    struct span text = {fault->text, strnlen(fault->text, sizeof fault->text)};
    REQUIRE(fault->err == ERR_BAD_REQUEST && text.len > 0 && text.len < sizeof fault->text);
    for (size_t i = 0; i < text.len; i++)
        REQUIRE(text.at[i] != '\n');
}

static void check_options(const struct config *config)
{
    const struct proxy_options *proxy = &config->proxy;
    REQUIRE(proxy->listen.len > 0 && proxy->max_body > 0 && proxy->parts > 0);
    REQUIRE(proxy->max_connections > 0 && proxy->max_upstream > 0 && proxy->timeout_ms > 0);
    REQUIRE(proxy->route.names <= CONFIG_NAMES && proxy->route.endpoints <= CONFIG_ENDPOINTS);
    REQUIRE(config->text_bytes <= sizeof config->text);
    for (size_t i = 0; i < proxy->route.endpoints; i++)
        REQUIRE(proxy->route.endpoint[i].authority.port > 0);
}

/* What a request would be sent by. */
static void use(const struct config *config)
{
    struct route route;
    struct fault fault;
    struct credentials_store *store = credentials_create(&config->credentials);
    REQUIRE(store != NULL);
    credentials_destroy(store);
    if (route_of_service(&config->proxy.route, SPAN("s3"), &route, &fault) == OK)
        REQUIRE(route.server.len > 0 && route.port > 0 && route.region.len > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct config config;
    static char memory[64 * 1024];
    char *variables[VARIABLES_MOST + 1] = {NULL}, **own = environ;
    struct buf text = buf_over(memory, sizeof memory);
    struct span rest = fuzz_span(data, size), line;
    struct fault fault = {OK, ""};
    size_t count = 0;
    while (count < VARIABLES_MOST && span_next(&rest, '\n', &line)) {
        size_t start = text.len;
        if (add_variable(&text, line))
            variables[count++] = text.at + start;
    }
    environ = variables;
    if (config_load(&config, &fault) != OK) {
        check_fault(&fault);
    } else {
        check_options(&config);
        use(&config);
    }
    struct guard *guard;
    memcpy(&guard, &config.proxy.guard, sizeof guard); /* the configuration never lets go of it */
    guard_destroy(guard);
    environ = own;
    return 0;
}
