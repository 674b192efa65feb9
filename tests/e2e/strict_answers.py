"""The table of answers: raw bytes from an upstream, and what the proxy makes of them towards its client."""

from typing import NamedTuple

from strict_forms import (
    BOTH_LENGTHS, CHUNKED, CONTROLS, GOOD_CHUNKS, GOOD_LINES, HELLO, LAST, ODD_CHUNKS, ODD_CODINGS,
    ODD_CONTROLS, ODD_LENGTHS, ODD_LINES, UNSURE_CHUNKS)
from strict_stage import BAD_GATEWAY, BROKEN, CUT, ENDED_EARLY, Outcome, relayed

STATUS = b"HTTP/1.1 200 OK\r\n"
HTTP_1_0 = b"HTTP/1.0 200 OK\r\n"
OK_HEAD = STATUS + b"Content-Length: 5\r\n"
OK_HELLO = OK_HEAD + b"\r\nhello"
GREETING = relayed(body=b"hello", framing=("length",), reused=True)
ANEW = relayed(body=b"hello", framing=("chunked",), reused=True)
ONE_WAY = relayed(body=b"hello", reused=False)  # relayed, and the upstream connection not used again
EARLY_END = BAD_GATEWAY._replace(codes=ENDED_EARLY)


class Answer(NamedTuple):
    name: str
    sent: tuple  # the answer; or its first part, and the rest that comes when the client has that
    outcome: Outcome
    then: str = "keep"  # what the upstream does after it: keep, close, reset
    method: bytes = b"GET"
    minor: int = 1  # of the client's HTTP version
    in_pieces: Outcome = None  # the outcome where the answer comes in pieces, if that makes a difference


def answer(name, sent, outcome, *how, **more):
    return Answer(name, (sent,), outcome, *how, **more)


def ok(lines, body=b"", first=STATUS):
    return first + lines + b"\r\n" + body


def status_line(line, outcome):
    name = f"status line: {ascii(line[:50].decode('latin-1'))}"
    return answer(name, ok(b"Content-Length: 5\r\n", b"hello", first=line + b"\r\n"), outcome)


STATUS_LINES = [
    *(status_line(line, GREETING) for line in [
        b"HTTP/1.1 200 OK", b"HTTP/1.1 200 ", b"HTTP/1.1 200 A long reason, with: punctuation; and\ttabs",
        b"HTTP/1.1 200 \xc3\xa9\xff", b"HTTP/1.1 200  OK", b"HTTP/1.1 200 OK "]),
    *(status_line(b"HTTP/1.1 %d Said" % code, relayed(body=b"hello", status=code, reused=True)) for code in (
        201, 202, 203, 206, 207, 226, 299, 300, 301, 302, 303, 307, 308, 400, 401, 402, 403, 404, 405, 406,
        407, 408, 409, 410, 411, 412, 413, 414, 416, 417, 418, 422, 429, 431, 451, 499, 500, 501, 502, 503,
        504, 505, 509, 598, 599)),
    status_line(b"HTTP/1.1 200", GREETING | BAD_GATEWAY),
    *(status_line(line, BAD_GATEWAY) for line in b"""
        HTTP/1.1200 HTTP/1.1_200_OK HTTP HTTP/1.1 H 200 OK <html> {"a":"b"} ICY SSH-2.0-OpenSSH +OK GET
        """.split()),
    *(status_line(version + b" 200 OK", BAD_GATEWAY) for version in b"""
        HTTP/0.9 HTTP/1.2 HTTP/1.9 HTTP/2.0 HTTP/2 HTTP/3 HTTP/9.9 HTTP/0.0 HTTP/1.10 HTTP/1.01 HTTP/01.1
        HTTP/11.1 http/1.1 Http/1.1 HTTP/1 HTTP/1. HTTP/.1 HTTP/ HTTP 1.1 HTTP/1,1 HTTP/1.1.1 HTTP//1.1
        HTTP\\1.1 HTTP-1.1 HTTPS/1.1 XHTTP/1.1 HTP/1.1 HTTP/+1.1 HTTP/-1.1 HTTP/1.x HTTP/a.b HTTP/1.1a
        RTSP/1.0 ICE/1.0 ICY SIP/2.0 SHTTP/1.1 """.split()),
    *(status_line(b"HTTP/1.1 " + code, BAD_GATEWAY) for code in [
        b"099 Low", b"000 None", b"001 One", b"010 Ten", b"600 High", b"601 Higher", b"700 More", b"999 Most",
        b"1000 Long", b"2000 OK", b"0200 OK", b"20 OK", b"2 OK", b"2 00 OK", b"20 0 OK", b"200OK", b"200-OK",
        b"200.0 OK", b"200.1 OK", b"-200 OK", b"+200 OK", b"2e2 OK", b"0xc8 OK", b"0c8 OK", b"abc OK",
        b"20a OK", b"a00 OK", b"OK", b" 200 OK", b"\t200 OK", b"\x0b200 OK", b"200\tOK", b"200\x0bOK",
        b"200\0OK", b"", b" ", b"20\xb2 OK", "２００ OK".encode(), b"4294967496 OK",
        b"18446744073709551816 OK"]),
    *(status_line(line, BAD_GATEWAY) for line in [
        b" HTTP/1.1 200 OK", b"\tHTTP/1.1 200 OK", b"\0HTTP/1.1 200 OK", b"\xef\xbb\xbfHTTP/1.1 200 OK",
        b"HTTP/1.1\t200 OK", b"HTTP/1.1\x0b200 OK", b"HTTP/1.1\xa0200 OK", b"HTTP/ 1.1 200 OK",
        b"HTTP /1.1 200 OK", b"HTTP/1.1 200 OK\nX-A: b", b"HTTP/1.1 200 OK\n", b"HTTP/1.1 200 OK\r",
        b"HTTP/1.1 200 OK\rX-A: b", b"HTTP/1.1 200\nX-A: b", b"HTTP/1.1 200\r", b"HTTP/1.1\r\n200 OK", b"",
        b"\r\nHTTP/1.1 200 OK", b"\nHTTP/1.1 200 OK", b"\rHTTP/1.1 200 OK", b"GET / HTTP/1.1",
        b"PUT /s3/bucket/key HTTP/1.1", b"X-A: b", b"hello", bytes(30), b"\xff" * 30, b"\x16\3\1\2\0\1\0"]),
    *(status_line(b"HTTP/1.1 200 O" + byte + b"K", BAD_GATEWAY) for byte in CONTROLS),
]


