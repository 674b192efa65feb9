#include "proxy/aws/claim.h"

#include <openssl/crypto.h>

#include "proxy/aws/host.h"
#include "proxy/aws/uri.h"

#define ALGORITHM "AWS4-HMAC-SHA256"

/* AKID/DATE/REGION/SERVICE/aws4_request */
static void parse_credential(struct span credential, struct claim *claim)
{
    struct span parts[5], more;
    size_t count = 0;
    while (count < 5 && span_next(&credential, '/', &parts[count]))
        count++;
    if (count < 5 || span_next(&credential, '/', &more)
        || !span_equal(parts[4], SPAN("aws4_request")))
        return;
    claim->access_key_id = parts[0];
    claim->date = parts[1];
    claim->region = parts[2];
    claim->service = parts[3];
}

static void parse_header(struct span value, struct claim *claim)
{
    struct span item;
    while (span_next(&value, ',', &item)) {
        item = span_trim(item);
        size_t equals = span_find(item, '=');
        struct span name = span_first(item, equals), part = span_from(item, equals + 1);
        if (span_equal(name, SPAN("Credential")))
            parse_credential(part, claim);
        else if (span_equal(name, SPAN("SignedHeaders")))
            claim->signed_headers = part;
        else if (span_equal(name, SPAN("Signature")))
            claim->signature = part;
    }
}

static struct span parameter(struct span query, struct span name)
{
    struct span pair;
    while (span_next(&query, '&', &pair))
        if (span_starts(pair, name) && pair.len > name.len && pair.at[name.len] == '=')
            return span_from(pair, name.len + 1);
    return (struct span){NULL, 0};
}

static struct span decoded(struct buf *memory, struct span value)
{
    size_t start = memory->len;
    uri_decode(memory, value);
    return buf_since(memory, start);
}

static void parse_query(struct span query, struct claim *claim)
{
    struct buf memory = buf_over(claim->memory, sizeof claim->memory);
    claim->in_query = true;
    struct span credential = decoded(&memory, parameter(query, SPAN("X-Amz-Credential")));
    claim->signed_headers = decoded(&memory, parameter(query, SPAN("X-Amz-SignedHeaders")));
    claim->signature = parameter(query, SPAN("X-Amz-Signature"));
    claim->time = parameter(query, SPAN("X-Amz-Date"));
    claim->expires = parameter(query, SPAN("X-Amz-Expires"));
    if (!memory.failed)
        parse_credential(credential, claim);
}

bool claim_find(const struct head *head, const struct target *target, struct claim *claim)
{
    struct span none = {NULL, 0}, value = head_value(head, FIELD_AUTHORIZATION);
    *claim = (struct claim){.signature = none};
    if (span_starts(value, SPAN(ALGORITHM " "))) {
        claim->time = head_value(head, FIELD_X_AMZ_DATE);
        parse_header(span_from(value, sizeof ALGORITHM), claim);
        return true;
    }
    if (!span_equal(parameter(target->query, SPAN("X-Amz-Algorithm")), SPAN(ALGORITHM)))
        return false;
    parse_query(target->query, claim);
    return true;
}

/* The fields that the claim says are signed; false where it leaves out the host, or names one that
 * is not there. */
static bool signed_fields(
    const struct claim *claim, const struct head *head, struct canonical *canonical)
{
    struct span names = claim->signed_headers, name;
    bool host = false;
    while (span_next(&names, ';', &name)) {
        size_t before = canonical->count;
        for (size_t i = 0; i < head->count; i++)
            if (span_equal_nocase(head->fields[i].name, name))
                canonical_add(canonical, head->fields[i].name, head->fields[i].value);
        if (canonical->count == before)
            return false;
        host = host || span_equal(name, SPAN("host"));
    }
    return host;
}

static bool lists(struct span names, struct span name)
{
    struct span item;
    while (span_next(&names, ';', &item))
        if (span_equal_nocase(item, name))
            return true;
    return false;
}

/* S3 refuses a request with an x-amz-* field that its signature leaves out; so does this. */
static bool covers_all(const struct claim *claim, const struct head *head)
{
    for (size_t i = 0; i < head->count; i++)
        if (span_starts_nocase(head->fields[i].name, SPAN("x-amz-"))
            && !lists(claim->signed_headers, head->fields[i].name))
            return false;
    return true;
}

/* What the signature covers in place of the body: as the client said, else by the service's habit.
 */
