#include "proxy/aws/service_host.h"

#include "proxy/aws/host_table.h"

bool service_host_find(struct span name, struct service *service)
{
    struct host_row row;
    struct span none = {NULL, 0};
    if (service_by_name(name, service))
        return true;
    if (!host_row_find(name, none, &row) || row.signing.len == 0 || row.prefix.len == 0)
        return false;
    *service = (struct service){.prefix = row.prefix,
        .name = row.prefix,
        .signing = row.signing,
        .iam = row.signing,
        .protocols = SPAN("rest-json"),
        .auth = SPAN("sigv4")};
    struct service kin;
    if (service_path_style(row.signing) == PATH_ONCE && service_by_prefix(SPAN("s3"), &kin)) {
        service->protocols = kin.protocols;
        service->hosts = kin.hosts;
    }
    return true;
}

bool service_host_assume(struct span name, struct service *service)
{
    struct host_row row;
    struct span none = {NULL, 0};
    if (!host_label_of_service(name) || host_row_find(name, none, &row))
        return false;
    *service = (struct service){.prefix = name,
        .name = name,
        .signing = name,
        .iam = name,
        .protocols = SPAN("rest-json"),
        .auth = SPAN("sigv4")};
    return true;
}

/* ---- templates ---- */

struct asked {
    const struct service *service;
    const struct partition *partition;
    struct span region;
    char letter; /* n plain, d dual-stack, f FIPS, x FIPS and dual-stack */
};

static char letter_of(struct host_variant variant)
{
    if (variant.fips)
        return variant.dualstack ? 'x' : 'f';
    return variant.dualstack ? 'd' : 'n';
}

/* Whether a list of partitions, without "aws-", and of regions has the one that is asked for. */
static bool in_scope(const struct asked *asked, struct span scope)
{
    struct span item, partition = asked->partition->name;
    if (span_starts(partition, SPAN("aws-")))
        partition = span_from(partition, sizeof "aws-" - 1);
    while (span_next(&scope, ',', &item))
        if (span_equal(item, partition) || span_equal(item, asked->region))
            return true;
    return false;
}

/* Whether a rule, VARIANTS[/SCOPE]=TEMPLATE[@REGION], fits; *template is what stands behind "=". */
static bool fits(const struct asked *asked, struct span rule, struct span *template)
{
    bool variant = false;
    size_t end = 0;
    for (; end < rule.len && rule.at[end] != '=' && rule.at[end] != '/'; end++)
        variant = variant || rule.at[end] == asked->letter;
    if (!variant)
        return false;
    struct span rest = span_from(rule, end);
    size_t equals = span_find(rest, '=');
    *template = span_from(rest, equals + 1);
    return equals == 0 || in_scope(asked, span_from(span_first(rest, equals), 1));
}

/* The first rule that fits, or the default. "gov" and "ds" are short for rules that many have. */
static struct span find_template(const struct asked *asked)
{
    struct span rules = asked->service->hosts, rule, template;
    while (span_next(&rules, ' ', &rule)) {
        struct span meant = rule, one;
        if (span_equal(rule, SPAN("gov")))
            meant = SPAN("f/us-gov={p}.{r}.{s}");
        else if (span_equal(rule, SPAN("ds")))
            meant = SPAN("n={p}.{r}.{d} f={p}-fips.{r}.{d}");
        while (span_next(&meant, ' ', &one))
            if (one.len > 0 && fits(asked, one, &template))
                return template;
    }
    return asked->letter == 'n' || asked->letter == 'd' ? SPAN("{p}.{r}.{s}")
                                                        : SPAN("{p}-fips.{r}.{s}");
}

static struct span value_of(const struct asked *asked, char letter)
{
    bool dual = asked->letter == 'd' || asked->letter == 'x';
    switch (letter) {
    case 'p':
        return asked->service->prefix;
    case 'r':
        return asked->region;
    case 'g':
        return asked->partition->global;
    case 'n':
        return asked->partition->dns;
    case 'd':
        return asked->partition->dual;
    default: /* 's' */
        return dual ? asked->partition->dual : asked->partition->dns;
    }
}

static void expand(struct buf *out, const struct asked *asked, struct span text)
{
    enum { NAME = 3 }; /* "{p}" */
    while (text.len > 0) {
        size_t plain = span_find(text, '{');
        buf_add(out, span_first(text, plain));
        text = span_from(text, plain);
        if (text.len >= NAME)
            buf_add(out, value_of(asked, text.at[1]));
        text = span_from(text, NAME);
    }
}

/* The region that a template names, as what it was made of: none is the one that is asked for. */
static struct span region_in(const struct asked *asked, struct span template)
{
    struct span label, region = asked->region, same = SPAN("{r}");
    if (memmem(template.at, template.len, same.at, same.len))
        return region;
    while (span_next(&template, '.', &label)) {
        if (span_equal(label, SPAN("{g}")))
            region = asked->partition->global;
        else if (region_shaped(label))
            region = label;
    }
    return region;
}

void service_host_write(struct buf *out, const struct service *service, struct host_variant variant,
    struct aws_host *identity)
{
    struct asked asked = {.service = service,
        .partition = partition_of_region(identity->region),
        .region = identity->region,
        .letter = letter_of(variant)};
    struct span template = find_template(&asked);
    size_t at = span_find(template, '@');
    struct span host = span_first(template, at), signs = span_from(template, at + 1);
    expand(out, &asked, host);
    identity->service = service->signing;
    identity->prefix = service->prefix;
    if (signs.len == 0)
        identity->region = region_in(&asked, host);
    else if (span_equal(signs, SPAN("{g}")) || span_equal(signs, SPAN("*")))
        identity->region = asked.partition->global; /* where all regions may sign, one may */
    else
        identity->region = signs;
}
