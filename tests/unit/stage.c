#include "tests/unit/stage.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/un.h>
#include <unistd.h>

#include "proxy/base/log.h"
#include "proxy/io/memory.h"
#include "tests/unit/failing.h"

enum { TURN_MS = 5, DEADLINE_MS = 5000, PATIENCE_MS = 100, STUCK_S = 120 };

static struct io_memory memory;

/* Until there is something to do for the loop, the servers or that descriptor; not for long. */
static void await_with_loop(struct stage *stage, int fd)
{
    struct pollfd polled[] = {{.fd = uv_backend_fd(&stage->loop), .events = POLLIN},
        {.fd = stage->server.fd < 0 ? stage->server_socket : stage->server.fd, .events = POLLIN},
        {.fd = stage->issuer.fd < 0 ? stage->issuer_socket : stage->issuer.fd, .events = POLLIN},
        {.fd = fd, .events = POLLIN}};
    int ms = uv_backend_timeout(&stage->loop);
    (void)poll(polled, ROWS(polled), ms < 0 || ms > TURN_MS ? TURN_MS : ms);
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

void peer_hang_up(struct peer *peer)
{
    if (peer->fd >= 0)
        (void)close(peer->fd);
    *peer = (struct peer){.fd = -1};
}

#define KEYS_JSON                                   \
    "HTTP/1.1 200 OK\r\nContent-Length: 72\r\n\r\n" \
    "{\"AccessKeyId\":\"ASIA1\",\"SecretAccessKey\":\"" STAGE_SECRET "\",\"Token\":\"t\"}"
#define KEYS_XML                                                                  \
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na6\r\n"                 \
    "<Credentials><AccessKeyId>ASIA2</AccessKeyId><SecretAccessKey>" STAGE_SECRET \
    "</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2</Expiration>"  \
    "</Credentials>\r\n0\r\n\r\n"

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
        peer_hang_up(issuer);
}

static void serve(struct stage *stage)
{
    issue(stage);
    if (stage->server.fd < 0) {
        stage->server.fd = accept4(stage->server_socket, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        stage->accepted += stage->server.fd >= 0;
    }
    receive(&stage->server);
    if (stage->server.ended || (stage->switched && stage->server.received > 0))
        peer_hang_up(&stage->server);
    bool asked = stage->server.fd >= 0 && strstr(stage->server.bytes, "\r\n\r\n");
    if (asked && strstr(stage->server.bytes, "GET /?session ")) {
        struct span keys = SPAN(KEYS_XML);
        (void)send(stage->server.fd, keys.at, keys.len, MSG_NOSIGNAL);
        stage->server.received = 0;
        stage->server.bytes[0] = '\0';
    } else if (asked && stage->answer.len > 0) {
        (void)send(stage->server.fd, stage->answer.at, stage->answer.len, MSG_NOSIGNAL);
        stage->switched = span_starts(stage->answer, SPAN("HTTP/1.1 101 "));
        if (!stage->again)
            stage->answer.len = 0;
        stage->server.received = 0;
        stage->server.bytes[0] = '\0';
    }
}

void stage_turn(struct stage *stage, int turns)
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

void stage_connect(struct stage *stage)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *path = stage->listen + sizeof "unix:" - 1;
    memcpy(address.sun_path, path, strlen(path));
    stage->client.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(stage->client.fd, (struct sockaddr *)&address, sizeof address), 0);
}

struct proxy_options stage_options(struct stage *stage)
{
    const char *further = stage->listens_further ? stage->listens_further : "";
    (void)snprintf(stage->listen_all, sizeof stage->listen_all, "%s%s", stage->listen, further);
    return (struct proxy_options){.loop = &stage->loop,
        .listen = span_of(stage->listen_all),
        .route = {.region = SPAN("eu-west-1"), .endpoints = 2, .endpoint = stage->endpoints},
        .credentials = stage->credentials,
        .max_body = stage->max_body,
        .max_held = 4 * stage->max_body,
        .parts = 2,
        .max_connections = 8,
        .max_upstream = 4,
        .connect_timeout_ms = 2000,
        .timeout_ms = 4000,
        .retries = 1,
        .idle_ms = 60000,
        .records = true,
        .prewarm = stage->prewarms ? SPAN("s3,sqs") : SPAN(""),
        .may_be_copied = stage->may_be_copied,
        .ca_bundle = stage->ca_bundle};
}

static struct credentials_store *open_credentials(const struct stage *stage)
{
    struct credentials_options options = {.environment = {.access_key_id = SPAN("ASIA0"),
                                              .secret_access_key = SPAN(STAGE_SECRET),
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

int stage_set_up(void **state)
{
    static struct stage stage;
    struct endpoint endpoint = {.variable = SPAN("COUNTERSIGN_ENDPOINT"),
        .authority = {.text = SPAN("127.0.0.1"), .host = SPAN("127.0.0.1")}};
    failing_arm(0);
    (void)alarm(STUCK_S);
    (void)signal(SIGPIPE, SIG_IGN);
    log_setup(LOG_FATAL, LOG_TEXT, STDERR_FILENO);
    stage = (struct stage){.client = {.fd = -1},
        .server = {.fd = -1},
        .issuer = {.fd = -1},
        .endpoints = {endpoint, endpoint},
        .max_body = 64 * 1024};
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

int stage_tear_down(void **state)
{
    struct stage *stage = *state;
    failing_arm(0);
    (void)close(stage->server_socket);
    (void)close(stage->issuer_socket);
    return rmdir(stage->directory);
}

bool stage_create(struct stage *stage)
{
    stage->credentials = open_credentials(stage);
    struct proxy_options options = stage_options(stage);
    assert_int_equal(uv_loop_init(&stage->loop), 0);
    stage->loop.data = &memory;
    stage->proxy = stage->credentials ? proxy_create(&options) : NULL;
    return stage->proxy != NULL;
}

bool stage_open(struct stage *stage)
{
    struct fault fault;
    return stage_create(stage) && proxy_listen(stage->proxy, &fault) == OK;
}

void stage_close(struct stage *stage)
{
    peer_hang_up(&stage->client);
    peer_hang_up(&stage->server);
    peer_hang_up(&stage->issuer);
    if (stage->proxy)
        proxy_close(stage->proxy);
    (void)uv_run(&stage->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&stage->loop), 0);
    proxy_free(stage->proxy);
    stage->proxy = NULL;
    credentials_destroy(stage->credentials);
    stage->credentials = NULL;
}

void stage_exchange(struct stage *stage, const struct scene *scene)
{
    uint64_t end_ns = uv_hrtime() + DEADLINE_MS * (uint64_t)1000000;
    stage_connect(stage);
    stage->answer = scene->answer;
    stage->again = scene->again;
    stage->switched = false;
    (void)send(stage->client.fd, scene->request.at, scene->request.len, MSG_NOSIGNAL);
    uint64_t last_ns = uv_hrtime();
    while (!stage->client.ended && uv_hrtime() < end_ns) {
        size_t before = stage->client.received;
        await_with_loop(stage, stage->client.fd);
        serve(stage);
        receive(&stage->client);
        if (stage->client.received > before)
            last_ns = uv_hrtime();
        else if (before > 0 && uv_hrtime() - last_ns > PATIENCE_MS * (uint64_t)1000000)
            (void)shutdown(stage->client.fd, SHUT_WR); /* it has its answer */
    }
    assert_true(stage->client.ended);
}
