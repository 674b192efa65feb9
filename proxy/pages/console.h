/* GET /-/: the page for a person with a browser, which asks the other pages for what it shows.
 * The text is console.html, made into C at build time by console.py. */
#pragma once

#include "proxy/pages/pages.h"

extern const char console_html[];
extern const size_t console_html_bytes;

/* Header lines: the policy that lets a browser run what the page itself has, and nothing else. */
extern const struct span console_fields;
