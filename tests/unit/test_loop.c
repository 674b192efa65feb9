/* The proxy in its loop, with a client, a plain-HTTP server of the test's own, and another that
 * gives keys: it lets go of all that it opened, and whichever allocation fails, the client has an
 * answer or an end, and nothing leaks. Only the project's own allocations fail; those of libraries
 * go on as ever.
 */
/* wrap: malloc calloc realloc */
#include "tests/unit/check.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <uv.h>

#include "proxy/base/log.h"
#include "proxy/io/memory.h"
#include "proxy/proxy.h"
#include "tests/unit/failing.h"

enum { DEADLINE_MS = 5000, STUCK_S = 120, MOST_ALLOCATIONS = 200 };

/* --- A client, a server, and the proxy between them ------------------------------------------ */

struct peer {
    int fd; /* -1: not there */
    size_t received;
    bool ended;
    char bytes[16 * 1024];
};

/* Where the keys come from. */
enum keys { KEYS_STATIC, KEYS_CONTAINER, KEYS_ROLE, KEYS_CONTAINER_ROLE };

struct stage {
    uv_loop_t loop;
    struct proxy *proxy;
    struct credentials_store *credentials;
    struct endpoint endpoints[2]; /* for all services; for STS */
    enum keys keys;
    char directory[32], listen[64];
    int server_socket, issuer_socket;
    struct peer client, server, issuer;
    struct span answer; /* what the server sends once it has a whole head */
};

static struct io_memory memory;

static void await_with_loop(struct stage *stage, int fd)
{
    struct pollfd polled[2] = {
        {.fd = uv_backend_fd(&stage->loop), .events = POLLIN}, {.fd = fd, .events = POLLIN}};
    (void)poll(polled, fd < 0 ? 1 : 2, 5);
    (void)uv_run(&stage->loop, UV_RUN_NOWAIT);
}

static void receive(struct peer *peer)
{
    if (peer->fd < 0 || peer->ended)
        return;
    ssize_t got = recv(peer->fd, peer->bytes + peer->received,
        sizeof peer->bytes - 1 - peer->received, MSG_DONTWAIT);
    if (got > 0)
        peer->received += (size_t)got;
    else if (got == 0 || (errno != EAGAIN && errno != EINTR))
        peer->ended = true;
    peer->bytes[peer->received] = '\0';
}

static void hang_up(struct peer *peer)
{
    if (peer->fd >= 0)
        (void)close(peer->fd);
    *peer = (struct peer){.fd = -1};
}

#define KEYS_JSON                                   \
    "HTTP/1.1 200 OK\r\nContent-Length: 57\r\n\r\n" \
    "{\"AccessKeyId\":\"ASIA1\",\"SecretAccessKey\":\"s\",\"Token\":\"t\"}"
#define KEYS_XML                                                                        \
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n97\r\n"                       \
    "<Credentials><AccessKeyId>ASIA2</AccessKeyId><SecretAccessKey>s</SecretAccessKey>" \
    "<SessionToken>t</SessionToken><Expiration>2</Expiration></Credentials>\r\n0\r\n\r\n"

