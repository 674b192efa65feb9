/* Heads of WAV files: as they are written, cut at every place, and by writers that know no length;
 * what is refused, and with which words. */
#include "tests/unit/check.h"

#include "proxy/transcribe/wav.h"

#define RIFF(size)  "RIFF" size "WAVE"
#define PCM         RIFF("\x24\x08\0\0") "fmt \x10\0\0\0" MONO
#define MONO        "\x01\0\x01\0\x80\x3e\0\0\0\x7d\0\0\x02\0\x10\0"   /* 16 kHz */
#define STEREO      "\x01\0\x02\0\x80\xbb\0\0\0\xee\x02\0\x04\0\x10\0" /* 48 kHz */
#define FMT(format) RIFF("....") "fmt \x10\0\0\0" format "data\x08\0\0\0"

/* WAVEFORMATEXTENSIBLE, with the first bytes of its subformat. */
#define EXTENSIBLE(subformat)                                          \
    RIFF("....")                                                       \
    "fmt \x28\0\0\0\xfe\xff\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0" \
    "\x16\0\x10\0\x04\0\0\0" subformat "\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71"

static const struct {
    struct span start;
    size_t audio_at;
    uint64_t audio_bytes; /* 0: not known */
    uint32_t rate;
    unsigned channels;
} audio[] = {
    {TEXT(PCM "data\0\x08\0\0"), 44, 2048, 16000, 1},
    {TEXT(PCM "data\0\x08\0\0\x01\x02\x03\x04"), 44, 2048, 16000, 1},
    {TEXT(PCM "data\0\0\0\0"), 44, 0, 16000, 1},
    {TEXT(PCM "data\xff\xff\xff\xff"), 44, 0, 16000, 1},
    {TEXT(PCM "data\0\xf0\xff\x7f"), 44, 0, 16000, 1},
    {TEXT(PCM "data\xff\xff\xfe\x7f"), 44, 0x7ffeffff, 16000, 1},
    {TEXT(RIFF("\xff\xff\xff\xff") "fmt \x10\0\0\0" STEREO "data\x08\0\0\0"), 44, 8, 48000, 2},
    {TEXT(PCM "LIST\x04\0\0\0INFOdata\x08\0\0\0"), 56, 8, 16000, 1},
    {TEXT(PCM "LIST\x03\0\0\0abc\0data\x08\0\0\0"), 56, 8, 16000, 1},
    {TEXT(RIFF("....") "JUNK\0\0\0\0fmt \x12\0\0\0" MONO "\0\0"
                       "fact\x04\0\0\0....data\x08\0\0\0"),
        66, 8, 16000, 1},
    {TEXT(EXTENSIBLE("\x01\0") "data\x08\0\0\0"), 68, 8, 8000, 1},
};

static enum wav_step read_copy(struct span start, struct wav *wav)
{
    char *copy = check_copy(start);
    enum wav_step step = wav_read((struct span){copy, start.len}, wav);
    CHECK_NUMBER(start, wav->why[0] != '\0', step == WAV_REFUSED);
    free(copy);
    return step;
}

static void test_audio(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(audio); i++) {
        struct wav wav;
        struct span start = audio[i].start;
        CHECK_NUMBER(start, read_copy(start, &wav), WAV_AUDIO);
        CHECK_NUMBER(start, wav.audio_at, audio[i].audio_at);
        CHECK_NUMBER(start, wav.length_known, audio[i].audio_bytes > 0);
        CHECK_NUMBER(start, wav.audio_bytes, audio[i].audio_bytes);
        CHECK_NUMBER(start, wav.sample_rate, audio[i].rate);
        CHECK_NUMBER(start, wav.channels, audio[i].channels);
        CHECK_NUMBER(start, wav.bits, 16);
        for (size_t len = 0; len < audio[i].audio_at; len++)
            CHECK_NUMBER(start, read_copy(span_first(start, len), &wav), WAV_MORE);
    }
}

static const struct {
    struct span start;
    enum wav_step step;
} others[] = {
    {TEXT(""), WAV_MORE},
    {TEXT("RIF"), WAV_MORE},
    {TEXT("RIFf"), WAV_NOT},
    {TEXT("\0"), WAV_NOT},
    {TEXT("R\0"), WAV_NOT},
    {TEXT("RIFX"), WAV_NOT},
    {TEXT("RIFF....WAV"), WAV_MORE},
    {TEXT("RIFF....AVI "), WAV_NOT},
    {TEXT("RIFF....X"), WAV_NOT},
    {TEXT("OggS"), WAV_NOT},
    {TEXT("fLaC"), WAV_NOT},
};

static void test_others(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(others); i++) {
        struct wav wav;
        CHECK_NUMBER(others[i].start, read_copy(others[i].start, &wav), others[i].step);
    }
}

