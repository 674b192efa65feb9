/* What PUT /-/transcribe/BUCKET/KEY asks for, as StartTranscriptionJob's request: the page's
 * parameters are that operation's own members, by names as the AWS CLI writes them. */
#include "proxy/aws/uri.h"
#include "proxy/base/clock.h"
#include "proxy/base/utf8.h"
#include "proxy/http/query.h"
#include "proxy/pages/job_page.h"

enum { MEDIA_BYTES = 2000, KEY_SHOWN_BYTES = 120, NUMBER_MAX = 1000000 };

enum nest { TOP, MEDIA, SETTINGS, MODEL, EXECUTION, REDACTION, SUBTITLES, NESTS };
enum kind { STRING, NUMBER, BOOLEAN, LIST };

static const char *const nests[NESTS] = {[SETTINGS] = "Settings",
    [MODEL] = "ModelSettings",
    [EXECUTION] = "JobExecutionSettings",
    [REDACTION] = "ContentRedaction",
    [SUBTITLES] = "Subtitles"};

/* The parameter, where its member stands, the member, and what that is. Those that are maps or
 * lists of structures are not offered. */
#define MEMBERS(X)                                                                             \
    X(JOB_NAME, "job-name", TOP, "TranscriptionJobName", STRING)                               \
    X(FULL_JOB_NAME, "transcription-job-name", TOP, "TranscriptionJobName", STRING)            \
    X(LANGUAGE, "language-code", TOP, "LanguageCode", STRING)                                  \
    X(IDENTIFY, "identify-language", TOP, "IdentifyLanguage", BOOLEAN)                         \
    X(IDENTIFY_MORE, "identify-multiple-languages", TOP, "IdentifyMultipleLanguages", BOOLEAN) \
    X(LANGUAGES, "language-options", TOP, "LanguageOptions", LIST)                             \
    X(FORMAT, "media-format", TOP, "MediaFormat", STRING)                                      \
    X(RATE, "media-sample-rate-hertz", TOP, "MediaSampleRateHertz", NUMBER)                    \
    X(BUCKET, "output-bucket-name", TOP, "OutputBucketName", STRING)                           \
    X(KEY, "output-key", TOP, "OutputKey", STRING)                                             \
    X(KMS, "output-encryption-kms-key-id", TOP, "OutputEncryptionKMSKeyId", STRING)            \
    X(REDACTED_MEDIA, "redacted-media-file-uri", MEDIA, "RedactedMediaFileUri", STRING)        \
    X(VOCABULARY, "vocabulary-name", SETTINGS, "VocabularyName", STRING)                       \
    X(SPEAKERS, "show-speaker-labels", SETTINGS, "ShowSpeakerLabels", BOOLEAN)                 \
    X(MOST_SPEAKERS, "max-speaker-labels", SETTINGS, "MaxSpeakerLabels", NUMBER)               \
    X(CHANNELS, "channel-identification", SETTINGS, "ChannelIdentification", BOOLEAN)          \
    X(ALTERNATIVES, "show-alternatives", SETTINGS, "ShowAlternatives", BOOLEAN)                \
    X(MOST_ALTERNATIVES, "max-alternatives", SETTINGS, "MaxAlternatives", NUMBER)              \
    X(FILTER, "vocabulary-filter-name", SETTINGS, "VocabularyFilterName", STRING)              \
    X(FILTERING, "vocabulary-filter-method", SETTINGS, "VocabularyFilterMethod", STRING)       \
    X(MODEL_NAME, "language-model-name", MODEL, "LanguageModelName", STRING)                   \
    X(DEFERRED, "allow-deferred-execution", EXECUTION, "AllowDeferredExecution", BOOLEAN)      \
    X(ROLE, "data-access-role-arn", EXECUTION, "DataAccessRoleArn", STRING)                    \
    X(REDACTION_TYPE, "redaction-type", REDACTION, "RedactionType", STRING)                    \
    X(REDACTION_OUTPUT, "redaction-output", REDACTION, "RedactionOutput", STRING)              \
    X(PII, "pii-entity-types", REDACTION, "PiiEntityTypes", LIST)                              \
    X(SUBTITLE_FORMATS, "subtitle-formats", SUBTITLES, "Formats", LIST)                        \
    X(SUBTITLE_START, "output-start-index", SUBTITLES, "OutputStartIndex", NUMBER)

enum row {
#define X(row, name, nest, member, kind) ROW_##row,
    MEMBERS(X)
#undef X
        ROWS
};

static const struct query_parameter parameters[ROWS] = {
#define X(row, name, nest, member, kind) {{name, sizeof(name) - 1}, false},
    MEMBERS(X)
#undef X
};

static const struct member {
    enum nest nest;
    const char *name;
    enum kind kind;
} members[ROWS] = {
#define X(row, name, nest, member, kind) {nest, member, kind},
    MEMBERS(X)
#undef X
};