def field(name, lines, outcome):
    return answer("field: " + name, OK_HEAD + lines + b"\r\nhello", outcome)


def bare(name, head):
    return answer("head: " + name, head, BAD_GATEWAY)


FIELDS = [
    *(field(name, lines, BAD_GATEWAY) for name, lines in ODD_LINES + ODD_CONTROLS),
    *(field(name, sent, relayed(arrives, body=b"hello", reused=True)) for name, sent, arrives in GOOD_LINES),
    field("the order and the case of names", b"x-B: 1\r\nX-a: 2\r\nETag: \"3\"\r\nX-B: 4\r\n",
          relayed(b"x-B: 1", b"X-a: 2", b'ETag: "3"', b"X-B: 4", body=b"hello", reused=True)),
    field("cookies stay apart", b"Set-Cookie: a=1, x\r\nSet-Cookie: b=2\r\nset-cookie: c=3\r\n",
          relayed(b"Set-Cookie: a=1, x", b"Set-Cookie: b=2", b"set-cookie: c=3", body=b"hello", reused=True)),
    field("challenges stay apart", b"WWW-Authenticate: Basic\r\nWWW-Authenticate: Digest x=\"y\"\r\n",
          relayed(b"WWW-Authenticate: Basic", b'WWW-Authenticate: Digest x="y"', body=b"hello", reused=True)),
    field("what S3 answers", b"x-amz-id-2: a/b=\r\nx-amz-request-id: A\r\nServer: AmazonS3\r\n",
          relayed(b"x-amz-id-2: a/b=", b"x-amz-request-id: A", b"Server: AmazonS3", body=b"hello",
                  reused=True)),
    field("a redirect's Location", b"Location: https://b.s3.eu-west-1.amazonaws.com/k\r\n",
          relayed(b"Location: https://b.s3.eu-west-1.amazonaws.com/k", body=b"hello", reused=True)),
    field("an error code of the proxy's", b"X-Countersign-Error: BadRequest\r\n", GREETING),
    field("an error code of the proxy's in another case", b"x-countersign-error: x\r\nX-A: b\r\n",
          relayed(b"X-A: b", body=b"hello", reused=True)),
    bare("a bare LF ends it", OK_HEAD + b"\nhello"),
    bare("two bare LFs end it", OK_HEAD[:-2] + b"\n\nhello"),
    bare("bare LFs everywhere", OK_HELLO.replace(b"\r\n", b"\n")),
    bare("bare CRs everywhere", OK_HELLO.replace(b"\r\n", b"\r")),
    bare("CR and another byte end it", OK_HEAD + b"\rXhello"),
    bare("CR CR LF ends it", OK_HEAD + b"\r\r\nhello"),
    bare("LF CR ends it", OK_HEAD[:-2] + b"\n\r\nhello"),
    bare("space before the first field", STATUS + b" Content-Length: 5\r\n\r\nhello"),
    bare("a white line before the first field", STATUS + b" \r\nContent-Length: 5\r\n\r\nhello"),
    bare("nothing but line ends", b"\r\n" * 100),
    bare("a whole answer behind a bare LF", STATUS + b"X-A: b\n\n" + OK_HELLO),
]


