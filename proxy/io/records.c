#include "proxy/io/records.h"

#include "proxy/base/buf.h"
#include "proxy/io/memory.h"

void records_begin(struct tls *tls, const uv_loop_t *loop)
{
    struct io_memory *memory = io_memory_of(loop);
    tls_use(tls, memory->cipher, sizeof memory->cipher);
}

void records_flush(struct tls *tls, struct stream *stream)
{
    uv_buf_t buffer = stream_buffer(tls_output(tls));
    stream_write(stream, &buffer, 1);
    records_begin(tls, stream->uv.handle.loop);
}

static void encrypt(struct tls *tls, struct stream *stream, struct span plain)
{
    enum { RECORDS_OVERHEAD = 1024 };
    while (plain.len > 0) {
        struct span part = span_first(plain, IO_BYTES);
        if (tls->out_bytes + part.len + RECORDS_OVERHEAD > tls->out_max)
            records_flush(tls, stream);
        if (tls_write(tls, part) != OK)
            stream_fail(stream);
        plain = span_from(plain, part.len);
    }
}

void records_write(struct tls *tls, struct stream *stream, const uv_buf_t *buffers, unsigned count)
{
    struct io_memory *memory = io_memory_of(stream->uv.handle.loop);
    struct buf record = buf_over(memory->record, count > 1 ? sizeof memory->record : 0);
    for (unsigned i = 0; i < count; i++) {
        struct span piece = {buffers[i].base, buffers[i].len};
        if (piece.len <= record.max - record.len) {
            buf_add(&record, piece);
            continue;
        }
        encrypt(tls, stream, buf_span(&record));
        record.len = 0;
        encrypt(tls, stream, piece);
    }
    encrypt(tls, stream, buf_span(&record));
}
