/* The proxy in its loop, where libuv or OpenSSL refuses one call: whichever it is, the client has
 * an answer or an end, what it has of an answer is right, nothing leaks, and the next request is
 * served.
 */
/* wrap: uv_tcp_init uv_pipe_init uv_tcp_nodelay uv_tcp_connect uv_getaddrinfo uv_accept uv_write */
/* wrap: uv_try_write uv_shutdown uv_tcp_close_reset uv_fileno */
/* wrap: uv_tcp_bind uv_pipe_bind uv_listen uv_tcp_getsockname */
/* wrap: uv_random */
/* wrap: cJSON_ParseWithLength cJSON_ParseWithLengthOpts */
/* wrap: EVP_MD_CTX_new EVP_Digest */
/* wrap: BN_secure_new BN_bin2bn EC_GROUP_new_by_curve_name EC_POINT_new EC_POINT_mul */
/* wrap: EC_POINT_point2oct OSSL_PARAM_BLD_new OSSL_PARAM_BLD_push_utf8_string */
/* wrap: OSSL_PARAM_BLD_push_octet_string OSSL_PARAM_BLD_push_BN OSSL_PARAM_BLD_to_param */
/* wrap: EVP_PKEY_CTX_new_from_name EVP_PKEY_fromdata_init EVP_PKEY_fromdata */
/* wrap: EVP_DigestSignInit_ex EVP_DigestSign */
/* wrap: clock_wall_ms multipart_part_bytes */
#include "tests/unit/failing.h"
#include "tests/unit/scenes.h"

#include <assert.h>

enum { MOST_SCENES = 40, MOST_CALLS = 400, PAUSE_MS = 2000, GRACE_MS = 40 };

static int64_t moved_ms;

int64_t __real_clock_wall_ms(void);
int64_t __wrap_clock_wall_ms(void);

/* It stands still, for answers that tell the time are compared. */
int64_t __wrap_clock_wall_ms(void)
{
    static int64_t begun_ms;
    begun_ms = begun_ms ? begun_ms : __real_clock_wall_ms();
    return begun_ms + moved_ms;
}

static struct span answer_of(const struct stage *stage)
{
    return (struct span){stage->client.bytes, stage->client.received};
}

/* The answer of an exchange in which nothing failed. */
static struct span remember(const struct stage *stage)
{
    static char memory[sizeof stage->client.bytes];
    memcpy(memory, stage->client.bytes, stage->client.received);
    return (struct span){memory, stage->client.received};
}

/* An end, or words of the proxy's own; before them, or behind, other requests of a pipeline are
 * answered. */
static bool is_refusal(const struct peer *client)
{
    return client->received == 0 || strstr(client->bytes, "HTTP/1.1 502 ")
        || strstr(client->bytes, "HTTP/1.1 503 ")
        || strstr(client->bytes, " too long"); /* of a token or a query: told by the same error */
}

static void ask(struct stage *stage, const struct scene *scene)
{
    peer_hang_up(&stage->client);
    if (scene->again) { /* the proxy may have a second connection, and the server has but one */
        peer_hang_up(&stage->server);
        stage_turn(stage, 3);
    }
    stage->server.received = 0;
    stage_exchange(stage, scene);
}

static void check_answer(const struct stage *stage, const struct scene *scene, struct span whole)
{
    struct span answer = answer_of(stage);
    bool right = is_refusal(&stage->client)
        || (scene->answer.len > 0 ? span_starts(whole, answer)
                                  : span_starts(answer, span_of(scene->expected)));
    if (!right)
        fail_msg("%s, %s: %.*s", scene->name, failing_name(), SPAN_ARGS(answer));
}

/* The next request; where keys were not to be had, the one after the pause that follows. */
static bool is_served(struct stage *stage, const struct scene *scene)
{
    ask(stage, scene);
    if (strstr(stage->client.bytes, "NoCredentials")) {
        moved_ms += PAUSE_MS;
        ask(stage, scene);
    }
    return span_starts(answer_of(stage), span_of(scene->expected));
}

/* Whoever cannot listen is told. */
static bool is_of_listener(const char *name)
{
    return strcmp(name, "uv_listen") == 0 || strcmp(name, "uv_tcp_bind") == 0
        || strcmp(name, "uv_pipe_bind") == 0 || strcmp(name, "uv_tcp_getsockname") == 0;
}

