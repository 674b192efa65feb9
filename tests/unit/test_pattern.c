/* IAM's patterns: documented cases, and random ones compared with a plain reference. */
#include "tests/unit/check.h"

#include "proxy/permissions/pattern.h"

static bool matches(struct span pattern, struct span text, bool nocase)
{
    uint16_t *codes = malloc((pattern.len + 1) * sizeof *codes);
    char *copy = check_copy(text);
    struct pattern compiled;
    assert_non_null(codes);
    assert_null(pattern_compile(pattern, codes, &compiled));
    bool matched = pattern_matches(&compiled, (struct span){copy, text.len}, nocase);
    free(copy);
    free(codes);
    return matched;
}

/* The examples of the IAM User Guide, "IAM JSON policy elements: Resource" and "Action", of "Policy
 * variables", and of the S3 User Guide; with the cases beside them. */
static const struct {
    struct span pattern, text;
    bool nocase, matches;
} rows[] = {
    {TEXT("*"), TEXT("*"), false, true},
    {TEXT("*"), TEXT(""), false, true},
    {TEXT("*"), TEXT("arn:aws:s3:::photos/a:b"), false, true},
    {TEXT("arn:aws:iam::123456789012:user/accounting/*"),
        TEXT("arn:aws:iam::123456789012:user/accounting/ann"), false, true},
    {TEXT("arn:aws:iam::123456789012:user/accounting/*"),
        TEXT("arn:aws:iam::123456789012:user/finance/ann"), false, false},
    {TEXT("arn:aws:s3:::bucket/*"), TEXT("arn:aws:s3:::bucket/a/b.jpg"), false, true},
    {TEXT("arn:aws:s3:::bucket/*"), TEXT("arn:aws:s3:::bucket/"), false, true},
    {TEXT("arn:aws:s3:::bucket/*"), TEXT("arn:aws:s3:::bucket"), false, false},
    {TEXT("arn:aws:s3:::bucket*"), TEXT("arn:aws:s3:::bucket"), false, true},
    {TEXT("arn:aws:s3:::bucket*"), TEXT("arn:aws:s3:::bucket-2/key"), false, true},
    {TEXT("arn:aws:s3:::bucket/*/test/*"), TEXT("arn:aws:s3:::bucket/1/test/object.jpg"), false,
        true},
    {TEXT("arn:aws:s3:::bucket/*/test/*"), TEXT("arn:aws:s3:::bucket/1/2/test/object.jpg"), false,
        true},
    {TEXT("arn:aws:s3:::bucket/*/test/*"), TEXT("arn:aws:s3:::bucket/1/2/test/3/object.jpg"), false,
        true},
    {TEXT("arn:aws:s3:::bucket/*/test/*"), TEXT("arn:aws:s3:::bucket/1///test///object.jpg"), false,
        true},
    {TEXT("arn:aws:s3:::bucket/*/test/*"), TEXT("arn:aws:s3:::bucket/1/test/.jpg"), false, true},
    {TEXT("arn:aws:s3:::bucket/*/test/*"), TEXT("arn:aws:s3:::bucket//test/object.jpg"), false,
        true},
    {TEXT("arn:aws:s3:::bucket/*/test/*"), TEXT("arn:aws:s3:::bucket/1/test/"), false, true},
    {TEXT("arn:aws:s3:::bucket/*/test/*"), TEXT("arn:aws:s3:::bucket/1-test/object.jpg"), false,
        false},
    {TEXT("arn:aws:s3:::bucket/*/test/*"), TEXT("arn:aws:s3:::bucket/test/object.jpg"), false,
        false},
    {TEXT("arn:aws:s3:::bucket/*/test/*"), TEXT("arn:aws:s3:::bucket/1/2/test.jpg"), false, false},
    {TEXT("arn:aws:s3:::example?bucket/*"), TEXT("arn:aws:s3:::example1bucket/a"), false, true},
    {TEXT("arn:aws:s3:::example?bucket/*"), TEXT("arn:aws:s3:::examplebucket/a"), false, false},
    {TEXT("arn:aws:s3:::example?bucket/*"), TEXT("arn:aws:s3:::example12bucket/a"), false, false},
    {TEXT("arn:aws:s3:::Photos/*"), TEXT("arn:aws:s3:::photos/a"), false, false},
    /* a star within a segment stays there, one that ends it does not have to */
    {TEXT("arn:aws:sqs:*:123456789012:jobs"), TEXT("arn:aws:sqs:eu-west-1:123456789012:jobs"),
        false, true},
    {TEXT("arn:aws:sqs:eu*1:123456789012:jobs"), TEXT("arn:aws:sqs:eu-west-1:123456789012:jobs"),
        false, true},
    {TEXT("arn:aws:sqs:e*2:jobs"), TEXT("arn:aws:sqs:eu-west-1:123456789012:jobs"), false, false},
    {TEXT("arn:aws:sqs:*:jobs"), TEXT("arn:aws:sqs:eu-west-1:123456789012:jobs"), false, true},
    {TEXT("arn:aws:*"), TEXT("arn:aws:sqs:eu-west-1:123456789012:jobs"), false, true},
    {TEXT("arn:aws:sqs?eu"), TEXT("arn:aws:sqs:eu"), false, false},
    /* an ARN's last segment may have colons: keys with times, names behind a type */
    {TEXT("arn:aws:s3:::b/*.wav"), TEXT("arn:aws:s3:::b/2026-11-25T10:00:00.wav"), false, true},
    {TEXT("arn:aws:s3:::b/a?b"), TEXT("arn:aws:s3:::b/a:b"), false, true},
    {TEXT("arn:aws:logs:*:1:log-group:/aws/*x:log-stream:y"),
        TEXT("arn:aws:logs:eu-west-1:1:log-group:/aws/lambda/x:log-stream:y"), false, true},
    /* the same characters as themselves */
    {TEXT("arn:aws:s3:::b/${*}"), TEXT("arn:aws:s3:::b/*"), false, true},
    {TEXT("arn:aws:s3:::b/${*}"), TEXT("arn:aws:s3:::b/a"), false, false},
    {TEXT("arn:aws:s3:::b/${?}${$}*"), TEXT("arn:aws:s3:::b/?$x"), false, true},
    {TEXT("arn:aws:s3:::b/${?}"), TEXT("arn:aws:s3:::b/a"), false, false},
    {TEXT("a$b"), TEXT("a$b"), false, true},
    /* actions: without case */
    {TEXT("s3:GetObject"), TEXT("s3:GetObject"), true, true},
    {TEXT("S3:getobject"), TEXT("s3:GetObject"), true, true},
    {TEXT("s3:Get*"), TEXT("s3:GetObjectAcl"), true, true},
    {TEXT("s3:get*"), TEXT("s3:GetObjectAcl"), true, true},
    {TEXT("s3:*Object"), TEXT("s3:PutObject"), true, true},
    {TEXT("s3:*Object"), TEXT("s3:PutObjectAcl"), true, false},
    {TEXT("s3:*"), TEXT("s3:ListBucket"), true, true},
    {TEXT("s3:*"), TEXT("s3express:CreateSession"), true, false},
    {TEXT("iam:*AccessKey*"), TEXT("iam:CreateAccessKey"), true, true},
    {TEXT("iam:*AccessKey*"), TEXT("iam:ListAccessKeys"), true, true},
    {TEXT("s3:GetObject"), TEXT("s3:GetObjectAcl"), true, false},
    {TEXT("s3:GetObjectAcl"), TEXT("s3:GetObject"), true, false},
    {TEXT("s3:GetObject?cl"), TEXT("s3:GetObjectAcl"), true, true},
    {TEXT(""), TEXT(""), false, true},
    {TEXT(""), TEXT("a"), false, false},
};

