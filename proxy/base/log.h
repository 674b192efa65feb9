/* Logs in the two shapes of Lambda's own runtimes, one write(2) a line, to standard output:
 *   Text  [INFO]\t2026-11-23T09:00:00.000Z\tREQUEST-ID\tmessage key=value
 *   JSON  {"timestamp":"...","level":"INFO","message":"...","requestId":"...","key":"value"}
 * The single place that holds state for the whole process: level, shape, and the running
 * invocation. */
#pragma once

#include "proxy/base/span.h"

enum log_level { LOG_TRACE, LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_FATAL };
enum log_shape { LOG_TEXT, LOG_JSON };

/* A named value that goes with a message: text where text.at is set, else the number. */
struct log_value {
    const char *name;
    struct span text;
    uint64_t number;
    bool thousandths; /* the number is written with three places after the point */
};

void log_setup(enum log_level level, enum log_shape shape, int fd);

/* The invocation that lines belong to from now on; empty for none. Cut at 64 bytes. */
void log_request_id(struct span id);

bool log_enabled(enum log_level level);

const char *log_level_name(enum log_level level);

void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A line as it is, whatever level and shape are: a record for a program that reads logs. */
void log_record(struct span line);

/* A message with values, in the order given. */
void log_values(
    enum log_level level, const char *message, const struct log_value *values, size_t count);