/* Each of its connections is for one request: as a container's endpoint, or, to a POST, as STS. */
static void issue(struct stage *stage)
{
    struct peer *issuer = &stage->issuer;
    if (issuer->fd < 0)
        issuer->fd = accept4(stage->issuer_socket, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    size_t before = issuer->received;
    receive(issuer);
    if (issuer->received > before && strstr(issuer->bytes, "\r\n\r\n")) {
        struct span keys = issuer->bytes[0] == 'P' ? SPAN(KEYS_XML) : SPAN(KEYS_JSON);
        (void)send(issuer->fd, keys.at, keys.len, MSG_NOSIGNAL);
    }
    if (issuer->ended)
        hang_up(issuer);
}

static void serve(struct stage *stage)
{
    issue(stage);
    if (stage->server.fd < 0)
        stage->server.fd = accept4(stage->server_socket, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    receive(&stage->server);
    if (stage->server.fd >= 0 && stage->answer.len > 0 && strstr(stage->server.bytes, "\r\n\r\n")) {
        (void)send(stage->server.fd, stage->answer.at, stage->answer.len, MSG_NOSIGNAL);
        stage->answer.len = 0;
    }
}

static void turn(struct stage *stage, int turns)
{
    for (int i = 0; i < turns; i++) {
        await_with_loop(stage, -1);
        serve(stage);
    }
}

static int open_server(unsigned *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

static void connect_client(struct stage *stage)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *path = stage->listen + sizeof "unix:" - 1;
    memcpy(address.sun_path, path, strlen(path));
    stage->client.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(stage->client.fd, (struct sockaddr *)&address, sizeof address), 0);
}

static struct proxy_options options_of(struct stage *stage)
{
    return (struct proxy_options){.loop = &stage->loop,
        .listen = span_of(stage->listen),
        .route = {.region = SPAN("eu-west-1"), .endpoints = 2, .endpoint = stage->endpoints},
        .credentials = stage->credentials,
        .max_body = 64 * 1024,
        .max_connections = 8,
        .max_upstream = 4,
        .connect_timeout_ms = 2000,
        .timeout_ms = 4000,
        .idle_ms = 1000};
}

static struct credentials_store *create_credentials(const struct stage *stage)
{
    struct credentials_options options = {.environment = {.access_key_id = SPAN("ASIA0"),
                                              .secret_access_key = SPAN("secret"),
                                              .session_token = SPAN("token")},
        .session = SPAN("session")};
    if (stage->keys == KEYS_CONTAINER || stage->keys == KEYS_CONTAINER_ROLE) {
        options.environment = (struct credentials){.session_token = {NULL, 0}};
        options.container = (struct source_server){stage->endpoints[1].authority, false, SPAN("/")};
        options.container_token = SPAN("token");
    }
    if (stage->keys == KEYS_ROLE || stage->keys == KEYS_CONTAINER_ROLE)
        options.role = SPAN("arn:aws:iam::123456789012:role/further");
    return credentials_create(&options);
}

static int set_up(void **state)
{
    static struct stage stage;
    struct endpoint endpoint = {.variable = SPAN("COUNTERSIGN_ENDPOINT"),
        .authority = {.text = SPAN("127.0.0.1"), .host = SPAN("127.0.0.1")}};
    failing_arm(0);
    (void)alarm(STUCK_S);
    log_setup(LOG_FATAL, LOG_TEXT, STDERR_FILENO);
    stage = (struct stage){.client = {.fd = -1},
        .server = {.fd = -1},
        .issuer = {.fd = -1},
        .endpoints = {endpoint, endpoint}};
    stage.endpoints[1].service = SPAN("sts");
    memcpy(stage.directory, "/tmp/countersign-XXXXXX", sizeof "/tmp/countersign-XXXXXX");
    if (!mkdtemp(stage.directory))
        return -1;
    (void)snprintf(stage.listen, sizeof stage.listen, "unix:%s/socket", stage.directory);
    stage.server_socket = open_server(&stage.endpoints[0].authority.port);
    stage.issuer_socket = open_server(&stage.endpoints[1].authority.port);
    *state = &stage;
    return 0;
}

static int tear_down(void **state)
{
    struct stage *stage = *state;
    failing_arm(0);
    (void)close(stage->server_socket);
    (void)close(stage->issuer_socket);
    return rmdir(stage->directory);
}

/* The loop and the proxy; false where an allocation that failed left it without one. */
static bool open_proxy(struct stage *stage)
{
    struct fault fault;
    stage->credentials = create_credentials(stage);
    struct proxy_options options = options_of(stage);
    assert_int_equal(uv_loop_init(&stage->loop), 0);
    stage->loop.data = &memory;
    stage->proxy = stage->credentials ? proxy_create(&options) : NULL;
    if (stage->proxy)
        assert_int_equal(proxy_listen(stage->proxy, &fault), OK);
    return stage->proxy != NULL;
}

/* After this nothing of it is left. */
static void close_proxy(struct stage *stage)
{
    hang_up(&stage->client);
    hang_up(&stage->server);
    hang_up(&stage->issuer);
    if (stage->proxy)
        proxy_close(stage->proxy);
    (void)uv_run(&stage->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&stage->loop), 0);
    proxy_free(stage->proxy);
    stage->proxy = NULL;
    credentials_destroy(stage->credentials);
    stage->credentials = NULL;
}

/* --- The cases ------------------------------------------------------------------------------- */

static void test_create_close(void **state)
{
    struct stage *stage = *state;
    for (int turns = 0; turns < 3; turns++) {
        assert_true(open_proxy(stage));
        turn(stage, turns);
        close_proxy(stage);
    }
}