/* True while there was a call to fail. */
static bool run_with_failure(
    struct stage *stage, const struct scene *scene, unsigned nth, struct span whole)
{
    scene_prepare(scene, stage);
    failing_arm(nth);
    bool opened = stage_open(stage);
    if (opened && is_of_listener(failing_name()))
        fail_msg("%s: it listens all the same", failing_name());
    if (opened) {
        if (stage->prewarms)
            proxy_prewarm(stage->proxy);
        stage_exchange(stage, scene);
        check_answer(stage, scene, whole);
    }
    bool failed = failing_count() >= nth;
    const char *name = failing_name();
    failing_arm(0);
    if (opened && !is_served(stage, scene))
        fail_msg("%s after %s: %s", scene->name, name, stage->client.bytes);
    stage_close(stage);
    moved_ms = 0;
    return failed;
}

static struct span run_whole(struct stage *stage, const struct scene *scene)
{
    scene_prepare(scene, stage);
    assert_true(stage_open(stage));
    stage_exchange(stage, scene);
    struct span whole = remember(stage);
    CHECK_TEXT(
        span_of(scene->name), span_first(whole, strlen(scene->expected)), span_of(scene->expected));
    stage_close(stage);
    return whole;
}

static void fail_each_call(struct stage *stage, const struct scene *scene)
{
    struct span whole = run_whole(stage, scene);
    unsigned nth = 1;
    while (nth < MOST_CALLS && run_with_failure(stage, scene, nth, whole))
        nth++;
    CHECK_NUMBER(span_of(scene->name), nth > 2 && nth < MOST_CALLS, true);
}

/* One scene for each run. */
static void test_scene(void **state)
{
    static size_t next;
    fail_each_call(*state, &scenes[next++]);
}

/* A server whose name is looked up, and which does not listen at the first of its addresses. */
static void test_named_server(void **state)
{
    struct stage *stage = *state;
    stage->endpoints[0].authority.text = stage->endpoints[0].authority.host = SPAN("localhost");
    fail_each_call(stage, &scenes[2]);
}

/* At a TCP address besides. */
static void test_tcp_listener(void **state)
{
    struct stage *stage = *state;
    stage->listens_further = ",127.0.0.1:0";
    fail_each_call(stage, &scenes[0]);
}

/* Connections are made ahead. */
static void test_prewarm(void **state)
{
    struct stage *stage = *state;
    stage->prewarms = true;
    fail_each_call(stage, &scenes[2]);
}

static void on_drained(void *user)
{
    ++*(int *)user;
}

/* However an exchange ends that is under way, the drain ends too, once. */
static void test_drain(void **state)
{
    struct stage *stage = *state;
    const struct scene *scene = &scenes[2];
    bool failed = true;
    for (unsigned nth = 1; nth < MOST_CALLS && failed; nth++) {
        int drained = 0;
        scene_prepare(scene, stage);
        failing_arm(nth);
        if (stage_open(stage)) {
            stage_connect(stage);
            stage->answer = scene->answer;
            (void)send(stage->client.fd, scene->request.at, scene->request.len, MSG_NOSIGNAL);
            stage_turn(stage, 2);
            proxy_drain(stage->proxy, GRACE_MS, on_drained, &drained);
            for (int i = 0; i < MOST_CALLS && !drained; i++)
                stage_turn(stage, 1);
            if (drained != 1)
                fail_msg("%s: drained %d times", failing_name(), drained);
        }
        failed = failing_count() >= nth;
        stage_close(stage);
    }
    assert_false(failed);
}

static void test_each_call_is_made(void **state)
{
    (void)state;
    if (failing_never_made())
        fail_msg("%s: no scene makes that call", failing_never_made());
}

int main(void)
{
    static struct CMUnitTest tests[MOST_SCENES + 5] = {
        {"named server", test_named_server, stage_set_up, stage_tear_down, NULL},
        {"TCP listener", test_tcp_listener, stage_set_up, stage_tear_down, NULL},
        {"prewarm", test_prewarm, stage_set_up, stage_tear_down, NULL},
        {"drain", test_drain, stage_set_up, stage_tear_down, NULL},
    };
    enum { BEFORE = 4 };
    assert(scenes_count < MOST_SCENES);
    for (size_t i = 0; i < scenes_count; i++)
        tests[BEFORE + i] =
            (struct CMUnitTest){scenes[i].name, test_scene, stage_set_up, stage_tear_down, NULL};
    tests[BEFORE + scenes_count] = (struct CMUnitTest)cmocka_unit_test(test_each_call_is_made);
    return _cmocka_run_group_tests("scenes", tests, BEFORE + scenes_count + 1, NULL, NULL);
}
