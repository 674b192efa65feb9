#include "proxy/permissions/denial.h"

#include "proxy/aws/error_code.h"
#include "proxy/permissions/condition.h"
#include "proxy/permissions/denial_message.h"

static bool is_one_of(struct span s, const struct span *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (span_equal(s, list[i]))
            return true;
    return false;
}

static bool is_denied_code(struct span code)
{
    static const struct span codes[] = {{"AccessDenied", 12}, {"AccessDeniedException", 21},
        {"AuthorizationError", 18}, {"AuthorizationErrorException", 27}, {"NotAuthorized", 13},
        {"UnauthorizedOperation", 21}, {"Client.UnauthorizedOperation", 28}};
    return is_one_of(code, codes, sizeof codes / sizeof *codes);
}

/* S3 answers AccessDenied to these too, which no policy is about. */
static bool is_other_fault(struct span message)
{
    return span_starts(message, SPAN("Request has expired"))
        || span_starts(message, SPAN("There were headers present in the request which were not"));
}

/* Where mark begins, or s.len. */
static size_t find(struct span s, struct span mark)
{
    const char *hit = s.len ? memmem(s.at, s.len, mark.at, mark.len) : NULL;
    return hit ? (size_t)(hit - s.at) : s.len;
}

/* The same for its last place. */
static size_t find_last(struct span s, struct span mark)
{
    for (size_t i = s.len >= mark.len ? s.len - mark.len + 1 : 0; i > 0; i--)
        if (span_starts(span_from(s, i - 1), mark))
            return i - 1;
    return s.len;
}

static struct span behind(struct span s, struct span mark)
{
    return span_from(s, find(s, mark) + mark.len);
}

/* "with an explicit deny in a service control policy: arn:..." or "because no session policy allows
 * ...". What one policy forbids through another is the other's doing. */
static void read_reason(struct span reason, struct denial *denial)
{
    static const struct {
        struct span name;
        enum denial_policy policy;
    } names[] = {{{"identity-based policy", 21}, DENIAL_IDENTITY},
        {{"permissions boundary", 20}, DENIAL_BOUNDARY}, {{"session policy", 14}, DENIAL_SESSION},
        {{"sessions policy", 15}, DENIAL_SESSION}, {{"resource-based policy", 21}, DENIAL_RESOURCE},
        {{"service control policy", 22}, DENIAL_SERVICE_CONTROL},
        {{"resource control policy", 23}, DENIAL_RESOURCE_CONTROL},
        {{"VPC endpoint policy", 19}, DENIAL_VPC_ENDPOINT},
        {{"role trust policy", 17}, DENIAL_TRUST},
        {{"S3 Block Public Access", 22}, DENIAL_PUBLIC_ACCESS}};
    const struct span through = SPAN("transitively through a ");
    size_t cut = find(reason, through);
    if (cut < reason.len)
        reason = span_from(reason, cut + through.len);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t at = find(reason, names[i].name);
        if (at == reason.len)
            continue;
        denial->policy = names[i].policy;
        struct span rest = span_from(reason, at + names[i].name.len);
        if (denial->explicitly && span_starts(rest, SPAN(": arn:")))
            denial->policy_arn = span_first(span_from(rest, 2), span_find(span_from(rest, 2), ' '));
        return;
    }
}

/* "s3:GetObject"; what is none is not repeated. */
static struct span checked_action(struct span s)
{
    size_t colon = span_find(s, ':');
    for (size_t i = 0; i < s.len; i++)
        if (i != colon && !ascii_alpha(s.at[i]) && !ascii_digit(s.at[i]) && s.at[i] != '-')
            return (struct span){NULL, 0};
    return colon > 0 && colon + 1 < s.len ? s : (struct span){NULL, 0};
}

/* Within quotes, as S3 has it, or not. */
static struct span unquote(struct span s)
{
    bool quoted = s.len > 1 && s.at[0] == '"' && s.at[s.len - 1] == '"';
    return quoted ? span_first(span_from(s, 1), s.len - 2) : s;
}

/* The resource holds what a request said, so the reason is looked for from the end. */
static void read_message(struct span message, struct denial *denial)
{
    const struct span user = SPAN("User: "), verb = SPAN(" is not authorized to perform: ");
    const struct span deny = SPAN(" with an explicit deny in "), none = SPAN(" because ");
    const struct span encoded = SPAN("Encoded authorization failure message: ");
    struct span left = behind(message, encoded);
    denial->encoded = span_first(left, span_find(left, ' '));
    message = span_first(message, find(message, encoded));
    left = behind(message, user);
    if (find(left, verb) == left.len)
        return;
    denial->who = span_first(left, find(left, verb));
    left = span_trim(behind(left, verb));
    size_t denied = find_last(left, deny), missing = find_last(left, none);
    denial->explicitly = denied < left.len && (missing == left.len || denied > missing);
    size_t end = denial->explicitly ? denied : missing;
    read_reason(span_from(left, end), denial);
    if (denial->policy == DENIAL_UNKNOWN) { /* then it is a part of the resource */
        denial->explicitly = false;
        end = left.len;
    }
    left = span_first(left, end);
    size_t on = find(left, SPAN(" on resource: "));
    denial->action = checked_action(span_first(left, on));
    if (on < left.len)
        denial->resource = unquote(span_trim(behind(left, SPAN(" on resource: "))));
}

bool denial_read(const struct denial_answer *answer, struct denial *denial)
{
    enum { FORBIDDEN = 403 };
    struct span query_code = span_first(answer->query_error, span_find(answer->query_error, ';'));
    memset(denial, 0, offsetof(struct denial, text));
    denial->code =
        query_code.len > 0 ? query_code : error_code_find(answer->error_type, answer->body);
    if (answer->status == FORBIDDEN && denial->code.len == 0 && answer->body.len == 0)
        return true;
    if (answer->status < 400 || !is_denied_code(denial->code))
        return false;
    struct buf message = buf_over(denial->text, sizeof denial->text);
    denial_message_read(answer->body, &message);
    denial->text_bytes = message.len;
    if (is_other_fault(buf_span(&message)))
        return false;
    read_message(buf_span(&message), denial);
    return true;
}

void denial_of_guard(const struct permission *permission, struct denial *denial)
{
    memset(denial, 0, offsetof(struct denial, text));
    struct buf text = buf_over(denial->text, sizeof denial->text);
    buf_add(&text, span_first(permission->action, sizeof denial->text / 2));
    denial->action = buf_span(&text);
    buf_add(&text, span_first(permission->resource, sizeof denial->text / 2));
    denial->resource = buf_since(&text, denial->action.len);
    denial->text_bytes = text.len;
    denial->policy = DENIAL_GUARD;
    denial->code = SPAN("GuardDenied");
}

struct span denial_resource(const struct denial *denial, const struct permissions *needed)
{
    for (size_t i = 0; needed && i < needed->count; i++)
        if (span_equal(needed->needed[i].action, denial->action)
            && condition_begins(needed->needed[i].resource))
            return needed->needed[i].resource;
    return denial->resource;
}
