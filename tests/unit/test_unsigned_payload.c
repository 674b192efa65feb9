/* Which operations stream their bodies unsigned. */
#include "tests/unit/check.h"

#include "proxy/aws/unsigned_payload.h"

static const struct {
    struct span service, method, path;
    bool is_unsigned;
} rows[] = {
    {TEXT("ebs"), TEXT("PUT"), TEXT("/snapshots/snap-1/blocks/7"), true},
    {TEXT("ebs"), TEXT("GET"), TEXT("/snapshots/snap-1/blocks/7"), false},
    {TEXT("ebs"), TEXT("PUT"), TEXT("/snapshots/snap-1/blocks"), false},
    {TEXT("ebs"), TEXT("PUT"), TEXT("/snapshots//blocks/7"), false},
    {TEXT("ebs"), TEXT("POST"), TEXT("/snapshots"), false},
    {TEXT("lex"), TEXT("POST"), TEXT("/bot/b/alias/a/user/u/content"), true},
    {TEXT("lex"), TEXT("POST"), TEXT("/bot/b/alias/a/user/u/content/"), true},
    {TEXT("lex"), TEXT("POST"), TEXT("/bot/b/alias/a/user/u/text"), false},
    {TEXT("lex"), TEXT("POST"), TEXT("/bots/b/botAliases/a/botLocales/l/sessions/s/utterance"),
        true},
    {TEXT("lex"), TEXT("POST"), TEXT("/bots/b/botAliases/a/botLocales/l/sessions/s/text"), false},
    {TEXT("mediastore"), TEXT("PUT"), TEXT("/a/b/c.mp4"), true},
    {TEXT("mediastore"), TEXT("PUT"), TEXT("/"), false},
    {TEXT("omics"), TEXT("PUT"), TEXT("/sequencestore/1/upload/2/part"), true},
    {TEXT("omics"), TEXT("POST"), TEXT("/sequencestore/1/upload/2/part"), false},
    {TEXT("vpc-lattice-svcs"), TEXT("POST"), TEXT("/anything"), true},
    {TEXT("lambda"), TEXT("POST"), TEXT("/2015-03-31/functions/f/invocations"), false},
    {TEXT("sqs"), TEXT("POST"), TEXT("/"), false},
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++)
        CHECK_NUMBER(rows[i].path, unsigned_payload(rows[i].service, rows[i].method, rows[i].path),
            rows[i].is_unsigned);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
