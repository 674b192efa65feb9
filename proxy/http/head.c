#include "proxy/http/head.h"

#include <llhttp.h>

struct parse {
    struct head *head;
    struct span protocol;
    struct field field; /* being read */
    bool too_many;
};

static struct parse *parse_of(llhttp_t *parser)
{
    return parser->data;
}

/* The head lies in one piece, so llhttp reports each part once; only an empty one not at all. */
static int on_url(llhttp_t *parser, const char *at, size_t length)
{
    parse_of(parser)->head->target = (struct span){at, length};
    return 0;
}

static int on_method(llhttp_t *parser, const char *at, size_t length)
{
    parse_of(parser)->head->method = (struct span){at, length};
    return 0;
}

static int on_protocol(llhttp_t *parser, const char *at, size_t length)
{
    parse_of(parser)->protocol = (struct span){at, length};
    return 0;
}

static int on_status(llhttp_t *parser, const char *at, size_t length)
{
    parse_of(parser)->head->reason = (struct span){at, length};
    return 0;
}

static int on_field(llhttp_t *parser, const char *at, size_t length)
{
    parse_of(parser)->field = (struct field){.name = {at, length}, .value = {at, 0}};
    return 0;
}

static int on_value(llhttp_t *parser, const char *at, size_t length)
{
    parse_of(parser)->field.value = span_trim((struct span){at, length});
    return 0;
}

static int on_value_complete(llhttp_t *parser)
{
    struct parse *parse = parse_of(parser);
    struct head *head = parse->head;
    if (head->count == HEAD_MAX_FIELDS) {
        parse->too_many = true;
        return -1;
    }
    parse->field.id = field_identify(parse->field.name);
    head->fields[head->count++] = parse->field;
    return 0;
}

static int on_head_complete(llhttp_t *parser)
{
    (void)parser;
    return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
    .on_url = on_url,
    .on_method = on_method,
    .on_protocol = on_protocol,
    .on_status = on_status,
    .on_header_field = on_field,
    .on_header_value = on_value,
    .on_header_value_complete = on_value_complete,
    .on_headers_complete = on_head_complete,
};

/* A Content-Length may be followed by white space (RFC 9112, 5), but llhttp takes it only before
 * the digits: in lines that end in a space or tab, value and white space change places. */
static void settle_white_space(char *bytes, size_t len)
{
    for (size_t start = 0, end; start < len; start = end + 2) {
        struct span line = {bytes + start, len - start};
        line = span_first(line, span_find(line, '\r'));
        end = start + line.len;
        if (line.len == 0 || (bytes[end - 1] != ' ' && bytes[end - 1] != '\t'))
            continue;
        size_t colon = span_find(line, ':') + 1, trailing = 0;
        while (colon + trailing < line.len && strchr(" \t", line.at[line.len - 1 - trailing]))
            trailing++;
        if (trailing == 0)
            continue; /* the first line has no colon */
        char *value = bytes + start + colon;
        memmove(value + trailing, value, line.len - colon - trailing);
        memset(value, ' ', trailing);
    }
}

/* Runs llhttp over the head; NULL, or what is wrong with it. */
static const char *run(struct parse *parse, llhttp_type_t type, struct span bytes)
{
    llhttp_t parser;
    llhttp_init(&parser, type, &settings);
    parser.data = parse;
    llhttp_errno_t result = llhttp_execute(&parser, bytes.at, bytes.len);
    if (result != HPE_PAUSED)
        return result == HPE_OK ? "the head is not complete" : llhttp_get_error_reason(&parser);
    if (parser.http_major != 1 || parser.http_minor > 1
        || !span_equal(parse->protocol, SPAN("HTTP")))
        return "the version is neither HTTP/1.1 nor HTTP/1.0";
    parse->head->minor = parser.http_minor;
    parse->head->status = parser.status_code;
    for (size_t i = 0; i < parse->head->count; i++)
        if (!field_name_valid(parse->head->fields[i].name))
            return "a field name holds a byte that no name may hold";
    return NULL;
}

static void begin(struct head *head)
{
    head->method = head->target = head->reason = (struct span){NULL, 0};
    head->count = 0;
    head->status = head->minor = 0;
}

static struct span first_line(struct span bytes)
{
    return span_first(bytes, span_find(bytes, '\r'));
}