static void test_never_listens(void **state)
{
    struct stage *stage = *state;
    stage->credentials = create_credentials(stage);
    struct proxy_options options = options_of(stage);
    assert_int_equal(uv_loop_init(&stage->loop), 0);
    stage->loop.data = &memory;
    stage->proxy = proxy_create(&options);
    assert_non_null(stage->proxy);
    close_proxy(stage);
}

static void test_address_taken(void **state)
{
    struct stage *stage = *state;
    struct fault fault = {.err = OK};
    assert_true(open_proxy(stage));
    struct proxy_options options = options_of(stage);
    struct proxy *second = proxy_create(&options);
    assert_non_null(second);
    assert_int_not_equal(proxy_listen(second, &fault), OK);
    assert_true(strlen(fault.text) > 0);
    proxy_close(second);
    close_proxy(stage);
    proxy_free(second);
}

static void on_drained(void *user)
{
    ++*(int *)user;
}

static void test_drain(void **state)
{
    struct stage *stage = *state;
    int drained = 0;
    assert_true(open_proxy(stage));
    connect_client(stage);
    turn(stage, 5);
    proxy_drain(stage->proxy, 100, on_drained, &drained);
    for (int i = 0; i < 100 && !drained; i++)
        turn(stage, 1);
    assert_int_equal(drained, 1);
    close_proxy(stage);
    assert_int_equal(drained, 1);
}

#define OK_ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"
#define HOST      " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"

static const struct scene {
    const char *name;
    struct span request, answer;
    const char *expected; /* the client's status line where nothing fails */
    enum keys keys;
} scenes[] = {
    {"page", TEXT("GET /-/health" HOST "\r\n"), TEXT(""), "HTTP/1.1 200 ", KEYS_STATIC},
    {"refused", TEXT("GET /No-Such-Service/" HOST "\r\n"), TEXT(""), "HTTP/1.1 404 ", KEYS_STATIC},
    {"get", TEXT("GET /s3/bucket/key" HOST "\r\n"), TEXT(OK_ANSWER), "HTTP/1.1 200 ", KEYS_STATIC},
    {"get-chunked", TEXT("GET /s3/bucket/key" HOST "\r\n"),
        TEXT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
        "HTTP/1.1 200 ", KEYS_STATIC},
    {"put", TEXT("PUT /s3/bucket/key" HOST "Content-Length: 5\r\n\r\nhello"), TEXT(OK_ANSWER),
        "HTTP/1.1 200 ", KEYS_STATIC},
    {"post-held",
        TEXT("POST /dynamodb/" HOST "Content-Type: application/x-amz-json-1.0\r\n"
             "Content-Length: 2\r\n\r\n{}"),
        TEXT(OK_ANSWER), "HTTP/1.1 200 ", KEYS_STATIC},
    {"post-held-chunked",
        TEXT("POST /dynamodb/" HOST "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"),
        TEXT(OK_ANSWER), "HTTP/1.1 200 ", KEYS_STATIC},
    {"bad-answer", TEXT("GET /s3/bucket/key" HOST "\r\n"), TEXT("SMTP ready\r\n\r\n"),
        "HTTP/1.1 502 ", KEYS_STATIC},
    {"request-ahead",
        TEXT("GET /s3/bucket/key HTTP/1.1\r\nHost: localhost\r\n\r\nGET /-/health" HOST "\r\n"),
        TEXT(OK_ANSWER), "HTTP/1.1 200 ", KEYS_STATIC},
    {"two-requests",
        TEXT("GET /-/health HTTP/1.1\r\nHost: localhost\r\n\r\nGET /s3/bucket/key" HOST "\r\n"),
        TEXT(OK_ANSWER), "HTTP/1.1 200 ", KEYS_STATIC},
    {"container", TEXT("GET /s3/bucket/key" HOST "\r\n"), TEXT(OK_ANSWER), "HTTP/1.1 200 ",
        KEYS_CONTAINER},
    {"role", TEXT("GET /s3/bucket/key" HOST "\r\n"), TEXT(OK_ANSWER), "HTTP/1.1 200 ", KEYS_ROLE},
    {"container-role",
        TEXT("POST /dynamodb/" HOST "Content-Type: application/x-amz-json-1.0\r\n"
             "Content-Length: 2\r\n\r\n{}"),
        TEXT(OK_ANSWER), "HTTP/1.1 200 ", KEYS_CONTAINER_ROLE},
    {"container-page", TEXT("GET /-/identity" HOST "\r\n"), TEXT(""), "HTTP/1.1 200 ",
        KEYS_CONTAINER},
    {"container-expired", TEXT("GET /s3/bucket/key" HOST "\r\n"),
        TEXT("HTTP/1.1 400 Bad Request\r\nContent-Length: 40\r\nConnection: close\r\n\r\n"
             "<Error><Code>ExpiredToken</Code></Error>"),
        "HTTP/1.1 400 ", KEYS_CONTAINER},
};

