"""Request heads: raw bytes from a client, and whether the proxy refuses them or what it sends on."""

from strict_forms import (
    CHUNKED, CONTROLS, GOOD_LINES, HELLO, HIGH, LAST, ODD_CONTROLS, ODD_LINES, SEPARATORS)
from strict_stage import BAD, FOLLOWER, HEAD, Case, case, passes, refused

TOKEN_LINE = HEAD.split(b"\r\n", 1)[1]
BAD_VERSION = refused(400, 505)
BAD_METHOD = refused(400, 405)
NOT_ALLOWED = refused(405)
STRANGER = refused(403)
TOO_LARGE = refused(431)


def field(name, lines, outcome):
    return case("field: " + name, outcome, lines=lines)


FIELDS = [
    *(field(name, lines, BAD) for name, lines in ODD_LINES + ODD_CONTROLS),
    *(field(name, sent, passes(arrives)) for name, sent, arrives in GOOD_LINES),
    field("none", b"", passes()),
    field("same name twice, in order", b"X-A: 1\r\nX-B: 2\r\nx-a: 3\r\n",
          passes(b"X-A: 1", b"X-B: 2", b"x-a: 3")),
    field("what matters to S3", b"Range: bytes=0-1\r\nIf-Match: \"a\"\r\nX-Amz-Meta-A: b\r\n",
          passes(b"Range: bytes=0-1", b'If-Match: "a"', b"X-Amz-Meta-A: b")),
    field("a client's own signature", b"X-Amz-Date: 19700101T000000Z\r\nX-Amz-Security-Token: x\r\n"
          b"Authorization: Bearer x\r\n", passes()),
    *(Case("head: " + name, b"GET /s3/bucket/key HTTP/1.1" + rest, BAD) for name, rest in [
        ("space before the first field", b"\r\n " + HEAD + b"\r\n"),
        ("tab before the first field", b"\r\n\t" + HEAD + b"\r\n"),
        ("a white line before the first field", b"\r\n \r\n" + HEAD + b"\r\n"),
        ("a bare LF ends it", b"\r\n" + HEAD + b"\n"),
        ("two bare LFs end it", b"\r\n" + HEAD[:-2] + b"\n\n"),
        ("bare LFs everywhere", b"\n" + HEAD.replace(b"\r\n", b"\n") + b"\n"),
        ("bare CRs everywhere", b"\r" + HEAD.replace(b"\r\n", b"\r") + b"\r"),
        ("CR and another byte end it", b"\r\n" + HEAD + b"\rX"),
        ("two bare CRs end it", b"\r\n" + HEAD[:-2] + b"\r\rX"),
        ("CR CR LF ends it", b"\r\n" + HEAD + b"\r\r\n"),
        ("LF CR ends it", b"\r\n" + HEAD[:-2] + b"\n\r\n"),
    ]),
]

def first_line(name, line, outcome):
    return Case("request line: " + name, line + HEAD + b"\r\n", outcome)


