#include "tests/unit/scenes.h"

const struct scene scenes[] = {
    {"page", TEXT("GET /-/health" HOST "\r\n"), TEXT(""), "HTTP/1.1 200 ", KEYS_STATIC, false},
    {"refused", TEXT("GET /No-Such-Service/" HOST "\r\n"), TEXT(""), "HTTP/1.1 404 ", KEYS_STATIC,
        false},
    {"get", TEXT("GET /s3/bucket/key" HOST "\r\n"), TEXT(OK_ANSWER), "HTTP/1.1 200 ", KEYS_STATIC,
        false},
    {"get-chunked", TEXT("GET /s3/bucket/key" HOST "\r\n"),
        TEXT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
        "HTTP/1.1 200 ", KEYS_STATIC, false},
    {"put", TEXT("PUT /s3/bucket/key" HOST "Content-Length: 5\r\n\r\nhello"), TEXT(OK_ANSWER),
        "HTTP/1.1 200 ", KEYS_STATIC, false},
    {"post-held",
        TEXT("POST /dynamodb/" HOST "Content-Type: application/x-amz-json-1.0\r\n"
             "Content-Length: 2\r\n\r\n{}"),
        TEXT(OK_ANSWER), "HTTP/1.1 200 ", KEYS_STATIC, false},
    {"post-held-chunked",
        TEXT("POST /dynamodb/" HOST "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"),
        TEXT(OK_ANSWER), "HTTP/1.1 200 ", KEYS_STATIC, false},
    {"bad-answer", TEXT("GET /s3/bucket/key" HOST "\r\n"), TEXT("SMTP ready\r\n\r\n"),
        "HTTP/1.1 502 ", KEYS_STATIC, false},
    {"request-ahead",
        TEXT("GET /s3/bucket/key HTTP/1.1\r\nHost: localhost\r\n\r\nGET /-/health" HOST "\r\n"),
        TEXT(OK_ANSWER), "HTTP/1.1 200 ", KEYS_STATIC, false},
    {"two-requests",
        TEXT("GET /-/health HTTP/1.1\r\nHost: localhost\r\n\r\nGET /s3/bucket/key" HOST "\r\n"),
        TEXT(OK_ANSWER), "HTTP/1.1 200 ", KEYS_STATIC, false},
    {"container", TEXT("GET /s3/bucket/key" HOST "\r\n"), TEXT(OK_ANSWER), "HTTP/1.1 200 ",
        KEYS_CONTAINER, false},
    {"role", TEXT("GET /s3/bucket/key" HOST "\r\n"), TEXT(OK_ANSWER), "HTTP/1.1 200 ", KEYS_ROLE,
        false},
    {"container-role",
        TEXT("POST /dynamodb/" HOST "Content-Type: application/x-amz-json-1.0\r\n"
             "Content-Length: 2\r\n\r\n{}"),
        TEXT(OK_ANSWER), "HTTP/1.1 200 ", KEYS_CONTAINER_ROLE, false},
    {"container-page", TEXT("GET /-/identity" HOST "\r\n"), TEXT(""), "HTTP/1.1 200 ",
        KEYS_CONTAINER, false},
    {"container-expired", TEXT("GET /s3/bucket/key" HOST "\r\n"),
        TEXT("HTTP/1.1 400 Bad Request\r\nContent-Length: 40\r\nConnection: close\r\n\r\n"
             "<Error><Code>ExpiredToken</Code></Error>"),
        "HTTP/1.1 400 ", KEYS_CONTAINER, false},

    {"token-page", TEXT("GET /-/token/rds?host=db.example.com&port=5432&user=me" HOST "\r\n"),
        TEXT(""), "HTTP/1.1 200 ", KEYS_STATIC, false},
    {"socket",
        TEXT("GET /transcribestreaming/stream-transcription-websocket HTTP/1.1\r\n"
             "Host: localhost\r\n"
             "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
             "\x88\x82\x37\xfa\x21\x3d\x34\x12"),
        TEXT("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
             "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n\x88\x02\x03\xe8"),
        "HTTP/1.1 101 ", KEYS_STATIC, false},

    /* Sent again, and refused again. */
    {"elsewhere", TEXT("GET /s3/bucket/key" HOST "\r\n"),
        TEXT("HTTP/1.1 301 Moved\r\nx-amz-bucket-region: us-west-2\r\nContent-Length: 0\r\n\r\n"),
        "HTTP/1.1 301 ", KEYS_STATIC, true},
    {"elsewhere-chunked",
        TEXT("PUT /s3/bucket/key" HOST "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"),
        TEXT("HTTP/1.1 400 Bad Request\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
             "55\r\n<Error><Code>AuthorizationHeaderMalformed</Code><Region>us-west-2</Region>"
             "</Error>   \r\n0\r\n\r\n"),
        "HTTP/1.1 400 ", KEYS_STATIC, true},
    {"late", TEXT("PUT /s3/bucket/key" HOST "Content-Length: 5\r\n\r\nhello"),
        TEXT("HTTP/1.1 403 Forbidden\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
             "Content-Length: 42\r\n\r\n<Error><Code>RequestExpired</Code></Error>"),
        "HTTP/1.1 403 ", KEYS_STATIC, true},
    {"throttled", TEXT("GET /s3/bucket/key" HOST "\r\n"),
        TEXT("HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\n\r\n"), "HTTP/1.1 503 ", KEYS_STATIC,
        true},
};

const size_t scenes_count = ROWS(scenes);
