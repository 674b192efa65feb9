#include "proxy/http/target.h"

static bool host_byte(char c)
{
    return ascii_alpha(c) || ascii_digit(c) || c == '.' || c == '-' || c == '_';
}

static bool address_byte(char c)
{
    return ascii_hex(c) >= 0 || c == ':' || c == '.';
}

static bool parse_port(struct span text, unsigned *port)
{
    uint64_t number = 0;
    if (text.len == 0)
        return true;
    if (text.at[0] != ':' || !span_to_number(span_from(text, 1), 65535, &number) || number == 0)
        return false;
    *port = (unsigned)number;
    return true;
}

/* A leading dot, or two in a row; one at the end is DNS's root. */
static bool has_empty_label(struct span host)
{
    for (size_t i = 0; i < host.len; i++)
        if (host.at[i] == '.' && (i == 0 || host.at[i - 1] == '.'))
            return true;
    return false;
}

bool authority_parse(struct span text, struct authority *authority)
{
    bool bracketed = text.len > 0 && text.at[0] == '[';
    struct span inside = span_from(text, bracketed);
    size_t end = 0;
    while (
        end < inside.len && (bracketed ? address_byte(inside.at[end]) : host_byte(inside.at[end])))
        end++;
    struct authority found = {
        .text = text, .host = span_first(inside, end), .bracketed = bracketed};
    struct span rest = span_from(inside, end);
    if (bracketed) {
        if (rest.len == 0 || rest.at[0] != ']')
            return false;
        rest = span_from(rest, 1);
    }
    if (end == 0 || end > 253 || has_empty_label(found.host) || !parse_port(rest, &found.port))
        return false;
    *authority = found;
    return true;
}

bool authority_is_loopback(const struct authority *authority)
{
    struct span host = authority->host;
    if (authority->bracketed)
        return span_equal(host, SPAN("::1"));
    if (span_equal_nocase(host, SPAN("localhost")))
        return true;
    struct span part;
    size_t parts = 0;
    bool digits = span_starts(host, SPAN("127."));
    while (digits && span_next(&host, '.', &part)) {
        uint64_t number;
        digits = span_to_number(part, 255, &number) && part.len <= 3;
        parts++;
    }
    return digits && parts == 4;
}

static void split_query(struct span text, struct target *target)
{
    size_t mark = span_find(text, '?');
    target->path = span_first(text, mark);
    target->query = mark < text.len ? span_from(text, mark + 1) : (struct span){NULL, 0};
}

/* "http://host/path?query" */
static bool parse_absolute(struct span text, struct span scheme, struct target *target)
{
    if (!span_starts_nocase(text, scheme))
        return false;
    text = span_from(text, scheme.len);
    size_t end = 0;
    while (end < text.len && text.at[end] != '/' && text.at[end] != '?')
        end++;
    if (!authority_parse(span_first(text, end), &target->authority))
        return false;
    split_query(span_from(text, end), target);
    if (target->path.len == 0)
        target->path = SPAN("/");
    target->absolute = true;
    return true;
}

bool target_parse(struct span text, struct target *target)
{
    *target = (struct target){.absolute = false};
    if (!span_starts(text, SPAN("/")))
        return parse_absolute(text, SPAN("http://"), target)
            || parse_absolute(text, SPAN("https://"), target);
    split_query(text, target);
    return true;
}

static enum err find_host(const struct head *head, struct target *target, struct fault *fault)
{
    size_t hosts = head_count(head, FIELD_HOST);
    if (hosts > 1)
        return fault_set(fault, ERR_BAD_REQUEST, "The request has two Host headers; send one.");
    if (hosts == 0 && head->minor > 0)
        return fault_set(
            fault, ERR_BAD_REQUEST, "The request has no Host header; HTTP/1.1 requires one.");
    struct authority host = {.text = {NULL, 0}};
    if (hosts == 1 && !authority_parse(head_value(head, FIELD_HOST), &host))
        return fault_set(
            fault, ERR_BAD_REQUEST, "The Host header is not a host name with or without a port.");
    if (!target->absolute)
        target->authority = host;
    return OK;
}

enum err target_of_request(const struct head *head, struct target *target, struct fault *fault)
{
    *target = (struct target){.method = head->method};
    if (head_method_is(head, SPAN("CONNECT")))
        return fault_set(fault, ERR_METHOD_NOT_ALLOWED,
            "A tunnel cannot be signed. Use http:// in the address, not https://: the way to AWS "
            "is encrypted all the same.");
    if (head_method_is(head, SPAN("TRACE")))
        return fault_set(fault, ERR_METHOD_NOT_ALLOWED,
            "TRACE would show the signature to its sender; it is refused.");
    if (head->target.at[0] == '/')
        split_query(head->target, target);
    else if (!parse_absolute(head->target, SPAN("http://"), target))
        return fault_set(fault, ERR_BAD_REQUEST,
            "The address is neither a path nor an http:// URL of a plain host; user names in it "
            "are refused.");
    return find_host(head, target, fault);
}
