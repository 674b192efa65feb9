/* The store of credentials, with fetches of the test's own: what it was given when it was made is
 * looked for nowhere once it is gone. */
/* wrap: refresh_start refresh_abandon */
#include "tests/unit/check.h"

#include "proxy/aws/sign4a.h"
#include "proxy/credentials/credentials.h"

typedef void (*on_done_type)(void *owner, struct refreshed refreshed, const struct fault *fault);

/* The last fetch. */
static struct {
    struct refresh_setup setup;
    on_done_type on_done;
    void *owner;
    unsigned begun;
} fetch;

struct refresh *__wrap_refresh_start(
    const struct refresh_setup *setup, on_done_type on_done, void *owner);
void __wrap_refresh_abandon(struct refresh *refresh);

/* A refresh and a pool are only pointed to. */
struct refresh *__wrap_refresh_start(
    const struct refresh_setup *setup, on_done_type on_done, void *owner)
{
    fetch.setup = *setup;
    fetch.on_done = on_done;
    fetch.owner = owner;
    fetch.begun++;
    return (struct refresh *)&fetch;
}

void __wrap_refresh_abandon(struct refresh *refresh)
{
    (void)refresh;
}

static struct signer *signer;
static struct signer4a *signer4a;

static int set_up(void **state)
{
    struct credentials_options options = {.environment = {.session_token = SPAN("left over")},
        .container = {.authority = {.text = SPAN("127.0.0.1:9")}, .path = SPAN("/")},
        .container_token = SPAN("container")};
    struct credentials_store *store = credentials_create(&options);
    signer = signer_create();
    signer4a = signer4a_create(signer);
    if (!store || !signer)
        return -1;
    fetch.begun = 0;
    credentials_attach(store,
        &(struct credentials_means){
            .pool = (struct pool *)&fetch, .signer = signer, .signer4a = signer4a});
    *state = store;
    return 0;
}

static int tear_down(void **state)
{
    credentials_detach(*state);
    credentials_destroy(*state);
    signer4a_destroy(signer4a);
    signer_destroy(signer);
    return 0;
}

/* Keys whose id, secret and token end in that digit. */
static void bring(char digit)
{
    char text[3][6] = {"ASIA_", "key_", "tok_"};
    struct credentials keys = {span_of(text[0]), span_of(text[1]), span_of(text[2])};
    text[0][4] = text[1][3] = text[2][3] = digit;
    struct issued *base = issued_create(&keys, SPAN(""), SPAN(""));
    assert_non_null(base);
    fetch.on_done(fetch.owner, (struct refreshed){.base = base}, NULL);
}

/* Wherever an empty span points, nobody reads. */
static void test_options_of_a_fetch(void **state)
{
    struct credentials_store *store = *state;
    for (char digit = '1'; digit < '6'; digit++) {
        assert_false(credentials_need(store, NULL));
        const struct credentials_options *options = fetch.setup.options;
        CHECK_TEXT(SPAN("environment"), options->environment.session_token, SPAN(""));
        CHECK_TEXT(SPAN("container"), options->container_token, SPAN("container"));
        bring(digit);
        assert_true(credentials_need(store, NULL));
        credentials_forget(store);
    }
    assert_int_equal(fetch.begun, 5);
}

/* A token alone, without keys: it proves who a caller is until there are others. */
static void test_token_left_over(void **state)
{
    struct credentials_store *store = *state;
    assert_true(credentials_can_admit(store));
    assert_true(credentials_token_matches(store, SPAN("left over")));
    assert_false(credentials_need(store, NULL));
    bring('1');
    assert_true(credentials_token_matches(store, SPAN("left over")));
    credentials_forget(store);
    assert_false(credentials_token_matches(store, SPAN("left over")));
    assert_true(credentials_token_matches(store, SPAN("container")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_options_of_a_fetch, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_token_left_over, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
