"""Request bodies: raw bytes from a client, and whether the proxy refuses them or what it sends on."""

from strict_forms import (
    BOTH_LENGTHS, CHUNKED, GOOD_CHUNKS, HELLO, LAST, ODD_CHUNKS, ODD_CODINGS, ODD_CONTROLS, ODD_LENGTHS,
    ODD_LINES, UNSURE_CHUNKS)
from strict_stage import BAD, FOLLOWER, case, passes, refused

TOO_LONG = refused(400, 411, 413)


def counted(name, lines, outcome, body=b"hello"):
    return case("length: " + name, outcome, method=b"PUT", lines=lines, body=body)


def coded(name, lines, outcome):
    return case("coding: " + name, outcome, method=b"PUT", lines=lines, body=HELLO + LAST)


def chunked(name, body, outcome):
    """A chunked upload to S3, which is held and sent on with a length."""
    return case("held chunks: " + name, outcome, method=b"PUT", lines=CHUNKED, body=body)


# An SDK's own framing inside the chunks: such a body streams, chunked anew.
STREAM_FIELDS = (b"Content-Encoding: aws-chunked", b"X-Amz-Decoded-Content-Length: 5",
                 b"X-Amz-Trailer: x-amz-checksum-crc32")
STREAM = CHUNKED + b"X-Amz-Content-Sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER\r\n"
STREAM += b"".join(line + b"\r\n" for line in STREAM_FIELDS)
CONTENT = b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n"


def streamed(name, body, outcome):
    return case("streamed chunks: " + name, outcome, method=b"PUT", lines=STREAM, body=body)


def streams(*trailers):
    return passes(*STREAM_FIELDS, body=CONTENT, trailers=trailers)


def in_chunks(content, *sizes, extension=b"", zeros=b""):
    """content in chunks of those sizes and then the rest, without the last chunk."""
    chunks = b""
    for size in (*sizes, len(content)):
        part, content = content[:size], content[size:]
        chunks += zeros + b"%x" % len(part) + extension + b"\r\n" + part + b"\r\n" if part else b""
    return chunks


LENGTHS = [
    *(counted(name, lines, BAD) for name, lines in ODD_LENGTHS),
    counted("plain", b"Content-Length: 5\r\n", passes(body=b"hello")),
    counted("no white space", b"Content-Length:5\r\n", passes(body=b"hello")),
    counted("white space around", b"Content-Length: \t 5 \t\r\n", passes(body=b"hello")),
    counted("case of the name", b"cOnTeNt-LeNgTh: 5\r\n", passes(body=b"hello")),
    counted("leading zeros", b"Content-Length: 0005\r\n", passes(body=b"hello") | BAD),
    counted("many leading zeros", b"Content-Length: " + b"0" * 40 + b"5\r\n", passes(body=b"hello") | BAD),
    counted("zero", b"Content-Length: 0\r\n", passes(), body=b""),
    counted("none", b"", passes(), body=b""),
    counted("a body that looks like a request", b"Content-Length: %d\r\n" % len(FOLLOWER),
            passes(body=FOLLOWER), FOLLOWER),
    counted("every byte", b"Content-Length: 256\r\n", passes(body=bytes(range(256))), bytes(range(256))),
    case("length: none, and no body to a POST", passes(), method=b"POST"),
    case("length: none, and no body to a DELETE", passes(), method=b"DELETE"),
    case("length: zero in a GET", passes(), lines=b"Content-Length: 0\r\n"),
    *(case(f"length: a body in a {method.decode()}", passes(body=b"hello"), method=method,
           lines=b"Content-Length: 5\r\n", body=b"hello") for method in b"GET HEAD DELETE PATCH".split()),
    *(case("both lengths: " + name, BAD, method=b"PUT", lines=lines, body=HELLO + LAST)
      for name, lines in BOTH_LENGTHS),
]

