#include "proxy/permissions/caller.h"

#include "proxy/aws/error_code.h"

/* An element's text, where it is plain and fits; what would need escapes is no id of AWS. */
static bool take(struct span xml, struct span name, char *memory, size_t most, size_t *bytes)
{
    struct span text = xml_text(xml, name);
    bool plain = text.len > 0 && text.len <= most;
    for (size_t i = 0; plain && i < text.len; i++)
        plain = text.at[i] > ' ' && text.at[i] < 0x7f && !strchr("<>&\"\\", text.at[i]);
    *bytes = plain ? text.len : 0;
    if (plain)
        memcpy(memory, text.at, text.len);
    return plain;
}

bool caller_parse(struct span xml, struct caller *caller)
{
    bool arn = take(xml, SPAN("Arn"), caller->arn, sizeof caller->arn, &caller->arn_bytes);
    bool user_id =
        take(xml, SPAN("UserId"), caller->user_id, sizeof caller->user_id, &caller->user_id_bytes);
    bool account =
        take(xml, SPAN("Account"), caller->account, sizeof caller->account, &caller->account_bytes);
    return arn && user_id && account;
}

/* What stands behind the account: "assumed-role/ROLE/SESSION", "user/PATH/NAME", "root". */
static struct span resource_of(struct span arn)
{
    struct span part;
    for (unsigned i = 0; i < 5; i++)
        if (!span_next(&arn, ':', &part))
            return SPAN("");
    return arn;
}

bool caller_session(struct span arn, struct span *role, struct span *session)
{
    struct span rest = resource_of(arn), kind;
    return span_next(&rest, '/', &kind) && span_equal(kind, SPAN("assumed-role"))
        && span_next(&rest, '/', role) && role->len > 0 && (*session = rest).len > 0;
}

void caller_write_role(struct span arn, struct buf *out)
{
    struct span role, session, part[5];
    if (!caller_session(arn, &role, &session))
        return;
    for (unsigned i = 0; i < 5; i++)
        (void)span_next(&arn, ':', &part[i]);
    buf_text(out, "arn:");
    buf_add(out, part[1]);
    buf_text(out, ":iam::");
    buf_add(out, part[4]);
    buf_text(out, ":role/");
    buf_add(out, role);
}

const char *caller_warning(struct span arn)
{
    struct span resource = resource_of(arn), role, session;
    bool is_session = caller_session(arn, &role, &session);
    if (is_session && !span_starts(role, SPAN("AWSReservedSSO_")))
        return NULL;
    if (is_session)
        return "this is a person's session of IAM Identity Center, not a function's role. Remove "
               "the keys from the function's settings: Lambda then gives it those of its own role.";
    if (span_equal(resource, SPAN("root")))
        return "this is the root user of the account, who may do everything. Delete that user's "
               "access key at once, and remove the keys from the function's settings: Lambda then "
               "gives it those of its own role.";
    if (span_starts(resource, SPAN("user/")))
        return "this is an IAM user, not a role. Remove the keys from the function's settings: "
               "Lambda then gives it those of its own role. Delete the user's key.";
    if (span_starts(resource, SPAN("federated-user/")))
        return "this is a federated user's session, not a role's. Remove the keys from the "
               "function's settings: Lambda then gives it those of its own role.";
    return "this is no identity that a function has. Remove the keys from its settings: Lambda "
           "then gives it those of its own role.";
}
