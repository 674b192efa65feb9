#include "proxy/exchange/access.h"

#include "proxy/aws/uri.h"
#include "proxy/http/basic.h"
#include "proxy/permissions/identity.h"

enum { PASSWORD_BYTES = 16 * 1024 };

#define HOW_TO                                                                              \
    "Show that you hold this function's credentials: send the header X-Countersign-Token: " \
    "$AWS_SESSION_TOKEN, or that token as the password of Basic authentication, or sign "   \
    "the request with them."

/* The token as a password, as it is or percent-encoded (http://x:TOKEN@localhost:2774/ in clients
 * that send the user information of a URL undecoded). */
static bool password_shown(struct span value, const struct credentials_store *store)
{
    char memory[PASSWORD_BYTES], decoded_memory[PASSWORD_BYTES];
    struct buf password = buf_over(memory, sizeof memory),
               decoded = buf_over(decoded_memory, sizeof decoded_memory);
    if (!basic_password(value, &password))
        return false;
    uri_decode(&decoded, buf_span(&password));
    return credentials_token_matches(store, buf_span(&password))
        || credentials_token_matches(store, buf_span(&decoded));
}

enum proof { PROOF_NONE, PROOF_TOKEN, PROOF_BASIC };

static enum proof token_shown(const struct head *head, const struct credentials_store *store)
{
    enum proof proof = PROOF_NONE;
    for (size_t i = 0; i < head->count; i++) {
        const struct field *field = &head->fields[i];
        bool basic = field->id == FIELD_AUTHORIZATION || field->id == FIELD_PROXY_AUTHORIZATION;
        if (field->id == FIELD_X_COUNTERSIGN_TOKEN
            && credentials_token_matches(store, field->value))
            return PROOF_TOKEN;
        if (basic && password_shown(field->value, store))
            proof = PROOF_BASIC;
    }
    return proof;
}

static bool token_tried(const struct head *head)
{
    return head_find(head, FIELD_X_COUNTERSIGN_TOKEN) || head_find(head, FIELD_AUTHORIZATION)
        || head_find(head, FIELD_PROXY_AUTHORIZATION);
}

static enum access refuse_claim(
    enum claim_verdict verdict, const struct claim *claim, struct fault *fault)
{
    char memory[64] = {0};
    struct buf key = buf_over(memory, sizeof memory - 1);
    switch (verdict) {
    case CLAIM_OTHER_KEY:
        identity_mask(claim->access_key_id, &key);
        (void)fault_set(fault, ERR_TOKEN_REQUIRED,
            "The request is signed by %s, %s, not by this function's role. Remove those keys "
            "from the code and its settings, so that the SDK finds the role's.",
            memory, identity_key_text(claim->access_key_id));
        return ACCESS_REFUSED;
    case CLAIM_STALE:
        (void)fault_set(fault, ERR_TOKEN_REQUIRED,
            "The request's signature is more than 15 minutes off this machine's clock, or has "
            "expired. Sign it anew.");
        return ACCESS_REFUSED;
    case CLAIM_VERIFIED:
    case CLAIM_NEEDS_HASH:
    case CLAIM_WRONG:
    default:
        (void)fault_set(fault, ERR_TOKEN_REQUIRED,
            "The request's signature does not match: it names the role's key, but was made with "
            "another secret, or for another request. " HOW_TO);
        return ACCESS_REFUSED;
    }
}

static enum access check_claim(const struct access_rules *rules,
    const struct claim_request *request, const struct claim *claim, struct fault *fault)
{
    const struct credentials_store *store = rules->credentials;
    const struct credentials *own = credentials_of_caller(store, claim->access_key_id);
    if (!own) {
        enum access refused = refuse_claim(CLAIM_OTHER_KEY, claim, fault);
        bool newer = credentials_may_issue(store, claim->access_key_id);
        return newer ? ACCESS_NEEDS_KEYS : refused;
    }
    enum claim_verdict verdict =
        claim_verify(claim, request, rules->signer, own, clock_wall_ms() / 1000);
    if (verdict == CLAIM_VERIFIED)
        return ACCESS_GRANTED;
    return verdict == CLAIM_NEEDS_HASH ? ACCESS_NEEDS_HASH : refuse_claim(verdict, claim, fault);
}

/* Whether a page of another site made the browser send this. */
static bool says_cross_site(const struct field *field, struct span own_host)
{
    struct span scheme = SPAN("http://");
    if (field->id == FIELD_SEC_FETCH_SITE)
        return !span_equal(field->value, SPAN("same-origin"))
            && !span_equal(field->value, SPAN("none"));
    if (field->id != FIELD_ORIGIN)
        return false;
    return !span_starts(field->value, scheme)
        || !span_equal_nocase(span_from(field->value, scheme.len), own_host);
}

static bool cross_site(const struct claim_request *request)
{
    for (size_t i = 0; i < request->head->count; i++)
        if (says_cross_site(&request->head->fields[i], request->target->authority.text))
            return true;
    return false;
}

/* A browser that was once given the password sends it along by itself, also for another site's
 * page. */
static bool from_other_site(
    const struct access_rules *rules, const struct claim_request *request, enum proof proof)
{
    return (!rules->token_required || proof == PROOF_BASIC) && cross_site(request);
}

enum access access_check(const struct access_rules *rules, const struct claim_request *request,
    const struct claim *claim, struct fault *fault)
{
    enum proof proof = token_shown(request->head, rules->credentials);
    if (from_other_site(rules, request, proof)) {
        (void)fault_set(fault, ERR_HOST_NOT_ALLOWED,
            "A browser sent this for a page of another site. No such page may use this "
            "function's role.");
        return ACCESS_REFUSED;
    }
    if (proof != PROOF_NONE || !rules->token_required)
        return ACCESS_GRANTED;
    if (claim)
        return check_claim(rules, request, claim, fault);
    if (token_tried(request->head))
        (void)fault_set(
            fault, ERR_TOKEN_REQUIRED, "The token shown is not this function's. " HOW_TO);
    else
        (void)fault_set(fault, ERR_TOKEN_REQUIRED, HOW_TO);
    return ACCESS_REFUSED;
}
