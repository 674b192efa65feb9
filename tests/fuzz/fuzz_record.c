/* A line of a log that may hold a record. What is read of it is written again, and reads back as
 * the same; each format of its policy has a length. */
#include "tests/fuzz/fuzz.h"

#include "proxy/permissions/policy.h"
#include "proxy/permissions/record_line.h"

static struct span write(const struct recorder *recorder, char *memory, size_t bytes)
{
    struct buf out = buf_over(memory, bytes);
    if (!record_line_write(recorder, &out))
        abort();
    REQUIRE(!out.failed && memchr(out.at, '\n', out.len) == NULL);
    return buf_span(&out);
}

static void write_policies(const struct recorder *recorder)
{
    static char memory[4 * 1024 * 1024];
    struct policy *policy = policy_create(recorder);
    if (!policy)
        abort();
    for (int format = 0; format < POLICY_FORMATS; format++) {
        struct buf out = buf_over(memory, sizeof memory);
        policy_write(policy, (enum policy_format)format, &out);
        REQUIRE(!out.failed && out.at[out.len - 1] == '\n');
    }
    policy_destroy(policy);
}

/* Whether all text is UTF-8 that no format has to change: else what is written is not what was. */
static bool is_ascii(struct span text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.at[i] >= 0x80)
            return false;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char first[1024 * 1024], second[1024 * 1024];
    char *copy = fuzz_copy(fuzz_span(data, size));
    struct recorder *recorder = recorder_create(16 * 1024), *again = recorder_create(64 * 1024);
    if (!recorder || !again)
        abort();
    if (record_line_read((struct span){copy, copy ? size : 0}, recorder) == RECORD_READ) {
        struct span line = write(recorder, first, sizeof first);
        REQUIRE(record_line_read(line, again) == RECORD_READ);
        if (is_ascii(line) && recorder_state(recorder).lost < INT32_MAX)
            REQUIRE(span_equal(line, write(again, second, sizeof second)));
        write_policies(recorder);
    }
    recorder_destroy(again);
    recorder_destroy(recorder);
    free(copy);
    return 0;
}
