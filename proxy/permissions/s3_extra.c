/* What an S3 request needs beside its operation's own action: by its fields, and by its body. */
#include "proxy/permissions/s3_needed.h"

#include "proxy/aws/error_code.h"
#include "proxy/aws/uri.h"

/* A field, and what it asks for. */
struct extra {
    unsigned extra, headers;
    char actions[72];
};

static const struct extra on_object[] = {
    {S3_EXTRA_BYPASS, S3_HEADER_BIT(BYPASS), "s3:BypassGovernanceRetention"},
    {S3_EXTRA_WRITE, S3_HEADER_BIT(ACL), "s3:PutObjectAcl"},
    {S3_EXTRA_WRITE, S3_HEADER_BIT(TAGGING), "s3:PutObjectTagging"},
    {S3_EXTRA_WRITE, S3_HEADER_BIT(LOCK) | S3_HEADER_BIT(LOCK_UNTIL), "s3:PutObjectRetention"},
    {S3_EXTRA_WRITE, S3_HEADER_BIT(LEGAL_HOLD), "s3:PutObjectLegalHold"},
    {S3_EXTRA_CREATE, S3_HEADER_BIT(ACL), "s3:PutBucketAcl"},
    {S3_EXTRA_CREATE, S3_HEADER_BIT(LOCKED_BUCKET),
        "s3:PutBucketObjectLockConfiguration,s3:PutBucketVersioning"},
    {S3_EXTRA_CREATE, S3_HEADER_BIT(OWNERSHIP), "s3:PutBucketOwnershipControls"},
};

#define TABLE_ACTIONS \
    "s3tables:CreateNamespace,s3tables:CreateTable,s3tables:GetTable,s3tables:PutTablePolicy"
#define TABLES_ACTIONS "s3tables:CreateTableBucket," TABLE_ACTIONS ",s3tables:PutTableEncryption"

/* "BUCKET/KEY", after which "?versionId=" may stand. */
static struct span parted_version(struct span source, bool *versioned)
{
    static const struct span mark = {"?versionId=", 11};
    const char *at = source.len ? memmem(source.at, source.len, mark.at, mark.len) : NULL;
    *versioned = at != NULL;
    return at ? span_first(source, (size_t)(at - source.at)) : source;
}

/* x-amz-copy-source: "BUCKET/KEY", or an ARN with "/object/KEY", percent-encoded. */
static void add_source(struct need *need, const struct s3_needs *s3)
{
    bool versioned;
    struct span source = parted_version(s3->asked.copy_source, &versioned);
    struct s3_needs of_source = {.place = {.account = need_account(need)}};
    size_t start = need->text.len;
    uri_decode(&need->text, source);
    struct span name = need_since(need, start);
    name = span_starts(name, SPAN("/")) ? span_from(name, 1) : name;
    struct span action = versioned ? SPAN("s3:GetObjectVersion") : SPAN("s3:GetObject");
    if (span_starts(name, SPAN("arn:"))) {
        bool outpost = span_starts(
            span_from(name, span_find(span_from(name, 4), ':') + 5), SPAN("s3-outposts:"));
        of_source.place.kind = outpost ? S3_OUTPOST : S3_NONE;
        start = need->text.len;
        need_write_name(need, name);
        s3_add(need, &of_source, action, need_since(need, start));
        return;
    }
    size_t slash = span_find(name, '/');
    s3_place_of_bucket(span_first(name, slash), &of_source.place);
    bool directory =
        of_source.place.kind == S3_DIRECTORY || of_source.place.kind == S3_DIRECTORY_POINT;
    struct span resource = s3_place_container(need, &of_source.place);
    if (!directory)
        resource = s3_place_key(need, &of_source.place, span_from(name, slash + 1));
    s3_add(need, &of_source, directory ? SPAN("s3express:CreateSession") : action, resource);
}

static void add_key(struct need *need, const struct s3_needs *s3)
{
    size_t start = need->text.len;
    need_write_kms_key(need, s3->asked.kms_key);
    struct span key = need_since(need, start);
    need_add(need, SPAN("kms:GenerateDataKey"), key);
    if (s3->extras & S3_EXTRA_DECRYPT)
        need_add(need, SPAN("kms:Decrypt"), key);
}

static size_t count_of(struct span text, struct span mark)
{
    size_t count = 0;
    for (size_t i = 0; i + mark.len <= text.len; i++)
        count += span_starts(span_from(text, i), mark);
    return count;
}

/* Whether the element stands there once, and neither a comment, an entity nor a prefix could make
 * it another one for its reader. */
static bool is_once(struct span body, struct span element)
{
    size_t other = count_of(body, SPAN("<!")), count = 0;
    const struct span before[] = {SPAN("<"), SPAN("/"), SPAN(":")};
    for (size_t i = 0; i < sizeof before / sizeof *before; i++) {
        char memory[32];
        struct buf mark = buf_over(memory, sizeof memory);
        buf_add(&mark, before[i]);
        buf_add(&mark, element);
        count += count_of(body, buf_span(&mark));
    }
    return other == 0 && count == 2;
}

void s3_needed_role(struct need *need, struct span element)
{
    struct span body = need->request->body, role = span_trim(xml_text(body, element));
    bool plain = span_starts(role, SPAN("arn:")) && is_once(body, element)
        && span_find(role, '&') == role.len && span_find(role, '<') == role.len;
    size_t start = need->text.len;
    need->out->wants_body |= body.len == 0;
    need_write_name(need, role);
    need_add(need, SPAN("iam:PassRole"), plain ? need_since(need, start) : SPAN("*"));
}

/* It is told by the body alone. */
static void add_select(struct need *need, const struct s3_needs *s3)
{
    struct span body = need->request->body;
    need->out->wants_body = body.len == 0;
    bool wide = body.len > 0 && memchr(body.at, '\0', body.len); /* UTF-16, which is not read */
    if (wide || (body.len > 0 && memmem(body.at, body.len, "SelectParameters", 16)))
        s3_add(need, s3, SPAN("s3:GetObject"), s3->object);
}

void s3_needed_extras(struct need *need, struct s3_needs *s3)
{
    bool directory = s3->place.kind == S3_DIRECTORY || s3->place.kind == S3_DIRECTORY_POINT;
    for (size_t i = 0; !directory && i < sizeof on_object / sizeof *on_object; i++)
        if ((s3->extras & on_object[i].extra) && (s3->asked.headers & on_object[i].headers))
            s3_add(need, s3, span_of(on_object[i].actions), s3->object);
    if (s3->extras & S3_EXTRA_COPY)
        add_source(need, s3);
    if ((s3->extras & S3_EXTRA_WRITE) && (s3->asked.headers & S3_HEADER_BIT(KMS_KEY)))
        add_key(need, s3);
    if (s3->extras & S3_EXTRA_TABLE)
        s3_add(need, s3, SPAN(TABLE_ACTIONS), SPAN("*"));
    if (s3->extras & S3_EXTRA_TABLES)
        s3_add(need, s3, SPAN(TABLES_ACTIONS), SPAN("*"));
    if (s3->extras & S3_EXTRA_SELECT)
        add_select(need, s3);
    if (s3->extras & S3_EXTRA_ROLE)
        s3_needed_role(need, SPAN("Role"));
}
