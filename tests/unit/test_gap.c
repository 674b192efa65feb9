/* Connections that are made ahead, and what a process forgets that may have been restored from a
 * snapshot: the wall clock is the test's, so that a gap is a number. */
/* wrap: malloc calloc realloc clock_wall_ms */
#include "tests/unit/failing.h"
#include "tests/unit/stage.h"

enum { MOST_ALLOCATIONS = 200 };

static int64_t moved_ms;

int64_t __real_clock_wall_ms(void);
int64_t __wrap_clock_wall_ms(void);

int64_t __wrap_clock_wall_ms(void)
{
    return __real_clock_wall_ms() + moved_ms;
}

#define KEPT_ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

static const struct scene kept_get = {"kept-get", TEXT("GET /s3/bucket/key" HOST "\r\n"),
    TEXT(KEPT_ANSWER), "HTTP/1.1 200 ", KEYS_STATIC, false};

static bool answered(const struct stage *stage)
{
    return span_starts(
        (struct span){stage->client.bytes, stage->client.received}, span_of(kept_get.expected));
}

/* One more request, of a new client; the server has heard nothing yet. */
static void ask_again(struct stage *stage)
{
    peer_hang_up(&stage->client);
    stage->server.received = 0;
    stage_exchange(stage, &kept_get);
    stage_turn(stage, 2);
}

static void test_prewarm(void **state)
{
    struct stage *stage = *state;
    stage->prewarms = true;
    assert_true(stage_open(stage));
    stage_turn(stage, 3);
    assert_int_equal(stage->accepted, 0);
    proxy_prewarm(stage->proxy);
    stage_turn(stage, 10);
    assert_int_equal(stage->accepted, 1);
    ask_again(stage);
    assert_true(answered(stage));
    assert_int_equal(stage->accepted, 1);
    assert_int_equal(proxy_totals(stage->proxy).connections, 1);
    stage_close(stage);
}

static void test_prewarm_of_a_copy(void **state)
{
    struct stage *stage = *state;
    stage->prewarms = stage->may_be_copied = true;
    assert_true(stage_open(stage));
    proxy_prewarm(stage->proxy);
    stage_turn(stage, 10);
    assert_int_equal(stage->accepted, 0);
    stage_close(stage);
}

/* True while there was an allocation to fail. Whatever became of the attempt, a request works. */
static bool prewarm_with_failure(struct stage *stage, unsigned nth)
{
    assert_true(stage_open(stage));
    failing_arm(nth);
    proxy_prewarm(stage->proxy);
    stage_turn(stage, 5);
    bool failed = failing_count() >= nth;
    failing_arm(0);
    ask_again(stage);
    CHECK_NUMBER(SPAN("answered after allocation"), answered(stage) ? 0 : nth, 0);
    stage_close(stage);
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
        assert_true(stage_open(stage));
        proxy_prewarm(stage->proxy);
        stage_turn(stage, turns);
        stage_close(stage);
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
        assert_true(stage_open(stage));
        ask_again(stage);
        moved_ms += gaps[i].gap_ms;
        ask_again(stage);
        CHECK_NUMBER(span_of(gaps[i].name), answered(stage), true);
        CHECK_NUMBER(span_of(gaps[i].name), stage->accepted, gaps[i].connections);
        stage_close(stage);
    }
}

/* The server stays silent, the process is restored: at any moment of a request it is forgotten or
 * goes on, and all is closed in the end. */
static void test_gap_at_any_time(void **state)
{
    struct stage *stage = *state;
    stage->may_be_copied = true;
    for (int turns = 0; turns < 8; turns++) {
        assert_true(stage_open(stage));
        ask_again(stage);
        peer_hang_up(&stage->client);
        stage_connect(stage);
        (void)send(stage->client.fd, kept_get.request.at, kept_get.request.len, MSG_NOSIGNAL);
        stage_turn(stage, turns);
        moved_ms += 5000;
        stage_turn(stage, 30);
        stage_close(stage);
    }
}

static bool gap_with_failure(struct stage *stage, unsigned nth)
{
    assert_true(stage_open(stage));
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
    stage_close(stage);
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
        cmocka_unit_test_setup_teardown(test_prewarm, stage_set_up, stage_tear_down),
        cmocka_unit_test_setup_teardown(test_prewarm_of_a_copy, stage_set_up, stage_tear_down),
        cmocka_unit_test_setup_teardown(test_prewarm_failures, stage_set_up, stage_tear_down),
        cmocka_unit_test_setup_teardown(
            test_prewarm_closes_at_any_time, stage_set_up, stage_tear_down),
        cmocka_unit_test_setup_teardown(test_gap, stage_set_up, stage_tear_down),
        cmocka_unit_test_setup_teardown(test_gap_at_any_time, stage_set_up, stage_tear_down),
        cmocka_unit_test_setup_teardown(test_gap_failures, stage_set_up, stage_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
