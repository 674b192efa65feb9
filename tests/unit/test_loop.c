/* The proxy in its loop, with a client, a plain-HTTP server of the test's own, and another that
 * gives keys: it lets go of all that it opened, and whichever allocation fails, the client has an
 * answer or an end, and nothing leaks. Only the project's own allocations fail; those of libraries
 * go on as ever.
 */
/* wrap: malloc calloc realloc */
/* wrap: mmap */
/* wrap: uv_random */
/* wrap: multipart_part_bytes */
#include "tests/unit/failing.h"
#include "tests/unit/scenes.h"

enum { MOST_ALLOCATIONS = 200 };

static void test_create_close(void **state)
{
    struct stage *stage = *state;
    for (int turns = 0; turns < 3; turns++) {
        assert_true(stage_open(stage));
        stage_turn(stage, turns);
        stage_close(stage);
    }
}

static void test_never_listens(void **state)
{
    struct stage *stage = *state;
    assert_true(stage_create(stage));
    stage_close(stage);
}

static void test_address_taken(void **state)
{
    struct stage *stage = *state;
    struct fault fault = {.err = OK};
    assert_true(stage_open(stage));
    struct proxy_options options = stage_options(stage);
    struct proxy *second = proxy_create(&options);
    assert_non_null(second);
    assert_int_not_equal(proxy_listen(second, &fault), OK);
    assert_true(strlen(fault.text) > 0);
    proxy_close(second);
    stage_close(stage);
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
    assert_true(stage_open(stage));
    stage_connect(stage);
    stage_turn(stage, 5);
    proxy_drain(stage->proxy, 100, on_drained, &drained);
    for (int i = 0; i < 100 && !drained; i++)
        stage_turn(stage, 1);
    assert_int_equal(drained, 1);
    stage_close(stage);
    assert_int_equal(drained, 1);
}

static void test_scene(void **state)
{
    struct stage *stage = *state;
    for (size_t i = 0; i < scenes_count; i++) {
        struct span name = span_of(scenes[i].name);
        struct span expected = span_of(scenes[i].expected);
        scene_prepare(&scenes[i], stage);
        assert_true(stage_open(stage));
        stage_exchange(stage, &scenes[i]);
        CHECK_TEXT(name, span_first(span_of(stage->client.bytes), expected.len), expected);
        stage_close(stage);
    }
}

/* True while there was an allocation to fail. */
static bool run_with_failure(struct stage *stage, const struct scene *scene, unsigned nth)
{
    scene_prepare(scene, stage);
    failing_arm(nth);
    if (stage_open(stage)) {
        stage_exchange(stage, scene);
        struct span answer = {stage->client.bytes, stage->client.received};
        bool told = answer.len == 0 || span_starts(answer, span_of(scene->expected))
            || span_starts(answer, SPAN("HTTP/1.1 503 "));
        if (!told)
            fail_msg("%s, %u: %.*s", scene->name, nth, SPAN_ARGS(answer));
    }
    bool failed = failing_count() >= nth;
    stage_close(stage);
    failing_arm(0);
    return failed;
}

static void test_every_failure(void **state)
{
    struct stage *stage = *state;
    for (size_t i = 0; i < scenes_count; i++) {
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
        assert_true(stage_open(stage));
        stage_connect(stage);
        (void)send(stage->client.fd, scene->request.at, sent, MSG_NOSIGNAL);
        stage_turn(stage, 3);
        peer_hang_up(&stage->client);
        for (int i = 0; i < 100 && proxy_busy(stage->proxy) > 0; i++)
            stage_turn(stage, 1);
        assert_int_equal(proxy_busy(stage->proxy), 0);
        stage_close(stage);
    }
}

/* Closing breaks off whatever is under way. */
static void test_close_at_any_time(void **state)
{
    struct stage *stage = *state;
    for (size_t i = 0; i < scenes_count; i++)
        for (int turns = 0; turns < 8; turns++) {
            struct span request = scenes[i].request;
            scene_prepare(&scenes[i], stage);
            assert_true(stage_open(stage));
            stage_connect(stage);
            (void)send(stage->client.fd, request.at, request.len, MSG_NOSIGNAL);
            stage_turn(stage, turns);
            stage_close(stage);
        }
}

static void test_each_call_is_made(void **state)
{
    (void)state;
    if (failing_never_made())
        fail_msg("%s: no scene makes that call", failing_never_made());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_create_close, stage_set_up, stage_tear_down),
        cmocka_unit_test_setup_teardown(test_never_listens, stage_set_up, stage_tear_down),
        cmocka_unit_test_setup_teardown(test_address_taken, stage_set_up, stage_tear_down),
        cmocka_unit_test_setup_teardown(test_drain, stage_set_up, stage_tear_down),
        cmocka_unit_test_setup_teardown(test_scene, stage_set_up, stage_tear_down),
        cmocka_unit_test_setup_teardown(test_every_failure, stage_set_up, stage_tear_down),
        cmocka_unit_test_setup_teardown(test_client_goes, stage_set_up, stage_tear_down),
        cmocka_unit_test_setup_teardown(test_close_at_any_time, stage_set_up, stage_tear_down),
        cmocka_unit_test(test_each_call_is_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
