#include "proxy/permissions/resource_form.h"

#include "proxy/aws/partition.h"
#include "proxy/permissions/condition.h"
#include "proxy/permissions/s3_place.h"

static struct span region_of(const struct fill *fill)
{
    return fill->need->request->region;
}

static bool is_arn(struct span value)
{
    return span_starts(value, SPAN("arn:"));
}

static bool is_account(struct span text)
{
    uint64_t number;
    return text.len == 12 && span_to_number(text, UINT64_MAX, &number);
}

static void write_value(const struct fill *fill, struct span value)
{
    if (fill->any)
        buf_char(&fill->need->text, '*');
    else
        need_write_name(fill->need, value);
}

static void begin_arn(const struct fill *fill, const char *type)
{
    need_write_arn(fill->need, fill->service, region_of(fill), need_account(fill->need));
    buf_add(&fill->need->text, span_of(type));
}

/* An ARN stands for all that was written of the resource. */
static bool write_if_arn(const struct fill *fill)
{
    if (!is_arn(fill->value) || !fill->first)
        return false;
    fill->need->text.len = fill->start;
    need_write_name(fill->need, fill->value);
    return true;
}

static bool write_plain(const struct fill *fill)
{
    bool alone = fill->need->text.len == fill->start;
    if (write_if_arn(fill))
        return true;
    if (alone)
        buf_char(&fill->need->text, '*');
    else
        write_value(fill, fill->value);
    return true;
}

static bool write_name(const struct fill *fill)
{
    if (write_if_arn(fill))
        return true;
    begin_arn(fill, "");
    write_value(fill, fill->value);
    return true;
}

/* A queue's name: letters, digits, "-" and "_", and ".fifo". */
static bool is_queue(struct span name)
{
    bool plain = name.len > 0;
    for (size_t i = 0; plain && i < name.len; i++)
        plain = ascii_alpha(name.at[i]) || ascii_digit(name.at[i])
            || span_find(SPAN("-_."), name.at[i]) < 3;
    return plain;
}

/* "https://sqs.REGION.amazonaws.com/ACCOUNT/NAME", or its path alone. What another reader of URLs
 * may take for another queue is any. */
static bool write_queue(const struct fill *fill)
{
    struct span rest = fill->value, name = span_take_last(&rest, '/'),
                account = span_take_last(&rest, '/');
    bool plain = is_queue(name) && span_find(rest, '?') == rest.len
        && span_find(rest, '#') == rest.len && (rest.len == 0 || is_account(account));
    need_write_arn(fill->need, fill->service, region_of(fill),
        is_account(account) ? account : need_account(fill->need));
    if (plain)
        write_value(fill, name);
    else
        buf_char(&fill->need->text, '*');
    return true;
}

static bool write_kms(const struct fill *fill)
{
    need_write_kms_key(fill->need, fill->value);
    return true;
}

/* "NAME-AbCdEf" */
static bool has_secret_end(struct span arn)
{
    enum { END = 6 };
    struct span end = span_take_last(&arn, '-');
    bool plain = end.len == END && arn.len > 0;
    for (size_t i = 0; plain && i < END; i++)
        plain = ascii_alpha(end.at[i]) || ascii_digit(end.at[i]);
    return plain;
}

/* Behind a secret's name its ARN has six characters more, which a request may leave out. */
static bool write_secret(const struct fill *fill)
{
    if (write_if_arn(fill)) {
        if (!has_secret_end(fill->value))
            buf_text(&fill->need->text, "-\?\?\?\?\?\?");
        return true;
    }
    begin_arn(fill, "secret:");
    write_value(fill, fill->value);
    if (!fill->any)
        buf_text(&fill->need->text, "-\?\?\?\?\?\?");
    return true;
}

/* "/path/name", after which ":version" or ":label" may stand. */
static bool write_parameter(const struct fill *fill)
{
    struct span name = fill->value;
    if (is_arn(name)) {
        struct span last = name;
        (void)span_take_last(&last, '/');
        struct fill plain = *fill;
        plain.value.len = last.len + span_find(span_from(name, last.len), ':');
        return write_if_arn(&plain);
    }
    begin_arn(fill, "parameter/");
    if (span_starts(name, SPAN("/")))
        name = span_from(name, 1);
    write_value(fill, span_first(name, span_find(name, ':')));
    return true;
}

/* Takes "WORD:" off where it is what is asked for. */
static struct span take_word(struct span *rest, bool (*asked)(struct span word))
{
    struct span word = span_first(*rest, span_find(*rest, ':'));
    if (word.len == rest->len || !asked(word))
        return (struct span){NULL, 0};
    *rest = span_from(*rest, word.len + 1);
    return word;
}

static bool is_function(struct span word)
{
    return span_equal(word, SPAN("function"));
}

/* An ARN's end, from anywhere on: REGION:ACCOUNT:function:NAME:QUALIFIER, of which the name alone
 * must be there (Lambda's reference, FunctionName). */
static bool write_function(const struct fill *fill)
{
    struct span rest = fill->value;
    if (write_if_arn(fill))
        return true;
    struct span region = take_word(&rest, region_shaped), account = take_word(&rest, is_account);
    (void)take_word(&rest, is_function);
    need_write_arn(fill->need, fill->service, region.len > 0 ? region : region_of(fill),
        account.len > 0 ? account : need_account(fill->need));
    buf_text(&fill->need->text, "function:");
    write_value(fill, rest);
    return true;
}