CODINGS = [
    *(coded(name, lines, BAD) for name, lines in ODD_CODINGS),
    coded("plain", CHUNKED, passes(body=b"hello")),
    coded("no white space", b"Transfer-Encoding:chunked\r\n", passes(body=b"hello")),
    coded("white space around", b"Transfer-Encoding: \t chunked \t\r\n", passes(body=b"hello")),
    coded("case of the value", b"Transfer-Encoding: ChUnKeD\r\n", passes(body=b"hello")),
    coded("case of the name", b"TRANSFER-ENCODING: chunked\r\n", passes(body=b"hello")),
    case("coding: in a GET", passes(body=b"hello"), lines=CHUNKED, body=HELLO + LAST),
    case("coding: empty body in a GET", passes(), lines=CHUNKED, body=LAST),
    *(case(f"coding: {name} in HTTP/1.0", BAD, b"PUT", version=b"HTTP/1.0", lines=lines, body=HELLO + LAST)
      for name, lines in [
          ("chunked", CHUNKED),
          ("both lengths", CHUNKED + b"Content-Length: 15\r\n"),
          ("identity", b"Transfer-Encoding: identity\r\n"),
          ("both lengths, one odd", b"Content-Length: 15\r\nTransfer-Encoding: identity\r\n")]),
]


def size_outcome(name):
    """A size too large to be true may also be called too large."""
    return TOO_LONG if "2 to the" in name or "forty digits" in name else BAD


CHUNKS = [
    *(chunked(name, body, size_outcome(name)) for name, body in ODD_CHUNKS),
    *(chunked(name, body, passes(body=content)) for name, body, content in GOOD_CHUNKS),
    *(chunked(name, body, passes(body=b"hello") | BAD) for name, body in UNSURE_CHUNKS),
    chunked("the largest size of 64 bits", b"ffffffffffffffff\r\nhello\r\n" + LAST, TOO_LONG),
    chunked("the largest size of 63 bits", b"7fffffffffffffff\r\nhello\r\n" + LAST, TOO_LONG),
    chunked("sizes that add up beyond 64 bits", HELLO + b"fffffffffffffffb\r\nhello\r\n" + LAST, TOO_LONG),
    case("held chunks: more than is held", refused(411, 413), method=b"PUT",
         lines=CHUNKED + b"Content-MD5: 1B2M2Y8AsgTpgAmY7PhCfg==\r\n",
         body=in_chunks(bytes(10_485_761), *[1 << 20] * 10) + LAST),
    chunked("an extension without end", b"5;" + b"a" * 300_000, refused(400, 413, 431)),
    chunked("extensions without end", (b"1;" + b"a" * 1000 + b"\r\nh\r\n") * 300, refused(400, 413, 431)),
    chunked("a size without end", b"0" * 300_000, refused(400, 413, 431)),
    *(streamed(name, body, size_outcome(name)) for name, body in ODD_CHUNKS),
    streamed("one", in_chunks(CONTENT) + LAST, streams()),
    streamed("cut anew", in_chunks(CONTENT, 1, 2, 3, 4, 5, 6) + LAST, streams()),
    streamed("one byte each", in_chunks(CONTENT, *[1] * len(CONTENT)) + LAST, streams()),
    streamed("leading zeros", in_chunks(CONTENT, 7, zeros=b"000") + LAST, streams()),
    streamed("extension", in_chunks(CONTENT, 7, extension=b";a=b") + LAST, streams()),
    streamed("quoted extension", in_chunks(CONTENT, 7, extension=b';a="b;\\" c"') + LAST, streams()),
    streamed("extension on the last", in_chunks(CONTENT) + b"0;a=b\r\n\r\n", streams()),
]

LAST_SIZE = b"0\r\n"
FORBIDDEN_TRAILERS = b"""
Content-Length: 5
Transfer-Encoding: chunked
Host: evil.example
Authorization: Bearer x
Proxy-Authorization: Bearer x
X-Countersign-Token: x
X-Amz-Acl: public-read
X-Amz-Meta-A: b
x-amz-security-token: x
Connection: close
TE: trailers
Keep-Alive: timeout=5
Trailer: X-A
Upgrade: h2c
Content-Type: text/html
Content-Encoding: gzip
Content-Range: bytes 0-1/2
Expect: 100-continue
Range: bytes=0-1
If-Match: a
Cookie: a=b
""".strip().splitlines()
ODD_TRAILERS = [(name, b"0\r\n" + lines + b"\r\n") for name, lines in ODD_LINES]
ODD_TRAILERS += [(name, b"0\r\n" + lines + b"\r\n") for name, lines in ODD_CONTROLS[::3]]


def framing_or(outcome, line):
    """Lengths may also be refused in trailers: there is no use for them."""
    return outcome | BAD if line.startswith((b"Content-Length", b"Transfer-Encoding")) else outcome


