/* Finds the end of a message head as its bytes arrive, and refuses on the way every byte that two
 * readers could take in two ways (RFC 9112, 2.2 and 5.2): a bare CR or LF, a control, DEL, a folded
 * line. Pure: bytes in, verdict out; what passes goes to head_parse(). */
#pragma once

#include "proxy/base/span.h"

enum scan_verdict { SCAN_MORE, SCAN_COMPLETE, SCAN_BAD };

struct scan {
    const char *why;   /* after SCAN_BAD: what was wrong */
    size_t line_bytes; /* bytes of the line so far */
    unsigned lines;    /* lines ended */
    bool after_cr;
    bool skipped_line; /* the one empty line that may stand before a request (RFC 9112, 2.2) */
};

/* Whether what has come of the first line can be HTTP's at all: else nothing need be waited for. */
bool scan_request_line_plausible(struct span head);
bool scan_status_line_plausible(struct span head);

/* A zeroed struct begins. Takes bytes from more, as many as belong to the head, and says in taken
 * how many. An empty line before a request line is taken too, and leaves lines at 0; the caller
 * drops it. */
enum scan_verdict scan_head(struct scan *scan, struct span more, size_t *taken);