static const struct {
    struct span start, why;
} refused[] = {
    {TEXT(FMT("\x01\0\x01\0\x80\x3e\0\0\0\0\0\0\x03\0\x18\0")),
        TEXT("this WAV has 24 bits a sample; Transcribe takes 16: sox IN -b 16 OUT")},
    {TEXT(FMT("\x01\0\x01\0\x80\x3e\0\0\0\0\0\0\x01\0\x08\0")),
        TEXT("this WAV has 8 bits a sample; Transcribe takes 16: sox IN -b 16 OUT")},
    {TEXT(FMT("\x01\0\x06\0\x80\x3e\0\0\0\0\0\0\x0c\0\x10\0")),
        TEXT("this WAV has 6 channels; Transcribe takes 1 or 2: sox IN -c 1 OUT")},
    {TEXT(FMT("\x01\0\0\0\x80\x3e\0\0\0\0\0\0\0\0\x10\0")),
        TEXT("this WAV has 0 channels; Transcribe takes 1 or 2: sox IN -c 1 OUT")},
    {TEXT(FMT("\x01\0\x01\0\0\x77\x01\0\0\0\0\0\x02\0\x10\0")),
        TEXT("this WAV has 96000 samples a second; Transcribe takes 8000 to 48000: "
             "sox IN -r 16000 OUT")},
    {TEXT(FMT("\x01\0\x01\0\x3f\x1f\0\0\0\0\0\0\x02\0\x10\0")),
        TEXT("this WAV has 7999 samples a second; Transcribe takes 8000 to 48000: "
             "sox IN -r 16000 OUT")},
    {TEXT(FMT("\x03\0\x01\0\x80\x3e\0\0\0\0\0\0\x04\0\x20\0")),
        TEXT("this WAV has its samples as floating-point numbers; Transcribe takes PCM: "
             "sox IN -e signed-integer -b 16 OUT")},
    {TEXT(FMT("\x06\0\x01\0\x40\x1f\0\0\0\0\0\0\x01\0\x08\0")),
        TEXT("this WAV has its samples as A-law; Transcribe takes PCM: "
             "sox IN -e signed-integer -b 16 OUT")},
    {TEXT(FMT("\x07\0\x01\0\x40\x1f\0\0\0\0\0\0\x01\0\x08\0")),
        TEXT("this WAV has its samples as mu-law; Transcribe takes PCM: "
             "sox IN -e signed-integer -b 16 OUT")},
    {TEXT(FMT("\x55\0\x01\0\x40\x1f\0\0\0\0\0\0\x01\0\x10\0")),
        TEXT("this WAV has its samples in the coding 85; Transcribe takes PCM: "
             "sox IN -e signed-integer -b 16 OUT")},
    {TEXT(EXTENSIBLE("\x03\0")),
        TEXT("this WAV has its samples as floating-point numbers; Transcribe takes PCM: "
             "sox IN -e signed-integer -b 16 OUT")},
    {TEXT(FMT("\xfe\xff\x01\0\x40\x1f\0\0\0\0\0\0\x01\0\x10\0")),
        TEXT("this WAV has its samples in the coding 65534; Transcribe takes PCM: "
             "sox IN -e signed-integer -b 16 OUT")},
    {TEXT(RIFF("....") "data\x08\0\0\0"),
        TEXT("this WAV does not say how its audio is sampled before the audio begins")},
    {TEXT(RIFF("....") "fmt \x0e\0\0\0\x01\0\x01\0\x80\x3e\0\0\0\x7d\0\0\x02\0"),
        TEXT("this WAV does not say how its audio is sampled")},
    {TEXT(PCM "LIST\xff\xff\xff\xff"),
        TEXT("this WAV has more than 4096 bytes before its audio; leave out its tags: "
             "ffmpeg -i IN -map_metadata -1 OUT")},
};

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(refused); i++) {
        struct wav wav;
        CHECK_NUMBER(refused[i].start, read_copy(refused[i].start, &wav), WAV_REFUSED);
        CHECK_TEXT(refused[i].start, span_of(wav.why), refused[i].why);
    }
}

/* The head may be just so long. */
static void test_longest_head(void **state)
{
    (void)state;
    for (size_t more = 0; more <= 2; more += 2) {
        static char memory[WAV_HEAD_BYTES];
        struct wav wav;
        struct buf start = buf_over(memory, sizeof memory);
        size_t tags = WAV_HEAD_BYTES - 36 - 8 - 8 + more;
        buf_add(&start, SPAN(PCM "LIST"));
        buf_char(&start, (char)tags);
        buf_char(&start, (char)(tags >> 8));
        buf_add(&start, SPAN("\0\0"));
        CHECK_NUMBER(
            SPAN("tags"), read_copy(buf_span(&start), &wav), more ? WAV_REFUSED : WAV_MORE);
        memcpy(memory + sizeof memory - 8, "data\x08\0\0\0", 8);
        start.len = sizeof memory;
        CHECK_NUMBER(
            SPAN("tags"), read_copy(buf_span(&start), &wav), more ? WAV_REFUSED : WAV_AUDIO);
        if (!more)
            CHECK_NUMBER(SPAN("tags"), wav.audio_at, WAV_HEAD_BYTES);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_audio),
        cmocka_unit_test(test_others),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_longest_head),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
