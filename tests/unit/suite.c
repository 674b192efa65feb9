#include "tests/unit/suite.h"

/* Undoes the escapes in place: what comes out is never longer. */
static struct span unescape(char *text, size_t len)
{
    static const char names[] = "nt\\", bytes[] = "\n\t\\";
    size_t to = 0;
    for (size_t i = 0; i < len; i++) {
        const char *named = text[i] == '\\' && i + 1 < len ? strchr(names, text[i + 1]) : NULL;
        if (named) {
            text[to++] = bytes[named - names];
            i++;
        } else if (text[i] == '\\' && i + 3 < len && text[i + 1] == 'x') {
            text[to++] = (char)(ascii_hex(text[i + 2]) << 4 | ascii_hex(text[i + 3]));
            i += 3;
        } else {
            text[to++] = text[i];
        }
    }
    return (struct span){text, to};
}

static bool yes(struct span value)
{
    return span_equal(value, SPAN("yes"));
}

/* Where the value of that name is kept; NULL where it is no plain text. */
static struct span *place_of(struct suite_case *c, struct span name)
{
    const struct {
        struct span name;
        struct span *place;
    } places[] = {{TEXT("access_key_id"), &c->credentials.access_key_id},
        {TEXT("secret_access_key"), &c->credentials.secret_access_key},
        {TEXT("token"), &c->credentials.session_token}, {TEXT("public_key"), &c->public_key},
        {TEXT("region"), &c->region}, {TEXT("service"), &c->service}, {TEXT("time"), &c->time},
        {TEXT("expires"), &c->expires}, {TEXT("method"), &c->method}, {TEXT("target"), &c->target},
        {TEXT("body"), &c->body}, {TEXT("header-canonical"), &c->form[0].canonical},
        {TEXT("header-string"), &c->form[0].string},
        {TEXT("header-signature"), &c->form[0].signature},
        {TEXT("query-canonical"), &c->form[1].canonical},
        {TEXT("query-string"), &c->form[1].string},
        {TEXT("query-signature"), &c->form[1].signature}};
    for (size_t i = 0; i < ROWS(places); i++)
        if (span_equal(places[i].name, name))
            return places[i].place;
    return NULL;
}

static bool set(struct suite_case *c, struct span name, struct span value)
{
    struct span *place = place_of(c, name);
    if (place)
        *place = value;
    else if (span_equal(name, SPAN("normalize")))
        c->normalize = yes(value);
    else if (span_equal(name, SPAN("sign_body")))
        c->sign_body = yes(value);
    else if (span_equal(name, SPAN("omit_session_token")))
        c->omit_session_token = yes(value);
    else if (span_equal(name, SPAN("field")) && c->fields < SUITE_FIELDS)
        c->field[c->fields++] = value;
    else
        return false;
    return true;
}

/* The lines after a "|" that follow, moved together so that they are one text. */
static struct span take_block(char **at)
{
    char *start = *at, *to = *at;
    while (**at == '|') {
        size_t len = strcspn(*at + 1, "\n");
        if (to > start)
            *to++ = '\n';
        memmove(to, *at + 1, len);
        to += unescape(to, len).len;
        *at += 1 + len + 1;
    }
    return (struct span){start, (size_t)(to - start)};
}

static struct suite_case *find_case(struct suite *suite, struct span name)
{
    for (size_t i = 0; i < suite->count; i++)
        if (span_equal(suite->cases[i].name, name))
            return &suite->cases[i];
    if (suite->count == SUITE_CASES)
        return NULL;
    struct suite_case *c = &suite->cases[suite->count++];
    *c = suite->defaults;
    c->name = name;
    return c;
}

/* In *current the case under way, or the defaults; NULL where there are too many. */
static bool read_line(struct suite *suite, struct suite_case **current, char **at)
{
    char *line = *at;
    size_t len = strcspn(line, "\n"), name_len = strcspn(line, " \n");
    *at += len + 1;
    struct span name = {line, name_len};
    if (len == 0 || line[0] == '#')
        return true;
    char *value_at = line + (name_len < len ? name_len + 1 : len);
    struct span value = unescape(value_at, (size_t)(line + len - value_at));
    if (span_equal(name, SPAN("case"))) {
        *current = find_case(suite, value);
        return *current != NULL;
    }
    if (**at == '|')
        value = take_block(at);
    return set(*current, name, value);
}

bool suite_read(struct suite *suite, const char *path)
{
    struct suite_case *current = &suite->defaults;
    char *text = suite->memory + suite->used;
    size_t room = sizeof suite->memory - suite->used - 1;
    FILE *in = fopen(path, "rb");
    size_t len = in ? fread(text, 1, room, in) : 0;
    bool good = in != NULL && len < room;
    if (in)
        (void)fclose(in);
    text[len] = '\0';
    suite->used += len + 1;
    for (char *at = text; good && at < text + len;)
        good = read_line(suite, &current, &at);
    return good;
}

void suite_canonical(const struct suite_case *c, struct canonical *canonical)
{
    size_t mark = span_find(c->target, '?');
    *canonical = (struct canonical){.method = c->method,
        .path = span_first(c->target, mark),
        .query = span_from(c->target, mark + 1),
        .style = c->normalize ? PATH_TWICE : PATH_ONCE};
    for (size_t i = 0; i < c->fields; i++) {
        size_t colon = span_find(c->field[i], ':');
        canonical_add(canonical, span_first(c->field[i], colon), span_from(c->field[i], colon + 1));
    }
}