def counted(name, lines, outcome, body=b"hello", **more):
    return answer("length: " + name, ok(lines, body), outcome, **more)


def coded(name, lines, outcome):
    return answer("coding: " + name, ok(lines, HELLO + LAST), outcome)


LENGTHS = [
    *(counted(name, lines, BAD_GATEWAY) for name, lines in ODD_LENGTHS),
    *(coded(name, lines, BAD_GATEWAY) for name, lines in ODD_CODINGS),
    *(answer("both lengths: " + name, ok(lines, HELLO + LAST), BAD_GATEWAY) for name, lines in BOTH_LENGTHS),
    counted("plain", b"Content-Length: 5\r\n", GREETING),
    counted("white space around", b"Content-Length: \t 5 \t\r\n", GREETING),
    counted("case of the name", b"cOnTeNt-LeNgTh: 5\r\n", GREETING),
    counted("leading zeros", b"Content-Length: 0005\r\n", GREETING | BAD_GATEWAY),
    counted("zero", b"Content-Length: 0\r\n", relayed(framing=("length",), reused=True), b""),
    counted("every byte", b"Content-Length: 256\r\n", relayed(body=bytes(range(256)), reused=True),
            bytes(range(256))),
    counted("a body that looks like an answer", b"Content-Length: %d\r\n" % len(OK_HELLO),
            relayed(body=OK_HELLO, reused=True), OK_HELLO),
    coded("plain", CHUNKED, ANEW),
    coded("white space around", b"Transfer-Encoding: \t chunked \t\r\n", ANEW),
    coded("case of the value", b"transfer-encoding: CHUNKED\r\n", ANEW),
    answer("coding: chunked in HTTP/1.0", ok(CHUNKED, HELLO + LAST, HTTP_1_0), BAD_GATEWAY),
    answer("coding: gzip in HTTP/1.0", ok(b"Transfer-Encoding: gzip\r\n", b"hello", HTTP_1_0),
           BAD_GATEWAY, "close"),
]


def chunked(name, body, outcome, *how, **more):
    return answer("chunks: " + name, ok(CHUNKED, body), outcome, *how, **more)


FIRST = b"first"
FIRST_CHUNK = CHUNKED + b"\r\n5\r\n" + FIRST + b"\r\n"


def late(name, rest, outcome=CUT, *how, first=FIRST_CHUNK, **more):
    """The client has the head and a first part of the body when the rest goes wrong."""
    return Answer("late: " + name, (STATUS + first, rest), outcome, *how, **more)


TRAILER_LINES = b"""
Content-Length: 5
Transfer-Encoding: chunked
Connection: close
Keep-Alive: timeout=5
Trailer: X-A
Upgrade: h2c
Content-Type: text/html
Content-Encoding: gzip
Content-Range: bytes 0-1/2
Set-Cookie: a=b
X-Countersign-Error: BadRequest
""".strip().splitlines()
TRAILED = relayed(body=b"hello", framing=("chunked",))


def trailer_outcome(line):
    """Lengths may also break the answer: there is no use for them."""
    return TRAILED | BROKEN if line.startswith((b"Content-Length", b"Transfer-Encoding")) else TRAILED


