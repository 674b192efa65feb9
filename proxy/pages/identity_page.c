#include "proxy/pages/identity_page.h"

#include "proxy/aws/partition.h"
#include "proxy/base/clock.h"
#include "proxy/permissions/identity.h"

/* "name":"value", or "name":null. */
static void write_member(struct buf *out, const char *name, struct span value)
{
    buf_format(out, ",\n  \"%s\": ", name);
    if (value.len == 0) {
        buf_text(out, "null");
        return;
    }
    buf_char(out, '"');
    buf_json(out, value);
    buf_char(out, '"');
}

static void write_warning(struct buf *out, const char *code, const char *message)
{
    buf_format(out, "{\"code\": \"%s\", \"message\": \"", code);
    buf_json(out, span_of(message));
    buf_text(out, "\"}");
}

static void write_warnings(struct buf *out, const struct page_facts *facts, const char *missing)
{
    struct mistaken mistaken;
    mistaken_find(&facts->signs, &mistaken);
    buf_text(out, ",\n  \"warnings\": [");
    if (missing)
        write_warning(out, "NoCredentials", missing);
    for (size_t i = 0; i < mistaken.count; i++) {
        buf_add(out, missing || i > 0 ? SPAN(", ") : SPAN(""));
        write_warning(out, "MistakenIdentity", mistaken.text[i]);
    }
    buf_text(out, "]\n}\n");
}

/* The role, its session, and the ARN of that: as STS said, or as where the keys came from did. */
static void write_role(const struct page_facts *facts, struct span known, struct buf *out)
{
    char memory[CALLER_ARN_BYTES + 16];
    struct buf role = buf_over(memory, sizeof memory);
    struct span arn = facts->caller ? caller_arn(facts->caller) : known;
    struct span name, session = {NULL, 0};
    bool is_session = caller_session(arn, &name, &session);
    caller_write_role(arn, &role);
    write_member(out, "role", role.len > 0 ? buf_span(&role) : facts->caller ? SPAN("") : known);
    write_member(out, "session", session);
    write_member(out, "arn", is_session || facts->caller ? arn : SPAN(""));
}

/* What cannot be known without a call to AWS is null: role, session and expiry of keys from the
 * environment, and where STS was not asked arn and userId. */
void identity_write(const struct page_facts *facts, struct buf *out)
{
    const struct credentials *credentials = credentials_current(facts->credentials);
    const struct caller *caller = facts->caller;
    struct credentials_facts known = credentials_facts(facts->credentials);
    struct identity identity = identity_of(credentials);
    char memory[64], expires[25];
    struct buf key = buf_over(memory, sizeof memory);
    struct span none = {NULL, 0};
    if (credentials)
        identity_mask(credentials->access_key_id, &key);
    clock_rfc3339(known.expires_ms, expires);
    buf_text(out, "{\n  \"kind\": \"");
    buf_json(out, span_of(identity_kind_text(identity.kind)));
    buf_char(out, '"');
    write_member(out, "accessKeyId", buf_span(&key));
    write_member(out, "source", credentials ? span_of(source_text(known.source)) : none);
    write_member(out, "account", facts->account);
    write_role(facts, known.role, out);
    write_member(out, "userId", caller ? caller_user_id(caller) : none);
    buf_format(out, ",\n  \"verified\": %s", caller ? "true" : "false");
    write_member(out, "expires", known.expires_ms > 0 ? (struct span){expires, 24} : none);
    write_member(
        out, "partition", facts->region.len > 0 ? partition_of_region(facts->region)->name : none);
    write_member(out, "region", facts->region);
    write_member(out, "function", facts->function_name);
    write_member(out, "functionVersion", facts->function_version);
    write_warnings(out, facts, credentials ? NULL : credentials_missing(facts->credentials));
}
