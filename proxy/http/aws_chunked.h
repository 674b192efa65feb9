/* The content encoding `aws-chunked`, in which SDKs send to S3 what they sign or sum up on the way:
 *
 *   HEX[;chunk-signature=64HEX] CRLF data CRLF ... 0[;chunk-signature=64HEX] CRLF
 *   [name:value CRLF ...] [x-amz-trailer-signature:64HEX CRLF] CRLF
 *
 * Read strictly out of a body that its framing has already taken apart (http/body), and written
 * again without signatures. Pure, constant memory; content is never copied. What two readers could
 * take in two ways is refused: a bare CR or LF, another extension, a signature or a trailer that
 * the form does not have, a trailer twice, a space in one, bytes after the end. How small a chunk
 * may be is the server's business.
 * Source: Amazon S3 API Reference, "Signature calculations for the Authorization header:
 * transferring payload in multiple chunks" and "... including trailing headers". */
#pragma once

#include "proxy/base/buf.h"

enum {
    AWS_CHUNKED_SIGNATURE_BYTES = 64, /* hexadecimal digits */
    AWS_CHUNKED_TRAILER_BYTES = 4096,
    AWS_CHUNKED_LINE_BYTES = 16 + sizeof ";chunk-signature=" - 1 + AWS_CHUNKED_SIGNATURE_BYTES + 1,
};

/* Which of the forms it is, by x-amz-content-sha256 and x-amz-trailer. */
struct aws_chunked_form {
    bool is_signed;    /* every chunk has its signature, and the trailers theirs */
    bool has_trailers; /* one at least */
};

/* MORE: all bytes are used and more must come. PIECE: content. CHUNK: a chunk has ended, in a
 * signed form; its signature can now be checked, before anything that follows is read. END: the
 * body is whole. BAD: it is none. */
enum aws_chunked_step {
    AWS_CHUNKED_MORE,
    AWS_CHUNKED_PIECE,
    AWS_CHUNKED_CHUNK,
    AWS_CHUNKED_END,
    AWS_CHUNKED_BAD,
};

struct aws_chunked {
    struct aws_chunked_form form;
    unsigned state;
    uint64_t total_left; /* of the decoded content */
    uint64_t chunk_left;
    const char *why; /* after AWS_CHUNKED_BAD */
    bool trailers_signed;
    size_t trailer_bytes; /* trailer lines with their CRLFs, checked */
    size_t line_bytes;    /* of the line under way, which stands behind them */
    char signature[AWS_CHUNKED_SIGNATURE_BYTES];
    char lines[AWS_CHUNKED_TRAILER_BYTES + AWS_CHUNKED_LINE_BYTES];
};

/* decoded_bytes: x-amz-decoded-content-length; content of any other length is bad. */
void aws_chunked_begin(
    struct aws_chunked *reader, struct aws_chunked_form form, uint64_t decoded_bytes);

/* Takes from *bytes what it can, up to the next step. PIECE: *piece is content, a span into the
 * bytes. After END there may be no more bytes; after BAD it stays bad. */
enum aws_chunked_step aws_chunked_next(
    struct aws_chunked *reader, struct span *bytes, struct span *piece);

/* Whether the content is whole, so that the end of the body now would be clean. */
bool aws_chunked_whole(const struct aws_chunked *reader);

/* After CHUNK the chunk's signature; after END, in a signed form with trailers, the trailers'. As
 * the sender wrote it, 64 hexadecimal digits. */
struct span aws_chunked_signature(const struct aws_chunked *reader);

/* The trailers, "name:value\r\n" each, without their signature; body_next_trailer() walks them. */
struct span aws_chunked_trailers(const struct aws_chunked *reader);

/* --- Writing, without signatures (STREAMING-UNSIGNED-PAYLOAD-TRAILER) ------------------------- */

/* The line before size bytes of content (not 0: that is the end), and what stands behind them. */
void aws_chunked_write_size(struct buf *out, uint64_t size);
#define AWS_CHUNKED_AFTER SPAN("\r\n")

/* The end; trailers as aws_chunked_trailers() has them, or nothing. */
void aws_chunked_write_end(struct buf *out, struct span trailers);

/* How long decoded_bytes of content become in chunks of chunk_bytes (not 0), the last of what is
 * left, with that many bytes of trailers. False where it is more than 2^63 - 1. */
bool aws_chunked_length(
    uint64_t decoded_bytes, uint64_t chunk_bytes, size_t trailer_bytes, uint64_t *length);
