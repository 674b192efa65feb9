/* The proxy in its loop, with a client and a plain-HTTP server of the test's own: it lets go of
 * all that it opened, and whichever allocation fails, the client has an answer or an end, and
 * nothing leaks. Only the project's own allocations fail; those of libraries go on as ever.
 */
/* wrap: malloc calloc realloc clock_wall_ms */
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

struct stage {
    uv_loop_t loop;
    struct proxy *proxy;
    struct credentials_store *credentials;
    struct endpoint endpoint;
    char directory[32], listen[64];
    int server_socket;
    struct peer client, server;
    struct span answer; /* what the server sends once it has a whole head */
    unsigned accepted;  /* connections to the server, ever */
    bool prewarms, may_be_copied;
};

static int64_t moved_ms;

int64_t __real_clock_wall_ms(void);
int64_t __wrap_clock_wall_ms(void);

int64_t __wrap_clock_wall_ms(void)
{
    return __real_clock_wall_ms() + moved_ms;
}

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

static void serve(struct stage *stage)
{
    if (stage->server.fd < 0) {
        stage->server.fd = accept4(stage->server_socket, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        stage->accepted += stage->server.fd >= 0;
    }
    receive(&stage->server);
    if (stage->server.ended)
        hang_up(&stage->server);
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
        .route = {.region = SPAN("eu-west-1"), .endpoints = 1, .endpoint = &stage->endpoint},
        .credentials = stage->credentials,
        .max_body = 64 * 1024,
        .max_connections = 8,
        .max_upstream = 4,
        .connect_timeout_ms = 2000,
        .timeout_ms = 4000,
        .idle_ms = 60000,
        .prewarm = stage->prewarms ? SPAN("s3,sqs") : SPAN(""),
        .may_be_copied = stage->may_be_copied};
}

static int set_up(void **state)
{
    static struct stage stage;
    struct credentials credentials = {.access_key_id = SPAN("ASIAIOSFODNN7EXAMPLE"),
        .secret_access_key = SPAN("secret"),
        .session_token = SPAN("token")};
    struct endpoint endpoint = {.variable = SPAN("COUNTERSIGN_ENDPOINT"),
        .authority = {.text = SPAN("127.0.0.1"), .host = SPAN("127.0.0.1")}};
    failing_arm(0);
    moved_ms = 0;
    (void)alarm(STUCK_S);
    log_setup(LOG_FATAL, LOG_TEXT, STDERR_FILENO);
    stage = (struct stage){.client = {.fd = -1}, .server = {.fd = -1}, .endpoint = endpoint};
    memcpy(stage.directory, "/tmp/countersign-XXXXXX", sizeof "/tmp/countersign-XXXXXX");
    if (!mkdtemp(stage.directory))
        return -1;
    (void)snprintf(stage.listen, sizeof stage.listen, "unix:%s/socket", stage.directory);
    stage.server_socket = open_server(&stage.endpoint.authority.port);
    stage.credentials =
        credentials_create(&(struct credentials_options){.environment = credentials});
    *state = &stage;
    return stage.credentials ? 0 : -1;
}

static int tear_down(void **state)
{
    struct stage *stage = *state;
    failing_arm(0);
    (void)close(stage->server_socket);
    credentials_destroy(stage->credentials);
    return rmdir(stage->directory);
}

/* The loop and the proxy; false where an allocation that failed left it without one. */
static bool open_proxy(struct stage *stage)
{
    struct fault fault;
    struct proxy_options options = options_of(stage);
    assert_int_equal(uv_loop_init(&stage->loop), 0);
    stage->loop.data = &memory;
    stage->proxy = proxy_create(&options);
    if (stage->proxy)
        assert_int_equal(proxy_listen(stage->proxy, &fault), OK);
    return stage->proxy != NULL;
}

