#include "proxy/base/log.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "proxy/base/buf.h"
#include "proxy/base/clock.h"

enum {
    PATIENCE_MS = 100,
    LINE_BYTES = 4096
}; /* PIPE_BUF: a line of at most this goes out whole, also beside other writers */

static const char *const names[] = {"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"};

static struct {
    enum log_level level;
    enum log_shape shape;
    int fd;
    uint64_t lost; /* lines, since one was taken */
    char request_id[65];
} log_state = {.level = LOG_INFO, .fd = STDOUT_FILENO};

void log_setup(enum log_level level, enum log_shape shape, int fd)
{
    log_state.level = level;
    log_state.shape = shape;
    log_state.fd = fd;
}

void log_request_id(struct span id)
{
    struct buf b = buf_over(log_state.request_id, sizeof log_state.request_id - 1);
    buf_add(&b, span_first(id, b.max));
    log_state.request_id[b.len] = '\0';
}

bool log_enabled(enum log_level level)
{
    return level >= log_state.level;
}

const char *log_level_name(enum log_level level)
{
    return names[level];
}

/* A pipe that nobody empties would stop the whole process: its reader gets a moment once, and then
 * loses lines until it reads again. */
static bool reader_takes(void)
{
    struct pollfd out = {.fd = log_state.fd, .events = POLLOUT};
    bool takes = poll(&out, 1, log_state.lost ? 0 : PATIENCE_MS) != 0;
    log_state.lost += !takes;
    return takes;
}

static void write_line(struct buf *line)
{
    if (line->failed)
        line->len = line->max; /* too long: its beginning is worth more than nothing */
    line->at[line->len] = '\n';
    ssize_t written;
    do
        written = write(log_state.fd, line->at, line->len + 1);
    while (written < 0 && errno == EINTR);
}

/* One line of text stays one line, whatever a message carries. */
static void plain(struct buf *b, struct span s)
{
    for (size_t i = 0; i < s.len; i++)
        buf_char(b, (unsigned char)s.at[i] < 0x20 || s.at[i] == 0x7f ? ' ' : s.at[i]);
}

static void text_line(struct buf *b, enum log_level level, const char *time, struct span message)
{
    buf_format(b, "[%s]\t%s\t%s\t", names[level], time,
        log_state.request_id[0] ? log_state.request_id : "-");
    plain(b, message);
}

static void json_line(struct buf *b, enum log_level level, const char *time, struct span message)
{
    buf_format(b, "{\"timestamp\":\"%s\",\"level\":\"%s\",\"message\":\"", time, names[level]);
    buf_json(b, message);
    if (log_state.request_id[0]) {
        buf_text(b, "\",\"requestId\":\"");
        buf_json(b, span_of(log_state.request_id));
    }
    buf_text(b, "\"");
}

static void number_value(struct buf *b, const struct log_value *value)
{
    if (value->thousandths)
        buf_format(b, "%llu.%03llu", (unsigned long long)(value->number / 1000),
            (unsigned long long)(value->number % 1000));
    else
        buf_number(b, value->number);
}

static void text_value(struct buf *b, const struct log_value *value)
{
    buf_format(b, " %s=", value->name);
    if (value->text.at)
        plain(b, value->text);
    else
        number_value(b, value);
}

static void json_value(struct buf *b, const struct log_value *value)
{
    buf_format(b, ",\"%s\":", value->name);
    if (value->text.at) {
        buf_char(b, '"');
        buf_json(b, value->text);
        buf_char(b, '"');
    } else {
        number_value(b, value);
    }
}

static void write_values(
    enum log_level level, struct span message, const struct log_value *values, size_t count)
{
    char memory[LINE_BYTES], time[25];
    struct buf line = buf_over(memory, sizeof memory - 1);
    bool json = log_state.shape == LOG_JSON;
    clock_rfc3339(clock_wall_ms(), time);
    if (json)
        json_line(&line, level, time, message);
    else
        text_line(&line, level, time, message);
    for (size_t i = 0; i < count; i++)
        if (json)
            json_value(&line, &values[i]);
        else
            text_value(&line, &values[i]);
    if (json)
        buf_char(&line, '}');
    write_line(&line);
}

/* Whether there is use in a line; the first one after some that were lost comes behind their
 * number. */
static bool may_write(void)
{
    struct log_value lost = {.name = "lines", .number = log_state.lost};
    if (!reader_takes())
        return false;
    log_state.lost = 0;
    if (lost.number > 0 && log_enabled(LOG_WARN))
        write_values(LOG_WARN, SPAN("lines were lost: nobody read standard output"), &lost, 1);
    return true;
}

static void emit(
    enum log_level level, struct span message, const struct log_value *values, size_t count)
{
    if (may_write())
        write_values(level, message, values, count);
}

void log_line(enum log_level level, const char *format, ...)
{
    char memory[1024];
    if (!log_enabled(level))
        return;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(memory, sizeof memory, format, arguments);
    va_end(arguments);
    emit(level, span_of(memory), NULL, 0);
}

void log_values(
    enum log_level level, const char *message, const struct log_value *values, size_t count)
{
    if (log_enabled(level))
        emit(level, span_of(message), values, count);
}

/* However long it is: cut short it would be no record. A pipe takes a long one in pieces, and
 * nobody else writes meanwhile. */
void log_record(struct span line)
{
    char end = '\n';
    if (!may_write())
        return;
    do {
        struct span piece = span_first(line, LINE_BYTES - 1);
        struct iovec parts[] = {{NULL, piece.len}, {&end, piece.len == line.len}};
        memcpy(&parts[0].iov_base, &piece.at, sizeof piece.at);
        ssize_t written = writev(log_state.fd, parts, 2);
        if (written > (ssize_t)piece.len || (written < 0 && errno != EINTR))
            return;
        line = span_from(line, written > 0 ? (size_t)written : 0);
    } while (reader_takes());
}
