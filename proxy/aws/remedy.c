#include "proxy/aws/remedy.h"

#include "proxy/aws/error_code.h"
#include "proxy/aws/partition.h"

static const struct {
    struct span code;
    enum remedy remedy;
} codes[] = {
    {TEXT("ExpiredToken"), REMEDY_KEYS},
    {TEXT("ExpiredTokenException"), REMEDY_KEYS},
    {TEXT("TokenRefreshRequired"), REMEDY_KEYS},
    {TEXT("RequestTimeTooSkewed"), REMEDY_CLOCK},
    {TEXT("RequestInTheFuture"), REMEDY_CLOCK},
    {TEXT("RequestExpired"), REMEDY_CLOCK},
    {TEXT("PermanentRedirect"), REMEDY_REGION},
    {TEXT("TemporaryRedirect"), REMEDY_REGION},
    {TEXT("Redirect"), REMEDY_REGION},
    {TEXT("AuthorizationHeaderMalformed"), REMEDY_REGION},
    {TEXT("IncorrectEndpoint"), REMEDY_REGION},
    {TEXT("IllegalLocationConstraintException"), REMEDY_REGION},
    {TEXT("SlowDown"), REMEDY_PAUSE},
    {TEXT("ServiceUnavailable"), REMEDY_PAUSE},
    {TEXT("Throttling"), REMEDY_PAUSE},
    {TEXT("ThrottlingException"), REMEDY_PAUSE},
    {TEXT("ThrottledException"), REMEDY_PAUSE},
    {TEXT("RequestThrottled"), REMEDY_PAUSE},
    {TEXT("RequestThrottledException"), REMEDY_PAUSE},
    {TEXT("RequestLimitExceeded"), REMEDY_PAUSE},
    {TEXT("TooManyRequestsException"), REMEDY_PAUSE},
    {TEXT("ProvisionedThroughputExceededException"), REMEDY_PAUSE},
    {TEXT("PriorRequestNotComplete"), REMEDY_PAUSE},
    {TEXT("EC2ThrottledException"), REMEDY_PAUSE},
    {TEXT("BandwidthLimitExceeded"), REMEDY_PAUSE},
    {TEXT("TransactionInProgressException"), REMEDY_PAUSE},
};

bool remedy_possible(unsigned status)
{
    switch (status) {
    case 301:
    case 307:
    case 400:
    case 401:
    case 403:
    case 429:
    case 503:
    case 509:
        return true;
    default:
        return false;
    }
}

/* A wrong signature is said of a late one too: only the message tells them apart. */
static bool says_late(struct span code, struct span body)
{
    static const struct span texts[] = {
        TEXT("Signature expired"), TEXT("Signature not yet current")};
    bool signature = span_equal(code, SPAN("InvalidSignatureException"))
        || span_equal(code, SPAN("SignatureDoesNotMatch"));
    for (size_t i = 0; signature && i < 2; i++)
        if (memmem(body.at, body.len, texts[i].at, texts[i].len))
            return true;
    return false;
}

static enum remedy by_code(struct span code, struct span body)
{
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (span_equal(codes[i].code, code))
            return codes[i].remedy;
    return body.len > 0 && says_late(code, body) ? REMEDY_CLOCK : REMEDY_NONE;
}

/* The header is there where S3 knows the bucket; an answer to HEAD has nothing else. */
static enum remedy other_region(
    const struct refusal *refusal, enum remedy remedy, struct span *region)
{
    bool silent = refusal->body.len == 0
        && (refusal->status == 301 || refusal->status == 307 || refusal->status == 400);
    struct span named = refusal->bucket_region;
    if (!refusal->s3 || (remedy != REMEDY_REGION && !silent))
        return REMEDY_NONE;
    if (named.len == 0)
        named = xml_text(refusal->body, SPAN("Region"));
    if (!region_shaped(named))
        return REMEDY_NONE;
    *region = named;
    return REMEDY_REGION;
}

/* A server in trouble may say anything: keys and clock are judged by those that refuse. */
static bool fits(enum remedy remedy, unsigned status)
{
    bool refuses = status == 400 || status == 401 || status == 403;
    return refuses || (remedy != REMEDY_KEYS && remedy != REMEDY_CLOCK);
}

enum remedy remedy_of(const struct refusal *refusal, struct span *region)
{
    struct span code = error_code_find(refusal->error_type, refusal->body);
    enum remedy remedy = by_code(code, refusal->body);
    if (!fits(remedy, refusal->status))
        remedy = REMEDY_NONE;
    if (remedy == REMEDY_REGION || (refusal->s3 && code.len == 0))
        remedy = other_region(refusal, remedy, region);
    if (refusal->s3 && refusal->status == 403 && code.len == 0 && refusal->body.len == 0)
        return REMEDY_CLOCK; /* to HEAD nothing else is said: its Date tells */
    if (remedy == REMEDY_NONE && (refusal->status == 429 || refusal->status == 503))
        return REMEDY_PAUSE; /* it says so without a code too: to HEAD */
    return remedy;
}