REQUEST_LINES = [
    first_line("two spaces before the target", b"GET  /s3/bucket/key HTTP/1.1\r\n", BAD),
    first_line("two spaces after the target", b"GET /s3/bucket/key  HTTP/1.1\r\n", BAD),
    first_line("tab before the target", b"GET\t/s3/bucket/key HTTP/1.1\r\n", BAD),
    first_line("tab after the target", b"GET /s3/bucket/key\tHTTP/1.1\r\n", BAD),
    first_line("tab and space", b"GET \t/s3/bucket/key HTTP/1.1\r\n", BAD),
    first_line("vertical tab between", b"GET\x0b/s3/bucket/key HTTP/1.1\r\n", BAD),
    first_line("form feed between", b"GET /s3/bucket/key\x0cHTTP/1.1\r\n", BAD),
    first_line("no-break space between", b"GET\xa0/s3/bucket/key HTTP/1.1\r\n", BAD),
    first_line("CR between", b"GET\r/s3/bucket/key HTTP/1.1\r\n", BAD),
    first_line("space first", b" GET /s3/bucket/key HTTP/1.1\r\n", BAD),
    first_line("tab first", b"\tGET /s3/bucket/key HTTP/1.1\r\n", BAD),
    first_line("space last", b"GET /s3/bucket/key HTTP/1.1 \r\n", BAD_VERSION),
    first_line("tab last", b"GET /s3/bucket/key HTTP/1.1\t\r\n", BAD_VERSION),
    first_line("a fourth word", b"GET /s3/bucket/key HTTP/1.1 HTTP/1.1\r\n", BAD_VERSION),
    first_line("a word too many", b"GET /s3/bucket/key /s3/bucket/other HTTP/1.1\r\n", BAD_VERSION),
    first_line("no target", b"GET HTTP/1.1\r\n", BAD_VERSION),
    first_line("no target but its spaces", b"GET  HTTP/1.1\r\n", BAD),
    first_line("no method", b"/s3/bucket/key HTTP/1.1\r\n", BAD_METHOD),
    first_line("no method but its space", b" /s3/bucket/key HTTP/1.1\r\n", BAD),
    first_line("no spaces", b"GET/s3/bucket/keyHTTP/1.1\r\n", BAD_METHOD),
    first_line("only a method", b"GET\r\n", BAD_VERSION),
    first_line("split by CRLF", b"GET\r\n/s3/bucket/key HTTP/1.1\r\n", BAD_VERSION),
    first_line("version on the next line", b"GET /s3/bucket/key\r\nHTTP/1.1\r\n", BAD_VERSION),
    first_line("bare LF", b"GET /s3/bucket/key HTTP/1.1\n", BAD_VERSION),
    first_line("bare CR", b"GET /s3/bucket/key HTTP/1.1\r", BAD_VERSION),
    first_line("CR CR LF", b"GET /s3/bucket/key HTTP/1.1\r\r\n", BAD_VERSION),
    first_line("an answer's", b"HTTP/1.1 200 OK\r\n", BAD_METHOD),
    first_line("one CRLF before", b"\r\nGET /s3/bucket/key HTTP/1.1\r\n",
               passes(line=b"GET /bucket/key HTTP/1.1")),
    first_line("two CRLF before", b"\r\n\r\nGET /s3/bucket/key HTTP/1.1\r\n",
               passes(line=b"GET /bucket/key HTTP/1.1") | BAD),
    first_line("many CRLF before", b"\r\n" * 1000 + b"GET /s3/bucket/key HTTP/1.1\r\n", BAD),
    first_line("bare LF before", b"\nGET /s3/bucket/key HTTP/1.1\r\n", BAD),
    first_line("bare CR before", b"\rGET /s3/bucket/key HTTP/1.1\r\n", BAD),
    first_line("CR CR LF before", b"\r\r\nGET /s3/bucket/key HTTP/1.1\r\n", BAD),
    first_line("white line before", b" \r\nGET /s3/bucket/key HTTP/1.1\r\n", BAD),
    first_line("NUL before", b"\0GET /s3/bucket/key HTTP/1.1\r\n", BAD),
    first_line("byte order mark before", b"\xef\xbb\xbfGET /s3/bucket/key HTTP/1.1\r\n", BAD_METHOD),
]


def with_method(method, outcome):
    more = f" and {len(method) - 20} more" if len(method) > 20 else ""
    return case("method: " + ascii(method[:20].decode("latin-1")) + more, outcome, method=method)


