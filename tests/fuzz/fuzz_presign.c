/* Presigned queries: whatever path and query are signed, the proxy itself takes the signature for
 * right. And login tokens, which are one line. The input: a byte that chooses, then path and query,
 * or host and user, a line each. */
#include "tests/fuzz/fuzz.h"

#include "proxy/aws/claim.h"
#include "proxy/aws/login_token.h"
#include "proxy/http/scan.h"

enum { NOW = 1440938160 }; /* 20150830T123600Z */

static const struct credentials keys = {TEXT("AKIDEXAMPLE"), TEXT("secret"), TEXT("to/ken=")};
static struct signer *signer;

/* What may stand in a request line. */
static bool one_word(struct span text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] <= ' ' || text.at[i] > '~' || text.at[i] == '#')
            return false;
    return true;
}

static void verify(const struct buf *text)
{
    static struct head head;
    static struct claim claim;
    struct scan scan = {.lines = 0};
    struct target target;
    struct fault fault;
    size_t taken = 0;
    REQUIRE(scan_head(&scan, buf_span(text), &taken) == SCAN_COMPLETE && taken == text->len);
    if (head_parse_request(&head, text->at, text->len, &fault) != OK
        || target_of_request(&head, &target, &fault) != OK)
        return;
    struct claim_request request = {&head, &target, {NULL, 0}};
    REQUIRE(claim_find(&head, &target, &claim) && claim.in_query);
    REQUIRE(claim_verify(&claim, &request, signer, &keys, NOW) == CLAIM_VERIFIED);
}

static void presign(struct span path, struct span query)
{
    static char memory[16 * 1024], stripped[4 * 1024];
    struct buf head = buf_over(memory, sizeof memory), plain = buf_over(stripped, sizeof stripped);
    claim_strip_query(query, &plain);
    struct presign request = {.method = SPAN("GET"),
        .host = SPAN("bucket.example"),
        .path = path,
        .query = buf_span(&plain),
        .style = PATH_ONCE,
        .payload_hash = SPAN("UNSIGNED-PAYLOAD"),
        .scope = {amz_date_of(NOW), SPAN("eu-west-1"), SPAN("s3")},
        .expires_s = 60};
    buf_text(&head, "GET ");
    buf_add(&head, path);
    buf_char(&head, '?');
    if (plain.failed || presign_query(signer, &keys, &request, &head) != OK)
        return;
    buf_text(&head, " HTTP/1.1\r\nHost: bucket.example\r\n\r\n");
    if (!head.failed)
        verify(&head);
}

static void login(unsigned choice, struct span host, struct span user)
{
    static char memory[16 * 1024];
    struct buf out = buf_over(memory, sizeof memory);
    struct login login = {.kind = (enum login_kind)(choice % LOGIN_NONE),
        .host = host,
        .port = 5432,
        .user = user,
        .serverless = choice & 64,
        .region = SPAN("eu-west-1")};
    struct login_signing with = {signer, &keys, amz_date_of(NOW), LOGIN_EXPIRES_S};
    if (login_token(&login, &with, &out) == OK)
        REQUIRE(out.len > 0 && one_word(buf_span(&out)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || (!signer && !(signer = signer_create())))
        return 0;
    char *copy = fuzz_copy(fuzz_span(data, size));
    struct span rest = span_from((struct span){copy, copy ? size : 0}, 1), first;
    (void)span_next(&rest, '\n', &first);
    if (!one_word(first))
        first.len = 0;
    if (data[0] >= 0x80)
        login(data[0], first, rest);
    else if (span_starts(first, SPAN("/")) && span_find(first, '?') == first.len && one_word(rest))
        presign(first, rest);
    free(copy);
    return 0;
}
