/* AWS's own test suite, as tests/sigv4/cases.txt and cases-v4a.txt carry it.
 *
 * Its paths are raw, and encoding a raw path once is what PATH_TWICE does to a path on the wire; so
 * its normalised cases are PATH_TWICE, and those that leave the path as it is PATH_ONCE. */
#pragma once

#include "tests/unit/check.h"

#include "proxy/aws/sign.h"

enum { SUITE_CASES = 38, SUITE_FORMS = 2, SUITE_FIELDS = 16 };

struct suite_form {
    struct span canonical, string, signature;
};

struct suite_case {
    struct span name;
    struct credentials credentials;
    struct span region, service, time, expires;
    bool normalize, sign_body, omit_session_token;
    struct span method, target, body;
    size_t fields;
    struct span field[SUITE_FIELDS];
    struct suite_form form[SUITE_FORMS]; /* in the header, in the query */
    struct span public_key;              /* in hexadecimal */
};

struct suite {
    size_t count;
    struct suite_case cases[SUITE_CASES];
    struct suite_case defaults; /* what stands before the first case */
    size_t used;
    char memory[256 * 1024]; /* which the spans point into */
};

/* Reads a file of cases into a suite, zeroed or read before: what it says of a case that is there
 * already takes the place of what was said. False where it cannot be read. */
bool suite_read(struct suite *suite, const char *path);

/* The request of the case, without what signing adds, and without its payload's hash. */
void suite_canonical(const struct suite_case *c, struct canonical *canonical);