METHODS = [
    *(with_method(method, passes()) for method in b"GET HEAD PUT POST DELETE PATCH".split()),
    *(with_method(method, passes() | BAD_METHOD) for method in b"OPTIONS PROPFIND QUERY PURGE".split()),
    *(with_method(method, BAD_METHOD) for method in b"""
        get Get gET put G GE GETT GETS XGET GET2 FOO TRACK DEBUG PRI SETUP DESCRIBE PLAY ANNOUNCE SOURCE
        INVITE HELO """.split() + [b"A" * 1000, b"A" * 60_000]),
    with_method(b"TRACE", NOT_ALLOWED),
    case("method: CONNECT to a host", NOT_ALLOWED, b"CONNECT", b"bucket.s3.amazonaws.com:443"),
    case("method: CONNECT to the proxy", NOT_ALLOWED, b"CONNECT", b"localhost:443"),
    case("method: CONNECT to an address", NOT_ALLOWED, b"CONNECT", b"[::1]:443"),
    case("method: CONNECT with a path", BAD_METHOD, b"CONNECT"),
    case("method: CONNECT with a URL", BAD_METHOD, b"CONNECT", b"http://localhost/s3/bucket/key"),
    *(with_method(b"GE" + byte + b"T", BAD_METHOD) for byte in CONTROLS + SEPARATORS + HIGH),
]


def aimed(target, outcome, method=b"GET", head=HEAD, name=None):
    name = name or ascii(target.decode("latin-1"))[:80]
    return case("target: " + name, outcome, method, target, head=head)


def line_break_or(byte):
    """A line break in the target ends the line before its version."""
    return BAD_VERSION if byte in b"\r\n" else BAD


BUCKET_HOST = b"bucket.s3.us-east-1.amazonaws.com"
BUCKET_URL = b"http://" + BUCKET_HOST
URL = b"http://localhost/s3/bucket/key"
STRANGERS_HEAD = HEAD.replace(b"localhost", b"evil.example")
PLAIN = passes(line=b"GET /bucket/key HTTP/1.1")
AWS_KEY = passes(line=b"GET /key HTTP/1.1", host=BUCKET_HOST)

