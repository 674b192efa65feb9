#include "proxy/permissions/s3_asked.h"

enum { NAME_BYTES = 48 }; /* no name that counts is longer */

/* A text in place: no pointer that has to be relocated. */
struct name {
    uint8_t len;
    char text[NAME_BYTES - 1];
};

#define X(id, name) {sizeof(name) - 1, name},
static const struct name keys[] = {S3_SUBRESOURCES(X) S3_PARAMETERS(X)};
static const struct name headers[] = {S3_HEADERS(X)};
#undef X

/* What may stand in a query without a value and mean nothing that counts. */
static const struct name harmless[] = {{6, "marker"}, {6, "prefix"}, {8, "max-keys"},
    {9, "delimiter"}, {9, "max-parts"}, {10, "key-marker"}, {11, "fetch-owner"},
    {11, "max-buckets"}, {11, "max-uploads"}, {11, "start-after"}, {13, "bucket-region"},
    {13, "encoding-type"}, {16, "upload-id-marker"}, {17, "annotation-prefix"},
    {17, "version-id-marker"}, {18, "continuation-token"}, {18, "part-number-marker"},
    {21, "max-directory-buckets"}, {22, "max-annotation-results"}};

enum {
    KEYS = sizeof keys / sizeof *keys,
    HEADERS = sizeof headers / sizeof *headers,
    HARMLESS = sizeof harmless / sizeof *harmless
};

static size_t find(const struct name *table, size_t count, struct span name)
{
    size_t i = 0;
    while (
        i < count && !(table[i].len == name.len && memcmp(table[i].text, name.at, name.len) == 0))
        i++;
    return i;
}

/* A name of the query or the head, percent-decoded where it is one of the query; what is too long
 * to count is empty. */
static struct span plain(struct span name, char memory[NAME_BYTES])
{
    size_t len = 0;
    if (name.len < NAME_BYTES && span_find(name, '%') == name.len)
        return name;
    while (name.len > 0 && len < NAME_BYTES) {
        int high = name.len > 2 && name.at[0] == '%' ? ascii_hex(name.at[1]) : -1,
            low = high >= 0 ? ascii_hex(name.at[2]) : -1;
        memory[len++] = low >= 0 ? (char)(high << 4 | low) : name.at[0];
        name = span_from(name, low >= 0 ? 3 : 1);
    }
    return (struct span){memory, name.len == 0 && len < NAME_BYTES ? len : 0};
}

static void take_header(struct s3_asked *asked, struct span name, struct span value, bool in_query)
{
    char lower[NAME_BYTES];
    struct span rest = span_from(name, sizeof "x-amz-" - 1);
    if (rest.len >= NAME_BYTES)
        return;
    for (size_t i = 0; i < rest.len; i++)
        lower[i] = ascii_lower(rest.at[i]);
    rest.at = lower;
    size_t header =
        span_starts(rest, SPAN("grant-")) ? S3_HEADER_ACL : find(headers, HEADERS, rest);
    bool choice = header == S3_HEADER_BYPASS || header == S3_HEADER_LOCKED_BUCKET;
    if (header == HEADERS || (choice && span_equal_nocase(value, SPAN("false"))))
        return;
    bool named = header == S3_HEADER_COPY_SOURCE || header == S3_HEADER_KMS_KEY;
    if (named && (in_query || (asked->headers & 1U << header)))
        asked->unclear = true;
    if (header == S3_HEADER_COPY_SOURCE)
        asked->copy_source = value;
    if (header == S3_HEADER_KMS_KEY)
        asked->kms_key = value;
    asked->headers |= 1U << header;
}

/* Whether a name without a value may choose an operation: such names are letters and hyphens. */
static bool may_choose(struct span name)
{
    bool word = name.len > 0 && !span_starts(name, SPAN("response-"))
        && !span_equal(name, SPAN("x-id")) && find(harmless, HARMLESS, name) == HARMLESS;
    for (size_t i = 0; word && i < name.len; i++)
        word = ascii_alpha(name.at[i]) || name.at[i] == '-';
    return word;
}

static void take_key(struct s3_asked *asked, struct span parameter)
{
    char memory[NAME_BYTES];
    size_t equals = span_find(parameter, '=');
    struct span name = plain(span_first(parameter, equals), memory);
    struct span value = span_from(parameter, equals + 1);
    if (span_starts_nocase(name, SPAN("x-amz-"))) {
        take_header(asked, name, value, true);
        return;
    }
    size_t key = find(keys, KEYS, name);
    bool needs_2 = key == S3_KEY_LIST_TYPE || key == S3_KEY_SELECT_TYPE;
    if (key < KEYS && (!needs_2 || span_equal(value, SPAN("2"))))
        asked->keys |= UINT64_C(1) << key;
    else if (key == KEYS && value.len == 0 && may_choose(name))
        asked->unclear = true;
}

static void take_field(struct s3_asked *asked, const struct field *field)
{
    if (field->id == FIELD_ORIGIN)
        asked->headers |= S3_HEADER_BIT(ORIGIN);
    if (field->id == FIELD_CONTENT_TYPE
        && span_starts_nocase(field->value, SPAN("multipart/form-data")))
        asked->headers |= S3_HEADER_BIT(FORM);
    if (field->id == FIELD_OTHER && span_starts_nocase(field->name, SPAN("x-amz-")))
        take_header(asked, field->name, field->value, false);
}

struct s3_asked s3_asked_of(const struct needed_request *request)
{
    struct s3_asked asked = {.keys = 0};
    struct span rest = request->query, parameter;
    while (span_next(&rest, '&', &parameter))
        take_key(&asked, parameter);
    for (size_t i = 0; i < request->head->count; i++)
        take_field(&asked, &request->head->fields[i]);
    return asked;
}
