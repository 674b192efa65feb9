/* Where it does not fail all bytes are zero: keys and masks are known, and no pause is long. */
#include "tests/unit/failing.h"

#include <string.h>
#include <uv.h>

FAILING_KNOWN(uv_random)

int __wrap_uv_random(uv_loop_t *loop, uv_random_t *request, void *bytes, size_t count,
    unsigned flags, uv_random_cb done);

int __wrap_uv_random(uv_loop_t *loop, uv_random_t *request, void *bytes, size_t count,
    unsigned flags, uv_random_cb done)
{
    (void)loop, (void)request, (void)flags, (void)done; /* it is asked at once */
    if (failing_now("uv_random"))
        return UV_EIO;
    memset(bytes, 0, count);
    return 0;
}
