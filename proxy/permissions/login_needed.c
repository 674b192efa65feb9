#include "proxy/permissions/login_needed.h"

/* resource: what stands behind the account, with the host's or cache's name, or all where the
 * token does not tell; user: the same for the user, where that is a resource too. */
static const struct {
    struct span action, service, resource, user;
    bool named;
} kinds[] = {
    [LOGIN_RDS] = {TEXT("rds-db:connect"), TEXT("rds-db"), TEXT("dbuser:"), TEXT(""), false},
    [LOGIN_DSQL] = {TEXT("dsql:DbConnect"), TEXT("dsql"), TEXT("cluster/"), TEXT(""), true},
    [LOGIN_ELASTICACHE] = {TEXT("elasticache:Connect"), TEXT("elasticache"),
        TEXT("replicationgroup:"), TEXT("user:"), true},
    [LOGIN_MEMORYDB] = {TEXT("memorydb:Connect"), TEXT("memorydb"), TEXT("cluster/"), TEXT("user/"),
        true},
    [LOGIN_MSK] = {TEXT("kafka-cluster:Connect"), TEXT("kafka"), TEXT("cluster/"), TEXT(""), false},
};

struct place {
    const struct login *login;
    struct span partition, account;
    struct buf text;
};

static void add(struct place *place, struct permissions *out, struct span type, struct span name)
{
    const struct login *login = place->login;
    size_t start = place->text.len;
    struct permission permission = {.action = kinds[login->kind].action};
    if (login->kind == LOGIN_DSQL && span_equal(login->user, SPAN("admin")))
        permission.action = SPAN("dsql:DbConnectAdmin");
    buf_text(&place->text, "arn:");
    buf_add(&place->text, place->partition);
    buf_char(&place->text, ':');
    buf_add(&place->text, kinds[login->kind].service);
    buf_char(&place->text, ':');
    buf_add(&place->text, login->region);
    buf_char(&place->text, ':');
    buf_add(&place->text, place->account);
    permission.literal = place->account.len > 0 && name.len > 0;
    if (place->account.len > 0) {
        buf_char(&place->text, ':');
        buf_add(&place->text, type);
        buf_add(&place->text, name);
    }
    if (!permission.literal)
        buf_char(&place->text, '*');
    permission.resource = buf_since(&place->text, start);
    out->needed[out->count++] = permission;
}

void login_needed(
    const struct login *login, struct span partition, struct span account, struct permissions *out)
{
    struct place place = {login, partition, account, buf_over(out->text, sizeof out->text)};
    struct span name = span_first(login->host, span_find(login->host, '.')), none = {NULL, 0};
    struct span type = kinds[login->kind].resource;
    if (login->kind == LOGIN_ELASTICACHE && login->serverless)
        type = SPAN("serverlesscache:");
    out->count = 0;
    out->wants_body = false;
    out->operation = SPAN("Connect");
    add(&place, out, type, kinds[login->kind].named ? name : none);
    if (kinds[login->kind].user.len > 0)
        add(&place, out, kinds[login->kind].user, login->user);
    out->text_bytes = place.text.len;
}