/* The part of an inference profile's id that names where it may run; empty where it is a model's.
 */
static struct span geography(struct span id)
{
    static const char names[][8] = {"apac", "au", "ca", "eu", "global", "jp", "us", "us-gov"};
    struct span first = span_first(id, span_find(id, '.'));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (span_equal(first, span_of(names[i])) && first.len < id.len)
            return first;
    return SPAN("");
}

static bool write_model(const struct fill *fill)
{
    if (write_if_arn(fill))
        return true;
    if (geography(fill->value).len > 0)
        begin_arn(fill, "inference-profile/");
    else {
        need_write_arn(fill->need, fill->service, region_of(fill), SPAN(""));
        buf_text(&fill->need->text, "foundation-model/");
    }
    write_value(fill, fill->value);
    return true;
}

/* The model behind an inference profile, in whichever region it runs. */
static bool write_base_model(const struct fill *fill)
{
    struct span where = geography(fill->value);
    if (where.len == 0)
        return false;
    need_write_arn(fill->need, fill->service, SPAN("*"), SPAN(""));
    buf_text(&fill->need->text, "foundation-model/");
    write_value(fill, span_from(fill->value, where.len + 1));
    return true;
}

/* "BUS/" of its name or ARN; of the default bus nothing. */
static bool write_bus(const struct fill *fill)
{
    struct span name = fill->value;
    if (is_arn(name))
        name = span_take_last(&name, '/');
    if (name.len == 0 || span_equal(name, SPAN("default")))
        return true;
    write_value(fill, name);
    buf_char(&fill->need->text, '/');
    return true;
}

/* s3://BUCKET/KEY, https://s3.REGION.amazonaws.com/BUCKET/KEY, https://BUCKET.s3... /KEY */
static bool find_s3(struct span uri, struct span *bucket, struct span *key)
{
    bool plain = span_starts(uri, SPAN("s3://"));
    if (!plain && !span_starts(uri, SPAN("https://")))
        return false;
    struct span rest = span_from(uri, plain ? 5 : 8), host = span_first(rest, span_find(rest, '/'));
    rest = span_from(rest, host.len + 1);
    const char *s3 = host.len ? memmem(host.at, host.len, ".s3", 3) : NULL;
    *bucket = host;
    if (!plain && s3)
        bucket->len = (size_t)(s3 - host.at);
    else if (!plain) {
        *bucket = span_first(rest, span_find(rest, '/'));
        rest = span_from(rest, bucket->len + 1);
    }
    *key = rest;
    return bucket->len > 0;
}

enum s3_part { S3_PART_OBJECT, S3_PART_BUCKET, S3_PART_PREFIX };

static bool write_s3(const struct fill *fill, enum s3_part part)
{
    struct need *need = fill->need;
    struct s3_place place = {.account = need_account(need)};
    struct span bucket, key;
    if (!find_s3(fill->value, &bucket, &key))
        return false;
    s3_place_of_bucket(bucket, &place);
    need->text.len = fill->start;
    (void)s3_place_container(need, &place);
    if (part == S3_PART_BUCKET)
        return true;
    buf_char(&need->text, '/');
    need_write_name(need, key);
    if (part == S3_PART_PREFIX || key.len == 0)
        buf_char(&need->text, '*');
    return true;
}

static bool write_s3_object(const struct fill *fill)
{
    return write_s3(fill, S3_PART_OBJECT);
}

static bool write_s3_bucket(const struct fill *fill)
{
    return write_s3(fill, S3_PART_BUCKET);
}

static bool write_s3_prefix(const struct fill *fill)
{
    return write_s3(fill, S3_PART_PREFIX);
}

static bool write_bucket(const struct fill *fill)
{
    need_write_arn(fill->need, SPAN("s3"), SPAN(""), SPAN(""));
    write_value(fill, fill->value);
    return true;
}

/* Behind a key that is a folder a job's result has the job's name. */
static bool write_result(const struct fill *fill)
{
    struct buf *text = &fill->need->text;
    if (text->len == 0 || text->at[text->len - 1] != '/')
        return true;
    write_value(fill, fill->value);
    buf_text(text, ".json");
    return true;
}

/* Of a request that does not fill the key nothing more can be asked than "*". */
static bool write_condition(const struct fill *fill)
{
    if (fill->any) {
        fill->need->text.len = fill->start;
        buf_char(&fill->need->text, '*');
    } else
        buf_add(&fill->need->text, fill->value);
    return fill->any || condition_is_name(fill->value);
}

static const struct {
    struct span name;
    bool (*write)(const struct fill *fill);
} forms[] = {{{"", 0}, write_plain}, {{"name", 4}, write_name}, {{"queue", 5}, write_queue},
    {{"kms", 3}, write_kms}, {{"secret", 6}, write_secret}, {{"parameter", 9}, write_parameter},
    {{"function", 8}, write_function}, {{"model", 5}, write_model},
    {{"base-model", 10}, write_base_model}, {{"bus", 3}, write_bus}, {{"s3", 2}, write_s3_object},
    {{"s3-bucket", 9}, write_s3_bucket}, {{"s3-prefix", 9}, write_s3_prefix},
    {{"bucket", 6}, write_bucket}, {{"result", 6}, write_result},
    {{"condition", 9}, write_condition}};

bool resource_form_write(struct span form, const struct fill *fill)
{
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (span_equal(forms[i].name, form))
            return forms[i].write(fill);
    return false;
}