CHUNKS = [
    *(chunked(name, body, BROKEN) for name, body in ODD_CHUNKS),
    *(late(name, body) for name, body in ODD_CHUNKS),
    *(chunked(name, body, relayed(body=content, framing=("chunked",), reused=True))
      for name, body, content in GOOD_CHUNKS),
    *(chunked(name + " to HTTP/1.0", body, relayed(body=content, framing=("close",), reused=True), minor=0)
      for name, body, content in GOOD_CHUNKS),
    *(chunked(name, body, TRAILED | BROKEN) for name, body in UNSURE_CHUNKS),
    *(chunked(f"{count} of one byte", b"1\r\nv\r\n" * count + b"0\r\nX-A: b\r\n\r\n",
              relayed(body=b"v" * count, trailers=(b"X-A: b",), reused=True)) for count in range(2, 80)),
    late("a size of 64 bits", b"ffffffffffffffff\r\nhello", CUT, "close"),
    late("sizes that add up beyond 64 bits", b"fffffffffffffffb\r\nhello\r\n" + LAST, CUT, "close"),
    late("an extension without end", b"5;" + b"a" * 300_000),
    late("extensions without end", (b"1;" + b"a" * 1000 + b"\r\nh\r\n") * 300 + LAST,
         CUT | relayed(body=b"first" + b"h" * 300)),
    late("a size without end", b"0" * 300_000),
    *(chunked("trailer: " + name, HELLO + b"0\r\n" + lines + b"\r\n", BROKEN) for name, lines in ODD_LINES),
    *(late("trailer: " + name, b"0\r\n" + lines + b"\r\n") for name, lines in ODD_LINES),
    *(late("trailer: " + name, b"0\r\n" + lines + b"\r\n") for name, lines in ODD_CONTROLS[::3]),
    late("trailers without end", b"0\r\n" + b"X-A: b\r\n" * 10_000 + b"\r\n"),
    late("a trailer without end", b"0\r\nX-A: " + b"b" * 300_000),
    *(chunked(f"trailer: {line.decode()}", HELLO + b"0\r\n" + line + b"\r\n\r\n", trailer_outcome(line))
      for line in TRAILER_LINES),
    chunked("trailers: kept in order", HELLO + b"0\r\nX-A: 1\r\nX-B:2\r\nConnection: x\r\nx-a: \t3 \r\n\r\n",
            relayed(body=b"hello", trailers=(b"X-A: 1", b"X-B: 2", b"x-a: 3"), reused=True)),
    chunked("trailers: not to HTTP/1.0", HELLO + b"0\r\nX-A: 1\r\n\r\n",
            relayed(body=b"hello", framing=("close",), reused=True), minor=0),
]

FIRST_OF_LENGTH = b"Content-Length: 10\r\n\r\n" + FIRST
FIRST_UNTIL_CLOSE = b"\r\n" + FIRST
SHORT_ENDS = [
    *(answer(f"end: {name}, then {then}", ok(lines, body), BROKEN._replace(codes=ENDED_EARLY), then)
      for then in ("close", "reset") for name, lines, body in [
          ("a length cut short", b"Content-Length: 10\r\n", b"hello"),
          ("a length and no body", b"Content-Length: 10\r\n", b""),
          ("one byte short", b"Content-Length: 6\r\n", b"hello"),
          ("no last chunk", CHUNKED, HELLO),
          ("no chunk", CHUNKED, b""),
          ("a chunk cut short", CHUNKED, b"6\r\nhello"),
          ("a chunk without its CRLF", CHUNKED, b"5\r\nhello"),
          ("a chunk size without its CRLF", CHUNKED, HELLO + b"5"),
          ("a last chunk without the end", CHUNKED, HELLO + b"0\r\n"),
          ("a last chunk and a CR", CHUNKED, HELLO + b"0\r\n\r"),
          ("a last size without its CRLF", CHUNKED, HELLO + b"0"),
          ("a trailer without the end", CHUNKED, HELLO + b"0\r\nX-A: b\r\n"),
          ("a trailer cut short", CHUNKED, HELLO + b"0\r\nX-A")]),
    *(late(f"{name}, then {then}, to HTTP/1.{minor}", rest, CUT, then, minor=minor, first=first)
      for then in ("close", "reset") for minor in (0, 1) for name, first, rest in [
          ("a length cut short", FIRST_OF_LENGTH, b"hell"),
          ("no last chunk", FIRST_CHUNK, HELLO),
          ("a chunk cut short", FIRST_CHUNK, b"9\r\nhello"),
          ("a last chunk without the end", FIRST_CHUNK, b"0\r\n"),
          ("a trailer cut short", FIRST_CHUNK, b"0\r\nX-A: b")]),
    *(late(f"an answer without a length is reset, to HTTP/1.{minor}", b"rest", CUT, "reset", minor=minor,
           first=FIRST_UNTIL_CLOSE) for minor in (0, 1)),
    *(answer(f"end: {name}, then {then}", head, EARLY_END, then)
      for then in ("close", "reset") for name, head in [
          ("no byte", b""), ("one byte", b"H"), ("a status line cut short", b"HTTP/1.1 20"),
          ("a status line", STATUS), ("a field cut short", OK_HEAD[:-8]), ("no empty line", OK_HEAD),
          ("only a CR of the empty line", OK_HEAD + b"\r")]),
]

