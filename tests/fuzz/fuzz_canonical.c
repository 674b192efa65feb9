/* The canonical request. The input: a byte of flags, then path, query and "name:value" fields, a
 * line each. */
#include "tests/fuzz/fuzz.h"

#include "proxy/aws/canonical.h"
#include "proxy/aws/uri.h"

static char text[512 * 1024], names[64 * 1024], scratch[512 * 1024], again[512 * 1024];

static size_t count(struct span s, char c)
{
    size_t found = 0;
    for (size_t i = 0; i < s.len; i++)
        found += s.at[i] == c;
    return found;
}

static bool plain(struct span s, const char *more)
{
    for (size_t i = 0; i < s.len; i++)
        if (!ascii_alpha(s.at[i]) && !ascii_digit(s.at[i])
            && (s.at[i] == '\0' || !strchr(more, s.at[i])))
            return false;
    return true;
}

/* Path and query hold nothing but what UriEncode() leaves, and encode to themselves once more. */
static void check_lines(struct span canonical)
{
    struct span method, path, query;
    REQUIRE(span_next(&canonical, '\n', &method) && span_next(&canonical, '\n', &path)
        && span_next(&canonical, '\n', &query));
    REQUIRE(plain(path, "-._~%/") && plain(query, "-._~%&="));
    struct buf out = buf_over(again, sizeof again);
    struct span pair, rest = query;
    while (query.len > 0 && span_next(&rest, '&', &pair)) {
        size_t equals = span_find(pair, '=');
        REQUIRE(equals < pair.len);
        if (out.len > 0)
            buf_char(&out, '&');
        uri_recode(&out, span_first(pair, equals), false);
        buf_char(&out, '=');
        uri_recode(&out, span_from(pair, equals + 1), false);
    }
    REQUIRE(span_equal(buf_span(&out), query));
}

static void add_fields(struct canonical *canonical, struct span rest)
{
    struct span line;
    while (span_next(&rest, '\n', &line)) {
        size_t colon = span_find(line, ':');
        if (colon > 0 && colon < line.len)
            canonical_add(canonical, span_first(line, colon), span_from(line, colon + 1));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct canonical canonical;
    if (size < 1 || size > 32 * 1024)
        return 0;
    char *copy = fuzz_copy(fuzz_span(data, size));
    struct span rest = span_from((struct span){copy, size}, 1);
    struct span payload_hash = {"UNSIGNED-PAYLOAD", 16}, method = {"GET", 3};
    struct buf out = buf_over(text, sizeof text), list = buf_over(names, sizeof names);
    canonical.count = 0;
    canonical.method = method;
    canonical.payload_hash = payload_hash;
    canonical.style = data[0] & 1 ? PATH_ONCE : PATH_TWICE;
    canonical.left_out = data[0] & 2 ? span_of("X-Amz-Signature") : span_of(NULL);
    canonical.path = canonical.query = span_of(NULL);
    (void)span_next(&rest, '\n', &canonical.path);
    (void)span_next(&rest, '\n', &canonical.query);
    add_fields(&canonical, rest);
    bool done = canonical_request(&canonical, &out, &list, buf_over(scratch, sizeof scratch));
    REQUIRE(done || count(canonical.query, '&') + 1 > CANONICAL_MAX_PARAMETERS);
    if (done) {
        REQUIRE(!out.failed && !list.failed);
        REQUIRE(span_ends(buf_span(&out), payload_hash));
        check_lines(buf_span(&out));
    }
    free(copy);
    return 0;
}
