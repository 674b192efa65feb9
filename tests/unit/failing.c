#include "tests/unit/failing.h"

static unsigned calls, failing;
static const char *failed = "";

void failing_arm(unsigned nth)
{
    calls = 0;
    failing = nth;
    failed = "";
}

unsigned failing_count(void)
{
    return calls;
}

const char *failing_name(void)
{
    return failed;
}

bool failing_now(const char *name)
{
    calls++;
    if (calls != failing)
        return false;
    failed = name;
    return true;
}