UNTIL_CLOSE = [
    *(answer("until close: " + name, sent, relayed(body=body, reused=False), "close")
      for name, sent, body in [
        ("a body", ok(b"", b"hello"), b"hello"),
        ("no body", ok(b""), b""),
        ("chunks are only a body", ok(b"", HELLO + LAST), HELLO + LAST),
        ("an answer is only a body", ok(b"", OK_HELLO), OK_HELLO),
        ("from HTTP/1.0", ok(b"", b"hello", HTTP_1_0), b"hello"),
        ("in spite of keep-alive", ok(b"Connection: keep-alive\r\n", b"hello"), b"hello")]),
    *(answer("until close: to HTTP/1.0 " + name, sent,
             relayed(body=b"hello", framing=("close",), reused=False), "close", minor=0)
      for name, sent in [
        ("from HTTP/1.1", ok(b"", b"hello")),
        ("from HTTP/1.0", ok(b"", b"hello", HTTP_1_0))]),
    late("an answer without a length ends", b"rest", relayed(body=b"firstrest", reused=False), "close",
         first=FIRST_UNTIL_CLOSE),
    late("an answer without a length ends, to HTTP/1.0", b"rest", relayed(body=b"firstrest", reused=False),
         "close", minor=0, first=FIRST_UNTIL_CLOSE),
]

KEEPING = [
    *(answer("connection: " + name, OK_HEAD + lines + b"\r\nhello", ONE_WAY) for name, lines in [
        ("close", b"Connection: close\r\n"),
        ("close in any case", b"connection: CLose\r\n"),
        ("close in a list", b"Connection: x, close\r\n"),
        ("close in a second field", b"Connection: keep-alive\r\nConnection: close\r\n")]),
    answer("connection: close and chunks", ok(CHUNKED + b"Connection: close\r\n", HELLO + LAST), ONE_WAY),
    answer("connection: close and no body", ok(b"Connection: close\r\nContent-Length: 0\r\n"),
           relayed(reused=False)),
    answer("connection: keep-alive",
           OK_HEAD + b"Connection: keep-alive\r\nKeep-Alive: timeout=5\r\n\r\nhello", GREETING),
    answer("connection: closed after all", OK_HELLO, ONE_WAY, "close"),
    answer("connection: reset after all", OK_HELLO, ONE_WAY | BROKEN._replace(codes=ENDED_EARLY), "reset"),
    answer("connection: HTTP/1.0", ok(b"Content-Length: 5\r\n", b"hello", HTTP_1_0), ONE_WAY),
    answer("connection: HTTP/1.0 and keep-alive",
           ok(b"Content-Length: 5\r\nConnection: keep-alive\r\n", b"hello", HTTP_1_0),
           relayed(body=b"hello")),
    answer("connection: a length to HTTP/1.0", OK_HELLO, GREETING, minor=0),
]


def unasked(name, sent, outcome=BAD_GATEWAY, *how, **more):
    return answer("no body: " + name, sent, outcome, *how, **more)


def empty(status, length=None, reused=True):
    return relayed(status=status, framing=("none",), length=length, reused=reused)


NO_CONTENT, NOT_MODIFIED = b"HTTP/1.1 204 No Content\r\n", b"HTTP/1.1 304 Not Modified\r\n"
LENGTH_5 = b"Content-Length: 5\r\n"
HEAD = dict(method=b"HEAD")


def followed(name, sent, answered, **more):
    """Bytes where none may be: all at once they are odd; in pieces the answer may have gone on before."""
    answered = answered._replace(arrival=answered.arrival._replace(reused=False))
    return answer(name, sent, BAD_GATEWAY, in_pieces=answered | BROKEN, **more)


