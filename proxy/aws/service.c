#include "proxy/aws/service.h"

#include "proxy/aws/rows.h"
#include "proxy/base/buf.h"

enum { COLUMNS = 8, NAME_BYTES = 64 };

#define TABLE      services
#define TABLE_FILE "proxy/aws/service_rows.def"
#include "proxy/aws/rows_table.inc"

#define TABLE      names
#define TABLE_FILE "proxy/aws/service_names.def"
#include "proxy/aws/rows_table.inc"

static struct span either(struct span text, struct span otherwise)
{
    return text.len > 0 ? text : otherwise;
}

static void parse(struct span row, struct service *service)
{
    struct span column[COLUMNS];
    rows_split(row, column, COLUMNS);
    service->prefix = column[0];
    service->name = either(column[1], service->prefix);
    service->signing = either(column[2], service->prefix);
    service->iam = either(column[3], service->signing);
    service->protocols = either(column[4], SPAN("rest-json"));
    service->target = column[5];
    service->auth = either(column[6], SPAN("sigv4"));
    service->hosts = column[7];
}

bool service_by_prefix(struct span prefix, struct service *service)
{
    struct rows rows = services();
    size_t i = rows_find(&rows, prefix);
    if (i < rows.count)
        parse(rows_at(&rows, i), service);
    return i < rows.count;
}

/* The service of that name among those of the prefix. */
static bool among(struct span prefix, struct span name, struct service *service)
{
    struct rows rows = services();
    for (size_t i = rows_find(&rows, prefix); rows_keyed(&rows, i, prefix); i++) {
        parse(rows_at(&rows, i), service);
        if (span_equal(service->name, name))
            return true;
    }
    return false;
}

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || ascii_digit(c) || c == '-' || c == '.';
}

/* In small letters, with "-" for a space or "_". */
static struct span write_plain(struct buf *out, struct span name)
{
    size_t plain = 0;
    while (plain < name.len && is_plain(name.at[plain]))
        plain++;
    if (plain == name.len)
        return name;
    while (name.len > 0) {
        bool escaped = span_starts(name, SPAN("%20"));
        bool space = escaped || name.at[0] == ' ' || name.at[0] == '_';
        buf_char(out, space ? '-' : ascii_lower(name.at[0]));
        name = span_from(name, escaped ? 3 : 1);
    }
    return out->failed ? SPAN("") : buf_span(out);
}

bool service_by_name(struct span name, struct service *service)
{
    char memory[NAME_BYTES];
    struct buf buf = buf_over(memory, sizeof memory);
    struct span plain = write_plain(&buf, name), column[3];
    if (service_by_prefix(plain, service))
        return true;
    struct rows rows = names();
    size_t i = rows_find(&rows, plain);
    if (i == rows.count)
        return false;
    rows_split(rows_at(&rows, i), column, 3);
    return column[2].len > 0 ? among(column[1], column[2], service)
                             : service_by_prefix(column[1], service);
}

bool service_by_signing(struct span signing, struct service *service)
{
    struct rows rows = services();
    if (service_by_name(signing, service) && span_equal(service->signing, signing))
        return true;
    for (size_t i = 0; i < rows.count; i++) {
        parse(rows_at(&rows, i), service);
        if (span_equal(service->signing, signing))
            return true;
    }
    return false;
}

bool service_by_target(struct span signing, struct span target, struct service *service)
{
    struct rows rows = services();
    struct service other;
    if (!service_by_signing(signing, service))
        return false;
    for (size_t i = 0; i < rows.count && target.len > 0; i++) {
        if (span_equal(service->target, target))
            break;
        parse(rows_at(&rows, i), &other);
        if (span_equal(other.signing, signing) && span_equal(other.target, target))
            *service = other;
    }
    return true;
}

static void offer(const struct rows *rows, struct span typed, struct nearest *nearest)
{
    for (size_t i = 0; i < rows->count; i++) {
        struct span row = rows_at(rows, i);
        nearest_offer(nearest, typed, span_first(row, span_find(row, ' ')));
    }
}

void service_nearest(struct span typed, struct nearest *nearest)
{
    struct rows of_services = services(), of_names = names();
    *nearest = (struct nearest){.names = 0};
    typed = span_first(typed, NAME_BYTES);
    offer(&of_services, typed, nearest);
    offer(&of_names, typed, nearest);
}