TRAILERS = [
    *(chunked("trailer: " + name, HELLO + last, BAD) for name, last in ODD_TRAILERS),
    *(streamed("trailer: " + name, in_chunks(CONTENT) + last, BAD) for name, last in ODD_TRAILERS),
    chunked("trailer: dropped", HELLO + b"0\r\nX-A: b\r\n\r\n", passes(body=b"hello")),
    chunked("trailers: dropped", HELLO + b"0\r\nX-A: b\r\nX-C:d\r\n\r\n", passes(body=b"hello")),
    *(chunked(f"trailer: {line.decode()}", HELLO + LAST_SIZE + line + b"\r\n\r\n",
              framing_or(passes(body=b"hello"), line)) for line in FORBIDDEN_TRAILERS),
    *(streamed(f"trailer: {line.decode()}", in_chunks(CONTENT) + LAST_SIZE + line + b"\r\n\r\n",
               framing_or(streams(), line)) for line in FORBIDDEN_TRAILERS),
    streamed("trailer: kept", in_chunks(CONTENT) + b"0\r\nX-A: \t b \r\n\r\n", streams(b"X-A: b")),
    streamed("trailers: kept in order", in_chunks(CONTENT) + b"0\r\nX-A: 1\r\nHost: x\r\nX-B:2\r\nx-a: 3\r\n"
             b"\r\n", streams(b"X-A: 1", b"X-B: 2", b"x-a: 3")),
    chunked("trailers: too many", HELLO + LAST_SIZE + b"X-A: b\r\n" * 2000 + b"\r\n", refused(400, 431)),
    chunked("trailers: too long", HELLO + b"0\r\nX-A: " + b"b" * 70_000 + b"\r\n\r\n", refused(400, 431)),
    streamed("trailers: too many", in_chunks(CONTENT) + LAST_SIZE + b"X-A: b\r\n" * 2000 + b"\r\n",
             refused(400, 431)),
    case("trailers: announced and dropped", passes(body=b"hello"), method=b"PUT",
         lines=b"Trailer: X-A\r\n" + CHUNKED, body=HELLO + b"0\r\nX-A: b\r\n\r\n"),
]


def expecting(name, value, outcome, **rest):
    return case("expect: " + name, outcome, method=b"PUT", body=b"hello",
                lines=b"Content-Length: 5\r\n" + value, **rest)


BAD_EXPECT = refused(400, 417)
EXPECTATIONS = [
    expecting("continue", b"Expect: 100-continue\r\n", passes(body=b"hello")),
    expecting("any case", b"eXPECT: 100-CoNTiNue\r\n", passes(body=b"hello")),
    expecting("unknown", b"Expect: 200-ok\r\n", BAD_EXPECT),
    expecting("parameter", b"Expect: 100-continue;a=b\r\n", BAD_EXPECT),
    expecting("longer", b"Expect: 100-continues\r\n", BAD_EXPECT),
    expecting("shorter", b"Expect: 100\r\n", BAD_EXPECT),
    expecting("list", b"Expect: 100-continue, other\r\n", BAD_EXPECT),
    expecting("quoted", b'Expect: "100-continue"\r\n', BAD_EXPECT),
    expecting("twice", b"Expect: 100-continue\r\n" * 2, BAD_EXPECT | passes(body=b"hello")),
    expecting("continue and another", b"Expect: 100-continue\r\nExpect: other\r\n", BAD_EXPECT),
    expecting("empty", b"Expect:\r\n", BAD_EXPECT | passes(body=b"hello")),
    expecting("continue in HTTP/1.0", b"Expect: 100-continue\r\n", passes(body=b"hello", last=True),
              version=b"HTTP/1.0"),
    case("expect: continue without a body", passes(), lines=b"Expect: 100-continue\r\n"),
    case("expect: continue with an empty body", passes(), method=b"PUT",
         lines=b"Content-Length: 0\r\nExpect: 100-continue\r\n"),
    case("expect: continue with chunks", passes(body=b"hello"), method=b"PUT",
         lines=CHUNKED + b"Expect: 100-continue\r\n", body=HELLO + LAST),
]

CASES = [*LENGTHS, *CODINGS, *CHUNKS, *TRAILERS, *EXPECTATIONS]