static void test_documented_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++)
        CHECK_NUMBER(rows[i].pattern, matches(rows[i].pattern, rows[i].text, rows[i].nocase),
            rows[i].matches);
}

static void test_policy_variables_are_refused(void **state)
{
    (void)state;
    static const struct span bad[] = {TEXT("${aws:username}"), TEXT("a${"), TEXT("${*"),
        TEXT("${}"), TEXT("${a}"), TEXT("${**}")};
    uint16_t codes[32];
    struct pattern pattern;
    for (size_t i = 0; i < ROWS(bad); i++)
        assert_non_null(pattern_compile(bad[i], codes, &pattern));
}

/* All that IAM's rules say, one byte after the other, with every way tried. colons: in the pattern
 * before this place. */
static bool plain_match(struct span pattern, struct span text, int colons)
{
    if (pattern.len == 0)
        return text.len == 0;
    struct span rest = span_from(pattern, 1);
    char c = pattern.at[0];
    bool last = colons >= 5;
    if (c != '*')
        return text.len > 0 && (c == '?' ? last || text.at[0] != ':' : c == text.at[0])
            && plain_match(rest, span_from(text, 1), colons + (c == ':'));
    bool over = last || rest.len == 0 || rest.at[0] == ':';
    for (size_t i = 0; i <= text.len; i++) {
        if (plain_match(rest, span_from(text, i), colons))
            return true;
        if (i < text.len && text.at[i] == ':' && !over)
            return false;
    }
    return false;
}

