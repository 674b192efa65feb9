/* A multipart upload's sizes, fields, queries and answers. */
#include "tests/unit/check.h"

#include "proxy/aws/multipart.h"

#define MIB ((uint64_t)1024 * 1024)

static void test_sizes(void **state)
{
    (void)state;
    uint64_t total = 0, five_tib = 5 * MIB * MIB;
    unsigned number = 0, at_5_tib = 0;
    while (number < MULTIPART_LAST_NUMBER) {
        uint64_t bytes = multipart_part_bytes(++number);
        assert_true(bytes >= 8 * MIB && bytes <= 5 * 1024 * MIB);
        total += bytes;
        at_5_tib = at_5_tib || total < five_tib ? at_5_tib : number;
    }
    assert_int_equal(multipart_part_bytes(1), 8 * MIB);
    assert_int_equal(multipart_part_bytes(1000), 8 * MIB);
    assert_int_equal(multipart_part_bytes(1001), 16 * MIB);
    assert_in_range(at_5_tib, 1, MULTIPART_LAST_NUMBER);
    assert_int_equal(multipart_most_bytes(), total);
}

static const struct field_row {
    struct span name;
    bool goes[4]; /* create, part, complete, abort */
} field_rows[] = {
    {TEXT("Content-Type"), {true, false, false, false}},
    {TEXT("X-Amz-Meta-A"), {true, false, false, false}},
    {TEXT("x-amz-acl"), {true, false, false, false}},
    {TEXT("x-amz-server-side-encryption"), {true, false, false, false}},
    {TEXT("x-amz-server-side-encryption-aws-kms-key-id"), {true, false, false, false}},
    {TEXT("X-Amz-Server-Side-Encryption-Customer-Key"), {true, true, true, false}},
    {TEXT("x-amz-server-side-encryption-customer-algorithm"), {true, true, true, false}},
    {TEXT("x-amz-server-side-encryption-customer-key-MD5"), {true, true, true, false}},
    {TEXT("X-Amz-Request-Payer"), {true, true, true, true}},
    {TEXT("x-amz-expected-bucket-owner"), {true, true, true, true}},
    {TEXT("If-None-Match"), {false, false, true, false}},
    {TEXT("if-match"), {false, false, true, false}},
    {TEXT("User-Agent"), {true, true, true, true}},
};

static void test_fields(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(field_rows); i++)
        for (unsigned step = MULTIPART_CREATE; step <= MULTIPART_ABORT; step++) {
            struct field field = {.name = field_rows[i].name};
            CHECK_NUMBER(field.name, multipart_field_goes(step, &field),
                field_rows[i].goes[step - MULTIPART_CREATE]);
        }
}

static const struct {
    enum multipart_step step;
    unsigned number;
    struct span query;
} query_rows[] = {
    {MULTIPART_CREATE, 0, TEXT("uploads=")},
    {MULTIPART_PART, 10000, TEXT("partNumber=10000&uploadId=a%2Fb%2B%3D~._-")},
    {MULTIPART_COMPLETE, 3, TEXT("uploadId=a%2Fb%2B%3D~._-")},
    {MULTIPART_ABORT, 3, TEXT("uploadId=a%2Fb%2B%3D~._-")},
};

static void test_queries(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(query_rows); i++) {
        char memory[128];
        struct buf query = buf_over(memory, sizeof memory);
        multipart_write_query(&query, query_rows[i].step, query_rows[i].number, SPAN("a/b+=~._-"));
        CHECK_TEXT(query_rows[i].query, buf_span(&query), query_rows[i].query);
    }
}

#define LONG_ID   "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define LONGER_ID LONG_ID LONG_ID LONG_ID LONG_ID

static const struct {
    struct span xml, id;
} id_rows[] = {
    {TEXT("<R><Bucket>b</Bucket><UploadId>2~a.b_c-d</UploadId></R>"), TEXT("2~a.b_c-d")},
    {TEXT("<R><UploadId></UploadId></R>"), TEXT("")},
    {TEXT("<R><UploadId>a b</UploadId></R>"), TEXT("")},
    {TEXT("<R><UploadId>a\r\nX: y</UploadId></R>"), TEXT("")},
    {TEXT("<R><UploadId>a&amp;b</UploadId></R>"), TEXT("")},
    {TEXT("<R><UploadId>a"), TEXT("")},
    {TEXT(""), TEXT("")},
    {TEXT("<UploadId>" LONGER_ID LONGER_ID LONGER_ID LONGER_ID "</UploadId>"),
        TEXT(LONGER_ID LONGER_ID LONGER_ID LONGER_ID)},
    {TEXT("<UploadId>" LONGER_ID LONGER_ID LONGER_ID LONGER_ID "5</UploadId>"), TEXT("")},
};

