#include "proxy/credentials/source.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <unistd.h>

#include "proxy/aws/error_code.h"
#include "proxy/credentials/sts.h"

enum {
    NEAR_MS = 2000, /* a server on this machine, or one hop away */
    STS_MS = 5000,
    TOKEN_FILE_BYTES = 20 * 1024, /* STS takes no longer one */
};

enum source source_of(const struct credentials_options *options)
{
    const struct credentials *environment = &options->environment;
    if (environment->access_key_id.len > 0 || environment->secret_access_key.len > 0)
        return SOURCE_ENVIRONMENT;
    if (options->web_identity_file)
        return SOURCE_WEB_IDENTITY;
    if (options->container.authority.text.len > 0)
        return SOURCE_CONTAINER;
    return options->instance.authority.text.len > 0 ? SOURCE_INSTANCE : SOURCE_NONE;
}

const char *source_text(enum source source)
{
    static const char *const texts[] = {[SOURCE_NONE] = "none",
        [SOURCE_ENVIRONMENT] = "environment",
        [SOURCE_WEB_IDENTITY] = "web identity",
        [SOURCE_CONTAINER] = "container endpoint",
        [SOURCE_INSTANCE] = "instance metadata"};
    return texts[source];
}

enum step source_first_step(enum source source)
{
    static const enum step first[] = {[SOURCE_NONE] = STEP_DONE,
        [SOURCE_ENVIRONMENT] = STEP_DONE,
        [SOURCE_WEB_IDENTITY] = STEP_WEB_IDENTITY,
        [SOURCE_CONTAINER] = STEP_CONTAINER,
        [SOURCE_INSTANCE] = STEP_INSTANCE_TOKEN};
    return first[source];
}

bool source_read_token(const char *path, struct buf *token)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t got = fd < 0 ? -1 : read(fd, token->at, token->max);
    if (fd >= 0)
        (void)close(fd);
    if (got <= 0 || (size_t)got == token->max)
        return false;
    struct span text = {token->at, (size_t)got};
    while (text.len > 0 && (span_ends(text, SPAN("\n")) || span_ends(text, SPAN("\r"))))
        text.len--;
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] < ' ' || text.at[i] > '~')
            return false;
    token->len = text.len;
    return text.len > 0;
}

/* ---- requests ---- */

static void begin(struct buf *out, const struct source_server *server, const char *method_and_path)
{
    buf_format(out, "%s", method_and_path);
    buf_text(out, " HTTP/1.1\r\nHost: ");
    buf_add(out, server->authority.text);
    buf_text(out, "\r\nAccept: */*\r\nUser-Agent: countersign\r\n");
}

static void aim(struct upstream_target *target, const struct source_server *server)
{
    *target = (struct upstream_target){
        .server = server->authority.host, .port = server->authority.port, .tls = server->tls};
}

static enum err unreadable(const char *path, struct fault *fault)
{
    return fault_set(fault, ERR_NO_CREDENTIALS,
        "the file %.200s cannot be read, or holds no token; look at the variable that names it",
        path);
}

static enum err write_container(struct source_run *run, struct buf *out, struct fault *fault)
{
    const struct credentials_options *options = run->options;
    struct buf token = buf_over(run->body, TOKEN_FILE_BYTES);
    struct span shown = options->container_token;
    if (options->container_token_file) {
        if (!source_read_token(options->container_token_file, &token))
            return unreadable(options->container_token_file, fault);
        shown = buf_span(&token);
    }
    buf_text(out, "GET ");
    buf_add(out, options->container.path);
    begin(out, &options->container, "");
    if (shown.len > 0) {
        buf_text(out, "Authorization: ");
        buf_add(out, shown);
        buf_text(out, "\r\n");
    }
    buf_text(out, "\r\n");
    return OK;
}

static enum err write_sts(struct source_run *run, const struct sts_request *sts,
    struct source_request *request, struct fault *fault)
{
    struct sts_means means = {.route = run->route,
        .signer = run->signer,
        .now_s = (clock_wall_ms() + run->skew->offset_ms) / 1000,
        .body = buf_over(run->body, sizeof run->body)};
    enum err err = sts_write(sts, &means, &run->sts, &request->text, fault);
    request->timeout_ms = STS_MS;
    request->target = (struct upstream_target){
        .server = run->sts.server, .port = run->sts.port, .tls = run->sts.tls};
    return err;
}

static enum err write_assume_role(
    struct source_run *run, struct source_request *request, struct fault *fault)
{
    struct sts_request sts = {
        .role = run->options->role, .session = run->options->session, .by = run->by};
    return write_sts(run, &sts, request, fault);
}

static enum err write_web_identity(
    struct source_run *run, struct source_request *request, struct fault *fault)
{
    char memory[TOKEN_FILE_BYTES];
    struct buf token = buf_over(memory, sizeof memory);
    const struct credentials_options *options = run->options;
    if (!source_read_token(options->web_identity_file, &token))
        return unreadable(options->web_identity_file, fault);
    struct sts_request sts = {.role = options->web_identity_role,
        .session = options->session,
        .web_identity_token = buf_span(&token)};
    enum err err = write_sts(run, &sts, request, fault);
    OPENSSL_cleanse(memory, token.len);
    return err;
}

