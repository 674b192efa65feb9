/* What services want of requests for a WebSocket, and where they serve them. */
#include "proxy/aws/socket_route.h"

#include "tests/unit/routes.h"

static const struct endpoint secured[] = {
    ENDPOINT("transcribestreaming", "fake.example", 443, true),
    ENDPOINT("iotdevicegateway", "localhost", 8080, false),
};
static const struct endpoint private_link[] = {ENDPOINT(
    "transcribestreaming", "vpce-1.transcribestreaming.us-east-1.vpce.amazonaws.com", 443, true)};
static const struct route_options with_secured = {
    .region = TEXT("eu-west-1"), .endpoints = 2, .endpoint = secured};
static const struct route_options with_private_link = {
    .region = TEXT("us-east-1"), .endpoints = 1, .endpoint = private_link};

#define STREAM     "/stream-transcription-websocket"
#define AT(region) "transcribestreaming." region ".amazonaws.com"

static const struct socket_row {
    const struct route_options *options;
    struct span host, target;
    bool signed_query;
    bool events, in_query, token_last;
    struct span sent_host, server;
    unsigned port;
} rows[] = {
    /* Events, at AWS on a port of their own. */
    {&plain, L, TEXT("/transcribestreaming" STREAM), false, true, true, false,
        TEXT(AT("eu-west-1") ":8443"), TEXT(AT("eu-west-1")), 8443},
    {&plain, L, TEXT("/transcribestreaming.us-east-1/medical-stream-transcription-websocket?a=b"),
        false, true, true, false, TEXT(AT("us-east-1") ":8443"), TEXT(AT("us-east-1")), 8443},
    {&plain, L, TEXT("/transcribestreaming/call-analytics-stream-transcription-websocket"), true,
        true, true, false, TEXT(AT("eu-west-1") ":8443"), TEXT(AT("eu-west-1")), 8443},
    {&plain, L, TEXT("/transcribestreaming.cn-north-1" STREAM), false, true, true, false,
        TEXT("transcribestreaming.cn-north-1.amazonaws.com.cn:8443"),
        TEXT("transcribestreaming.cn-north-1.amazonaws.com.cn"), 8443},
    {&plain, TEXT(AT("us-east-1")), TEXT(STREAM), false, true, true, false,
        TEXT(AT("us-east-1") ":8443"), TEXT(AT("us-east-1")), 8443},
    {&plain, TEXT("http://TranscribeStreaming.us-east-1.amazonaws.com:80"), TEXT(STREAM), false,
        true, true, false, TEXT(AT("us-east-1") ":8443"), TEXT(AT("us-east-1")), 8443},
    {&plain, TEXT(AT("us-east-1") ":8443"), TEXT(STREAM), true, true, true, false,
        TEXT(AT("us-east-1") ":8443"), TEXT(AT("us-east-1")), 8443},
    {&with_private_link, L, TEXT("/transcribestreaming" STREAM), false, true, true, false,
        TEXT("vpce-1.transcribestreaming.us-east-1.vpce.amazonaws.com:8443"),
        TEXT("vpce-1.transcribestreaming.us-east-1.vpce.amazonaws.com"), 8443},

    /* A port that the client names is its own choice, and an endpoint's is the user's. */
    {&plain, TEXT(AT("us-east-1") ":9443"), TEXT(STREAM), false, true, true, false,
        TEXT(AT("us-east-1") ":9443"), TEXT(AT("us-east-1")), 9443},
    {&with_secured, L, TEXT("/transcribestreaming" STREAM), false, true, true, false,
        TEXT("fake.example"), TEXT("fake.example"), 443},
    {&with_secured, TEXT(AT("us-east-1")), TEXT(STREAM), false, true, true, false,
        TEXT(AT("us-east-1")), TEXT("fake.example"), 443},
    {&with_one_for_all, L, TEXT("/transcribestreaming" STREAM), false, true, true, false,
        TEXT("localhost:4566"), TEXT("localhost"), 4566},

    /* Other paths of Transcribe, and other services with such a path, have no such events. */
    {&plain, L, TEXT("/transcribestreaming/stream-transcription"), false, false, false, false,
        TEXT(AT("eu-west-1")), TEXT(AT("eu-west-1")), 443},
    {&plain, L, TEXT("/execute-api" STREAM), false, false, false, false,
        TEXT("execute-api.eu-west-1.amazonaws.com"), TEXT("execute-api.eu-west-1.amazonaws.com"),
        443},
    {&plain, TEXT("abc.execute-api.us-east-1.amazonaws.com"), TEXT("/prod"), false, false, false,
        false, TEXT("abc.execute-api.us-east-1.amazonaws.com"),
        TEXT("abc.execute-api.us-east-1.amazonaws.com"), 443},

    /* A client that signs a query gets a signed query. */
    {&plain, TEXT("abc.execute-api.us-east-1.amazonaws.com"), TEXT("/prod"), true, false, true,
        false, TEXT("abc.execute-api.us-east-1.amazonaws.com"),
        TEXT("abc.execute-api.us-east-1.amazonaws.com"), 443},

    /* IoT's token stands behind the signature; what is no MQTT is signed as usual. */
    {&plain, TEXT("a1-ats.iot.us-east-1.amazonaws.com"), TEXT("/mqtt"), false, false, true, true,
        TEXT("a1-ats.iot.us-east-1.amazonaws.com"), TEXT("a1-ats.iot.us-east-1.amazonaws.com"),
        443},
    {&plain, TEXT("a1-ats.iot.us-east-1.amazonaws.com"), TEXT("/mqtt?x=1"), true, false, true, true,
        TEXT("a1-ats.iot.us-east-1.amazonaws.com"), TEXT("a1-ats.iot.us-east-1.amazonaws.com"),
        443},
    {&plain, TEXT("a1-ats.iot.us-east-1.amazonaws.com"), TEXT("/topics/t"), false, false, false,
        false, TEXT("a1-ats.iot.us-east-1.amazonaws.com"),
        TEXT("a1-ats.iot.us-east-1.amazonaws.com"), 443},
};