/* After this nothing of it is left. */
static void close_proxy(struct stage *stage)
{
    hang_up(&stage->client);
    hang_up(&stage->server);
    if (stage->proxy)
        proxy_close(stage->proxy);
    (void)uv_run(&stage->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&stage->loop), 0);
    proxy_free(stage->proxy);
    stage->proxy = NULL;
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
    struct proxy_options options = options_of(stage);
    assert_true(open_proxy(stage));
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
} scenes[] = {
    {"page", TEXT("GET /-/health" HOST "\r\n"), TEXT(""), "HTTP/1.1 200 "},
    {"refused", TEXT("GET /No-Such-Service/" HOST "\r\n"), TEXT(""), "HTTP/1.1 404 "},
    {"get", TEXT("GET /s3/bucket/key" HOST "\r\n"), TEXT(OK_ANSWER), "HTTP/1.1 200 "},
    {"get-chunked", TEXT("GET /s3/bucket/key" HOST "\r\n"),
        TEXT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
        "HTTP/1.1 200 "},
    {"put", TEXT("PUT /s3/bucket/key" HOST "Content-Length: 5\r\n\r\nhello"), TEXT(OK_ANSWER),
        "HTTP/1.1 200 "},
    {"post-held",
        TEXT("POST /dynamodb/" HOST "Content-Type: application/x-amz-json-1.0\r\n"
             "Content-Length: 2\r\n\r\n{}"),
        TEXT(OK_ANSWER), "HTTP/1.1 200 "},
    {"post-held-chunked",
        TEXT("POST /dynamodb/" HOST "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"),
        TEXT(OK_ANSWER), "HTTP/1.1 200 "},
    {"bad-answer", TEXT("GET /s3/bucket/key" HOST "\r\n"), TEXT("SMTP ready\r\n\r\n"),
        "HTTP/1.1 502 "},
    {"request-ahead",
        TEXT("GET /s3/bucket/key HTTP/1.1\r\nHost: localhost\r\n\r\nGET /-/health" HOST "\r\n"),
        TEXT(OK_ANSWER), "HTTP/1.1 200 "},
    {"two-requests",
        TEXT("GET /-/health HTTP/1.1\r\nHost: localhost\r\n\r\nGET /s3/bucket/key" HOST "\r\n"),
        TEXT(OK_ANSWER), "HTTP/1.1 200 "},
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
        assert_true(open_proxy(stage));
        exchange(stage, &scenes[i]);
        CHECK_TEXT(name, span_first(span_of(stage->client.bytes), expected.len), expected);
        close_proxy(stage);
    }
}

/* True while there was an allocation to fail. */
static bool run_with_failure(struct stage *stage, const struct scene *scene, unsigned nth)
{
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
            assert_true(open_proxy(stage));
            connect_client(stage);
            (void)send(stage->client.fd, request.at, request.len, MSG_NOSIGNAL);
            turn(stage, turns);
            close_proxy(stage);
        }
}

/* --- Connections made ahead, and what a restore forgets -------------------------------------- */

#define KEPT_ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

static const struct scene kept_get = {
    "kept-get", TEXT("GET /s3/bucket/key" HOST "\r\n"), TEXT(KEPT_ANSWER), "HTTP/1.1 200 "};

static bool answered(const struct stage *stage)
{
    return span_starts(
        (struct span){stage->client.bytes, stage->client.received}, span_of(kept_get.expected));
}

/* One more request, of a new client; the server has heard nothing yet. */
static void ask_again(struct stage *stage)
{
    hang_up(&stage->client);
    stage->server.received = 0;
    exchange(stage, &kept_get);
    turn(stage, 2);
}

static void test_prewarm(void **state)
{
    struct stage *stage = *state;
    stage->prewarms = true;
    assert_true(open_proxy(stage));
    turn(stage, 3);
    assert_int_equal(stage->accepted, 0);
    proxy_prewarm(stage->proxy);
    turn(stage, 10);
    assert_int_equal(stage->accepted, 1);
    ask_again(stage);
    assert_true(answered(stage));
    assert_int_equal(stage->accepted, 1);
    assert_int_equal(proxy_totals(stage->proxy).connections, 1);
    close_proxy(stage);
}

static void test_prewarm_of_a_copy(void **state)
{
    struct stage *stage = *state;
    stage->prewarms = stage->may_be_copied = true;
    assert_true(open_proxy(stage));
    proxy_prewarm(stage->proxy);
    turn(stage, 10);
    assert_int_equal(stage->accepted, 0);
    close_proxy(stage);
}

