/* What denial.h says of a denial in words. */
#include "proxy/permissions/condition.h"
#include "proxy/permissions/denial.h"

/* Each kind of policy: why where no statement allows it, why where one denies it, and what to do.
 */
static const struct {
    const char *none, *deny, *advice;
} kinds[DENIAL_POLICIES] = {
    [DENIAL_UNKNOWN] = {"the answer does not say why", "a policy denies it",
        "allow it in the role's policy; where it is there, look at the resource's own policy and "
        "account, and whether it exists"},
    [DENIAL_IDENTITY] = {"no identity-based policy allows it", "an identity-based policy denies it",
        "allow it in the role's policy"},
    [DENIAL_BOUNDARY] = {"the permissions boundary does not allow it",
        "the permissions boundary denies it", "allow it in the role's permissions boundary too"},
    [DENIAL_SESSION] = {"the session policy does not allow it", "the session policy denies it",
        "allow it in the policy that was passed when the role was assumed"},
    [DENIAL_RESOURCE] = {"no resource-based policy allows it", "the resource's policy denies it",
        "allow it in the role's policy, and for a resource of another account in its policy too"},
    [DENIAL_SERVICE_CONTROL] = {"no service control policy allows it",
        "a service control policy denies it", "ask who runs the organization to allow it"},
    [DENIAL_RESOURCE_CONTROL] = {"no resource control policy allows it",
        "a resource control policy denies it", "ask who runs the organization to allow it"},
    [DENIAL_VPC_ENDPOINT] = {"the VPC endpoint's policy does not allow it",
        "the VPC endpoint's policy denies it", "allow it in the VPC endpoint's policy"},
    [DENIAL_TRUST] = {"the role's trust policy does not allow it",
        "the role's trust policy denies it", "allow the caller in that role's trust policy"},
    [DENIAL_PUBLIC_ACCESS] = {"S3 Block Public Access forbids it",
        "S3 Block Public Access forbids it",
        "leave out what makes it public, or change the setting"},
    [DENIAL_GUARD] = {"COUNTERSIGN_ALLOW does not allow it", "COUNTERSIGN_ALLOW denies it",
        "add it to COUNTERSIGN_ALLOW"},
};

bool denial_can_be_allowed(enum denial_policy policy, bool explicitly)
{
    return !explicitly
        && (policy == DENIAL_UNKNOWN || policy == DENIAL_IDENTITY || policy == DENIAL_RESOURCE);
}

const char *denial_why(enum denial_policy policy, bool explicitly)
{
    return explicitly ? kinds[policy].deny : kinds[policy].none;
}

const char *denial_advice(enum denial_policy policy, bool explicitly)
{
    if (!explicitly)
        return kinds[policy].advice;
    return policy == DENIAL_IDENTITY
        ? "no Allow outweighs it: take the statement that denies it out of the role's policies"
        : "no statement of the role's policy can allow it: change the one that denies it";
}

/* Visible ASCII as it is, anything else as "?"; three dots for what does not fit. */
static void add_visible(struct buf *out, struct span text, size_t max)
{
    bool cut = text.len > max;
    text = span_first(text, max);
    for (size_t i = 0; i < text.len; i++)
        buf_char(out, text.at[i] >= ' ' && text.at[i] <= '~' ? text.at[i] : '?');
    buf_add(out, cut ? SPAN("...") : SPAN(""));
}

static void add_resource(struct buf *out, struct span resource, size_t max)
{
    char memory[CONDITION_NAME_BYTES + 64];
    struct buf words = buf_over(memory, sizeof memory);
    if (condition_begins(resource)) {
        condition_write_words(&words, resource);
        resource = buf_span(&words);
    }
    add_visible(out, resource, max);
}

void denial_write_hint(
    struct buf *out, const struct denial *denial, const struct permissions *needed)
{
    enum { ACTION_BYTES = 64, RESOURCE_BYTES = 160, ROOM = DENIAL_HINT_BYTES };
    char memory[ROOM];
    struct buf hint = buf_over(memory, sizeof memory);
    struct span action = denial->action, resource = denial_resource(denial, needed);
    if (action.len == 0 && needed && needed->count > 0) {
        action = needed->needed[0].action;
        resource = needed->needed[0].resource;
    }
    add_visible(&hint, action.len > 0 ? action : SPAN("this request"), ACTION_BYTES);
    if (resource.len > 0 && !span_equal(resource, SPAN("*"))) {
        buf_text(&hint, " on ");
        add_resource(&hint, resource, RESOURCE_BYTES);
    }
    buf_text(&hint, ": ");
    buf_add(&hint, span_of(denial_why(denial->policy, denial->explicitly)));
    buf_text(&hint, "; ");
    buf_add(&hint, span_of(denial_advice(denial->policy, denial->explicitly)));
    out->failed = out->failed || hint.failed;
    buf_add(out, buf_span(&hint));
}
