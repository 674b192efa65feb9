/* Every way in which an exchange can fail: its name in C, its status, and the code that the caller
 * sees. */
#pragma once

#include <stdbool.h>

#define ERR_LIST(X)                                 \
    X(BAD_REQUEST, 400, "BadRequest")               \
    X(TOKEN_REQUIRED, 401, "TokenRequired")         \
    X(HOST_NOT_ALLOWED, 403, "HostNotAllowed")      \
    X(GUARD_DENIED, 403, "GuardDenied")             \
    X(UNKNOWN_SERVICE, 404, "UnknownService")       \
    X(NOT_FOUND, 404, "NotFound")                   \
    X(METHOD_NOT_ALLOWED, 405, "MethodNotAllowed")  \
    X(REQUEST_TIMEOUT, 408, "RequestTimeout")       \
    X(LENGTH_REQUIRED, 411, "LengthRequired")       \
    X(BODY_TOO_LARGE, 413, "BodyTooLarge")          \
    X(EXPECTATION_FAILED, 417, "ExpectationFailed") \
    X(HEAD_TOO_LARGE, 431, "HeadTooLarge")          \
    X(NOT_IMPLEMENTED, 501, "NotImplemented")       \
    X(UPSTREAM_CONNECT, 502, "UpstreamConnect")     \
    X(UPSTREAM_TLS, 502, "UpstreamTls")             \
    X(UPSTREAM_RESET, 502, "UpstreamReset")         \
    X(UPSTREAM_PROTOCOL, 502, "UpstreamProtocol")   \
    X(NO_CREDENTIALS, 503, "NoCredentials")         \
    X(TOO_BUSY, 503, "TooBusy")                     \
    X(OUT_OF_MEMORY, 503, "OutOfMemory")            \
    X(SHUTTING_DOWN, 503, "ShuttingDown")           \
    X(UPSTREAM_TIMEOUT, 504, "UpstreamTimeout")

enum err {
    OK = 0,
#define X(name, status, code) ERR_##name,
    ERR_LIST(X)
#undef X
        ERR_COUNT,
};

#define MUST_USE __attribute__((warn_unused_result))

/* The HTTP status with which err is answered; 200 for OK. */
int err_status(enum err err);

/* The code as the caller sees it in X-Countersign-Error and in the body. */
const char *err_code(enum err err);

/* What went wrong, in words for the caller. Whoever finds a fault writes the words where it is
 * found; they say what was wrong and what to do, and hold no secret and no header value. */
struct fault {
    enum err err;
    char text[384];
};

/* Writes the fault and returns err, so that a function can end with `return fault_set(...)`. */
enum err fault_set(struct fault *fault, enum err err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