NO_BODIES = [
    unasked("204", ok(b"", first=NO_CONTENT), empty(204)),
    unasked("204 with length zero", ok(b"Content-Length: 0\r\n", first=NO_CONTENT), empty(204, reused=None)),
    unasked("204 with a length", ok(LENGTH_5, first=NO_CONTENT), BAD_GATEWAY | empty(204, reused=False)),
    unasked("204 with a coding", ok(CHUNKED, first=NO_CONTENT), BAD_GATEWAY | empty(204, reused=False)),
    unasked("204 to HTTP/1.0", ok(b"", first=NO_CONTENT), empty(204), minor=0),
    *(followed(f"no body: {status} with {name}", ok(lines, body, first), empty(status))
      for status, first in ((204, NO_CONTENT), (304, NOT_MODIFIED)) for name, lines, body in [
          ("a length and its body", LENGTH_5, b"hello"),
          ("length zero and a body", b"Content-Length: 0\r\n", b"hello"),
          ("a coding and its chunks", CHUNKED, HELLO + LAST),
          ("a coding and its end", CHUNKED, LAST),
          ("a body", b"", b"hello")]),
    unasked("304", ok(b"", first=NOT_MODIFIED), empty(304)),
    unasked("304 with the length of a GET", ok(LENGTH_5, first=NOT_MODIFIED), empty(304, b"5")),
    unasked("304 with the coding of a GET", ok(CHUNKED, first=NOT_MODIFIED), empty(304, reused=None)),
    unasked("304 with both lengths", ok(CHUNKED + LENGTH_5, first=NOT_MODIFIED)),
    unasked("304 with an odd length", ok(b"Content-Length: +5\r\n", first=NOT_MODIFIED)),
    unasked("HEAD", ok(b""), empty(200), **HEAD),
    unasked("HEAD with the length of a GET", ok(LENGTH_5), empty(200, b"5"), **HEAD),
    unasked("HEAD with a length of five gibibytes", ok(b"Content-Length: 5368709120\r\n"),
            empty(200, b"5368709120"), **HEAD),
    unasked("HEAD with the coding of a GET", ok(CHUNKED), empty(200), **HEAD),
    unasked("HEAD with both lengths", ok(CHUNKED + LENGTH_5), **HEAD),
    unasked("HEAD with an odd length", ok(b"Content-Length: 5, 5\r\n"), **HEAD),
    unasked("HEAD with an odd coding", ok(b"Transfer-Encoding: xchunked\r\n"), **HEAD),
    unasked("HEAD not found", ok(LENGTH_5, first=b"HTTP/1.1 404 None\r\n"), empty(404, b"5"), **HEAD),
    unasked("HEAD no content", ok(b"", first=NO_CONTENT), empty(204), **HEAD),
    unasked("HEAD from HTTP/1.0", ok(LENGTH_5, first=HTTP_1_0), empty(200, b"5", reused=False), **HEAD),
    unasked("HEAD to HTTP/1.0", ok(LENGTH_5), empty(200, b"5"), minor=0, **HEAD),
    followed("no body: HEAD with a length and its body", OK_HELLO, empty(200, b"5"), **HEAD),
    followed("no body: HEAD with chunks", ok(CHUNKED, HELLO + LAST), empty(200), **HEAD),
    followed("no body: HEAD with a body until close", ok(b"", b"hello"), empty(200), then="close", **HEAD),
    unasked("205 and length zero", ok(b"Content-Length: 0\r\n", first=b"HTTP/1.1 205 Reset\r\n"),
            relayed(status=205, reused=True)),
]


def after(name, rest, answered=OK_HELLO, outcome=GREETING):
    return followed("after: " + name, answered + rest, outcome)


