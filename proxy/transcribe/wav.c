#include "proxy/transcribe/wav.h"

#include "proxy/base/buf.h"

enum { RIFF_BYTES = 12, CHUNK_BYTES = 8, FORMAT_BYTES = 16, SUBFORMAT_AT = 24 };
enum { PCM = 1, FLOATS = 3, A_LAW = 6, MU_LAW = 7, EXTENSIBLE = 0xfffe };

/* Writers that cannot go back put 0, 2^32 - 1 (FFmpeg), or almost 2^31 (SoX, arecord). */
static const uint32_t unknown_from = 0x7fff0000;

static uint32_t number_at(struct span s, size_t at, size_t bytes)
{
    uint32_t number = 0;
    for (size_t i = bytes; i > 0; i--)
        number = number << 8 | (unsigned char)s.at[at + i - 1];
    return number;
}

/* Whether s is the text as far as either goes. */
static bool may_start(struct span s, struct span text)
{
    return span_starts(text, span_first(s, text.len));
}

/* --- What is usable --------------------------------------------------------------------------- */

static void refuse_coding(unsigned coding, struct buf *why)
{
    const char *name = coding == FLOATS ? "floating-point numbers"
        : coding == A_LAW               ? "A-law"
        : coding == MU_LAW              ? "mu-law"
                                        : NULL;
    buf_text(why, "this WAV has its samples ");
    if (name)
        buf_format(why, "as %s", name);
    else
        buf_format(why, "in the coding %u", coding);
    buf_format(why, "; Transcribe takes PCM: sox IN -e signed-integer -b 16 OUT");
}

/* Writes why not, or nothing. */
static void check_usable(const struct wav *wav, unsigned coding, struct buf *why)
{
    if (coding != PCM)
        refuse_coding(coding, why);
    else if (wav->bits != 16)
        buf_format(
            why, "this WAV has %u bits a sample; Transcribe takes 16: sox IN -b 16 OUT", wav->bits);
    else if (wav->channels < 1 || wav->channels > 2)
        buf_format(why, "this WAV has %u channels; Transcribe takes 1 or 2: sox IN -c 1 OUT",
            wav->channels);
    else if (wav->sample_rate < WAV_MIN_RATE || wav->sample_rate > WAV_MAX_RATE)
        buf_format(why,
            "this WAV has %u samples a second; Transcribe takes %d to %d: sox IN -r 16000 OUT",
            wav->sample_rate, WAV_MIN_RATE, WAV_MAX_RATE);
}

/* --- Chunks ----------------------------------------------------------------------------------- */

struct chunk {
    struct span id;
    uint32_t bytes;
    struct span content; /* as far as it is there */
    size_t next;         /* where the chunk behind it begins */
};

static struct chunk chunk_at(struct span start, size_t at)
{
    uint32_t bytes = number_at(start, at + 4, 4);
    return (struct chunk){.id = span_first(span_from(start, at), 4),
        .bytes = bytes,
        .content = span_first(span_from(start, at + CHUNK_BYTES), bytes),
        .next = at + CHUNK_BYTES + bytes + (bytes & 1)};
}

/* The content is whole. */
static void read_format(struct wav *wav, struct span content, struct buf *why)
{
    if (content.len < FORMAT_BYTES) {
        buf_text(why, "this WAV does not say how its audio is sampled");
        return;
    }
    unsigned coding = number_at(content, 0, 2);
    wav->channels = number_at(content, 2, 2);
    wav->sample_rate = number_at(content, 4, 4);
    wav->bits = number_at(content, 14, 2);
    if (coding == EXTENSIBLE && content.len >= SUBFORMAT_AT + 2)
        coding = number_at(content, SUBFORMAT_AT, 2);
    check_usable(wav, coding, why);
}

static enum wav_step begin_audio(struct wav *wav, const struct chunk *data, size_t at)
{
    wav->audio_at = at + CHUNK_BYTES;
    wav->length_known = data->bytes > 0 && data->bytes < unknown_from;
    wav->audio_bytes = wav->length_known ? data->bytes : 0;
    return WAV_AUDIO;
}

/* Chunk by chunk, until the audio, the end of the bytes, or a fault. */
static enum wav_step read_chunks(struct span start, struct wav *wav, struct buf *why)
{
    bool has_format = false;
    for (size_t at = RIFF_BYTES; at + CHUNK_BYTES <= start.len;) {
        struct chunk chunk = chunk_at(start, at);
        if (has_format && span_equal(chunk.id, SPAN("data")))
            return begin_audio(wav, &chunk, at);
        if (span_equal(chunk.id, SPAN("data")))
            buf_text(why, "this WAV does not say how its audio is sampled before the audio begins");
        else if (chunk.next > WAV_HEAD_BYTES - CHUNK_BYTES)
            buf_format(why,
                "this WAV has more than %d bytes before its audio; leave out its tags: "
                "ffmpeg -i IN -map_metadata -1 OUT",
                WAV_HEAD_BYTES);
        else if (chunk.content.len < chunk.bytes)
            return WAV_MORE;
        else if (span_equal(chunk.id, SPAN("fmt ")))
            read_format(wav, chunk.content, why);
        if (why->len > 0)
            return WAV_REFUSED;
        has_format = has_format || span_equal(chunk.id, SPAN("fmt "));
        at = chunk.next;
    }
    return WAV_MORE;
}

enum wav_step wav_read(struct span start, struct wav *wav)
{
    struct buf why = buf_over(wav->why, sizeof wav->why);
    *wav = (struct wav){.sample_rate = 0};
    if (!may_start(start, SPAN("RIFF")) || !may_start(span_from(start, 8), SPAN("WAVE")))
        return WAV_NOT;
    return start.len < RIFF_BYTES ? WAV_MORE : read_chunks(start, wav, &why);
}
