#include "proxy/permissions/s3_needed.h"

#include "proxy/aws/rows.h"

enum method {
    METHOD_GET,
    METHOD_HEAD,
    METHOD_PUT,
    METHOD_POST,
    METHOD_DELETE,
    METHOD_OPTIONS,
    METHODS
};
enum level { LEVEL_SERVICE, LEVEL_EXPRESS, LEVEL_ROUTE, LEVEL_BUCKET, LEVEL_OBJECT };
enum at { AT_BUCKET, AT_OBJECT, AT_ALL, AT_KEYS };

/* A row without its text, which is found by its place in `text`. */
struct row {
    uint64_t keys;
    uint16_t headers, extras, text;
    uint8_t method, level, at;
    uint8_t weight; /* how many keys and headers */
};

#define MEMBER_(line) row_##line
#define MEMBER(line)  MEMBER_(line)
#define KEY(id)       S3_KEY_BIT(id)
#define HEADER(id)    S3_HEADER_BIT(id)
#define EXTRA(id)     S3_EXTRA_##id

#define ROW(columns, method, level, keys, headers, extras, at) \
    char MEMBER(__LINE__)[sizeof(columns)];
static const struct text {
#include "proxy/permissions/s3_rows.def"
#undef ROW
#define ROW(columns, method, level, keys, headers, extras, at) columns,
} text = {
#include "proxy/permissions/s3_rows.def"
};
#undef ROW

#define WEIGHT(keys, headers) (__builtin_popcountll(keys) + __builtin_popcount(headers))
#define ROW(columns, method, level, keys, headers, extras, at)                        \
    {keys, headers, extras, offsetof(struct text, MEMBER(__LINE__)), METHOD_##method, \
        LEVEL_##level, AT_##at, WEIGHT(keys, headers)},
static const struct row rows[] = {
#include "proxy/permissions/s3_rows.def"
};
#undef ROW

static enum method method_of(struct span method)
{
    static const char names[METHODS][8] = {"GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS"};
    size_t i = 0;
    while (i < METHODS && !span_equal(method, span_of(names[i])))
        i++;
    return (enum method)i;
}

static enum level level_of(const struct s3_place *place, struct span path)
{
    if (place->object_lambda_api && span_equal(path, SPAN("/WriteGetObjectResponse")))
        return LEVEL_ROUTE;
    if (place->kind == S3_NONE)
        return place->express_control ? LEVEL_EXPRESS : LEVEL_SERVICE;
    return place->key.len > 0 ? LEVEL_OBJECT : LEVEL_BUCKET;
}

/* All that the row names is there, and no operation is asked for that it does not name. */
static bool fits(const struct row *row, const struct s3_asked *asked)
{
    return (row->keys & ~asked->keys) == 0 && (asked->keys & S3_SUBRESOURCES_MASK & ~row->keys) == 0
        && (row->headers & ~asked->headers) == 0;
}

static const struct row *find(const struct s3_needs *s3, enum method method, enum level level)
{
    const struct row *best = NULL;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        if (row->method == method && row->level == level && fits(row, &s3->asked)
            && (!best || row->weight > best->weight))
            best = row;
    }
    return best;
}

static struct span prefix_of(const struct s3_place *place)
{
    if (place->kind == S3_OBJECT_LAMBDA)
        return SPAN("s3-object-lambda");
    return place->kind == S3_OUTPOST ? SPAN("s3-outposts") : SPAN("s3");
}

void s3_add(struct need *need, const struct s3_needs *s3, struct span actions, struct span resource)
{
    struct span action, prefix = prefix_of(&s3->place);
    while (span_next(&actions, ',', &action)) {
        if (prefix.len > 2 && span_starts(action, SPAN("s3:")))
            action = need_action(need, prefix, span_from(action, 3));
        need_add(need, action, resource);
    }
}

static bool is_directory(const struct s3_place *place)
{
    return place->kind == S3_DIRECTORY || place->kind == S3_DIRECTORY_POINT;
}

/* Object Lambda has the operations on objects, and those that list them. */
static bool is_offered(const struct s3_place *place, const struct row *row, struct span actions)
{
    return actions.len > 0
        && (place->kind != S3_OBJECT_LAMBDA || row->level != LEVEL_BUCKET
            || span_starts(actions, SPAN("s3:ListBucket")));
}

/* ARNs of what the row says that its actions are on. */
static void write_resources(struct need *need, struct s3_needs *s3, const struct row *row)
{
    if (row->at != AT_ALL)
        s3->container = s3_place_container(need, &s3->place);
    s3->object = s3->container;
    if (is_directory(&s3->place))
        return;
    if (row->at == AT_OBJECT)
        s3->object = s3_place_object(need, &s3->place, s3->place.key);
    if (row->at == AT_KEYS)
        s3->object = s3_place_objects(need, &s3->place, SPAN(""));
}

static void add_all(struct need *need, struct s3_needs *s3, const struct row *row)
{
    struct span column[4];
    rows_split(span_of((const char *)&text + row->text), column, 4);
    bool versioned = (s3->asked.keys & S3_KEY_BIT(VERSION_ID)) && column[2].len > 0;
    bool directory = is_directory(&s3->place), preflight = row->method == METHOD_OPTIONS;
    struct span actions = versioned ? column[2] : column[1];
    if (directory)
        actions = column[3];
    if (!preflight && !is_offered(&s3->place, row, actions))
        return;
    need->out->operation = column[0];
    s3->extras = row->extras;
    write_resources(need, s3, row);
    if ((row->extras & S3_EXTRA_VERSIONS) && !directory)
        s3_needed_deletes(need, s3);
    else if (!preflight)
        s3_add(need, s3, actions, row->at == AT_ALL ? SPAN("*") : s3->object);
    s3_needed_extras(need, s3);
}

bool s3_needed(struct need *need)
{
    struct s3_needs s3 = {.asked = s3_asked_of(need->request)};
    bool found = s3_place_find(need, &s3.place);
    if (found && s3.place.control)
        return false;
    if (!found || s3.asked.unclear)
        return true;
    enum level level = level_of(&s3.place, need->request->path);
    const struct row *row = find(&s3, method_of(need->request->method), level);
    if (row)
        add_all(need, &s3, row);
    return true;
}
