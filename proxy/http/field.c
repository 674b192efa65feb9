#include "proxy/http/field.h"

#include "proxy/base/buf.h"

static const struct {
    struct span name;
    unsigned flags;
} known[] = {
#define X(id, name, flags) [FIELD_##id] = {{name, sizeof(name) - 1}, flags},
    FIELD_LIST(X)
#undef X
};

enum field_id field_identify(struct span name)
{
    for (size_t i = 1; i < sizeof known / sizeof *known; i++)
        if (known[i].name.len == name.len && span_equal_nocase(known[i].name, name))
            return (enum field_id)i;
    return FIELD_OTHER;
}

/* Whatever is spelled like a field of this proxy's or between neighbours; some servers read "_" as
 * "-". */
static bool looks_private(struct span name)
{
    static const struct span prefixes[] = {{"x-countersign-", 14}, {"proxy-", 6}};
    static const struct span names[] = {{"content-length", 14}, {"transfer-encoding", 17}};
    if (name.len == 0 || !strchr("xXpPcCtT", name.at[0]))
        return false; /* most names begin like none of these */
    char memory[24];
    struct buf plain = buf_over(memory, sizeof memory);
    for (size_t i = 0; i < name.len && i < sizeof memory; i++)
        buf_char(&plain, name.at[i] == '_' ? '-' : name.at[i]);
    for (size_t i = 0; i < 2; i++)
        if (span_starts_nocase(buf_span(&plain), prefixes[i])
            || span_equal_nocase(buf_span(&plain), names[i]))
            return true;
    return false;
}

unsigned field_flags(const struct field *field)
{
    static const struct span families[] = {{"x-amz", 5}, {"content-", 8}, {"if-", 3}, {"range", 5},
        {"accept", 6}, {"cache-control", 13}, {"date", 4}, {"user-agent", 10}, {"etag", 4},
        {"location", 8}, {"set-cookie", 10}};
    if (field->id != FIELD_OTHER)
        return known[field->id].flags;
    if (looks_private(field->name))
        return FIELD_MINE;
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        if (span_starts_nocase(field->name, families[i]))
            return FIELD_KEEP;
    return 0;
}

/* One bit for each byte below 128: letters, digits and !#$%&'*+-.^_`|~ (RFC 9110, 5.6.2). */
static bool token_byte(char c)
{
    static const uint64_t tokens[] = {0x03ff6cfa00000000, 0x57ffffffc7fffffe};
    unsigned char byte = (unsigned char)c;
    return byte < 128 && tokens[byte / 64] >> byte % 64 & 1;
}

bool field_name_valid(struct span name)
{
    for (size_t i = 0; i < name.len; i++)
        if (!token_byte(name.at[i]))
            return false;
    return name.len > 0;
}

bool field_value_valid(struct span value)
{
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.at[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

bool field_parse_line(struct span line, struct field *field)
{
    size_t colon = span_find(line, ':');
    if (colon == line.len)
        return false;
    field->name = span_first(line, colon);
    field->value = span_trim(span_from(line, colon + 1));
    if (!field_name_valid(field->name) || !field_value_valid(field->value))
        return false;
    field->id = field_identify(field->name);
    return true;
}

bool field_list_has(struct span list, struct span token)
{
    struct span item;
    while (span_next(&list, ',', &item))
        if (span_equal_nocase(span_trim(item), token))
            return true;
    return false;
}
