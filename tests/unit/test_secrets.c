/* A secret key is wiped wherever it was: no memory that the project gives back holds it, and in the
 * end none of the memory that connections share.
 */
/* wrap: free */
#include "tests/unit/scenes.h"

#include <malloc.h>

#include "proxy/io/memory.h"

/* In memory that was given back. The compiler thinks that it knows what free() does not touch. */
static volatile unsigned secrets;

static bool holds_secret(const void *memory, size_t bytes)
{
    return memmem(memory, bytes, STAGE_SECRET, strlen(STAGE_SECRET)) != NULL;
}

void __real_free(void *memory);
void __wrap_free(void *memory);

void __wrap_free(void *memory)
{
    secrets = secrets + (memory && holds_secret(memory, malloc_usable_size(memory)));
    __real_free(memory);
}

static void test_the_test(void **state)
{
    (void)state;
    char *copy = strdup("before " STAGE_SECRET " behind");
    assert_non_null(copy);
    secrets = 0;
    free(copy);
    assert_int_equal(secrets, 1);
}

static void test_scenes(void **state)
{
    struct stage *stage = *state;
    for (size_t i = 0; i < scenes_count; i++) {
        secrets = 0;
        stage->keys = scenes[i].keys;
        assert_true(stage_open(stage));
        stage_exchange(stage, &scenes[i]);
        /* The server of a scene answers everything alike, so a session's keys may be the object's
         * content, too. */
        bool relayed = holds_secret(stage->client.bytes, stage->client.received);
        CHECK_NUMBER(span_of(scenes[i].name),
            !relayed && holds_secret(stage->loop.data, sizeof(struct io_memory)), false);
        stage_close(stage);
        CHECK_NUMBER(span_of(scenes[i].name), secrets, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_test),
        cmocka_unit_test_setup_teardown(test_scenes, stage_set_up, stage_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