/* The request and all that comes back, until the proxy hangs up. */
static void exchange(struct stage *stage, const struct scene *scene)
{
    uint64_t end_ns = uv_hrtime() + DEADLINE_MS * (uint64_t)1000000;
    connect_client(stage);
    stage->answer = scene->answer;
    (void)send(stage->client.fd, scene->request.at, scene->request.len, MSG_NOSIGNAL);
    while (!stage->client.ended && uv_hrtime() < end_ns) {
        await_with_loop(stage, stage->client.fd);
        serve(stage);
        receive(&stage->client);
    }
    assert_true(stage->client.ended);
}

static void test_scene(void **state)
{
    struct stage *stage = *state;
    for (size_t i = 0; i < ROWS(scenes); i++) {
        struct span name = span_of(scenes[i].name);
        struct span expected = span_of(scenes[i].expected);
        stage->keys = scenes[i].keys;
        assert_true(open_proxy(stage));
        exchange(stage, &scenes[i]);
        CHECK_TEXT(name, span_first(span_of(stage->client.bytes), expected.len), expected);
        close_proxy(stage);
    }
}

/* True while there was an allocation to fail. */
static bool run_with_failure(struct stage *stage, const struct scene *scene, unsigned nth)
{
    stage->keys = scene->keys;
    failing_arm(nth);
    if (open_proxy(stage)) {
        exchange(stage, scene);
        struct span answer = {stage->client.bytes, stage->client.received};
        bool told = answer.len == 0 || span_starts(answer, span_of(scene->expected))
            || span_starts(answer, SPAN("HTTP/1.1 503 "));
        CHECK_TEXT(span_of(scene->name), told ? SPAN("") : answer, SPAN(""));
    }
    bool failed = failing_count() >= nth;
    close_proxy(stage);
    failing_arm(0);
    return failed;
}

static void test_every_failure(void **state)
{
    struct stage *stage = *state;
    for (size_t i = 0; i < ROWS(scenes); i++) {
        unsigned nth = 1;
        while (nth < MOST_ALLOCATIONS && run_with_failure(stage, &scenes[i], nth))
            nth++;
        CHECK_NUMBER(span_of(scenes[i].name), nth > 2 && nth < MOST_ALLOCATIONS, true);
    }
}

/* A client that hangs up at any moment of its exchange takes all of it along. */
static void test_client_goes(void **state)
{
    struct stage *stage = *state;
    const struct scene *scene = &scenes[5];
    for (size_t sent = 0; sent <= scene->request.len; sent += 5) {
        stage->keys = sent % 2 ? KEYS_CONTAINER_ROLE : KEYS_STATIC;
        assert_true(open_proxy(stage));
        connect_client(stage);
        (void)send(stage->client.fd, scene->request.at, sent, MSG_NOSIGNAL);
        turn(stage, 3);
        hang_up(&stage->client);
        for (int i = 0; i < 100 && proxy_busy(stage->proxy) > 0; i++)
            turn(stage, 1);
        assert_int_equal(proxy_busy(stage->proxy), 0);
        close_proxy(stage);
    }
}

/* Closing breaks off whatever is under way. */
static void test_close_at_any_time(void **state)
{
    struct stage *stage = *state;
    for (size_t i = 0; i < ROWS(scenes); i++)
        for (int turns = 0; turns < 8; turns++) {
            struct span request = scenes[i].request;
            stage->keys = scenes[i].keys;
            assert_true(open_proxy(stage));
            connect_client(stage);
            (void)send(stage->client.fd, request.at, request.len, MSG_NOSIGNAL);
            turn(stage, turns);
            close_proxy(stage);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_create_close, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_never_listens, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_address_taken, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_drain, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_scene, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_every_failure, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_client_goes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_close_at_any_time, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
