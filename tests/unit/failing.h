/* Calls that fail: the n-th of those that a program wraps, all kinds counted together. A program
 * takes a kind by a line "wrap: ..." in a comment of its own that names every call of that kind:
 *
 *   failing_memory.c   malloc calloc realloc
 *   failing_mapping.c  mmap
 *   failing_random.c   uv_random
 *   failing_listen.c   what libuv may refuse to a listener
 *   failing_loop.c     what it may refuse while the proxy runs
 *   failing_json.c     cJSON
 *   failing_crypto.c   digests of OpenSSL
 *   failing_sign4a.c   its keys and signatures on P-256
 *   failing_tls.c      its TLS client
 *
 * Only the project's own calls fail; those of shared libraries go on as ever. A program of whose
 * kinds a call is never made lists what it does not test: failing_never_made() is for its last
 * test.
 */
#pragma once

#include <stdbool.h>

/* From now on the nth call fails, counted from 1; 0 for none. */
void failing_arm(unsigned nth);

/* How many were made since. */
unsigned failing_count(void);

/* The name of the one that failed, or "". */
const char *failing_name(void);

/* For a wrapper: counts its call; true where that is to fail. */
bool failing_now(const char *name);

/* The name of a call that was wrapped and not once made since the program began; NULL: none. */
const char *failing_never_made(void);

void failing_know(const char *name);

/* That a call is wrapped. */
#define FAILING_KNOWN(name)                                    \
    __attribute__((constructor)) static void know_##name(void) \
    {                                                          \
        failing_know(#name);                                   \
    }

/* Defines the wrapper of a call: what it gives where it is to fail, and else what the call gives.
 */
#define FAILING(type, name, parameters, arguments, failure)              \
    FAILING_KNOWN(name)                                                  \
    type __real_##name parameters;                                       \
    type __wrap_##name parameters;                                       \
    type __wrap_##name parameters                                        \
    {                                                                    \
        return failing_now(#name) ? (failure) : __real_##name arguments; \
    }
