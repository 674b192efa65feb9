#include "tests/unit/scenes.h"

uint64_t __wrap_multipart_part_bytes(unsigned number);

/* A part is short: so an upload has several, and the one scene of it is soon over. */
uint64_t __wrap_multipart_part_bytes(unsigned number)
{
    (void)number;
    return 8;
}

#define HASH "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* One answer for all that S3 and Transcribe are asked: a job, and its transcript. */
#define JOB_ANSWER                                                     \
    "HTTP/1.1 200 OK\r\nContent-Length: 191\r\n\r\n"                   \
    "{\"TranscriptionJob\":{\"TranscriptionJobStatus\":\"COMPLETED\"," \
    "\"Transcript\":{\"TranscriptFileUri\":"                           \
    "\"https://s3.eu-west-1.amazonaws.com/b/k.json\"}},"               \
    "\"results\":{\"transcripts\":[{\"transcript\":\"hello\"}]}}"

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

    /* Signed by SigV4A; with the keys of a session; in three parts, each step of which the same
     * answer is right for. */
    {"several-regions",
        TEXT("GET /key HTTP/1.1\r\nHost: m1.mrap.accesspoint.s3-global.amazonaws.com\r\n"
             "Connection: close\r\n\r\n"),
        TEXT(OK_ANSWER), "HTTP/1.1 200 ", KEYS_STATIC, false},
    {"directory-bucket",
        TEXT("GET /key HTTP/1.1\r\n"
             "Host: b--euw1-az1--x-s3.s3express-euw1-az1.eu-west-1.amazonaws.com\r\n"
             "Connection: close\r\n\r\n"),
        TEXT(OK_ANSWER), "HTTP/1.1 200 ", KEYS_STATIC, false},
    {"upload-in-parts",
        TEXT("PUT /s3/bucket/key" HOST "Transfer-Encoding: chunked\r\n\r\n"
             "18\r\n012345678901234567890123\r\n0\r\n\r\n"),
        TEXT("HTTP/1.1 200 OK\r\nETag: e\r\nContent-Length: 43\r\n\r\n"
             "<R><UploadId>u</UploadId><ETag>e</ETag></R>"),
        "HTTP/1.1 200 ", KEYS_STATIC, true},
    {"chunks-opened",
        TEXT(
            "PUT /s3/bucket/key" HOST "x-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER\r\n"
            "Content-Encoding: aws-chunked\r\nx-amz-decoded-content-length: 5\r\n"
            "x-amz-trailer: x-amz-checksum-crc32\r\nContent-Length: 49\r\n\r\n"
            "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n"),
        TEXT(OK_ANSWER), "HTTP/1.1 200 ", KEYS_STATIC, false},
    {"signed-chunks-opened",
        TEXT("PUT /s3/bucket/key" HOST "Authorization: AWS4-HMAC-SHA256 "
             "Credential=AKIDOTHER/20261126/eu-west-1/s3/aws4_request, "
             "SignedHeaders=host;x-amz-date, Signature=" HASH "\r\n"
             "x-amz-date: 20261126T000000Z\r\n"
             "x-amz-content-sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD\r\n"
             "Content-Encoding: aws-chunked\r\nx-amz-decoded-content-length: 5\r\n"
             "Content-Length: 177\r\n\r\n"
             "5;chunk-signature=" HASH "\r\nhello\r\n0;chunk-signature=" HASH "\r\n\r\n"),
        TEXT(OK_ANSWER), "HTTP/1.1 200 ", KEYS_STATIC, false},
    {"socket-events",
        TEXT("GET /transcribestreaming/stream-transcription-websocket HTTP/1.1\r\n"
             "Host: localhost\r\n"
             "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
             "\202\360\000\000\000\000\000\000\000p\000\000\000X\371@\346`\015:message-type"
             "\007\000\005event\013:event-type\007\000\012AudioEvent\015:content-type\007\000"
             "\030application/octet-stream123456785vIt\210\202\000\000\000\000\003\350"),
        TEXT("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
             "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
             "\x82\x05hello\x88\x02\x03\xe8"),
        "HTTP/1.1 101 ", KEYS_STATIC, false},
    {"presign-page", TEXT("GET /-/presign?url=/s3/bucket/key" HOST "\r\n"), TEXT(""),
        "HTTP/1.1 200 ", KEYS_STATIC, false},
    {"presign-several-regions",
        TEXT("GET /-/presign?url=/s3/arn:aws:s3::123456789012:accesspoint/m1.mrap/key" HOST "\r\n"),
        TEXT(""), "HTTP/1.1 200 ", KEYS_STATIC, false},
    {"policy-page",
        TEXT("GET /s3/bucket/key HTTP/1.1\r\nHost: localhost\r\n\r\nGET /-/policy" HOST "\r\n"),
        TEXT(OK_ANSWER), "HTTP/1.1 200 ", KEYS_STATIC, false},
    {"denied-page",
        TEXT("GET /s3/bucket/key HTTP/1.1\r\nHost: localhost\r\n\r\nGET /-/denied" HOST "\r\n"),
        TEXT("HTTP/1.1 403 Forbidden\r\nContent-Length: 40\r\n\r\n"
             "<Error><Code>AccessDenied</Code></Error>"),
        "HTTP/1.1 403 ", KEYS_STATIC, false},
    {"audio",
        TEXT("POST /-/transcribe?language-code=en-US&media-encoding=pcm&sample-rate=8000" HOST
             "Content-Length: 8\r\n\r\n01234567"),
        TEXT("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
             "Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\r\n\r\n"
             "\202~\000\365\000\000\000\365\000\000\000U\376\367\245?\015:message-type\007\000"
             "\005event\013:event-type\007\000\017TranscriptEvent\015:content-type\007\000\020"
             "application/json{\"Transcript\":{\"Results\":[{\"ResultId\":\"1\","
             "\"StartTime\":0.0,\"EndTime\":1.0,\"IsPartial\":false,"
             "\"Alternatives\":[{\"Transcript\":\"hello\",\"Items\":[]}]}]}}"
             "\203+k\237\210\002\003\350"),
        "HTTP/1.1 200 ", KEYS_STATIC, false},
    {"job-started",
        TEXT("PUT /-/transcribe/bucket/key?language-code=en-US" HOST
             "Content-Length: 5\r\n\r\naudio"),
        TEXT(JOB_ANSWER), "HTTP/1.1 201 ", KEYS_STATIC, true},
    {"job-read", TEXT("GET /-/transcribe/job" HOST "\r\n"), TEXT(JOB_ANSWER), "HTTP/1.1 200 ",
        KEYS_STATIC, true},
};

const size_t scenes_count = ROWS(scenes);

/* A body of unknown length that is not held is sent in parts. */
void scene_prepare(const struct scene *scene, struct stage *stage)
{
    stage->keys = scene->keys;
    stage->max_body = 16;
}
