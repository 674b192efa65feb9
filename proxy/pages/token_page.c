#include "proxy/pages/token_page.h"

#include "proxy/aws/partition.h"
#include "proxy/http/query.h"
#include "proxy/http/target.h"

enum row { ROW_HOST, ROW_PORT, ROW_USER, ROW_REGION, ROW_SERVERLESS, ROWS };
enum {
    HOST = 1 << ROW_HOST,
    PORT = 1 << ROW_PORT,
    USER = 1 << ROW_USER,
    REGION = 1 << ROW_REGION,
    SERVERLESS = 1 << ROW_SERVERLESS,
};

static const struct query_parameter parameters[ROWS] = {
    [ROW_HOST] = {{"host", 4}, false},
    [ROW_PORT] = {{"port", 4}, false},
    [ROW_USER] = {{"user", 4}, false},
    [ROW_REGION] = {{"region", 6}, false},
    [ROW_SERVERLESS] = {{"serverless", 10}, false},
};

/* What a kind needs, and what it takes beside that. */
static const struct {
    unsigned needs, takes;
    const char *example;
} kinds[] = {
    [LOGIN_RDS] = {HOST | PORT | USER, REGION, "/-/token/rds?host=HOST&port=5432&user=USER"},
    [LOGIN_DSQL] = {HOST | USER, REGION, "/-/token/dsql?host=HOST&user=admin"},
    [LOGIN_ELASTICACHE] = {HOST | USER, REGION | SERVERLESS,
        "/-/token/elasticache?host=CACHE&user=USER, with &serverless for a serverless cache"},
    [LOGIN_MEMORYDB] = {HOST | USER, REGION, "/-/token/memorydb?host=CLUSTER&user=USER"},
    [LOGIN_MSK] = {0, REGION | HOST, "/-/token/msk?region=eu-west-1"},
};

enum login_kind token_kind(struct span path)
{
    struct span folder = SPAN("/-/token/");
    return span_starts(path, folder) ? login_kind_of(span_from(path, folder.len)) : LOGIN_NONE;
}

/* ---- the parameters ---- */

static enum err take_cache(struct span name, struct login *login, struct fault *fault)
{
    bool good = name.len > 0 && name.len <= 63;
    for (size_t i = 0; good && i < name.len; i++)
        good = ascii_alpha(name.at[i]) || ascii_digit(name.at[i]) || name.at[i] == '-';
    if (!good)
        return fault_set(fault, ERR_BAD_REQUEST,
            "The parameter host must be the cache's or cluster's own name, such as my-cache, not "
            "its DNS name: that is what such a token is for.");
    login->host = name;
    return OK;
}

static enum err take_host(struct span name, struct login *login, struct fault *fault)
{
    struct authority authority;
    if (login->kind == LOGIN_ELASTICACHE || login->kind == LOGIN_MEMORYDB)
        return take_cache(name, login, fault);
    if (!authority_parse(name, &authority) || authority.bracketed || authority.host.len != name.len
        || name.at[name.len - 1] == '.')
        return fault_set(fault, ERR_BAD_REQUEST,
            "The parameter host must be the server's DNS name alone, such as "
            "my-db.abcdefg.eu-west-1.rds.amazonaws.com.");
    login->host = name;
    return OK;
}

static enum err take_port(struct span text, struct login *login, struct fault *fault)
{
    uint64_t port;
    if (!span_to_number(text, 65535, &port) || port == 0)
        return fault_set(
            fault, ERR_BAD_REQUEST, "The parameter port must be a number from 1 to 65535.");
    login->port = (unsigned)port;
    return OK;
}

static enum err take_user(struct span user, struct login *login, struct fault *fault)
{
    if (user.len == 0 || user.len > LOGIN_USER_MAX)
        return fault_set(
            fault, ERR_BAD_REQUEST, "The parameter user must be the name to log in as.");
    login->user = user;
    return OK;
}

static enum err take_region(struct span region, struct login *login, struct fault *fault)
{
    if (!region_shaped(region))
        return fault_set(
            fault, ERR_BAD_REQUEST, "The parameter region must be a region such as eu-west-1.");
    login->region = region;
    return OK;
}