TARGETS = [
    *(aimed(b"/s3/bucket/" + rest, passes()) for rest in b"""
        a/b/c a//b // a/./b a/../b .. a%2Fb a%2fb a%20b %41 %7e %C3%A9 %ff %E2%82%AC %0d%0a %250d a+b a%2Bb
        -._~ !$&'()*,;=:@ k? k?? k?a k?a= k?a=b&a=b k?b=1&a=2 k?a=b?c/d k?= k?&& k?%61=%62 k?a+b=%20 k;a=b
        http://localhost/ """.split() + [b"", b"k" * 1024]),
    *(aimed(b"/s3/bucket/" + rest, passes() | BAD) for rest in b"""
        % a% a%2 a%zz a%%41 a%u0041 a%00b a%+1 k?% k?a=%zz """.split()),
    *(aimed(b"/s3/bucket/a" + bytes([code]) + b"b", passes() | BAD) for code in b'"<>[\\]^`{|}'),
    *(aimed(b"/s3/bucket/k?a" + bytes([code]) + b"b", passes() | BAD) for code in b'"<>[\\]^`{|}'),
    *(aimed(b"/s3/bucket/a" + byte + b"b", line_break_or(byte))
      for byte in CONTROLS + HIGH + [b"\t", b" ", b"\x81", b"\xfe"]),
    *(aimed(b"/s3/bucket/k?a=" + byte, line_break_or(byte))
      for byte in [b"\0", b"\x01", b"\t", b"\n", b"\r", b" ", b"\x1f", b"\x7f", b"\x80", b"\xc3\xa9"]),
    *(aimed(target, BAD) for target in b"""
        /s3/bucket/key#fragment /s3/bucket/key# /s3/bucket/key?a#b # /#/s3/bucket/key s3/bucket/key ?a=b .
        ../s3/bucket/key \\s3\\bucket\\key %2Fs3/bucket/key * ** */ */s3 localhost localhost:80
        localhost/s3/bucket/key bucket.s3.amazonaws.com:443 @localhost/s3/bucket/key :80/s3/bucket/key
        ;/s3/bucket/key http: http:/ http:// http:/// http:///s3/bucket/key http:/localhost/s3/bucket/key
        http:localhost/s3/bucket/key http//localhost/s3/bucket/key ://localhost/s3/bucket/key
        http://:80/s3/bucket/key http://user@localhost/s3/bucket/key http://user:word@localhost/s3/bucket/key
        http://@localhost/s3/bucket/key http://:@localhost/s3/bucket/key http://localhost@evil.example/
        http://evil.example@localhost/s3/bucket/key http://x@bucket.s3.us-east-1.amazonaws.com/key
        http://localhost:99999/s3/bucket/key http://localhost:65536/s3/bucket/key
        http://localhost:4294967376/s3/bucket/key http://localhost:x/s3/bucket/key
        http://localhost:-1/s3/bucket/key http://localhost:+80/s3/bucket/key
        http://localhost:80:80/s3/bucket/key http://[::1/s3/bucket/key http://::1/s3/bucket/key
        http://[localhost]/s3/bucket/key http://[::1]x/s3/bucket/key http://[]/s3/bucket/key
        http://localhost#/s3/bucket/key http://localhost/s3/bucket/key#fragment
        http://bucket.s3.us-east-1.amazonaws.com/key#fragment """.split()),
    *(aimed(target, BAD) for target in [
        b"http://localhost:8 0/s3/bucket/key", b"http://local host/s3/bucket/key",
        b"http://local\x7fhost/s3/bucket/key", b"http://local\xe9host/s3/bucket/key"]),
    *(aimed(target, refused(400, 403)) for target in b"""
        ftp://localhost/s3/bucket/key file:///etc/passwd gopher://localhost/s3/bucket/key
        ws://localhost/s3/bucket/key javascript:alert(1) mailto:a@localhost urn:s3:bucket
        xhttp://localhost/s3/bucket/key http://localhost,evil.example/s3/bucket/key
        http://%6cocalhost/s3/bucket/key http://localhost%00/s3/bucket/key http://localhost%2fs3/bucket/key
        http://localhost%40evil.example/s3/bucket/key http://evil.example\\@localhost/s3/bucket/key
        http://localhost\\.evil.example/s3/bucket/key http://localhost\\s3\\bucket\\key """.split()),
    *(aimed(target, STRANGER) for target in b"""
        http://evil.example/s3/bucket/key http://localhost.evil.example/s3/bucket/key
        http://s3.amazonaws.com.evil.example/key http://evilamazonaws.com/key http://169.254.169.254/latest
        """.split()),
    *(aimed(target, PLAIN) for target in b"""
        http://localhost/s3/bucket/key http://localhost:80/s3/bucket/key http://127.0.0.1/s3/bucket/key
        http://[::1]/s3/bucket/key HTTP://LOCALHOST/s3/bucket/key """.split()),
    aimed(b"http://localhost/s3/bucket/a%2Fb?c=%20", passes(line=b"GET /bucket/a%2Fb?c=%20 HTTP/1.1")),
    aimed(BUCKET_URL + b"/key", AWS_KEY),
    aimed(BUCKET_URL + b"/a%2Fb?c", passes(line=b"GET /a%2Fb?c HTTP/1.1", host=BUCKET_HOST)),
    aimed(BUCKET_URL, passes(line=b"GET / HTTP/1.1", host=BUCKET_HOST)),
    aimed(BUCKET_URL + b"?list-type=2", passes(line=b"GET /?list-type=2 HTTP/1.1", host=BUCKET_HOST)),
    aimed(BUCKET_URL + b"/key", AWS_KEY, head=STRANGERS_HEAD, name="an AWS host wins over a stranger's Host"),
    aimed(URL, PLAIN, head=STRANGERS_HEAD, name="absolute wins over a stranger's Host"),
    aimed(b"http://evil.example/", STRANGER, name="absolute wins over the proxy's own Host"),
    aimed(URL, BAD, head=TOKEN_LINE, name="absolute without a Host"),
    aimed(URL, BAD, head=b"Host: a b\r\n" + TOKEN_LINE, name="absolute with an odd Host"),
    aimed(URL, BAD, head=b"Host: localhost\r\n" + HEAD, name="absolute with two Hosts"),
    aimed(b"//localhost/s3/bucket/key", refused(400, 403, 404)),
    aimed(b"/", refused(404)),
    aimed(b"/no_such/", refused(404)),
    aimed(b"*", refused(400, 404, 405), b"OPTIONS", name="OPTIONS *"),
    aimed(b"*", BAD, b"PUT", name="PUT *"),
]


