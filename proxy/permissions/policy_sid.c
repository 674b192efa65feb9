#include "proxy/permissions/policy_sid.h"

#include <stdio.h>

#include "proxy/permissions/condition.h"

/* Services whose names their own capitals make readable. */
static const struct {
    struct span prefix, name;
} services[] = {
#define SERVICE(prefix, name) {{prefix, sizeof(prefix) - 1}, {name, sizeof(name) - 1}},
    SERVICE("dynamodb", "DynamoDB") SERVICE("ec2", "EC2") SERVICE("ecr", "ECR")
        SERVICE("ecs", "ECS") SERVICE("iam", "IAM") SERVICE("kms", "KMS") SERVICE("rds", "RDS")
            SERVICE("rds-data", "RDSData") SERVICE("rds-db", "RDSDatabase") SERVICE("ses", "SES")
                SERVICE("secretsmanager", "SecretsManager") SERVICE("sns", "SNS")
                    SERVICE("sqs", "SQS") SERVICE("ssm", "SSM") SERVICE("sts", "STS")
                        SERVICE("execute-api", "ExecuteAPI") SERVICE("cloudwatch", "CloudWatch")
#undef SERVICE
};

/* What an action does, by how its name begins; what is not here writes. In the order in which a Sid
 * names them. */
enum deed { DEED_READ, DEED_LIST, DEED_WRITE, DEED_DELETE, DEEDS };

static const struct {
    struct span begin;
    enum deed deed;
} deeds[] = {
#define DEED(begin, deed) {{begin, sizeof(begin) - 1}, deed},
    DEED("Get", DEED_READ) DEED("BatchGet", DEED_READ) DEED("Describe", DEED_READ) DEED("Head",
        DEED_READ) DEED("Query", DEED_READ) DEED("Scan", DEED_READ) DEED("Receive", DEED_READ)
        DEED("Select", DEED_READ) DEED("Decrypt", DEED_READ) DEED("List", DEED_LIST)
            DEED("Search", DEED_LIST) DEED("Delete", DEED_DELETE) DEED("BatchDelete", DEED_DELETE)
                DEED("Abort", DEED_DELETE) DEED("Remove", DEED_DELETE)
#undef DEED
};

/* Letters and digits only, each word with a capital: "my-photos" is "MyPhotos". */
static void add_words(struct buf *sid, struct span text, size_t max)
{
    bool begins = true;
    for (size_t i = 0; i < text.len && max > 0; i++) {
        char c = text.at[i];
        bool letter = ascii_alpha(c);
        if (letter || ascii_digit(c)) {
            buf_char(sid, begins && letter ? (char)(c & ~0x20) : c);
            max--;
        }
        begins = !letter && !ascii_digit(c);
    }
}

static void add_service(struct buf *sid, struct span prefix)
{
    enum { LONGEST = 16 };
    for (size_t i = 0; i < sizeof services / sizeof *services; i++)
        if (span_equal(services[i].prefix, prefix)) {
            buf_add(sid, services[i].name);
            return;
        }
    add_words(sid, prefix, LONGEST);
}

static enum deed deed_of(struct span name)
{
    for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++)
        if (span_starts(name, deeds[i].begin))
            return deeds[i].deed;
    return DEED_WRITE;
}

static struct span name_of(struct span action)
{
    return span_from(action, span_find(action, ':') + 1);
}

/* One action by its name, several by what they do. */
static void add_deeds(struct buf *sid, const struct policy_row *row)
{
    static const struct span names[DEEDS] = {{"Read", 4}, {"List", 4}, {"Write", 5}, {"Delete", 6}};
    enum { LONGEST = 32 };
    bool done[DEEDS] = {false};
    if (row->count == 1) {
        add_words(sid, name_of(row->pairs[0].action), LONGEST);
        return;
    }
    for (size_t i = 0; i < row->count; i++)
        done[deed_of(name_of(row->pairs[i].action))] = true;
    for (size_t i = 0; i < DEEDS; i++)
        if (done[i])
            buf_add(sid, names[i]);
}

/* The bucket of "bucket/key", the name of "type/name", "type:name" and "name"; the type where the
 * name is folded away; what a condition asks for. */
static struct span thing_of(const struct recorded *pair)
{
    struct span rest = pair->resource, field, name;
    struct condition condition;
    if (condition_read(pair->resource, &condition))
        return condition.value;
    for (int i = 0; i < 5; i++)
        if (!span_next(&rest, ':', &field) || !rest.at)
            return (struct span){NULL, 0};
    bool object = span_starts(pair->action, SPAN("s3:"));
    size_t end = span_find(rest, '/');
    end = end < rest.len || object ? end : span_find(rest, ':');
    name = span_from(rest, end + 1);
    return object || name.len == 0 ? span_first(rest, end) : span_first(name, span_find(name, '/'));
}

static void add_thing(struct buf *sid, const struct policy_statement *statement)
{
    enum { LONGEST = 20 };
    struct span thing = thing_of(statement->rows[0].pairs);
    for (size_t i = 1; i < statement->count; i++)
        if (!span_equal(thing, thing_of(statement->rows[i].pairs)))
            return;
    add_words(sid, thing, LONGEST);
}

static bool is_widened(const struct policy_statement *statement)
{
    for (size_t i = 0; i < statement->count; i++)
        for (size_t j = 0; j < statement->rows[i].count; j++)
            if (statement->rows[i].pairs[j].widened)
                return true;
    return false;
}

static bool is_taken(const struct policy *policy, size_t statement)
{
    for (size_t i = 0; i < statement; i++)
        if (strcmp(policy->statements[i].sid, policy->statements[statement].sid) == 0)
            return true;
    return false;
}

void policy_sid_write(struct policy *policy, size_t number)
{
    enum { NUMBER_BYTES = 6 };
    struct policy_statement *statement = &policy->statements[number];
    struct span first = statement->rows[0].pairs[0].action;
    struct buf sid = buf_over(statement->sid, sizeof statement->sid - 1 - NUMBER_BYTES);
    add_service(&sid, span_first(first, span_find(first, ':')));
    add_deeds(&sid, &statement->rows[0]);
    if (is_widened(statement))
        buf_text(&sid, "TooManyToList");
    else
        add_thing(&sid, statement);
    sid.at[sid.len] = '\0';
    for (unsigned i = 2; is_taken(policy, number) && i < 99999; i++)
        (void)snprintf(statement->sid + sid.len, NUMBER_BYTES, "%u", i);
}