AFTER = [
    after("one byte", b"X"),
    after("CRLF", b"\r\n"),
    after("LF", b"\n"),
    after("NUL", b"\0"),
    after("another answer", OK_HELLO),
    after("another answer's first line", STATUS),
    after("a timeout's answer", b"HTTP/1.1 408 Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
    after("an interim answer", b"HTTP/1.1 100 Continue\r\n\r\n"),
    after("many bytes", b"x" * 10_000),
    after("one byte after length zero", b"X", ok(b"Content-Length: 0\r\n"), relayed()),
    after("a body after length zero", b"hello", ok(b"Content-Length: 0\r\n"), relayed()),
    after("another answer after length zero", OK_HELLO, ok(b"Content-Length: 0\r\n"), relayed()),
    after("one byte after chunks", b"X", ok(CHUNKED, HELLO + LAST), ANEW),
    after("CRLF after chunks", b"\r\n", ok(CHUNKED, HELLO + LAST), ANEW),
    after("another last chunk", LAST, ok(CHUNKED, HELLO + LAST), ANEW),
    after("another answer after chunks", OK_HELLO, ok(CHUNKED, HELLO + LAST), ANEW),
    after("one byte after trailers", b"X", ok(CHUNKED, HELLO + b"0\r\nX-A: b\r\n\r\n"),
          relayed(body=b"hello", trailers=(b"X-A: b",))),
    after("one byte after a close", b"X", OK_HEAD + b"Connection: close\r\n\r\nhello"),
    after("one byte after an answer to HTTP/1.0's", b"X", ok(LENGTH_5, b"hello", HTTP_1_0)),
]


def interim(name, sent, outcome, *how, **more):
    return answer("interim: " + name, sent, outcome, *how, **more)


def before(*lines, status=b"103 Early Hints"):
    return b"HTTP/1.1 " + status + b"\r\n" + b"".join(line + b"\r\n" for line in lines) + b"\r\n"


def hinted(*messages):
    """Each message: a status and its fields; 100 may be relayed or not."""
    return relayed(body=b"hello", interim=messages, reused=True)


GO_ON = before(status=b"100 Continue")
HINT = before(b"Link: </a>; rel=preload", b"x-B: c")
HINTED = (103, b"Link: </a>; rel=preload", b"x-B: c")
INTERIM = [
    interim("100 unasked", GO_ON + OK_HELLO, hinted()),
    interim("100 twice", GO_ON * 2 + OK_HELLO, hinted()),
    interim("100 with fields", before(b"X-A: b", status=b"100 Continue") + OK_HELLO, hinted()),
    interim("102", before(status=b"102 Processing") + OK_HELLO, hinted((102,))),
    interim("103", HINT + OK_HELLO, hinted(HINTED)),
    interim("103 twice", HINT * 2 + OK_HELLO, hinted(HINTED, HINTED)),
    interim("103 without a reason", before(status=b"103 ") + OK_HELLO, hinted((103,))),
    interim("199", before(status=b"199 Odd") + OK_HELLO, hinted((199,))),
    interim("100, then 103", GO_ON + HINT + OK_HELLO, hinted(HINTED)),
    interim("103 with hop-by-hop fields", before(b"Connection: X-A", b"X-A: b", b"Keep-Alive: timeout=5",
            b"X-B: c", b"X-Countersign-Error: x") + OK_HELLO, hinted((103, b"X-B: c"))),
    interim("103 before chunks", HINT + ok(CHUNKED, HELLO + LAST), hinted(HINTED)),
    interim("103 before no content", HINT + ok(b"", first=NO_CONTENT),
            relayed(status=204, interim=(HINTED,), reused=True)),
    interim("103 before an error", HINT + ok(LENGTH_5, b"hello", b"HTTP/1.1 404 Not Found\r\n"),
            relayed(status=404, body=b"hello", interim=(HINTED,), reused=True)),
    interim("103 to HEAD", HINT + ok(LENGTH_5), relayed(length=b"5", interim=(HINTED,), reused=True), **HEAD),
    *(interim(f"{name} to HTTP/1.0", sent + OK_HELLO, GREETING, minor=0) for name, sent in [
        ("100", GO_ON), ("102", before(status=b"102 Processing")), ("103", HINT), ("two", HINT * 2)]),
    interim("101 unasked", before(status=b"101 Switching Protocols"), BAD_GATEWAY),
    interim("101 to WebSocket", before(b"Connection: Upgrade", b"Upgrade: websocket",
                                       status=b"101 Switching Protocols") + b"\x81\x05hello", BAD_GATEWAY),
    interim("101 before an answer", before(status=b"101 Switching Protocols") + OK_HELLO, BAD_GATEWAY),
    interim("101 after 100", GO_ON + before(status=b"101 Switching Protocols"), BAD_GATEWAY),
    interim("101 to HTTP/1.0", before(status=b"101 Switching Protocols"), BAD_GATEWAY, minor=0),
    interim("103 with a length", before(b"Content-Length: 5") + OK_HELLO, hinted((103,)) | BAD_GATEWAY),
    interim("103 with length zero", before(b"Content-Length: 0") + OK_HELLO, hinted((103,)) | BAD_GATEWAY),
    interim("103 with a length and a body", before(b"Content-Length: 5") + b"hello" + OK_HELLO, BAD_GATEWAY),
    interim("103 with a coding", before(CHUNKED.rstrip()) + OK_HELLO, hinted((103,)) | BAD_GATEWAY),
    interim("103 with a coding and its body", before(CHUNKED.rstrip()) + LAST + OK_HELLO, BAD_GATEWAY),
    interim("103 with a body", before() + b"hello" + OK_HELLO, BAD_GATEWAY),
    interim("103 and an empty line", before() + b"\r\n" + OK_HELLO, BAD_GATEWAY),
    interim("103 with an odd field", before(b"X-Odd : b") + OK_HELLO, BAD_GATEWAY),
    interim("103 with a folded field", before(b"X-Odd: a", b" b") + OK_HELLO, BAD_GATEWAY),
    interim("103 with a NUL", before(b"X-Odd: \0") + OK_HELLO, BAD_GATEWAY),
    interim("103 in HTTP/1.2", HINT.replace(b"1.1", b"1.2") + OK_HELLO, BAD_GATEWAY),
    interim("103 with bare LFs", HINT.replace(b"\r\n", b"\n") + OK_HELLO, BAD_GATEWAY),
    interim("103, then no HTTP", HINT + b"hello\r\n\r\n", BAD_GATEWAY),
    interim("103, then an odd answer", HINT + ok(b"Content-Length: +5\r\n", b"hello"), BAD_GATEWAY),
    interim("103, then the end", HINT, EARLY_END, "close"),
    interim("100, then the end", GO_ON, EARLY_END, "close"),
    interim("100 without end", GO_ON * 10_000 + OK_HELLO, BAD_GATEWAY),
    interim("103 without end", HINT * 5000 + OK_HELLO, BAD_GATEWAY),
    interim("103 without end to HTTP/1.0", HINT * 5000 + OK_HELLO, BAD_GATEWAY, minor=0),
]


def hop(name, lines, *kept):
    return answer("hop by hop: " + name, OK_HEAD + lines + b"\r\nhello", relayed(*kept, body=b"hello"))


GONE = b"""
Keep-Alive: timeout=5, max=100
Proxy-Connection: keep-alive
Upgrade: h2c
Upgrade: websocket
Connection: X-B
Connection: keep-alive
""".strip().splitlines()
KEPT = b"""
Content-Type: a/b
Content-Encoding: gzip
Content-Range: bytes 0-4/9
Content-MD5: abc
ETag: "a"
Last-Modified: x
Location: /a
Set-Cookie: a=b
Cache-Control: no-store
Accept-Ranges: bytes
WWW-Authenticate: Basic
x-amz-request-id: A
x-amz-meta-a: b
""".strip().splitlines()
KEPT_IF_NAMED = KEPT[:4] + KEPT[-2:]
HOP_BY_HOP = [
    *(hop(f"{line.decode()} goes", line + b"\r\nX-A: b\r\n", b"X-A: b") for line in GONE),
    *(hop(f"{line.decode()} stays", line + b"\r\nX-A: b\r\n", line, b"X-A: b") for line in KEPT),
    *(hop(f"Connection keeps {line.decode()}",
          b"Connection: " + line.split(b":")[0] + b"\r\n" + line + b"\r\n", line) for line in KEPT_IF_NAMED),
    hop("a named field goes", b"Connection: X-A\r\nX-A: b\r\n"),
    hop("a named field goes in any case", b"X-a: b\r\nconnection: x-A\r\n"),
    hop("all in a list go", b"Connection: X-A ,,X-B\r\nX-A: 1\r\nX-B: 2\r\nX-C: 3\r\n", b"X-C: 3"),
    hop("all in several fields go", b"Connection: X-A\r\nX-A: 1\r\nConnection: X-B\r\nX-B: 2\r\n"),
    hop("a length cannot be named away", b"Connection: Content-Length, X-A\r\nX-A: b\r\n"),
]

MAX_HEAD = 65536


def sized(name, size, outcome):
    padding = b"v" * (size - len(OK_HEAD + b"X-A: \r\n\r\n"))
    outcome = outcome or relayed(b"X-A: " + padding, body=b"hello", reused=True)
    return answer("limit: " + name, OK_HEAD + b"X-A: " + padding + b"\r\n\r\nhello", outcome)


LIMITS = [
    sized("the largest head", MAX_HEAD, None),
    sized("one byte less", MAX_HEAD - 1, None),
    sized("one byte more", MAX_HEAD + 1, BAD_GATEWAY),
    sized("a head of a mebibyte", 1 << 20, BAD_GATEWAY),
    answer("limit: a reason without end", b"HTTP/1.1 200 " + b"v" * 300_000, BAD_GATEWAY),
    answer("limit: a field name without end", STATUS + b"X" * 300_000, BAD_GATEWAY),
    answer("limit: a long reason", ok(LENGTH_5, b"hello", b"HTTP/1.1 200 " + b"v" * 8000 + b"\r\n"),
           GREETING | BAD_GATEWAY),
    answer("limit: a hundred fields", OK_HEAD + b"X-A: b\r\n" * 100 + b"\r\nhello",
           relayed(*[b"X-A: b"] * 100, body=b"hello", reused=True)),
    answer("limit: a hundred thousand fields", OK_HEAD + b"X-A: b\r\n" * 100_000 + b"\r\nhello", BAD_GATEWAY),
    answer("limit: an interim head too large", before(b"X-A: " + b"v" * 70_000) + OK_HELLO, BAD_GATEWAY),
    answer("limit: a long body", ok(b"Content-Length: 1000000\r\n", b"v" * 1_000_000),
           relayed(body=b"v" * 1_000_000, framing=("length",), reused=True)),
    answer("limit: a long chunk", ok(CHUNKED, b"f4240\r\n" + b"v" * 1_000_000 + b"\r\n" + LAST),
           relayed(body=b"v" * 1_000_000, framing=("chunked",), reused=True)),
    answer("limit: ten thousand chunks", ok(CHUNKED, b"1\r\nv\r\n" * 10_000 + LAST),
           relayed(body=b"v" * 10_000, framing=("chunked",), reused=True)),
]

CASES = [
    *STATUS_LINES, *FIELDS, *LENGTHS, *CHUNKS, *SHORT_ENDS, *UNTIL_CLOSE, *KEEPING, *NO_BODIES, *AFTER,
    *INTERIM, *HOP_BY_HOP, *LIMITS,
]