static void test_all(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        const struct socket_row *row = &rows[i];
        struct route route;
        struct fault fault;
        CHECK_NUMBER(row->target, find(row->options, row->host, row->target, &route, &fault), OK);
        struct socket_route how = socket_route_of(&route, row->signed_query);
        CHECK_NUMBER(row->target, how.events, row->events);
        CHECK_NUMBER(row->target, how.in_query, row->in_query);
        CHECK_NUMBER(row->target, how.token_last, row->token_last);
        CHECK_TEXT(row->target, route.host, row->sent_host);
        CHECK_TEXT(row->target, route.server, row->server);
        CHECK_NUMBER(row->target, route.port, row->port);
    }
}

/* A host too long to be moved stays where it is; a second look moves nothing further. */
static void test_limits(void **state)
{
    (void)state;
    struct route route;
    struct fault fault;
    char memory[sizeof route.moved + 32];
    struct buf host = buf_over(memory, sizeof memory);
    while (host.len < sizeof route.moved - 25)
        buf_char(&host, 'a');
    buf_text(&host, ".us-east-1.amazonaws.com"); /* with its port one byte too long */
    assert_int_equal(find(&plain, SPAN(AT("us-east-1")), SPAN(STREAM), &route, &fault), OK);
    route.host = route.server = buf_span(&host);
    assert_true(socket_route_of(&route, false).events);
    CHECK_TEXT(SPAN("too long"), route.host, buf_span(&host));
    assert_int_equal(route.port, 443);

    assert_int_equal(find(&plain, SPAN(AT("us-east-1")), SPAN(STREAM), &route, &fault), OK);
    assert_true(socket_route_of(&route, false).events && socket_route_of(&route, true).events);
    CHECK_TEXT(SPAN("twice"), route.host, SPAN(AT("us-east-1") ":8443"));
    CHECK_TEXT(SPAN("twice"), route.server, SPAN(AT("us-east-1")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