/* llhttp takes several spaces between the parts of a request line; one is right (RFC 9112, 3). */
static const char *check_request_line(const struct head *head, struct span line)
{
    static const struct span methods[] = {{"GET", 3}, {"PUT", 3}, {"POST", 4}, {"HEAD", 4},
        {"DELETE", 6}, {"PATCH", 5}, {"OPTIONS", 7}, {"CONNECT", 7}, {"TRACE", 5}};
    if (line.len != head->method.len + head->target.len + sizeof "  HTTP/1.1" - 1)
        return "the request line is not METHOD, one space, target, one space, version";
    for (size_t i = 0; i < head->target.len; i++)
        if (head->target.at[i] <= ' ' || head->target.at[i] == '#')
            return "the address holds a byte that no address may hold; percent-encode it";
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (span_equal(head->method, methods[i]))
            return NULL;
    return "the method is none that HTTP services know";
}

enum err head_parse_request(struct head *head, char *memory, size_t len, struct fault *fault)
{
    struct span bytes = {memory, len};
    struct parse parse = {.head = head};
    begin(head);
    settle_white_space(memory, len);
    const char *why = run(&parse, HTTP_REQUEST, bytes);
    if (parse.too_many)
        return fault_set(fault, ERR_HEAD_TOO_LARGE, "The request has more than %d header fields.",
            HEAD_MAX_FIELDS);
    if (!why)
        why = check_request_line(head, first_line(bytes));
    return why ? fault_set(fault, ERR_BAD_REQUEST,
               "This is not a request that can be read in one way only: %s.", why)
               : OK;
}

/* "HTTP/1.x NNN", then nothing or a space and the reason. */
static const char *check_status_line(const struct head *head, struct span line)
{
    struct span code = span_first(span_from(line, sizeof "HTTP/1.1" - 1), 4);
    bool formed = line.len >= 12 && code.at[0] == ' ' && ascii_digit(code.at[1])
        && ascii_digit(code.at[2]) && ascii_digit(code.at[3])
        && (line.len == 12 || line.at[12] == ' ');
    if (!formed)
        return "its first line is not HTTP's";
    return head->status < 100 || head->status > 599 ? "its status is outside 100 to 599" : NULL;
}

enum err head_parse_response(struct head *head, char *memory, size_t len, struct fault *fault)
{
    struct span bytes = {memory, len};
    struct parse parse = {.head = head};
    begin(head);
    settle_white_space(memory, len);
    const char *why = run(&parse, HTTP_RESPONSE, bytes);
    if (parse.too_many)
        why = "it has too many header fields";
    if (!why)
        why = check_status_line(head, first_line(bytes));
    return why ? fault_set(fault, ERR_UPSTREAM_PROTOCOL,
               "The server's answer is not HTTP that can be read in one way only: %s.", why)
               : OK;
}

const struct field *head_find(const struct head *head, enum field_id id)
{
    for (size_t i = 0; i < head->count; i++)
        if (head->fields[i].id == id)
            return &head->fields[i];
    return NULL;
}

const struct field *head_find_name(const struct head *head, struct span name)
{
    for (size_t i = 0; i < head->count; i++)
        if (span_equal_nocase(head->fields[i].name, name))
            return &head->fields[i];
    return NULL;
}

size_t head_count(const struct head *head, enum field_id id)
{
    size_t count = 0;
    for (size_t i = 0; i < head->count; i++)
        count += head->fields[i].id == id;
    return count;
}

struct span head_value(const struct head *head, enum field_id id)
{
    const struct field *field = head_find(head, id);
    return field ? field->value : (struct span){NULL, 0};
}

struct span head_value_of(const struct head *head, struct span name)
{
    const struct field *field = head_find_name(head, name);
    return field ? field->value : (struct span){NULL, 0};
}

bool head_method_is(const struct head *head, struct span method)
{
    return span_equal(head->method, method);
}

static bool named_in_connection(const struct head *head, struct span name)
{
    for (size_t i = 0; i < head->count; i++)
        if (head->fields[i].id == FIELD_CONNECTION && field_list_has(head->fields[i].value, name))
            return true;
    return false;
}

bool head_forwards(const struct head *head, const struct field *field)
{
    unsigned flags = field_flags(field);
    if (flags & (FIELD_HOP | FIELD_MINE))
        return false;
    return (flags & FIELD_KEEP) || !named_in_connection(head, field->name);
}
