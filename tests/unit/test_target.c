/* Hosts with their ports, and the targets of requests. */
#include "tests/unit/check.h"

#include "proxy/http/target.h"

static const struct {
    struct span text;
    bool good;
    struct span host;
    unsigned port;
    bool bracketed, loopback;
} authorities[] = {
    {TEXT("h"), true, TEXT("h"), 0, false, false},
    {TEXT("b.s3.amazonaws.com"), true, TEXT("b.s3.amazonaws.com"), 0, false, false},
    {TEXT("H_1-x:80"), true, TEXT("H_1-x"), 80, false, false},
    {TEXT("h.:65535"), true, TEXT("h."), 65535, false, false},
    {TEXT("[::1]"), true, TEXT("::1"), 0, true, true},
    {TEXT("[::1]:2774"), true, TEXT("::1"), 2774, true, true},
    {TEXT("[fe80::1]"), true, TEXT("fe80::1"), 0, true, false},
    {TEXT("[::ffff:127.0.0.1]"), true, TEXT("::ffff:127.0.0.1"), 0, true, false},
    {TEXT("localhost"), true, TEXT("localhost"), 0, false, true},
    {TEXT("LocalHost:2774"), true, TEXT("LocalHost"), 2774, false, true},
    {TEXT("127.0.0.1"), true, TEXT("127.0.0.1"), 0, false, true},
    {TEXT("127.255.255.255:1"), true, TEXT("127.255.255.255"), 1, false, true},
    {TEXT("127.0.0.256"), true, TEXT("127.0.0.256"), 0, false, false},
    {TEXT("127.0.0.0001"), true, TEXT("127.0.0.0001"), 0, false, false},
    {TEXT("127.0.0"), true, TEXT("127.0.0"), 0, false, false},
    {TEXT("127.0.0.1.2"), true, TEXT("127.0.0.1.2"), 0, false, false},
    {TEXT("127.0.0.1.evil.example"), true, TEXT("127.0.0.1.evil.example"), 0, false, false},
    {TEXT("127.0.0."), true, TEXT("127.0.0."), 0, false, false},
    {TEXT("128.0.0.1"), true, TEXT("128.0.0.1"), 0, false, false},
    {TEXT("localhost.evil.example"), true, TEXT("localhost.evil.example"), 0, false, false},
    {TEXT("xlocalhost"), true, TEXT("xlocalhost"), 0, false, false},
    {TEXT(""), false, TEXT(""), 0, false, false},
    {TEXT(":80"), false, TEXT(""), 0, false, false},
    {TEXT("h:"), false, TEXT(""), 0, false, false},
    {TEXT("h:0"), false, TEXT(""), 0, false, false},
    {TEXT("h:65536"), false, TEXT(""), 0, false, false},
    {TEXT("h:8a"), false, TEXT(""), 0, false, false},
    {TEXT("h:80:90"), false, TEXT(""), 0, false, false},
    {TEXT("h: 80"), false, TEXT(""), 0, false, false},
    {TEXT("user@h"), false, TEXT(""), 0, false, false},
    {TEXT("user:word@h"), false, TEXT(""), 0, false, false},
    {TEXT("a,b"), false, TEXT(""), 0, false, false},
    {TEXT("a b"), false, TEXT(""), 0, false, false},
    {TEXT("a/b"), false, TEXT(""), 0, false, false},
    {TEXT("a%2eb"), false, TEXT(""), 0, false, false},
    {TEXT("a\x00"), false, TEXT(""), 0, false, false},
    {TEXT("\xc3\xbc"), false, TEXT(""), 0, false, false},
    {TEXT("[]"), false, TEXT(""), 0, false, false},
    {TEXT("[::1"), false, TEXT(""), 0, false, false},
    {TEXT("::1"), false, TEXT(""), 0, false, false},
    {TEXT("[::1]x"), false, TEXT(""), 0, false, false},
    {TEXT("[::1%25eth0]"), false, TEXT(""), 0, false, false},
    {TEXT("[h]"), false, TEXT(""), 0, false, false},
};

static void test_authorities(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(authorities); i++) {
        struct authority authority = {.port = 7};
        struct span row = authorities[i].text;
        char *copy = check_copy(row);
        bool good = authority_parse((struct span){copy, row.len}, &authority);
        CHECK_NUMBER(row, good, authorities[i].good);
        if (good) {
            CHECK_TEXT(row, authority.text, row);
            CHECK_TEXT(row, authority.host, authorities[i].host);
            CHECK_NUMBER(row, authority.port, authorities[i].port);
            CHECK_NUMBER(row, authority.bracketed, authorities[i].bracketed);
            CHECK_NUMBER(row, authority_is_loopback(&authority), authorities[i].loopback);
        } else {
            CHECK_NUMBER(row, authority.port, 7); /* not written */
        }
        free(copy);
    }
}

static void test_longest_host(void **state)
{
    (void)state;
    char name[254];
    struct authority authority;
    memset(name, 'n', sizeof name);
    assert_true(authority_parse((struct span){name, 253}, &authority));
    assert_false(authority_parse((struct span){name, 254}, &authority));
}

#define HOST TEXT("Host: h:80\r\n")