/* True while there was an allocation to fail. Whatever became of the attempt, a request works. */
static bool prewarm_with_failure(struct stage *stage, unsigned nth)
{
    assert_true(open_proxy(stage));
    failing_arm(nth);
    proxy_prewarm(stage->proxy);
    turn(stage, 5);
    bool failed = failing_count() >= nth;
    failing_arm(0);
    ask_again(stage);
    CHECK_NUMBER(SPAN("answered after allocation"), answered(stage) ? 0 : nth, 0);
    close_proxy(stage);
    return failed;
}

static void test_prewarm_failures(void **state)
{
    struct stage *stage = *state;
    unsigned nth = 1;
    stage->prewarms = true;
    while (nth < MOST_ALLOCATIONS && prewarm_with_failure(stage, nth))
        nth++;
    assert_true(nth > 2 && nth < MOST_ALLOCATIONS);
}

static void test_prewarm_closes_at_any_time(void **state)
{
    struct stage *stage = *state;
    stage->prewarms = true;
    for (int turns = 0; turns < 6; turns++) {
        assert_true(open_proxy(stage));
        proxy_prewarm(stage->proxy);
        turn(stage, turns);
        close_proxy(stage);
    }
}

static const struct gap {
    const char *name;
    bool may_be_copied;
    int64_t gap_ms;
    unsigned connections; /* of two requests with the gap between */
} gaps[] = {
    {"no copy", false, 10000, 1},
    {"no gap", true, 0, 1},
    {"a short gap", true, 3000, 1},
    {"a gap", true, 4100, 2},
    {"a long gap", true, 50000, 2},
    {"too old, no copy", false, 61000, 2},
    {"back", true, -100, 2},
    {"back, no copy", false, -1000, 2},
};

static void test_gap(void **state)
{
    struct stage *stage = *state;
    for (size_t i = 0; i < ROWS(gaps); i++) {
        stage->may_be_copied = gaps[i].may_be_copied;
        stage->accepted = 0;
        assert_true(open_proxy(stage));
        ask_again(stage);
        moved_ms += gaps[i].gap_ms;
        ask_again(stage);
        CHECK_NUMBER(span_of(gaps[i].name), answered(stage), true);
        CHECK_NUMBER(span_of(gaps[i].name), stage->accepted, gaps[i].connections);
        close_proxy(stage);
    }
}

/* The server stays silent, the process is restored: at any moment of a request it is forgotten or
 * goes on, and all is closed in the end. */
static void test_gap_at_any_time(void **state)
{
    struct stage *stage = *state;
    stage->may_be_copied = true;
    for (int turns = 0; turns < 8; turns++) {
        assert_true(open_proxy(stage));
        ask_again(stage);
        hang_up(&stage->client);
        connect_client(stage);
        (void)send(stage->client.fd, kept_get.request.at, kept_get.request.len, MSG_NOSIGNAL);
        turn(stage, turns);
        moved_ms += 5000;
        turn(stage, 30);
        close_proxy(stage);
    }
}

static bool gap_with_failure(struct stage *stage, unsigned nth)
{
    assert_true(open_proxy(stage));
    ask_again(stage);
    moved_ms += 5000;
    failing_arm(nth);
    ask_again(stage);
    bool failed = failing_count() >= nth;
    bool told = stage->client.received == 0 || answered(stage)
        || span_starts(
            (struct span){stage->client.bytes, stage->client.received}, SPAN("HTTP/1.1 503 "));
    CHECK_NUMBER(SPAN("told after allocation"), told ? 0 : nth, 0);
    failing_arm(0);
    close_proxy(stage);
    return failed;
}

static void test_gap_failures(void **state)
{
    struct stage *stage = *state;
    unsigned nth = 1;
    stage->may_be_copied = true;
    while (nth < MOST_ALLOCATIONS && gap_with_failure(stage, nth))
        nth++;
    assert_true(nth > 2 && nth < MOST_ALLOCATIONS);
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
        cmocka_unit_test_setup_teardown(test_prewarm, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_prewarm_of_a_copy, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_prewarm_failures, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_prewarm_closes_at_any_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_gap, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_gap_at_any_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_gap_failures, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
