#include "proxy/aws/host_table.h"

#include "proxy/aws/partition.h"
#include "proxy/aws/rows.h"
#include "proxy/aws/service.h"

#define TABLE      exceptions
#define TABLE_FILE "proxy/aws/host_rows.def"
#include "proxy/aws/rows_table.inc"

#define TABLE      patterns
#define TABLE_FILE "proxy/aws/host_patterns.def"
#include "proxy/aws/rows_table.inc"

#define TABLE      parents
#define TABLE_FILE "proxy/aws/host_parents.def"
#include "proxy/aws/rows_table.inc"

enum { MATCH, SIGNING, REGION, SCHEME, PATH, LEFT, COLUMNS };

/* False where the row is for other paths. */
static bool take(struct span text, struct span path, struct host_row *row)
{
    struct span column[COLUMNS];
    rows_split(text, column, COLUMNS);
    if (!span_starts(path, column[PATH]))
        return false;
    *row = (struct host_row){.signing = column[SIGNING],
        .prefix = column[MATCH],
        .region = column[REGION],
        .scheme = column[SCHEME],
        .left = column[LEFT]};
    if (span_equal(row->signing, SPAN("!")))
        row->signing.len = 0;
    return true;
}

static bool find_exception(struct span labels, struct span path, struct host_row *row)
{
    struct rows rows = exceptions();
    for (size_t i = rows_find(&rows, labels); rows_keyed(&rows, i, labels); i++)
        if (take(rows_at(&rows, i), path, row))
            return true;
    return false;
}

static bool find_service(struct span labels, struct host_row *row)
{
    struct service service;
    if (!service_by_prefix(labels, &service))
        return false;
    *row = (struct host_row){.signing = service.signing, .prefix = service.prefix};
    return true;
}

/* Whether the labels are BEFORE, what varies, and AFTER. */
static bool matches(struct span pattern, struct span labels, struct span *said)
{
    struct span any = SPAN("*"), region = SPAN("{region}"), before, after, middle;
    bool is_region = span_find(pattern, '*') == pattern.len;
    size_t place = span_find(pattern, is_region ? '{' : '*');
    before = span_first(pattern, place);
    after = span_from(pattern, place + (is_region ? region : any).len);
    if (labels.len < before.len + after.len || !span_starts(labels, before)
        || !span_ends(labels, after))
        return false;
    middle = span_first(span_from(labels, before.len), labels.len - before.len - after.len);
    said->len = 0;
    if (is_region)
        *said = middle;
    return is_region ? region_shaped(middle) : span_find(middle, '.') == middle.len;
}

static bool find_pattern(struct span labels, struct span path, struct host_row *row)
{
    struct rows rows = patterns();
    for (size_t i = 0; i < rows.count; i++) {
        struct span text = rows_at(&rows, i), said = {NULL, 0};
        bool begins = labels.len > 0 && text.at[0] == labels.at[0];
        if (!begins && text.at[0] != '*' && text.at[0] != '{')
            continue;
        if (matches(span_first(text, span_find(text, ' ')), labels, &said)
            && take(text, path, row)) {
            row->prefix.len = 0;
            row->said = said;
            return true;
        }
    }
    return false;
}

bool host_row_longer(struct span label)
{
    struct rows rows = parents();
    return rows_find(&rows, label) < rows.count;
}

bool host_row_find(struct span labels, struct span path, struct host_row *row)
{
    return find_exception(labels, path, row) || find_service(labels, row)
        || find_pattern(labels, path, row);
}

bool host_row_allows(const struct host_row *row, struct span left)
{
    struct span list = row->left, allowed;
    if (left.len == 0 || span_equal(row->left, SPAN("*")))
        return true;
    while (span_next(&list, ',', &allowed))
        if (span_equal(allowed, left))
            return true;
    return false;
}
