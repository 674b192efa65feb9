#include "proxy/pages/presign_page.h"

#include "proxy/http/query.h"

enum { DEFAULT_EXPIRES_S = 900 };

enum row { ROW_URL, ROW_METHOD, ROW_EXPIRES, ROW_HEADER };

static const struct query_parameter parameters[] = {
    [ROW_URL] = {{"url", 3}, false},
    [ROW_METHOD] = {{"method", 6}, false},
    [ROW_EXPIRES] = {{"expires", 7}, false},
    [ROW_HEADER] = {{"header", 6}, true},
};

/* A service path, or a URL: AWS's, or one that begins as the proxy's own. */
static enum err take_url(struct span url, struct presign_ask *ask, struct fault *fault)
{
    bool good = target_parse(url, &ask->target);
    for (size_t i = 0; good && i < url.len; i++)
        good = url.at[i] > ' ' && url.at[i] <= '~' && span_find(SPAN("#\"\\"), url.at[i]) == 3;
    if (good && span_starts(ask->target.query, SPAN("X-Amz-Algorithm=")))
        return fault_set(fault, ERR_BAD_REQUEST,
            "The parameter url must be without a signature of its own: leave X-Amz-Algorithm and "
            "its like out.");
    if (good)
        return OK;
    return fault_set(fault, ERR_BAD_REQUEST,
        "The parameter url must be a service path such as /s3/bucket/key, or AWS's URL, with its "
        "own escapes: its key percent-encoded, and the whole percent-encoded once more.");
}

static enum err take_method(struct span method, struct presign_ask *ask, struct fault *fault)
{
    static const struct span methods[] = {{"GET", 3}, {"PUT", 3}, {"HEAD", 4}, {"DELETE", 6}};
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (span_equal(method, methods[i])) {
            ask->method = methods[i];
            return OK;
        }
    return fault_set(
        fault, ERR_BAD_REQUEST, "The parameter method must be GET, PUT, HEAD or DELETE.");
}

static enum err take_expires(struct span text, struct presign_ask *ask, struct fault *fault)
{
    if (span_to_number(text, PRESIGN_MAX_EXPIRES_S, &ask->expires_s) && ask->expires_s > 0)
        return OK;
    return fault_set(fault, ERR_BAD_REQUEST,
        "The parameter expires must be a number of seconds from 1 to %d.", PRESIGN_MAX_EXPIRES_S);
}

/* "content-type:audio/wav" */
static enum err take_header(struct span text, struct presign_ask *ask, struct fault *fault)
{
    size_t colon = span_find(text, ':');
    struct canonical_field field = {span_first(text, colon), span_trim(span_from(text, colon + 1))};
    bool good = colon > 0 && colon < text.len && ask->count < PRESIGN_FIELDS_MAX
        && !span_equal_nocase(field.name, SPAN("host"));
    for (size_t i = 0; good && i < field.name.len; i++)
        good = ascii_alpha(field.name.at[i]) || ascii_digit(field.name.at[i])
            || field.name.at[i] == '-';
    if (!good)
        return fault_set(fault, ERR_BAD_REQUEST,
            "The parameter header must be name:value, such as content-type:audio/wav; at most %d "
            "of them, and not host, which is signed anyway.",
            PRESIGN_FIELDS_MAX);
    ask->fields[ask->count++] = field;
    return OK;
}

enum err presign_parse(struct span query, struct presign_ask *ask, struct fault *fault)
{
    static enum err (*const takes[])(struct span, struct presign_ask *, struct fault *) = {
        [ROW_URL] = take_url,
        [ROW_METHOD] = take_method,
        [ROW_EXPIRES] = take_expires,
        [ROW_HEADER] = take_header};
    struct query_walk walk = {.rest = query,
        .table = parameters,
        .count = sizeof parameters / sizeof *parameters,
        .text = buf_over(ask->text, sizeof ask->text)};
    ask->method = SPAN("GET");
    ask->expires_s = DEFAULT_EXPIRES_S;
    ask->count = 0;
    while (query_next(&walk, fault))
        if (takes[walk.row](walk.value, ask, fault) != OK)
            return fault->err;
    if (!fault->err && !(walk.seen >> ROW_URL & 1))
        return fault_set(
            fault, ERR_BAD_REQUEST, "The parameter url is missing: /-/presign?url=/s3/bucket/key");
    return fault->err;
}

/* ---- the answer ---- */

static void write_url(const struct route *route, struct span query, struct buf *out)
{
    buf_text(out, "http");
    if (route->tls)
        buf_char(out, 's');
    buf_text(out, "://");
    buf_add(out, route->host);
    buf_add(out, route->path);
    buf_char(out, '?');
    buf_add(out, query);
}

static void write_fields(const struct presign_ask *ask, struct buf *out)
{
    buf_text(out, ",\n  \"headers\": {");
    for (size_t i = 0; i < ask->count; i++) {
        buf_format(out, "%s\"", i > 0 ? ", " : "");
        buf_json(out, ask->fields[i].name);
        buf_text(out, "\": \"");
        buf_json(out, ask->fields[i].value);
        buf_char(out, '"');
    }
    buf_char(out, '}');
}

/* What holds beside the URL: which request it is for, and until when. */
static void write_facts(const struct presign_ask *ask, const struct page_signing *with,
    uint64_t expires_s, struct buf *out)
{
    buf_text(out, "\",\n  \"method\": \"");
    buf_add(out, ask->method);
    buf_char(out, '"');
    write_fields(ask, out);
    page_write_lifetime(with, ask->expires_s, expires_s, out);
}

enum err presign_write(const struct presign_ask *ask, const struct route *route,
    const struct page_signing *with, struct buf *out, struct fault *fault)
{
    char memory[PRESIGN_TEXT_BYTES];
    struct buf query = buf_over(memory, sizeof memory);
    struct presign presign = {.method = ask->method,
        .host = route->host,
        .path = route->path,
        .query = route->query,
        .style = route->s3 ? PATH_ONCE : PATH_TWICE,
        .payload_hash = route->s3 ? SPAN("UNSIGNED-PAYLOAD") : SPAN(EMPTY_SHA256),
        .scope = {amz_date_of(with->now_ms / 1000), route->region, route->service},
        .signer4a = route->sigv4a ? with->signer4a : NULL,
        .fields = ask->fields,
        .count = ask->count};
    if (page_lifetime(with, ask->expires_s, &presign.expires_s, fault) != OK)
        return fault->err;
    if (presign_query(with->signer, with->credentials, &presign, &query) != OK)
        return fault_set(
            fault, ERR_BAD_REQUEST, "The URL is too long, or has too many parameters.");
    if (with->bare) {
        write_url(route, buf_span(&query), out);
        buf_char(out, '\n');
    } else {
        buf_text(out, "{\n  \"url\": \"");
        write_url(route, buf_span(&query), out);
        write_facts(ask, with, presign.expires_s, out);
    }
    return out->failed ? fault_set(fault, ERR_BAD_REQUEST, "The URL is too long.") : OK;
}
