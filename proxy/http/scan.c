#include "proxy/http/scan.h"

static enum scan_verdict bad(struct scan *scan, const char *why)
{
    scan->why = why;
    return SCAN_BAD;
}

static enum scan_verdict end_line(struct scan *scan)
{
    bool empty = scan->line_bytes == 0;
    scan->after_cr = false;
    scan->line_bytes = 0;
    if (empty && scan->lines == 0) {
        if (scan->skipped_line)
            return bad(scan, "empty lines stand where a message should begin");
        scan->skipped_line = true;
        return SCAN_MORE;
    }
    if (empty)
        return SCAN_COMPLETE;
    scan->lines++;
    return SCAN_MORE;
}

static enum scan_verdict one_byte(struct scan *scan, unsigned char c)
{
    if (scan->after_cr)
        return c == '\n' ? end_line(scan) : bad(scan, "a CR stands in the head without its LF");
    if (c == '\r') {
        scan->after_cr = true;
        return SCAN_MORE;
    }
    if (c == '\n')
        return bad(scan, "a line of the head ends in LF without CR");
    if ((c < 0x20 && c != '\t') || c == 0x7f)
        return bad(scan, "a control byte stands in the head");
    if (scan->line_bytes == 0 && (c == ' ' || c == '\t'))
        return bad(scan, "a line of the head begins with a space (folded fields are refused)");
    scan->line_bytes++;
    return SCAN_MORE;
}

/* Bytes within a line that mean nothing here: most of them, so they are passed quickly. */
static size_t plain_bytes(struct span s)
{
    size_t n = 0;
    while (n < s.len && (unsigned char)s.at[n] >= 0x20 && s.at[n] != 0x7f)
        n++;
    return n;
}

enum scan_verdict scan_head(struct scan *scan, struct span more, size_t *taken)
{
    for (size_t i = 0; i < more.len; i++) {
        enum scan_verdict verdict = one_byte(scan, (unsigned char)more.at[i]);
        *taken = i + 1;
        if (verdict != SCAN_MORE)
            return verdict;
        if (scan->line_bytes > 0 && !scan->after_cr) {
            size_t plain = plain_bytes(span_from(more, i + 1));
            scan->line_bytes += plain;
            i += plain;
        }
    }
    *taken = more.len;
    return SCAN_MORE;
}

bool scan_request_line_plausible(struct span head)
{
    struct span line = span_first(head, span_find(head, '\r'));
    for (size_t i = 0; i < line.len; i++)
        if ((unsigned char)line.at[i] >= 0x80)
            return false;
    bool ended = line.len < head.len && line.len > 0;
    return !ended || (line.len > 9 && span_starts(span_from(line, line.len - 9), SPAN(" HTTP/")));
}

bool scan_status_line_plausible(struct span head)
{
    return span_starts(SPAN("HTTP/"), span_first(head, sizeof "HTTP/" - 1));
}
