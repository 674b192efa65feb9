#include "tests/unit/check.h"

/* As a C literal would have it. */
static void print(const char *label, struct span text)
{
    char memory[32 * 1024];
    struct buf out = buf_over(memory, sizeof memory - 1);
    for (size_t i = 0; i < text.len && !out.failed; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if (c < ' ' || c >= 0x7f || c == '\\')
            buf_format(&out, "\\x%02x", c);
        else
            buf_char(&out, (char)c);
    }
    memory[out.len] = '\0';
    print_error("%s %s\n", label, memory);
}

void check_text(struct check_place place, struct span row, struct span actual, struct span expected)
{
    if (span_equal(actual, expected))
        return;
    print("in row:  ", row);
    print("is:      ", actual);
    print("must be: ", expected);
    _fail(place.file, place.line);
}

void check_number(struct check_place place, struct span row, long long actual, long long expected)
{
    if (actual == expected)
        return;
    print("in row:  ", row);
    print_error("is:       %lld\nmust be:  %lld\n", actual, expected);
    _fail(place.file, place.line);
}

char *check_copy(struct span text)
{
    char *copy = malloc(text.len > 0 ? text.len : 1);
    assert_non_null(copy);
    if (text.len > 0)
        memcpy(copy, text.at, text.len);
    return copy;
}
