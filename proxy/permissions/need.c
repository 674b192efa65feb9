#include "proxy/permissions/need.h"

#include "proxy/permissions/pattern.h"

struct need need_begin(const struct needed_request *request, struct permissions *out)
{
    out->operation = (struct span){NULL, 0};
    out->count = 0;
    out->wants_body = false;
    out->text_bytes = 0;
    return (struct need){request, out, buf_over(out->text, sizeof out->text)};
}

bool need_end(struct need *need)
{
    struct permissions *out = need->out;
    out->text_bytes = need->text.len;
    if (need->text.failed)
        out->operation.len = 0;
    if (out->operation.len == 0)
        out->count = 0;
    return out->operation.len > 0;
}

/* How many bytes from there on stand for themselves. */
static size_t plain_run(struct span s, char escape)
{
    size_t len = 0;
    while (len < s.len && s.at[len] != '*' && s.at[len] != '?' && s.at[len] != '$'
        && s.at[len] != escape)
        len++;
    return len;
}

/* The resource as struct permission has it: names as they are, up to the first that is not told. */
static struct span settle(struct need *need, struct span pattern, bool *literal)
{
    struct pattern_part part;
    size_t start = need->text.len;
    bool wild = false;
    *literal = true;
    if (plain_run(pattern, '*') == pattern.len)
        return pattern;
    while (!wild && pattern_next(&pattern, &part)) {
        wild = part.wild;
        buf_char(&need->text, wild ? '*' : part.byte);
    }
    *literal = !wild;
    return need_since(need, start);
}

void need_add(struct need *need, struct span action, struct span pattern)
{
    struct permissions *out = need->out;
    bool literal;
    struct span resource = settle(need, pattern, &literal);
    for (size_t i = 0; i < out->count; i++)
        if (span_equal(out->needed[i].action, action)
            && span_equal(out->needed[i].resource, resource) && out->needed[i].literal == literal)
            return;
    if (out->count == PERMISSIONS_MAX)
        need->text.failed = true;
    else
        out->needed[out->count++] = (struct permission){action, resource, literal};
}

size_t need_room(const struct need *need)
{
    return PERMISSIONS_MAX - need->out->count;
}

struct span need_account(const struct need *need)
{
    return need->request->account.len > 0 ? need->request->account : SPAN("*");
}

void need_write_arn(struct need *need, struct span service, struct span region, struct span account)
{
    const struct span parts[] = {SPAN("arn"), need->request->partition, service, region, account};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        buf_add(&need->text, parts[i]);
        buf_char(&need->text, ':');
    }
}

/* A byte that a policy takes for more than itself; `next` is the one behind it. */
static bool is_special(char c, char next)
{
    return c == '*' || c == '?' || (c == '$' && next == '{');
}

static void write_byte(struct buf *out, char c, char next)
{
    if (!is_special(c, next)) {
        buf_char(out, c);
        return;
    }
    buf_text(out, "${");
    buf_char(out, c);
    buf_char(out, '}');
}

void need_write_name(struct need *need, struct span name)
{
    while (name.len > 0 && !need->text.failed) {
        size_t plain = plain_run(name, '*');
        buf_add(&need->text, span_first(name, plain));
        name = span_from(name, plain);
        if (name.len > 0)
            write_byte(&need->text, name.at[0], name.len > 1 ? name.at[1] : '\0');
        name = span_from(name, 1);
    }
}

/* The byte that s begins with, decoded; *bytes is how many it takes. */
static char decoded(struct span s, size_t *bytes)
{
    int high = s.len > 2 && s.at[0] == '%' ? ascii_hex(s.at[1]) : -1,
        low = high >= 0 ? ascii_hex(s.at[2]) : -1;
    *bytes = low >= 0 ? 3 : 1;
    if (s.len == 0)
        return '\0';
    return low >= 0 ? (char)(high << 4 | low) : s.at[0];
}

void need_write_encoded(struct need *need, struct span encoded)
{
    size_t bytes, ahead;
    while (encoded.len > 0 && !need->text.failed) {
        size_t plain = plain_run(encoded, '%');
        buf_add(&need->text, span_first(encoded, plain));
        encoded = span_from(encoded, plain);
        if (encoded.len == 0)
            return;
        char c = decoded(encoded, &bytes);
        encoded = span_from(encoded, bytes);
        write_byte(&need->text, c, c == '$' ? decoded(encoded, &ahead) : '\0');
    }
}

struct span need_since(const struct need *need, size_t start)
{
    return buf_since(&need->text, start);
}

struct span need_action(struct need *need, struct span prefix, struct span name)
{
    size_t start = need->text.len;
    buf_add(&need->text, prefix);
    buf_char(&need->text, ':');
    buf_add(&need->text, name);
    return need_since(need, start);
}

static bool is_key_id(struct span name)
{
    bool plain = name.len > 0;
    for (size_t i = 0; plain && i < name.len; i++)
        plain = ascii_hex(name.at[i]) >= 0 || name.at[i] == '-';
    return plain || span_starts(name, SPAN("mrk-"));
}

void need_write_kms_key(struct need *need, struct span name)
{
    const char *alias = name.len ? memmem(name.at, name.len, ":alias/", 7) : NULL;
    bool arn = span_starts(name, SPAN("arn:"));
    if (arn && !alias) {
        need_write_name(need, name);
        return;
    }
    if (arn)
        need_write_name(need, span_first(name, (size_t)(alias - name.at) + 1));
    else
        need_write_arn(need, SPAN("kms"), need->request->region, need_account(need));
    buf_text(&need->text, "key/");
    buf_add(&need->text, !arn && is_key_id(name) ? name : SPAN("*"));
}
