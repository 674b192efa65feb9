/* The first bytes of a body as the head of a WAV file: what part of them tells, all of them tell.
 */
#include "tests/fuzz/fuzz.h"

#include "proxy/transcribe/wav.h"

static enum wav_step read_copy(struct span start, struct wav *wav)
{
    char *copy = fuzz_copy(start);
    enum wav_step step = wav_read((struct span){copy, copy ? start.len : 0}, wav);
    REQUIRE((step == WAV_REFUSED) == (wav->why[0] != '\0'));
    REQUIRE(step != WAV_MORE || start.len < WAV_HEAD_BYTES);
    if (step == WAV_AUDIO) {
        REQUIRE(wav->audio_at <= start.len && wav->audio_at <= WAV_HEAD_BYTES);
        REQUIRE(wav->bits == 16 && (wav->channels == 1 || wav->channels == 2));
        REQUIRE(wav->sample_rate >= WAV_MIN_RATE && wav->sample_rate <= WAV_MAX_RATE);
        REQUIRE(wav->length_known == (wav->audio_bytes > 0));
    }
    free(copy);
    return step;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wav whole, part;
    struct span bytes = fuzz_span(data, size);
    enum wav_step step = read_copy(bytes, &whole);
    for (size_t len = 0; len < size && len <= WAV_HEAD_BYTES; len += len < 128 ? 1 : 97) {
        enum wav_step before = read_copy(span_first(bytes, len), &part);
        if (before == WAV_MORE)
            continue;
        REQUIRE(before == step && part.audio_at == whole.audio_at);
        REQUIRE(part.audio_bytes == whole.audio_bytes && part.sample_rate == whole.sample_rate);
        REQUIRE(strcmp(part.why, whole.why) == 0);
    }
    return 0;
}