def versioned(version, outcome):
    return case("version: " + ascii(version.decode("latin-1")), outcome, version=version)


VERSIONS = [
    versioned(b"HTTP/1.1", passes()),
    versioned(b"HTTP/1.0", passes(last=True)),
    *(versioned(version, BAD_VERSION) for version in b"""
        HTTP/0.9 HTTP/1.2 HTTP/1.9 HTTP/2.0 HTTP/2 HTTP/3 HTTP/3.0 HTTP/0.0 HTTP/9.9 HTTP/1.10 HTTP/1.11
        HTTP/1.01 HTTP/01.1 HTTP/11.1 HTTP/10.0 http/1.1 Http/1.1 HTTp/1.1 HTTP/1 HTTP/1. HTTP/.1 HTTP/ HTTP
        H 1.1 /1.1 HTTP/1.1.1 HTTP/1,1 HTTP/1:1 HTTP/1x1 HTTP/1-1 HTTP//1.1 HTTP\\1.1 HTTP-1.1 HTTP1.1
        XHTTP/1.1 HTTPS/1.1 HTP/1.1 HTTP/-1.1 HTTP/+1.1 HTTP/1.-1 HTTP/1.x HTTP/x.1 HTTP/1.1a HTTP/1.1/
        HTTP/1.1, HTTP/1.1;a RTSP/1.0 RTSP/1.1 ICE/1.0 ICY/1.1 SIP/2.0 SHTTP/1.1 """.split()),
    *(versioned(version, BAD_VERSION) for version in [
        b"HTTP/ 1.1", b"HTTP /1.1", b"HTTP/1 .1", b"HTTP/1. 1", b"HTTP/1.1\0", b"HTTP/1.1\x0b",
        b"HTTP/1.1\x0c", b"HTTP/1.1\x7f", b"HTTP/1.1\x80", b"HTTP/\x001.1", "HTTP/１.１".encode(), b""]),
    Case("version: none", b"GET /s3/bucket/key\r\n" + HEAD + b"\r\n", BAD_VERSION),
    Case("version: none, and no fields", b"GET /s3/bucket/key\r\n\r\n", BAD_VERSION),
]


def hosted(name, lines, outcome, version=b"HTTP/1.1"):
    return case("host: " + name, outcome, version=version, head=lines + TOKEN_LINE)


def named(value, outcome):
    return hosted(ascii(value.decode("latin-1")), b"Host: " + value + b"\r\n", outcome)


