#include "tests/unit/failing.h"

#include <assert.h>
#include <string.h>

enum { MOST_KNOWN = 64 };

static struct {
    const char *name;
    bool made;
} known[MOST_KNOWN];
static size_t known_count;

static unsigned calls, failing;
static const char *failed = "";

void failing_know(const char *name)
{
    assert(known_count < MOST_KNOWN);
    known[known_count++].name = name;
}

const char *failing_never_made(void)
{
    for (size_t i = 0; i < known_count; i++)
        if (!known[i].made)
            return known[i].name;
    return NULL;
}

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
    for (size_t i = 0; i < known_count; i++)
        known[i].made = known[i].made || strcmp(known[i].name, name) == 0;
    calls++;
    if (calls != failing)
        return false;
    failed = name;
    return true;
}
