/* What the exchanges of a proxy share: the memory of those that are over. */
#include "tests/unit/stage.h"

#include "proxy/exchange/core.h"
#include "proxy/exchange/exchange.h"
#include "proxy/exchange/state.h"

enum { BURST = 40 };

static void test_spare(void **state)
{
    struct stage *stage = *state;
    assert_true(stage_create(stage));
    struct proxy *proxy = stage->proxy;
    struct exchange *last = NULL;
    assert_null(proxy_take_spare(proxy));
    for (size_t i = 0; i < BURST; i++) {
        last = malloc(sizeof *last);
        proxy_keep_spare(proxy, last);
    }
    assert_ptr_equal(proxy_take_spare(proxy), last); /* the warmest */
    proxy_keep_spare(proxy, last);

    proxy_need_tick(proxy);
    while (uv_is_active((uv_handle_t *)&proxy->tick))
        uv_run(&stage->loop, UV_RUN_ONCE);
    assert_int_equal(proxy->spare_count, SPARE_AT_REST);
    assert_ptr_equal(proxy_take_spare(proxy), last);
    exchange_free(last);
    stage_close(stage);
}

/* While exchanges are under way, what is needed within a tick stays: a burst takes no memory anew.
 */
static void test_spare_while_busy(void **state)
{
    struct stage *stage = *state;
    assert_true(stage_open(stage));
    struct proxy *proxy = stage->proxy;
    struct exchange *burst[BURST];
    for (size_t i = 0; i < BURST; i++)
        proxy_keep_spare(proxy, malloc(sizeof(struct exchange)));
    stage_connect(stage); /* half a head keeps an exchange under way */
    assert_int_equal(send(stage->client.fd, "GET ", 4, 0), 4);
    stage_turn(stage, 3);
    assert_false(list_empty(&proxy->exchanges));

    for (unsigned tick = 0; tick < 3; tick++) {
        unsigned before = CONTAINER_OF(proxy->exchanges.next, struct exchange, link)->ticks;
        for (size_t i = 0; i < BURST - 10; i++)
            burst[i] = proxy_take_spare(proxy);
        for (size_t i = 0; i < BURST - 10; i++)
            proxy_keep_spare(proxy, burst[i]);
        while (CONTAINER_OF(proxy->exchanges.next, struct exchange, link)->ticks == before)
            uv_run(&stage->loop, UV_RUN_ONCE);
    }
    assert_int_equal(proxy->spare_count, BURST - 10);
    stage_close(stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_spare, stage_set_up, stage_tear_down),
        cmocka_unit_test_setup_teardown(test_spare_while_busy, stage_set_up, stage_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