static struct span name_of(const struct source_run *run, unsigned which)
{
    return (struct span){run->name[which], run->name_bytes[which]};
}

/* IMDSv2: a session's token first, then whatever is asked with it. */
static void write_instance(const struct source_run *run, enum step step, struct buf *out)
{
    const struct source_server *server = &run->options->instance;
    if (step == STEP_INSTANCE_TOKEN) {
        begin(out, server, "PUT /latest/api/token");
        buf_text(out, "X-aws-ec2-metadata-token-ttl-seconds: 300\r\nContent-Length: 0\r\n\r\n");
        return;
    }
    buf_text(out, "GET /latest/meta-data/iam/security-credentials/");
    if (step == STEP_INSTANCE_KEYS)
        buf_add(out, name_of(run, 1));
    begin(out, server, "");
    buf_text(out, "X-aws-ec2-metadata-token: ");
    buf_add(out, name_of(run, 0));
    buf_text(out, "\r\n\r\n");
}

enum err source_write(
    struct source_run *run, enum step step, struct source_request *request, struct fault *fault)
{
    enum err err = OK;
    request->timeout_ms = NEAR_MS;
    switch (step) {
    case STEP_CONTAINER:
        aim(&request->target, &run->options->container);
        err = write_container(run, &request->text, fault);
        break;
    case STEP_WEB_IDENTITY:
        err = write_web_identity(run, request, fault);
        break;
    case STEP_ASSUME_ROLE:
        err = write_assume_role(run, request, fault);
        break;
    case STEP_INSTANCE_TOKEN:
    case STEP_INSTANCE_ROLE:
    case STEP_INSTANCE_KEYS:
        aim(&request->target, &run->options->instance);
        write_instance(run, step, &request->text);
        break;
    case STEP_DONE:
    default:
        break;
    }
    if (!err && request->text.failed)
        return fault_set(fault, ERR_OUT_OF_MEMORY, "the request for credentials is too large");
    return err;
}

/* ---- answers ---- */

/* What whoever set it up can do about a refusal. */
static const char *advice(enum step step)
{
    switch (step) {
    case STEP_CONTAINER:
        return "is the token in AWS_CONTAINER_AUTHORIZATION_TOKEN, or in its file, the right one?";
    case STEP_WEB_IDENTITY:
        return "does the role that AWS_ROLE_ARN names trust the identity provider, and is the "
               "token in AWS_WEB_IDENTITY_TOKEN_FILE still good?";
    case STEP_ASSUME_ROLE:
        return "this function's role needs sts:AssumeRole on the role that COUNTERSIGN_ROLE_ARN "
               "names, and that role must trust it";
    case STEP_INSTANCE_ROLE:
    case STEP_INSTANCE_KEYS:
        return "has this machine an instance profile with a role?";
    case STEP_INSTANCE_TOKEN:
    case STEP_DONE:
    default:
        return "is the instance metadata service switched on?";
    }
}

static enum err refused(const struct reply *reply, enum step step, struct fault *fault)
{
    struct span code = error_code_shown(error_code_find(SPAN(""), reply_content(reply)));
    return fault_set(fault, ERR_NO_CREDENTIALS, "it answered %u%s%.*s: %s", reply_status(reply),
        code.len > 0 ? " " : "", SPAN_ARGS(code), advice(step));
}

/* A token is visible ASCII, a role's name what IAM lets one be made of (IAM API Reference,
 * CreateRole). */
static bool fits(unsigned which, char c)
{
    struct span signs = SPAN("+=,.@_-");
    if (which == 0)
        return c > ' ' && c <= '~';
    return ascii_alpha(c) || ascii_digit(c) || span_find(signs, c) < signs.len;
}

/* The first line, which goes into the next request. */
static enum err keep_name(
    struct source_run *run, unsigned which, struct span text, struct fault *fault)
{
    text = span_first(text, span_find(text, '\n'));
    text = span_trim(span_first(text, span_find(text, '\r')));
    bool good = text.len > 0 && text.len < SOURCE_NAME_BYTES;
    for (size_t i = 0; good && i < text.len; i++)
        good = fits(which, text.at[i]);
    if (!good)
        return fault_set(fault, ERR_NO_CREDENTIALS,
            "the instance metadata service gave %s that cannot be used",
            which == 0 ? "a token" : "a role's name");
    memcpy(run->name[which], text.at, run->name_bytes[which] = text.len);
    return OK;
}

enum err source_read(struct source_run *run, const struct reply *reply, enum step *step,
    struct issued **issued, struct fault *fault)
{
    enum step now = *step;
    if (reply_status(reply) != 200)
        return refused(reply, now, fault);
    *step = STEP_DONE;
    switch (now) {
    case STEP_INSTANCE_TOKEN:
        *step = STEP_INSTANCE_ROLE;
        return keep_name(run, 0, reply_content(reply), fault);
    case STEP_INSTANCE_ROLE:
        *step = STEP_INSTANCE_KEYS;
        return keep_name(run, 1, reply_content(reply), fault);
    case STEP_WEB_IDENTITY:
    case STEP_ASSUME_ROLE:
        return issued_from_sts(reply_content(reply), issued, fault);
    case STEP_CONTAINER:
    case STEP_INSTANCE_KEYS:
    case STEP_DONE:
    default:
        return issued_from_json(reply_content(reply), issued, fault);
    }
}