HOSTS = [
    *(named(value, passes()) for value in b"""
        localhost LocalHost 127.0.0.1 [::1] localhost:80 127.0.0.1:80 [::1]:80 localhost:1 localhost:65535
        """.split() + [b" \t localhost \t "]),
    *(named(value, passes() | BAD | STRANGER) for value in b"""
        localhost: [::1]: localhost. localhost:0080 localhost:0 127.0.0.2 %6cocalhost [0:0::1] 127.1
        2130706433 0x7f.1 [::ffff:127.0.0.1] """.split()),
    *(named(value, BAD) for value in b"""
        user@localhost user:word@localhost @localhost localhost@evil.example localhost,evil.example
        localhost/ localhost/s3 localhost?a localhost#a localhost\\ http://localhost //localhost [::1 ::1
        ::1] [localhost] [] [::1]x x[::1] localhost:65536 localhost:99999 localhost:4294967376 localhost:-1
        localhost:+80 localhost:8a localhost:80:80 :80 : "localhost" <localhost> local%host local^host
        local|host {localhost} local`host """.split()),
    *(named(value, BAD) for value in [
        b"local host", b"local\thost", b"localhost localhost", b"localhost, localhost", b"localhost: 80",
        b"localhost :80", b"local\0host", b"localhost\0", b"local\x0bhost", b"localhost\x7f",
        b"local\xe9host", b"localhost\xa0"]),
    *(named(value, STRANGER) for value in b"""
        evil.example evil.example:80 localhost.evil.example 127.0.0.1.evil.example 8.8.8.8 169.254.169.254
        0.0.0.0 [2001:db8::1] localhos localhostt evilamazonaws.com amazonaws.com.evil.example """.split()),
    hosted("empty", b"Host:\r\n", BAD | STRANGER),
    hosted("white", b"Host: \t\r\n", BAD | STRANGER),
    hosted("none", b"", BAD),
    hosted("none in HTTP/1.0", b"", BAD | STRANGER | passes(last=True), b"HTTP/1.0"),
    hosted("two equal", b"Host: localhost\r\n" * 2, BAD),
    hosted("two equal in HTTP/1.0", b"Host: localhost\r\n" * 2, BAD, b"HTTP/1.0"),
    hosted("two, a stranger last", b"Host: localhost\r\nHost: evil.example\r\n", BAD),
    hosted("two, a stranger first", b"Host: evil.example\r\nHost: localhost\r\n", BAD),
    hosted("two, an empty one last", b"Host: localhost\r\nhost:\r\n", BAD),
    hosted("two apart, in another case", b"Host: localhost\r\nX-A: b\r\nHOST: localhost\r\n", BAD),
    hosted("two, with a bare LF between", b"Host: localhost\nHost: evil.example\r\n", BAD),
    hosted("folded", b"Host: localhost\r\n .evil.example\r\n", BAD),
    hosted("space before the colon", b"Host : localhost\r\n", BAD),
    hosted("space before the name", b" Host: localhost\r\n", BAD),
    hosted("hidden behind a bare LF", b"X-A: b\nHost: localhost\r\n", BAD),
    hosted("a forwarded one is only a field", b"X-Forwarded-Host: evil.example\r\nHost: localhost\r\n",
           passes(b"X-Forwarded-Host: evil.example")),
]


def hop(name, lines, outcome):
    return case("hop by hop: " + name, outcome, lines=lines)


def named_in_connection(line):
    return b"Connection: " + line.split(b":")[0] + b"\r\n" + line + b"\r\n"


KEPT = b"""
Content-Type: a/b
Content-MD5: abc
Content-Encoding: gzip
Content-Language: cs
Range: bytes=0-1
If-Match: a
If-None-Match: *
If-Modified-Since: x
If-Unmodified-Since: x
If-Range: x
X-Amz-Meta-A: b
X-Amz-Acl: private
x-amz-checksum-crc32: NhCmhg==
""".strip().splitlines()
GONE = b"""
Keep-Alive: timeout=5
Proxy-Connection: keep-alive
Proxy-Authorization: Bearer x
Proxy-Authenticate: Basic
TE: trailers
TE: gzip;q=0.5, trailers
Content_Length: 5
Transfer_Encoding: chunked
X-Countersign-Other: x
X_Countersign_Token: x
Proxy-Unknown: x
Trailer: X-A
Upgrade: TLS/1.2
Upgrade: h2c
HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA
""".strip().splitlines()
OWN = b"Host Authorization X-Amz-Date X-Amz-Security-Token X-Amz-Content-Sha256 X-Countersign-Token".split()

