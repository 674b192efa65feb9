/* Asks the tables in bulk: a question a line on standard input, its answer a line on standard
 * output, the columns of both parted by a tab. host HOST PATH HOME            -> service, stranger
 * or customer; signing name; region, or empty for that of the environment; sigv4, sigv4a or
 * session; once or twice, how often the path is encoded name NAME REGION VARIANT       -> host,
 * signing name and region of /NAME.REGION/; VARIANT is n plain, d dual-stack, f FIPS, x both; empty
 * where there is none service NAME                   -> all that is known of it, as struct service
 * has it */
#include <stdio.h>

#include "proxy/aws/service_host.h"

enum { COLUMNS = 4 };

static void answer_host(const struct span *column)
{
    static const char *const kinds[] = {"stranger", "customer", "service"};
    struct aws_host to = {.service = {"", 0}, .region = {"", 0}};
    enum host_kind kind = host_identify(column[1], column[2], column[3], &to);
    bool once = service_path_style(to.service) == PATH_ONCE
        && !span_starts(column[2], SPAN("/S3Outposts/"));
    printf("%s\t%.*s\t%.*s\t%s\t%s\n", kinds[kind], SPAN_ARGS(to.service), SPAN_ARGS(to.region),
        to.sigv4a        ? "sigv4a"
            : to.session ? "session"
                         : "sigv4",
        once ? "once" : "twice");
}

static void answer_name(const struct span *column)
{
    char memory[512];
    struct buf out = buf_over(memory, sizeof memory);
    struct service service;
    struct aws_host to = {.service = {"", 0}, .region = column[2]};
    bool fips = span_equal(column[3], SPAN("f")), both = span_equal(column[3], SPAN("x"));
    struct host_variant variant = {
        .dualstack = both || span_equal(column[3], SPAN("d")), .fips = fips || both};
    if (service_host_find(column[1], &service))
        service_host_write(&out, &service, variant, &to);
    printf("%.*s\t%.*s\t%.*s\n", SPAN_ARGS(buf_span(&out)), SPAN_ARGS(to.service),
        SPAN_ARGS(to.region));
}

static void answer_service(const struct span *column)
{
    struct service s = {.prefix = {"", 0}};
    if (!service_by_name(column[1], &s))
        s = (struct service){.prefix = {"", 0}};
    printf("%.*s\t%.*s\t%.*s\t%.*s\t%.*s\t%.*s\t%.*s\n", SPAN_ARGS(s.prefix), SPAN_ARGS(s.name),
        SPAN_ARGS(s.signing), SPAN_ARGS(s.iam), SPAN_ARGS(s.protocols), SPAN_ARGS(s.target),
        SPAN_ARGS(s.auth));
}

int main(void)
{
    char line[1024];
    while (fgets(line, sizeof line, stdin)) {
        struct span rest = span_first(span_of(line), span_find(span_of(line), '\n'));
        struct span column[COLUMNS] = {{"", 0}, {"", 0}, {"", 0}, {"", 0}};
        for (size_t i = 0; i < COLUMNS && span_next(&rest, '\t', &column[i]); i++)
            continue;
        if (span_equal(column[0], SPAN("host")))
            answer_host(column);
        else if (span_equal(column[0], SPAN("name")))
            answer_name(column);
        else
            answer_service(column);
    }
    return 0;
}
