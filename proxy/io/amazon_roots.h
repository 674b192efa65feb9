#pragma once

#include <stddef.h>

/*
 * The roots that AWS endpoints chain to, for machines without a CA bundle of their own.
 * The table is generated at build time by amazon_roots.py.
 */

/* One root certificate, DER. */
struct amazon_root {
    const char *name;
    const unsigned char *der;
    size_t length;
};

extern const struct amazon_root amazon_roots[];
extern const size_t amazon_roots_count;