HOP_BY_HOP = [
    *(hop(f"{line.decode()} goes", line + b"\r\nX-A: b\r\n", passes(b"X-A: b")) for line in GONE),
    *(hop(f"{line.decode()} goes where it is named", named_in_connection(line),
          BAD if line == b"Upgrade: websocket" else passes()) for line in GONE),
    *(hop(f"Connection keeps {line.decode()}", named_in_connection(line), passes(line)) for line in KEPT),
    *(hop(f"Connection keeps the proxy's {name.decode()}", b"Connection: " + name + b"\r\n", passes())
      for name in OWN + [b", ".join(OWN).lower()]),
    hop("a named field goes", b"Connection: X-A\r\nX-A: b\r\n", passes()),
    hop("a named field goes, named after it", b"X-A: b\r\nConnection: X-A\r\n", passes()),
    hop("a named field goes in any case", b"connection: x-A\r\nX-a: b\r\n", passes()),
    hop("a named field goes wherever it is", b"X-A: 1\r\nConnection: X-A\r\nX-B: 2\r\nX-A: 3\r\n",
        passes(b"X-B: 2")),
    hop("all in a list go", b"Connection: X-A, X-B,X-C\r\nX-A: 1\r\nX-B: 2\r\nX-C: 3\r\nX-D: 4\r\n",
        passes(b"X-D: 4")),
    hop("all in several fields go", b"Connection: X-A\r\nX-A: 1\r\nConnection: X-B\r\nX-B: 2\r\n", passes()),
    hop("white space in a list", b"Connection: \tX-A \t,\t X-B\t\r\nX-A: 1\r\nX-B: 2\r\n", passes()),
    hop("empty elements in a list", b"Connection: ,, X-A ,,\r\nX-A: 1\r\n", passes()),
    hop("an empty Connection", b"Connection:\r\nX-A: 1\r\n", passes(b"X-A: 1")),
    hop("a longer name stays", b"Connection: X-A\r\nX-AB: 1\r\n", passes(b"X-AB: 1")),
    hop("a shorter name stays", b"Connection: X-AB\r\nX-A: 1\r\n", passes(b"X-A: 1")),
    hop("keep-alive and a name", b"Connection: keep-alive, X-A\r\nX-A: 1\r\n", passes()),
    hop("close and a name", b"Connection: close, X-A\r\nX-A: 1\r\n", passes(last=True)),
    hop("a quoted name", b'Connection: "X-A"\r\nX-A: 1\r\n', passes(b"X-A: 1") | BAD),
    hop("a name with a parameter", b"Connection: X-A;q=1\r\nX-A: 1\r\n", passes(b"X-A: 1") | BAD),
    hop("two names in one element", b"Connection: X-A X-B\r\nX-A: 1\r\nX-B: 2\r\n",
        passes(b"X-A: 1", b"X-B: 2") | BAD),
    hop("an upgrade to WebSocket, without its key", b"Connection: Upgrade\r\nUpgrade: websocket\r\n", BAD),
    hop("an upgrade to HTTP/2", b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
        b"HTTP2-Settings: AAMA\r\n", passes()),
    hop("an upgrade nobody named", b"Upgrade: h2c\r\n", passes()),
    hop("the token and a name", b"Connection: X-Countersign-Token, X-A\r\nX-A: b\r\n", passes()),
    case("hop by hop: Connection cannot take a length", passes(body=b"hello"), method=b"PUT",
         lines=b"Connection: Content-Length\r\nContent-Length: 5\r\n", body=b"hello"),
    case("hop by hop: Connection cannot take a coding", passes(body=b"hello"), method=b"PUT",
         lines=b"Connection: Transfer-Encoding\r\n" + CHUNKED, body=HELLO + LAST),
    case("hop by hop: close in a list", passes(last=True), lines=b"Connection: foo, Close\r\n"),
    case("hop by hop: close in a second field", passes(last=True),
         lines=b"Connection: keep-alive\r\nConnection: close\r\n"),
    case("hop by hop: close and keep-alive", passes(last=True), lines=b"Connection: close, keep-alive\r\n"),
    case("hop by hop: close is not closed", passes(), lines=b"Connection: closed\r\n"),
]


MAX_HEAD, MAX_FIELDS = 65536, 128


def sized(name, size, outcome):
    """A head of exactly size bytes, from its first to the last of the empty line."""
    padding = b"v" * (size - len(b"GET /s3/bucket/key HTTP/1.1\r\n" + HEAD + b"X-A: \r\n\r\n"))
    outcome = outcome or passes(b"X-A: " + padding)
    return case("limit: " + name, outcome, lines=b"X-A: " + padding + b"\r\n")


