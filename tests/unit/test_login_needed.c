/* What a login token needs of the role's policy. */
#include "tests/unit/check.h"

#include "proxy/permissions/login_needed.h"

#define ACCOUNT "123456789012"

static const struct {
    struct login login;
    struct span account, action, resource, user;
} rows[] = {
    {{LOGIN_RDS, TEXT("db.x.eu-west-1.rds.amazonaws.com"), 5432, TEXT("app"), false,
         TEXT("eu-west-1")},
        TEXT(ACCOUNT), TEXT("rds-db:connect"),
        TEXT("arn:aws:rds-db:eu-west-1:" ACCOUNT ":dbuser:*"), TEXT("")},
    {{LOGIN_DSQL, TEXT("abc.dsql.eu-west-1.on.aws"), 0, TEXT("admin"), false, TEXT("eu-west-1")},
        TEXT(ACCOUNT), TEXT("dsql:DbConnectAdmin"),
        TEXT("arn:aws:dsql:eu-west-1:" ACCOUNT ":cluster/abc"), TEXT("")},
    {{LOGIN_DSQL, TEXT("abc.dsql.eu-west-1.on.aws"), 0, TEXT("app"), false, TEXT("eu-west-1")},
        TEXT(ACCOUNT), TEXT("dsql:DbConnect"),
        TEXT("arn:aws:dsql:eu-west-1:" ACCOUNT ":cluster/abc"), TEXT("")},
    {{LOGIN_ELASTICACHE, TEXT("my-cache"), 0, TEXT("app"), true, TEXT("eu-west-1")}, TEXT(ACCOUNT),
        TEXT("elasticache:Connect"),
        TEXT("arn:aws:elasticache:eu-west-1:" ACCOUNT ":serverlesscache:my-cache"),
        TEXT("arn:aws:elasticache:eu-west-1:" ACCOUNT ":user:app")},
    {{LOGIN_MEMORYDB, TEXT("my-db"), 0, TEXT("a*"), false, TEXT("eu-west-1")}, TEXT(ACCOUNT),
        TEXT("memorydb:Connect"), TEXT("arn:aws:memorydb:eu-west-1:" ACCOUNT ":cluster/my-db"),
        TEXT("arn:aws:memorydb:eu-west-1:" ACCOUNT ":user/a*")},
    {{LOGIN_MSK, TEXT(""), 0, TEXT(""), false, TEXT("eu-west-1")}, TEXT(ACCOUNT),
        TEXT("kafka-cluster:Connect"), TEXT("arn:aws:kafka:eu-west-1:" ACCOUNT ":cluster/*"),
        TEXT("")},
    {{LOGIN_RDS, TEXT("db"), 1, TEXT("app"), false, TEXT("eu-west-1")}, TEXT(""),
        TEXT("rds-db:connect"), TEXT("arn:aws:rds-db:eu-west-1:*"), TEXT("")},
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct permissions needed;
        login_needed(&rows[i].login, SPAN("aws"), rows[i].account, &needed);
        CHECK_TEXT(rows[i].action, needed.needed[0].action, rows[i].action);
        CHECK_TEXT(rows[i].action, needed.needed[0].resource, rows[i].resource);
        CHECK_NUMBER(rows[i].action, permission_is_folded(&needed.needed[0]),
            span_ends(rows[i].resource, SPAN("*")));
        CHECK_NUMBER(rows[i].action, needed.count, rows[i].user.len > 0 ? 2 : 1);
        if (needed.count == 2) {
            CHECK_TEXT(rows[i].action, needed.needed[1].resource, rows[i].user);
            CHECK_NUMBER(rows[i].action, permission_is_folded(&needed.needed[1]), false);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
