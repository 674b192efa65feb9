#include "proxy/permissions/folder.h"

enum { OBJECTS_IN_FOLDER = 8, JOBS = 2 };

/* The place behind the first mark, or 0. */
static size_t behind(struct span s, struct span mark)
{
    const char *hit = s.len ? memmem(s.at, s.len, mark.at, mark.len) : NULL;
    return hit ? (size_t)(hit - s.at) + mark.len : 0;
}

/* The parts of "arn:PARTITION:SERVICE:REGION:ACCOUNT:REST". */
static bool split_arn(struct span arn, struct span *service, struct span *rest)
{
    struct span field, left = arn;
    for (int i = 0; i < 5; i++) {
        if (!span_next(&left, ':', &field) || !left.at)
            return false;
        if (i == 2)
            *service = field;
    }
    *rest = left;
    return span_starts(arn, SPAN("arn:"));
}

static bool is_s3(struct span service)
{
    static const struct span names[] = {
        {"s3", 2}, {"s3-outposts", 11}, {"s3-object-lambda", 16}, {"s3express", 9}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (span_equal(service, names[i]))
            return true;
    return false;
}

/* "bucket/KEY", "accesspoint/NAME/object/KEY", "outpost/ID/bucket/NAME/object/KEY"; what has a type
 * and no object is no object. */
static size_t root_of_object(struct span rest)
{
    static const struct span types[] = {
        {"accesspoint/", 12}, {"outpost/", 8}, {"bucket/", 7}, {"job/", 4}, {"storage-lens/", 13}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (span_starts(rest, types[i]))
            return behind(rest, SPAN("/object/"));
    return behind(rest, SPAN("/"));
}

void folder_rule_of(struct span resource, struct folder_rule *rule)
{
    struct span service = {NULL, 0}, rest = {NULL, 0};
    *rule = (struct folder_rule){0, 0, false};
    if (!split_arn(resource, &service, &rest))
        return;
    size_t before = (size_t)(rest.at - resource.at), root = behind(rest, SPAN("/"));
    if (is_s3(service)) {
        root = root_of_object(rest);
        rule->object = root > 0;
        rule->most = root > 0 ? OBJECTS_IN_FOLDER : 0;
    } else if (span_ends(span_first(rest, root), SPAN("-job/"))) {
        rule->most = JOBS;
    }
    rule->root = root > 0 ? before + root : 0;
}

/* "2026", "2026-11-25T10", "year=2026", "0f8fad5b-d9cd-469f-a165-70867728950e". */
static bool is_passing(struct span name)
{
    enum { RANDOM_ID_BYTES = 16 };
    const struct span marks = SPAN("-_:.TZ");
    size_t digits = 0, hex = 0;
    struct span value = name;
    size_t equals = span_find(name, '=');
    if (equals < name.len)
        value = span_from(name, equals + 1);
    bool number = true;
    for (size_t i = 0; i < value.len; i++) {
        char c = value.at[i];
        digits += ascii_digit(c);
        hex += ascii_hex(c) >= 0 || c == '-';
        number = number && (ascii_digit(c) || span_find(marks, c) < marks.len);
    }
    return digits > 0 && (number || (hex == value.len && value.len >= RANDOM_ID_BYTES));
}

struct span folder_cut(struct span folder, size_t root)
{
    struct span rest = span_from(folder, root), name;
    size_t end = root;
    while (rest.len > 0 && span_next(&rest, '/', &name)) {
        if (is_passing(name))
            return span_first(folder, end);
        end += name.len + 1;
    }
    return folder;
}
