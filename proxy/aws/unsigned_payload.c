#include "proxy/aws/unsigned_payload.h"

/* In a path "*" is one segment, at the end any that are left. method: empty for any. */
static const struct {
    struct span service, method, path;
} operations[] = {
    {TEXT("ebs"), TEXT("PUT"), TEXT("snapshots/*/blocks/*")},
    {TEXT("lex"), TEXT("POST"), TEXT("bot/*/alias/*/user/*/content")},
    {TEXT("lex"), TEXT("POST"), TEXT("bots/*/botAliases/*/botLocales/*/sessions/*/utterance")},
    {TEXT("mediastore"), TEXT("PUT"), TEXT("*")},
    {TEXT("omics"), TEXT("PUT"), TEXT("sequencestore/*/upload/*/part")},
    {TEXT("vpc-lattice-svcs"), TEXT(""), TEXT("*")},
};

static bool fits(struct span path, struct span pattern)
{
    struct span segment, wanted = {NULL, 0};
    while (span_next(&pattern, '/', &wanted)) {
        bool any = span_equal(wanted, SPAN("*"));
        if (any && pattern.len == 0)
            return path.len > 0;
        if (!span_next(&path, '/', &segment) || segment.len == 0
            || (!any && !span_equal(segment, wanted)))
            return false;
    }
    return path.len == 0;
}

bool unsigned_payload(struct span service, struct span method, struct span path)
{
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++)
        if (span_equal(operations[i].service, service)
            && (operations[i].method.len == 0 || span_equal(operations[i].method, method))
            && fits(span_from(path, 1), operations[i].path))
            return true;
    return false;
}