static struct span payload_hash(
    const struct claim *claim, const struct head *head, struct span body_hash)
{
    struct span given = head_value(head, FIELD_X_AMZ_CONTENT_SHA256);
    if (given.len > 0)
        return given;
    bool presigned_s3 = claim->in_query && service_path_style(claim->service) == PATH_ONCE;
    return presigned_s3 ? SPAN("UNSIGNED-PAYLOAD") : body_hash;
}

static bool fresh(const struct claim *claim, int64_t now_s)
{
    int64_t then;
    uint64_t expires = CLAIM_MAX_AGE_S;
    if (!amz_date_parse(claim->time, &then) || !span_equal(span_first(claim->time, 8), claim->date))
        return false;
    if (claim->in_query && !span_to_number(claim->expires, 604800, &expires))
        return false;
    int64_t age = now_s - then;
    return age >= -CLAIM_MAX_AGE_S && age <= CLAIM_MAX_AGE_S && age <= (int64_t)expires;
}

/* The signature covers the Host header; an absolute address wins over it, so the two must agree. */
static bool hosts_agree(const struct head *head, const struct target *target)
{
    return !target->absolute
        || span_equal_nocase(head_value(head, FIELD_HOST), target->authority.text);
}

/* Makes the signature that the role's key gives for the request, and compares. */
static enum claim_verdict compare(const struct claim *claim, struct canonical *canonical,
    struct signer *signer, const struct credentials *credentials)
{
    struct scope scope = {.region = claim->region, .service = claim->service};
    char names[8192];
    struct signature expected = {.signed_headers = buf_over(names, sizeof names)};
    memcpy(scope.date.text, claim->time.at, claim->time.len);
    if (signer_sign(signer, credentials, &scope, canonical, &expected) != OK)
        return CLAIM_WRONG;
    bool same = CRYPTO_memcmp(expected.hex, claim->signature.at, sizeof expected.hex) == 0;
    return same ? CLAIM_VERIFIED : CLAIM_WRONG;
}

/* AWS IoT's token stands behind the signature, which leaves it out (AWS IoT Core Developer Guide,
 * "MQTT over the WebSocket protocol"). */
static struct span signed_query(const struct claim *claim, struct span query)
{
    struct span rest = query;
    if (!claim->in_query || !span_equal(claim->service, SPAN("iotdevicegateway")))
        return query;
    bool token = span_starts(span_take_last(&rest, '&'), SPAN("X-Amz-Security-Token="));
    return token ? rest : query;
}

enum claim_verdict claim_verify(const struct claim *claim, const struct claim_request *request,
    struct signer *signer, const struct credentials *credentials, int64_t now_s)
{
    const struct head *head = request->head;
    if (claim->access_key_id.len == 0 || claim->signature.len != HASH_HEX_BYTES)
        return CLAIM_WRONG;
    if (!span_equal(claim->access_key_id, credentials->access_key_id))
        return CLAIM_OTHER_KEY;
    if (!fresh(claim, now_s))
        return CLAIM_STALE;
    struct canonical canonical = {
        .method = head->method,
        .path = request->target->path,
        .query = signed_query(claim, request->target->query),
        .left_out = claim->in_query ? SPAN("X-Amz-Signature") : SPAN(""),
        .style = service_path_style(claim->service),
        .payload_hash = payload_hash(claim, head, request->body_hash),
    };
    bool covered = signed_fields(claim, head, &canonical) && covers_all(claim, head);
    if (!covered || !hosts_agree(head, request->target))
        return CLAIM_WRONG;
    if (canonical.payload_hash.len == 0)
        return CLAIM_NEEDS_HASH;
    return compare(claim, &canonical, signer, credentials);
}

void claim_strip_query(struct span query, struct buf *out)
{
    static const struct span mine[] = {{"X-Amz-Algorithm", 15}, {"X-Amz-Credential", 16},
        {"X-Amz-Date", 10}, {"X-Amz-Expires", 13}, {"X-Amz-SignedHeaders", 19},
        {"X-Amz-Signature", 15}, {"X-Amz-Security-Token", 20}};
    struct span pair;
    size_t start = out->len;
    while (span_next(&query, '&', &pair)) {
        bool drop = false;
        for (size_t i = 0; i < sizeof mine / sizeof *mine; i++)
            drop = drop || span_equal(span_first(pair, span_find(pair, '=')), mine[i]);
        if (drop)
            continue;
        if (out->len > start)
            buf_char(out, '&');
        buf_add(out, pair);
    }
}
