#include "proxy/permissions/condition.h"

#define MARK "if:"

bool condition_begins(struct span resource)
{
    return span_starts(resource, SPAN(MARK));
}

bool condition_knows(struct span key)
{
    return span_equal(key, SPAN("transcribe:OutputBucketName"));
}

bool condition_split(struct span resource, struct condition *condition)
{
    if (!condition_begins(resource))
        return false;
    struct span rest = span_from(resource, sizeof MARK - 1);
    condition->key = span_first(rest, span_find(rest, '='));
    condition->value = span_from(rest, condition->key.len + 1);
    return condition_knows(condition->key) && condition->value.len > 0;
}

bool condition_is_name(struct span value)
{
    const struct span marks = SPAN(".-_");
    bool name = value.len > 0 && value.len <= CONDITION_NAME_BYTES;
    for (size_t i = 0; name && i < value.len; i++)
        name = ascii_alpha(value.at[i]) || ascii_digit(value.at[i])
            || span_find(marks, value.at[i]) < marks.len;
    return name;
}

bool condition_read(struct span resource, struct condition *condition)
{
    return condition_split(resource, condition) && condition_is_name(condition->value);
}

void condition_write(struct buf *out, struct span key)
{
    buf_text(out, MARK);
    buf_add(out, key);
    buf_char(out, '=');
}

void condition_write_words(struct buf *out, struct span resource)
{
    struct condition condition;
    if (!condition_split(resource, &condition)) {
        buf_add(out, resource);
        return;
    }
    buf_text(out, "* where ");
    buf_add(out, condition.key);
    buf_text(out, " is ");
    buf_add(out, condition.value);
}
