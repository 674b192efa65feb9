#include "proxy/permissions/identity.h"

static bool looks_like_key_id(struct span id)
{
    bool plain = id.len >= 16 && id.len <= 128;
    for (size_t i = 0; plain && i < id.len; i++)
        plain = ascii_digit(id.at[i]) || (id.at[i] >= 'A' && id.at[i] <= 'Z');
    return plain;
}

static int base32_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    return c >= '2' && c <= '7' ? c - '2' + 26 : -1;
}

static void write_account(uint64_t number, char account[13])
{
    for (size_t i = 12; i-- > 0; number /= 10)
        account[i] = (char)('0' + number % 10);
    account[12] = '\0';
}

/* Characters 5 to 13 are 45 bits: one that is 1 in ids that hold the account, 40 of the account, 4
 * more. */
static void find_account(struct span id, char account[13])
{
    uint64_t bits = 0;
    account[0] = '\0';
    if (id.len < 13)
        return;
    for (size_t i = 4; i < 13; i++) {
        int value = base32_value(id.at[i]);
        if (value < 0)
            return;
        bits = bits << 5 | (unsigned)value;
    }
    uint64_t number = bits >> 4 & 0xffffffffff;
    if (bits >> 44 && number <= 999999999999)
        write_account(number, account);
}

static enum identity_kind kind_of(const struct credentials *c)
{
    bool token = c->session_token.len > 0;
    if (span_starts(c->access_key_id, SPAN("ASIA")))
        return token ? IDENTITY_TEMPORARY : IDENTITY_BROKEN;
    if (span_starts(c->access_key_id, SPAN("AKIA")) || span_starts(c->access_key_id, SPAN("A3T")))
        return token ? IDENTITY_BROKEN : IDENTITY_USER;
    return IDENTITY_OTHER;
}

static const char *warning_for(const struct credentials *c, enum identity_kind kind)
{
    switch (kind) {
    case IDENTITY_USER:
        return "these are an IAM user's long-term keys, not a role's. They never end, and they may "
               "do whatever that user may. Remove AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY "
               "from the function's settings: Lambda then gives it the keys of its own role. Put "
               "the few actions it needs into that role's policy, and delete the user's key.";
    case IDENTITY_BROKEN:
        return c->session_token.len > 0
            ? "a long-term key stands beside a session token, so the two come from different "
              "places and AWS will refuse them. Remove AWS_ACCESS_KEY_ID and "
              "AWS_SECRET_ACCESS_KEY from the function's settings."
            : "a temporary key stands without its session token, so AWS will refuse it. Set "
              "AWS_SESSION_TOKEN too, or remove all three and let Lambda set them.";
    case IDENTITY_OTHER:
        return "the access key id has no form that AWS gives to a role's session. Let Lambda set "
               "the credentials.";
    case IDENTITY_NONE:
    case IDENTITY_TEMPORARY:
    default:
        return NULL;
    }
}

struct identity identity_of(const struct credentials *credentials)
{
    struct identity identity = {.kind = IDENTITY_NONE};
    if (!credentials)
        return identity;
    identity.kind = kind_of(credentials);
    identity.warning = warning_for(credentials, identity.kind);
    find_account(credentials->access_key_id, identity.account);
    return identity;
}

const char *identity_kind_text(enum identity_kind kind)
{
    static const char *const texts[] = {
        [IDENTITY_NONE] = "no credentials",
        [IDENTITY_TEMPORARY] = "temporary credentials, as a role's session has them",
        [IDENTITY_USER] = "an IAM user's long-term key",
        [IDENTITY_BROKEN] = "a key and a token that do not belong together",
        [IDENTITY_OTHER] = "a key of unknown form",
    };
    return texts[kind];
}

const char *identity_key_text(struct span access_key_id)
{
    if (span_starts(access_key_id, SPAN("AKIA")))
        return "an IAM user's long-term key";
    if (span_starts(access_key_id, SPAN("ASIA")))
        return "another session's key";
    return "a key of unknown form";
}

void identity_mask(struct span id, struct buf *out)
{
    if (!looks_like_key_id(id)) {
        buf_text(out, "an unknown key");
        return;
    }
    buf_add(out, span_first(id, 4));
    buf_text(out, "\xe2\x80\xa6");
    buf_add(out, span_from(id, id.len - 4));
}