/* What the query gives; at == NULL where it does not. */
struct given {
    struct span value[ROWS];
};

/* ---- values ---- */

static enum err bad_value(size_t row, const char *what, struct fault *fault)
{
    return fault_set(fault, ERR_BAD_REQUEST, "The parameter %.*s must be %s.",
        SPAN_ARGS(parameters[row].name), what);
}

static enum err check_value(size_t row, struct span value, struct fault *fault)
{
    uint64_t number;
    struct utf8 text = {0};
    switch (members[row].kind) {
    case NUMBER:
        return span_to_number(value, NUMBER_MAX, &number) ? OK
                                                          : bad_value(row, "a whole number", fault);
    case BOOLEAN:
        return value.len == 0 || span_equal(value, SPAN("true")) || span_equal(value, SPAN("false"))
            ? OK
            : bad_value(row, "true or false", fault);
    case STRING:
    case LIST:
    default:
        return value.len > 0 && utf8_add(&text, value) && utf8_whole(&text)
            ? OK
            : bad_value(row, "a text, in UTF-8", fault);
    }
}

static bool is_true(struct span value)
{
    return value.at && !span_equal(value, SPAN("false"));
}

static enum err take_query(
    struct span query, struct buf scratch, struct given *given, struct fault *fault)
{
    struct query_walk walk = {.rest = query, .table = parameters, .count = ROWS, .text = scratch};
    while (query_next(&walk, fault)) {
        struct span value = walk.value.len > 0 ? walk.value : SPAN("");
        given->value[walk.row] = value;
        if (check_value(walk.row, value, fault) != OK)
            return fault->err;
    }
    if (fault->err || given->value[ROW_LANGUAGE].at || is_true(given->value[ROW_IDENTIFY])
        || is_true(given->value[ROW_IDENTIFY_MORE]))
        return fault->err;
    return fault_set(fault, ERR_BAD_REQUEST,
        "Which language is it? Say language-code=en-US, or whichever it is, or "
        "identify-language=true: then Transcribe finds out.");
}

/* ---- the object ---- */

static bool is_bucket(struct span bucket)
{
    bool good = bucket.len >= 3 && bucket.len <= 63;
    for (size_t i = 0; good && i < bucket.len; i++)
        good = ascii_alpha(bucket.at[i]) || ascii_digit(bucket.at[i])
            || span_find(SPAN(".-_"), bucket.at[i]) < 3;
    return good;
}

static bool is_key(struct span key)
{
    struct utf8 text = {0};
    bool good = key.len > 0;
    for (size_t i = 0; good && i < key.len; i++)
        good = (unsigned char)key.at[i] >= ' ' && key.at[i] != 0x7f;
    return good && utf8_add(&text, key) && utf8_whole(&text);
}

/* As Transcribe is told of it: decoded. */
static enum err take_object(
    struct span path, struct job_order *order, struct buf *text, struct fault *fault)
{
    struct span rest = span_from(path, sizeof JOB_FOLDER - 1), bucket;
    size_t start = text->len;
    order->path = span_from(path, sizeof JOB_FOLDER - 2);
    bucket = span_first(rest, span_find(rest, '/'));
    if (!is_bucket(bucket) || order->path.len > JOB_PATH_BYTES)
        return fault_set(fault, ERR_BAD_REQUEST,
            "PUT /-/transcribe/BUCKET/KEY stores audio and starts a job for it: BUCKET is a "
            "bucket's name, and KEY at most %d bytes.",
            1024);
    buf_text(text, "s3://");
    buf_add(text, bucket);
    buf_char(text, '/');
    size_t key = text->len;
    uri_decode(text, span_from(rest, bucket.len + 1));
    order->media = buf_since(text, start);
    if (!is_key(buf_since(text, key)) || order->media.len > MEDIA_BYTES)
        return fault_set(fault, ERR_BAD_REQUEST,
            "PUT /-/transcribe/BUCKET/KEY stores audio and starts a job for it: KEY is the "
            "object's, percent-encoded UTF-8 without control characters; Transcribe takes no "
            "other.");
    return OK;
}

/* The format that the key's last letters tell, as Transcribe calls it. */
static struct span format_of(struct span media)
{
    static const struct span formats[] = {TEXT("mp3"), TEXT("mp4"), TEXT("wav"), TEXT("flac"),
        TEXT("ogg"), TEXT("amr"), TEXT("webm"), TEXT("m4a")};
    struct span rest = media, ending = span_take_last(&rest, '.');
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (rest.len < media.len && span_equal_nocase(ending, formats[i]))
            return formats[i];
    return (struct span){NULL, 0};
}

/* ---- the name ---- */