def numbered(name, count, outcome):
    lines = [b"X-%d: v" % number for number in range(count - HEAD.count(b"\r\n"))]
    return case("limit: " + name, outcome or passes(*lines), lines=b"".join(line + b"\r\n" for line in lines))


LIMITS = [
    sized("the largest head", MAX_HEAD, None),
    sized("one byte less", MAX_HEAD - 1, None),
    sized("one byte more", MAX_HEAD + 1, TOO_LARGE),
    sized("a head of a mebibyte", 1 << 20, TOO_LARGE),
    numbered("the most fields", MAX_FIELDS, None),
    numbered("one field less", MAX_FIELDS - 1, None),
    numbered("one field more", MAX_FIELDS + 1, TOO_LARGE),
    numbered("ten thousand fields", 10_000, TOO_LARGE),
    case("limit: a target without end", TOO_LARGE, target=b"/s3/bucket/" + b"k" * 70_000),
    case("limit: a query without end", TOO_LARGE, target=b"/s3/bucket/k?" + b"a=b&" * 20_000),
    case("limit: a long target", passes(), target=b"/s3/bucket/" + b"k" * 8000),
    case("limit: a field name without end", TOO_LARGE, lines=b"X" * 70_000 + b": a\r\n"),
    case("limit: a long field name", passes(b"X" * 8000 + b": a"), lines=b"X" * 8000 + b": a\r\n"),
    case("limit: white space without end", TOO_LARGE, lines=b"X-A:" + b" " * 70_000 + b"a\r\n"),
]


def alien(name, sent, outcome):
    return Case("alien: " + name, sent, outcome)


CLIENT_HELLO = b"\x16\3\1\0\xc8\1\0\0\xc4\3\3" + b"Z" * 32 + b"\0\0\2\x13\1\1\0\0\x99" + bytes(153)
SSL_2_HELLO = b"\x80\x2e\1\0\2\0\x15\0\0\0\x10\1\0\x80" + b"x" * 34
PROXY_2 = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\x7f\0\0\1\x7f\0\0\1\0\1\0\2"
ALIENS = [
    alien("TLS", CLIENT_HELLO, BAD_METHOD),
    alien("SSL 2", SSL_2_HELLO, BAD_METHOD),
    alien("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", refused(400, 405, 505)),
    alien("HTTP/0.9", b"GET /\r\n\r\n", BAD_VERSION),
    alien("SSH", b"SSH-2.0-OpenSSH_9.2\r\n\r\n", BAD_METHOD),
    alien("SMTP", b"EHLO localhost\r\n\r\n", BAD_METHOD),
    alien("FTP", b"USER anonymous\r\n\r\n", BAD_METHOD),
    alien("SOCKS 4", b"\4\1\0\x50\x7f\0\0\1x\0", BAD_METHOD),
    alien("SOCKS 5", b"\5\1\0", BAD_METHOD),
    alien("PROXY version 1", b"PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n" + FOLLOWER, BAD_METHOD),
    alien("PROXY version 2", PROXY_2 + FOLLOWER, BAD_METHOD),
    alien("SIP", b"OPTIONS sip:a@localhost SIP/2.0\r\nVia: SIP/2.0\r\n\r\n", refused(400, 403, 405, 505)),
    alien("RTSP", b"DESCRIBE rtsp://localhost/a RTSP/1.0\r\nCSeq: 1\r\n\r\n", refused(400, 403, 405, 505)),
    alien("an answer", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", BAD_METHOD),
    alien("JSON", b'{"a": "b"}\r\n\r\n', BAD_METHOD),
    alien("HTML", b"<html>\r\n\r\n", BAD_METHOD),
    alien("zeros", bytes(200), BAD_METHOD),
    alien("ones", b"\xff" * 200, BAD_METHOD),
    alien("a long word", b"A" * 70_000, refused(400, 405, 431)),
]

CASES = [
    *FIELDS, *REQUEST_LINES, *METHODS, *TARGETS, *VERSIONS, *HOSTS, *HOP_BY_HOP, *LIMITS, *ALIENS,
]