static uint32_t seed = 1;

/* Marsaglia's xorshift. */
static uint32_t draw(uint32_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 17;
    seed ^= seed << 5;
    return seed % below;
}

static struct span draw_text(char *memory, size_t longest, struct span alphabet)
{
    size_t length = draw((uint32_t)longest + 1);
    for (size_t i = 0; i < length; i++)
        memory[i] = alphabet.at[draw((uint32_t)alphabet.len)];
    return (struct span){memory, length};
}

static void test_random_pairs(void **state)
{
    (void)state;
    char pattern[16], text[24];
    unsigned matched = 0;
    for (unsigned i = 0; i < 100000; i++) {
        struct span p = draw_text(pattern, 12, SPAN("ab:::***?"));
        struct span t = draw_text(text, 14, SPAN("aab:::"));
        bool expected = plain_match(p, t, 0);
        matched += expected;
        if (matches(p, t, false) != expected)
            fail_msg("%.*s and %.*s: %d expected", SPAN_ARGS(p), SPAN_ARGS(t), expected);
    }
    assert_in_range(matched, 2000, 95000);
}

/* Every star doubles the ways to match; here they are all tried at once. */
static void test_no_pattern_is_slow(void **state)
{
    (void)state;
    char pattern[201], text[2000];
    for (size_t i = 0; i < 200; i += 2)
        memcpy(pattern + i, "*a", 2);
    pattern[200] = 'b';
    memset(text, 'a', sizeof text);
    assert_false(matches((struct span){pattern, 201}, (struct span){text, sizeof text}, false));
    assert_true(matches((struct span){pattern, 200}, (struct span){text, sizeof text}, false));
    char *longest = calloc(1, PATTERN_TEXT_BYTES + 1);
    assert_true(matches(SPAN("*?"), (struct span){longest, PATTERN_TEXT_BYTES}, false));
    assert_false(matches(SPAN("*?"), (struct span){longest, PATTERN_TEXT_BYTES + 1}, false));
    free(longest);
}

static void test_written_and_read(void **state)
{
    (void)state;
    static const struct {
        struct span literal;
        bool folded;
        struct span pattern;
    } cases[] = {
        {TEXT("arn:aws:s3:::b/k"), false, TEXT("arn:aws:s3:::b/k")},
        {TEXT("arn:aws:s3:::b/"), true, TEXT("arn:aws:s3:::b/*")},
        {TEXT(""), true, TEXT("*")},
        {TEXT("a*b?c$d"), false, TEXT("a${*}b${?}c${$}d")},
        {TEXT("${x}*"), true, TEXT("${$}{x}${*}*")},
        {TEXT("\x00\xff"), false, TEXT("\x00\xff")},
    };
    for (size_t i = 0; i < ROWS(cases); i++) {
        char memory[64], back[64];
        struct buf out = buf_over(memory, sizeof memory), literal = buf_over(back, sizeof back);
        bool folded;
        pattern_write(&out, cases[i].literal, cases[i].folded);
        CHECK_TEXT(cases[i].literal, buf_span(&out), cases[i].pattern);
        assert_true(pattern_read(buf_span(&out), &literal, &folded));
        CHECK_TEXT(cases[i].pattern, buf_span(&literal), cases[i].literal);
        assert_int_equal(folded, cases[i].folded);
        assert_true(matches(buf_span(&out), cases[i].literal, false));
    }
    static const struct span unreadable[] = {
        TEXT("a*b"), TEXT("?"), TEXT("a?"), TEXT("**"), TEXT("${x}")};
    for (size_t i = 0; i < ROWS(unreadable); i++) {
        char back[64];
        struct buf literal = buf_over(back, sizeof back);
        bool folded;
        CHECK_NUMBER(unreadable[i], pattern_read(unreadable[i], &literal, &folded), false);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_documented_cases),
        cmocka_unit_test(test_policy_variables_are_refused),
        cmocka_unit_test(test_random_pairs),
        cmocka_unit_test(test_no_pattern_is_slow),
        cmocka_unit_test(test_written_and_read),
    };
    return cmocka_run_group_tests_name("pattern", tests, NULL, NULL);
}