static void test_ids(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(id_rows); i++) {
        char *copy = check_copy(id_rows[i].xml);
        CHECK_TEXT(id_rows[i].xml, multipart_upload_id((struct span){copy, id_rows[i].xml.len}),
            id_rows[i].id);
        free(copy);
    }
}

static const struct {
    struct span xml;
    unsigned status;
    struct span etag;
} completed_rows[] = {
    {TEXT("<?xml version=\"1.0\"?>\n \n<CompleteMultipartUploadResult><ETag>&quot;ab-2&quot;</ETag>"
          "</CompleteMultipartUploadResult>"),
        200, TEXT("\"ab-2\"")},
    {TEXT("<R><ETag>\"ab-2\"</ETag></R>"), 200, TEXT("\"ab-2\"")},
    {TEXT("<R><ETag>&#34;ab-2&#34;</ETag></R>"), 200, TEXT("\"ab-2\"")},
    {TEXT("<R><ETag>&#x22;ab-2&#x22;</ETag></R>"), 200, TEXT("\"ab-2\"")},
    {TEXT("<R><ETag>a\r\nb</ETag></R>"), 500, TEXT("")},
    {TEXT("<R><ETag></ETag></R>"), 500, TEXT("")},
    {TEXT("<R/>"), 500, TEXT("")},
    {TEXT(""), 500, TEXT("")},
    {TEXT("<Error><Code>InternalError</Code></Error>"), 500, TEXT("")},
    {TEXT("<Error><Code>PreconditionFailed</Code><ETag>\"a\"</ETag></Error>"), 412, TEXT("")},
    {TEXT("<Error><Code>ConditionalRequestConflict</Code></Error>"), 409, TEXT("")},
    {TEXT("<Error><Code>SlowDown</Code></Error>"), 503, TEXT("")},
    {TEXT("<Error><Code>AccessDenied</Code></Error>"), 403, TEXT("")},
    {TEXT("<Error><Code>EntityTooSmall</Code></Error>"), 400, TEXT("")},
};

static void test_completed(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(completed_rows); i++) {
        struct span xml = completed_rows[i].xml, etag = {NULL, 0};
        char memory[64];
        struct buf text = buf_over(memory, sizeof memory);
        unsigned status = multipart_completed(xml, &text, &etag);
        CHECK_NUMBER(xml, status, completed_rows[i].status);
        if (status == 200)
            CHECK_TEXT(xml, etag, completed_rows[i].etag);
    }
}

static void test_list(void **state)
{
    (void)state;
    char memory[MULTIPART_LISTED_BYTES], etag[MULTIPART_ETAG_BYTES];
    struct buf list = buf_over(memory, sizeof memory);
    struct multipart_listed part = {.number = 7, .etag = SPAN("\"ab\"")};
    multipart_write_listed(&list, &part);
    CHECK_TEXT(SPAN("list"), buf_span(&list),
        SPAN("<Part><PartNumber>7</PartNumber><ETag>&quot;ab&quot;</ETag></Part>"));
    memset(etag, '"', sizeof etag);
    part = (struct multipart_listed){
        MULTIPART_LAST_NUMBER, {etag, sizeof etag}, SPAN("CRC64NVME"), SPAN("rosUhgp5mIg=")};
    list = buf_over(memory, sizeof memory);
    multipart_write_listed(&list, &part);
    assert_false(list.failed);
    struct span end = SPAN("</ETag><ChecksumCRC64NVME>rosUhgp5mIg=</ChecksumCRC64NVME></Part>");
    CHECK_TEXT(SPAN("end"), span_from(buf_span(&list), list.len - end.len), end);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_queries),
        cmocka_unit_test(test_ids),
        cmocka_unit_test(test_completed),
        cmocka_unit_test(test_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