static const struct {
    struct span line, fields;
    enum err err;
    struct span host, path, query;
    bool has_query, absolute;
} targets[] = {
    {TEXT("GET / HTTP/1.1"), HOST, OK, TEXT("h:80"), TEXT("/"), TEXT(""), false, false},
    {TEXT("GET /a?b HTTP/1.1"), HOST, OK, TEXT("h:80"), TEXT("/a"), TEXT("b"), true, false},
    {TEXT("GET /a? HTTP/1.1"), HOST, OK, TEXT("h:80"), TEXT("/a"), TEXT(""), true, false},
    {TEXT("GET /a?b?c HTTP/1.1"), HOST, OK, TEXT("h:80"), TEXT("/a"), TEXT("b?c"), true, false},
    {TEXT("GET //a//b HTTP/1.1"), HOST, OK, TEXT("h:80"), TEXT("//a//b"), TEXT(""), false, false},
    {TEXT("GET /a HTTP/1.0"), TEXT(""), OK, TEXT(""), TEXT("/a"), TEXT(""), false, false},
    {TEXT("GET http://i/a?b HTTP/1.1"), HOST, OK, TEXT("i"), TEXT("/a"), TEXT("b"), true, true},
    {TEXT("GET HTTP://i:81/a HTTP/1.1"), HOST, OK, TEXT("i:81"), TEXT("/a"), TEXT(""), false, true},
    {TEXT("GET http://i HTTP/1.1"), HOST, OK, TEXT("i"), TEXT("/"), TEXT(""), false, true},
    {TEXT("GET http://i?b HTTP/1.1"), HOST, OK, TEXT("i"), TEXT("/"), TEXT("b"), true, true},
    {TEXT("GET http://i/ HTTP/1.0"), TEXT(""), OK, TEXT("i"), TEXT("/"), TEXT(""), false, true},
    {TEXT("GET http://i/a@b HTTP/1.1"), HOST, OK, TEXT("i"), TEXT("/a@b"), TEXT(""), false, true},

    {TEXT("GET / HTTP/1.1"), TEXT(""), ERR_BAD_REQUEST, TEXT(""), TEXT(""), TEXT(""), false, false},
    {TEXT("GET / HTTP/1.1"), TEXT("Host:\r\n"), ERR_BAD_REQUEST, TEXT(""), TEXT(""), TEXT(""),
        false, false},
    {TEXT("GET / HTTP/1.1"), TEXT("Host: h\r\nHost: h\r\n"), ERR_BAD_REQUEST, TEXT(""), TEXT(""),
        TEXT(""), false, false},
    {TEXT("GET / HTTP/1.0"), TEXT("Host: h\r\nHost: h\r\n"), ERR_BAD_REQUEST, TEXT(""), TEXT(""),
        TEXT(""), false, false},
    {TEXT("GET / HTTP/1.1"), TEXT("Host: a@h\r\n"), ERR_BAD_REQUEST, TEXT(""), TEXT(""), TEXT(""),
        false, false},
    {TEXT("GET http://i/ HTTP/1.1"), TEXT(""), ERR_BAD_REQUEST, TEXT(""), TEXT(""), TEXT(""), false,
        false},
    {TEXT("GET http://i/ HTTP/1.1"), TEXT("Host: a b\r\n"), ERR_BAD_REQUEST, TEXT(""), TEXT(""),
        TEXT(""), false, false},
    {TEXT("GET http:///a HTTP/1.1"), HOST, ERR_BAD_REQUEST, TEXT(""), TEXT(""), TEXT(""), false,
        false},
    {TEXT("GET http://u@i/ HTTP/1.1"), HOST, ERR_BAD_REQUEST, TEXT(""), TEXT(""), TEXT(""), false,
        false},
    {TEXT("GET http://u:p@i/ HTTP/1.1"), HOST, ERR_BAD_REQUEST, TEXT(""), TEXT(""), TEXT(""), false,
        false},
    {TEXT("GET https://i/ HTTP/1.1"), HOST, ERR_BAD_REQUEST, TEXT(""), TEXT(""), TEXT(""), false,
        false},
    {TEXT("GET ftp://i/ HTTP/1.1"), HOST, ERR_BAD_REQUEST, TEXT(""), TEXT(""), TEXT(""), false,
        false},
    {TEXT("OPTIONS * HTTP/1.1"), HOST, ERR_BAD_REQUEST, TEXT(""), TEXT(""), TEXT(""), false, false},
    {TEXT("CONNECT i:443 HTTP/1.1"), HOST, ERR_METHOD_NOT_ALLOWED, TEXT(""), TEXT(""), TEXT(""),
        false, false},
    {TEXT("TRACE / HTTP/1.1"), HOST, ERR_METHOD_NOT_ALLOWED, TEXT(""), TEXT(""), TEXT(""), false,
        false},
};

static void test_targets(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(targets); i++) {
        static struct head head;
        char memory[256];
        struct span row = targets[i].line;
        struct buf text = buf_over(memory, sizeof memory);
        struct target target;
        struct fault fault = {.err = OK};
        buf_add(&text, row);
        buf_text(&text, "\r\n");
        buf_add(&text, targets[i].fields);
        buf_text(&text, "\r\n");
        CHECK_NUMBER(row, head_parse_request(&head, memory, text.len, &fault), OK);
        CHECK_NUMBER(row, target_of_request(&head, &target, &fault), targets[i].err);
        CHECK_NUMBER(row, fault.err, targets[i].err);
        if (targets[i].err)
            continue;
        CHECK_TEXT(row, target.authority.text, targets[i].host);
        CHECK_TEXT(row, target.path, targets[i].path);
        CHECK_TEXT(row, target.query, targets[i].query);
        CHECK_NUMBER(row, target.query.at != NULL, targets[i].has_query);
        CHECK_NUMBER(row, target.absolute, targets[i].absolute);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_authorities),
        cmocka_unit_test(test_longest_host),
        cmocka_unit_test(test_targets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