/* "calls/Müller 1.mp3" at that time: "M-ller-1.mp3-20261125T225051Z-1f3a9c2b7d5e0816" */
static struct span write_name(struct span media, const struct job_wish *wish, struct buf *text)
{
    struct span rest = media, last = span_first(span_take_last(&rest, '/'), KEY_SHOWN_BYTES);
    struct amz_date date = amz_date_of(wish->now_ms / 1000);
    size_t start = text->len;
    for (size_t i = 0; i < last.len; i++) {
        bool good = ascii_alpha(last.at[i]) || ascii_digit(last.at[i])
            || span_find(SPAN("._-"), last.at[i]) < 3;
        bool goes_on = ((unsigned char)last.at[i] & 0xc0) == 0x80; /* of one character */
        if (!goes_on)
            buf_char(text, good ? last.at[i] : '-');
    }
    buf_char(text, '-');
    buf_add(text, amz_date_span(&date));
    buf_format(text, "-%016llx", (unsigned long long)wish->chance);
    return buf_since(text, start);
}

static enum err take_name(const struct given *given, const struct job_wish *wish,
    struct job_order *order, struct buf *text, struct fault *fault)
{
    struct span name = given->value[ROW_JOB_NAME], full = given->value[ROW_FULL_JOB_NAME];
    size_t start = text->len;
    if (name.at && full.at)
        return fault_set(fault, ERR_BAD_REQUEST,
            "The parameters job-name and transcription-job-name are one; give it once.");
    name = full.at ? full : name;
    order->named = name.at != NULL;
    buf_add(text, name);
    order->name = order->named ? buf_since(text, start) : write_name(order->media, wish, text);
    return job_name_valid(order->name)
        ? OK
        : bad_value(full.at ? ROW_FULL_JOB_NAME : ROW_JOB_NAME,
            "of letters, digits, \".\", \"_\" and \"-\", at most 200", fault);
}

/* ---- the request ---- */

static void write_quoted(struct buf *out, struct span text)
{
    buf_char(out, '"');
    buf_json(out, text);
    buf_char(out, '"');
}

static void write_list(struct buf *out, struct span list)
{
    struct span item;
    bool begun = false;
    buf_char(out, '[');
    while (span_next(&list, ',', &item)) {
        if (begun)
            buf_char(out, ',');
        write_quoted(out, item);
        begun = true;
    }
    buf_char(out, ']');
}

static void write_value(struct buf *out, enum kind kind, struct span value)
{
    if (kind == STRING)
        write_quoted(out, value);
    else if (kind == LIST)
        write_list(out, value);
    else
        buf_add(out, value.len > 0 ? value : SPAN("true"));
}

/* The members of one structure; begun: there are others before them. */
static void write_members(struct buf *out, enum nest nest, const struct given *given, bool begun)
{
    for (size_t row = ROW_LANGUAGE; row < ROWS; row++) {
        if (members[row].nest != nest || !given->value[row].at)
            continue;
        buf_format(out, "%s\"%s\":", begun ? "," : "", members[row].name);
        write_value(out, members[row].kind, given->value[row]);
        begun = true;
    }
}

static void write_nest(struct buf *out, enum nest nest, const struct given *given)
{
    bool any = false;
    for (size_t row = 0; row < ROWS; row++)
        any = any || (members[row].nest == nest && given->value[row].at);
    if (!any)
        return;
    buf_format(out, ",\"%s\":{", nests[nest]);
    write_members(out, nest, given, false);
    buf_char(out, '}');
}

static struct span write_request(
    const struct job_order *order, const struct given *given, struct buf *out)
{
    size_t start = out->len;
    buf_text(out, "{\"TranscriptionJobName\":");
    write_quoted(out, order->name);
    buf_text(out, ",\"Media\":{\"MediaFileUri\":");
    write_quoted(out, order->media);
    write_members(out, MEDIA, given, true);
    buf_char(out, '}');
    write_members(out, TOP, given, true);
    for (enum nest nest = SETTINGS; nest < NESTS; nest++)
        write_nest(out, nest, given);
    buf_char(out, '}');
    return buf_since(out, start);
}

enum err job_order_parse(
    const struct job_wish *wish, struct buf scratch, struct job_order *order, struct fault *fault)
{
    struct buf text = buf_over(order->text, sizeof order->text);
    struct given given = {0};
    if (take_object(wish->path, order, &text, fault) != OK
        || take_query(wish->query, scratch, &given, fault) != OK
        || take_name(&given, wish, order, &text, fault) != OK)
        return fault->err;
    if (!given.value[ROW_FORMAT].at)
        given.value[ROW_FORMAT] = format_of(order->media);
    order->body = write_request(order, &given, &text);
    return text.failed ? fault_set(fault, ERR_BAD_REQUEST, "The query is too long.") : OK;
}
