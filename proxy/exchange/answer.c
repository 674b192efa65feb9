#include "proxy/exchange/answer.h"

enum answer_framing answer_framing_for(const struct framing *framing, unsigned minor)
{
    switch (framing->kind) {
    case BODY_NONE:
        return framing->has_length ? ANSWER_LENGTH : ANSWER_BARE;
    case BODY_LENGTH:
        return ANSWER_LENGTH;
    case BODY_CHUNKED:
    case BODY_UNTIL_CLOSE:
    default:
        return minor > 0 ? ANSWER_CHUNKED : ANSWER_UNTIL_CLOSE;
    }
}

static void write_connection(struct buf *out, struct answer_connection connection)
{
    if (connection.close)
        buf_text(out, "Connection: close\r\n");
    else if (connection.minor == 0)
        buf_text(out, "Connection: keep-alive\r\n");
}

static void write_length(struct buf *out, uint64_t length)
{
    buf_text(out, "Content-Length: ");
    buf_number(out, length);
    buf_text(out, "\r\n");
}

static void write_status(struct buf *out, unsigned status, struct span reason)
{
    buf_text(out, "HTTP/1.1 ");
    buf_number(out, status);
    buf_char(out, ' ');
    buf_add(out, reason);
    buf_text(out, "\r\n");
}

void answer_relay(struct buf *out, const struct head *head, const struct framing *framing,
    enum answer_framing how, struct answer_connection connection)
{
    write_status(out, head->status, head->reason);
    for (size_t i = 0; i < head->count; i++) {
        const struct field *field = &head->fields[i];
        if (!head_forwards(head, field))
            continue;
        buf_add(out, field->name);
        buf_text(out, ": ");
        buf_add(out, field->value);
        buf_text(out, "\r\n");
    }
    buf_add(out, connection.extra);
    if (how == ANSWER_LENGTH && head->status >= 200 && head->status != 204)
        write_length(out, framing->length);
    else if (how == ANSWER_CHUNKED)
        buf_text(out, "Transfer-Encoding: chunked\r\n");
    if (head->status >= 200)
        write_connection(out, connection);
    buf_text(out, "\r\n");
}

void answer_write(
    struct buf *out, const struct answer_own *own, struct answer_connection connection)
{
    write_status(out, (unsigned)own->status, span_of(answer_reason(own->status)));
    buf_text(out, "Content-Type: ");
    buf_add(out, own->content_type);
    buf_text(out, "\r\nCache-Control: no-store\r\n");
    write_length(out, own->body.len);
    if (own->error.len > 0) {
        buf_text(out, "X-Countersign-Error: ");
        buf_add(out, own->error);
        buf_text(out, "\r\n");
    }
    buf_add(out, own->extra);
    write_connection(out, connection);
    buf_text(out, "\r\n");
    if (!own->to_head)
        buf_add(out, own->body);
}

void answer_write_begun(struct buf *out, struct span content_type, enum answer_framing how,
    struct answer_connection connection)
{
    write_status(out, 200, SPAN("OK"));
    buf_text(out, "Content-Type: ");
    buf_add(out, content_type);
    buf_text(out, "\r\nCache-Control: no-store\r\n");
    if (how == ANSWER_CHUNKED)
        buf_text(out, "Transfer-Encoding: chunked\r\n");
    write_connection(out, connection);
    buf_text(out, "\r\n");
}

void answer_write_error(struct buf *out, const struct fault *fault, enum dialect dialect,
    bool to_head, struct answer_connection connection)
{
    char memory[4096], extra_memory[1024];
    struct buf body = buf_over(memory, sizeof memory);
    struct buf extra = buf_over(extra_memory, sizeof extra_memory);
    struct span code = span_of(err_code(fault->err));
    dialect_write_error(&body, dialect, code, span_of(fault->text));
    struct answer_own own = {.status = err_status(fault->err),
        .content_type = dialect_content_type(dialect),
        .error = code,
        .body = buf_span(&body),
        .to_head = to_head};
    if (fault->err == ERR_TOKEN_REQUIRED)
        buf_text(&extra, "WWW-Authenticate: Basic realm=\"countersign\"\r\n");
    if (fault->err == ERR_METHOD_NOT_ALLOWED && connection.extra.len == 0)
        buf_text(&extra, "Allow: GET, HEAD\r\n");
    if (fault->err == ERR_TOO_BUSY || fault->err == ERR_OUT_OF_MEMORY)
        buf_text(&extra, "Retry-After: 1\r\n");
    if (dialect == DIALECT_CBOR)
        buf_text(&extra, "Smithy-Protocol: rpc-v2-cbor\r\n");
    if (dialect == DIALECT_JSON) {
        buf_text(&extra, "X-Amzn-ErrorType: ");
        buf_add(&extra, code);
        buf_text(&extra, "\r\n");
    }
    buf_add(&extra, connection.extra);
    own.extra = buf_span(&extra);
    answer_write(out, &own, connection);
}

static bool may_trail(const struct field *field, bool of_request)
{
    static const struct span asking[] = {{"x-amz-", 6}, {"accept", 6}, {"cookie", 6}, {"range", 5}};
    static const struct span never[] = {{"age", 3}, {"cache-control", 13}, {"content-encoding", 16},
        {"content-range", 13}, {"content-type", 12}, {"date", 4}, {"expires", 7}, {"location", 8},
        {"max-forwards", 12}, {"retry-after", 11}, {"set-cookie", 10}, {"vary", 4}, {"warning", 7},
        {"www-authenticate", 16}};
    if (field_flags(field) & (FIELD_HOP | FIELD_MINE)
        || span_starts_nocase(field->name, SPAN("if-")))
        return false;
    for (size_t i = 0; of_request && i < sizeof asking / sizeof *asking; i++)
        if (span_starts_nocase(field->name, asking[i]))
            return false;
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        if (span_equal_nocase(field->name, never[i]))
            return false;
    return true;
}

void answer_write_trailers(struct buf *out, struct span trailers, bool of_request)
{
    struct field field;
    while (body_next_trailer(&trailers, &field)) {
        if (!may_trail(&field, of_request))
            continue;
        buf_add(out, field.name);
        buf_text(out, ": ");
        buf_add(out, field.value);
        buf_text(out, "\r\n");
    }
}

const char *answer_reason(int status)
{
    static const struct {
        int status;
        const char *reason;
    } reasons[] = {{200, "OK"}, {201, "Created"}, {202, "Accepted"}, {400, "Bad Request"},
        {401, "Unauthorized"}, {403, "Forbidden"}, {404, "Not Found"}, {405, "Method Not Allowed"},
        {408, "Request Timeout"}, {409, "Conflict"}, {411, "Length Required"},
        {412, "Precondition Failed"}, {413, "Content Too Large"}, {417, "Expectation Failed"},
        {429, "Too Many Requests"}, {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"}, {501, "Not Implemented"}, {502, "Bad Gateway"},
        {503, "Service Unavailable"}, {504, "Gateway Timeout"}};
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return "";
}