static enum err take_serverless(struct span text, struct login *login, struct fault *fault)
{
    login->serverless = text.len == 0 || span_equal(text, SPAN("true"));
    if (login->serverless || span_equal(text, SPAN("false")))
        return OK;
    return fault_set(fault, ERR_BAD_REQUEST, "The parameter serverless must be true or false.");
}

/* The region that an AWS host names, rightmost: "x.eu-west-1.rds.amazonaws.com". Aurora DSQL's
 * hosts are under a suffix of their own, on.aws. */
static struct span region_of_host(struct span host, struct span home)
{
    struct span labels, label;
    if (!span_ends(host, SPAN(".on.aws")) && !partition_of_host(host, home, &labels))
        return SPAN("");
    while (host.len > 0) {
        label = span_take_last(&host, '.');
        if (region_shaped(label))
            return label;
    }
    return SPAN("");
}

static enum err complete(
    unsigned seen, struct span home, struct token_ask *ask, struct fault *fault)
{
    struct login *login = &ask->login;
    struct buf host = buf_over(ask->host, sizeof ask->host);
    for (unsigned row = 0; row < ROWS; row++)
        if (kinds[login->kind].needs & ~seen & 1U << row)
            return fault_set(fault, ERR_BAD_REQUEST, "The parameter %.*s is missing: %s",
                SPAN_ARGS(parameters[row].name), kinds[login->kind].example);
    buf_lower(&host, login->host);
    if (login->region.len == 0)
        login->region = region_of_host(buf_span(&host), home);
    if (login->region.len == 0)
        login->region = home;
    if (login->region.len == 0)
        return fault_set(fault, ERR_BAD_REQUEST,
            "The parameter region is missing: neither the host nor AWS_REGION names one.");
    return OK;
}

enum err token_parse(enum login_kind kind, struct span query, struct span home,
    struct token_ask *ask, struct fault *fault)
{
    static enum err (*const takes[ROWS])(struct span, struct login *, struct fault *) = {
        [ROW_HOST] = take_host,
        [ROW_PORT] = take_port,
        [ROW_USER] = take_user,
        [ROW_REGION] = take_region,
        [ROW_SERVERLESS] = take_serverless};
    struct query_walk walk = {.rest = query,
        .table = parameters,
        .count = ROWS,
        .text = buf_over(ask->text, sizeof ask->text)};
    ask->login = (struct login){.kind = kind};
    while (query_next(&walk, fault)) {
        if (!((kinds[kind].needs | kinds[kind].takes) >> walk.row & 1))
            return fault_set(fault, ERR_BAD_REQUEST,
                "A token of this kind has no parameter %.*s: %s",
                SPAN_ARGS(parameters[walk.row].name), kinds[kind].example);
        if (takes[walk.row](walk.value, &ask->login, fault) != OK)
            return fault->err;
    }
    return fault->err ? fault->err : complete(walk.seen, home, ask, fault);
}

/* ---- the answer ---- */

enum err token_write(const struct token_ask *ask, const struct page_signing *with, struct buf *out,
    struct fault *fault)
{
    struct login_signing signing = {.signer = with->signer,
        .credentials = with->credentials,
        .date = amz_date_of(with->now_ms / 1000)};
    if (page_lifetime(with, LOGIN_EXPIRES_S, &signing.expires_s, fault) != OK)
        return fault->err;
    if (!with->bare)
        buf_text(out, "{\n  \"token\": \"");
    if (login_token(&ask->login, &signing, out) != OK)
        return fault_set(fault, ERR_BAD_REQUEST, "The token would be too long.");
    if (with->bare) {
        buf_char(out, '\n');
    } else {
        buf_text(out, "\",\n  \"region\": \"");
        buf_add(out, ask->login.region);
        buf_char(out, '"');
        page_write_lifetime(with, LOGIN_EXPIRES_S, signing.expires_s, out);
    }
    return out->failed ? fault_set(fault, ERR_BAD_REQUEST, "The token would be too long.") : OK;
}
