"""Attacks by clients, in one table: what is sent on a connection, all answers to it, and all that reaches the upstream.

Each is sent whole and in pieces, and its sender then half-closes. Nothing but what a row names reaches the upstream,
signed: no smuggled request, no field of the attacker's making. The forms of single elements are in the strict tables,
slow and greedy clients in test_limits, WebSockets and upstreams that attack in test_attacks_upstream.
"""

from typing import NamedTuple

import pytest
from harness.proxy import TOKEN
from strict_forms import CHUNKED, HELLO, LAST
from strict_stage import OWN_UPWARDS, SIGNATURE, stages, without

TOKEN_LINE = b"X-Countersign-Token: " + TOKEN.encode() + b"\r\n"
HEAD = b"Host: localhost\r\n" + TOKEN_LINE
BUCKET = b"bucket.s3.us-east-1.amazonaws.com"


class Arrival(NamedTuple):
    """A request at the upstream: its line without the version, its body, and the fields that are not the proxy's."""
    line: bytes
    body: bytes = b""
    fields: tuple = ()
    host: bytes = None      # None: the upstream's own


class Attack(NamedTuple):
    name: str
    sent: bytes
    answers: tuple          # "status" or "status code", in their order; then the connection ends
    arrives: tuple = ()


def message(lines=b"", body=b"", method=b"POST", target=b"/s3/bucket/key", head=HEAD, version=b"HTTP/1.1"):
    return b" ".join((method, target, version)) + b"\r\n" + head + lines + b"\r\n" + body


def refused(name, sent, answer="400 BadRequest"):
    return Attack(name, sent, (answer,))


def passes(name, sent, *arrives, answer="200"):
    return Attack(name, sent, (answer,) * len(arrives), arrives)


# --- request smuggling: two parsers that disagree on where a request ends

EVIL = message(method=b"GET", target=b"/s3/bucket/evil")
EVIL_ARRIVES = Arrival(b"GET /bucket/evil")
POST = b"POST /bucket/key"
BEHIND = LAST + EVIL                        # a body for who counts, an end and a request for who reads chunks
COUNTED = b"Content-Length: %d\r\n"
COVERING = COUNTED % len(BEHIND)
INSIDE = b"%x\r\n" % len(EVIL) + EVIL + b"\r\n" + LAST
CL_OF_4 = COUNTED % 4


def coded(name, lines):
    """A coding that one parser sees and another does not, beside a length that covers all."""
    return refused("smuggling, coding: " + name, message(COVERING + lines, BEHIND))


def counted(name, lines):
    """A length that one parser takes for 5 and another does not; the request is what is behind it."""
    return refused("smuggling, length: " + name, message(lines, b"hello" + EVIL))


def chunks(name, body, answer="400 BadRequest"):
    return refused("smuggling, chunks: " + name, message(CHUNKED, body + EVIL), answer)


SMUGGLING = [
    coded("CL.TE", CHUNKED),
    refused("smuggling, coding: TE.CL", message(CHUNKED + CL_OF_4, INSIDE)),
    refused("smuggling, coding: CL.TE with length zero", message(COUNTED % 0 + CHUNKED, INSIDE)),
    coded("space before the colon", b"Transfer-Encoding : chunked\r\n"),
    coded("tab before the colon", b"Transfer-Encoding\t: chunked\r\n"),
    coded("space before the name", b" Transfer-Encoding: chunked\r\n"),
    coded("NUL behind the name", b"Transfer-Encoding\0: chunked\r\n"),
    coded("vertical tab before the value", b"Transfer-Encoding:\x0bchunked\r\n"),
    coded("form feed behind the value", b"Transfer-Encoding: chunked\x0c\r\n"),
    coded("no-break space", b"Transfer-Encoding: \xa0chunked\r\n"),
    coded("folded", b"Transfer-Encoding:\r\n chunked\r\n"),
    coded("folded behind another field", b"X-A: b\r\n Transfer-Encoding: chunked\r\n"),
    coded("behind a bare LF", b"X-A: b\nTransfer-Encoding: chunked\r\n"),
    coded("behind a bare CR", b"X-A: b\rTransfer-Encoding: chunked\r\n"),
    coded("xchunked", b"Transfer-Encoding: xchunked\r\n"),
    coded("quoted", b'Transfer-Encoding: "chunked"\r\n'),
    coded("a parameter", b"Transfer-Encoding: chunked;q=1\r\n"),
    coded("identity", b"Transfer-Encoding: identity\r\n"),
    coded("chunked, identity", b"Transfer-Encoding: chunked, identity\r\n"),
    coded("identity, chunked", b"Transfer-Encoding: identity, chunked\r\n"),
    coded("chunked twice", b"Transfer-Encoding: chunked, chunked\r\n"),
    coded("two fields, one unknown", CHUNKED + b"Transfer-Encoding: cow\r\n"),
    coded("two fields, unknown first", b"Transfer-Encoding: cow\r\n" + CHUNKED),
    coded("empty", b"Transfer-Encoding:\r\n"),
    coded("named away by Connection", b"Connection: Transfer-Encoding\r\n" + CHUNKED),
    refused("smuggling, coding: in HTTP/1.0", message(CHUNKED, BEHIND, version=b"HTTP/1.0")),
    passes("smuggling, coding: an underscore is another name", message(COVERING + b"Transfer_Encoding: chunked\r\n",
                                                                       BEHIND),
           Arrival(POST, BEHIND)),
    passes("smuggling, coding: a request in chunks", message(CHUNKED, INSIDE), Arrival(POST, EVIL)),
    passes("smuggling, coding: what is behind the last chunk is the next request", message(CHUNKED, BEHIND),
           Arrival(POST), EVIL_ARRIVES),
    counted("two that differ", b"Content-Length: 5\r\nContent-Length: %d\r\n" % len(b"hello" + EVIL)),
    counted("two that agree", b"Content-Length: 5\r\n" * 2),
    counted("a list", b"Content-Length: 5, 5\r\n"),
    counted("plus sign", b"Content-Length: +5\r\n"),
    counted("minus sign", b"Content-Length: -5\r\n"),
    counted("hexadecimal", b"Content-Length: 0x5\r\n"),
    counted("space inside", b"Content-Length: 5 0\r\n"),
    counted("comma behind", b"Content-Length: 5,\r\n"),
    counted("NUL behind", b"Content-Length: 5\0\r\n"),
    counted("beyond 64 bits", b"Content-Length: 18446744073709551621\r\n"),
    counted("beyond 63 bits, negative where it is signed", b"Content-Length: 18446744073709551611\r\n"),
    counted("space before the colon", b"Content-Length : 5\r\n"),
    counted("folded into more", b"Content-Length: 5\r\n 0\r\n"),
    counted("behind a bare LF", b"X-A: b\nContent-Length: 5\r\n"),
    counted("behind a bare CR", b"X-A: b\rContent-Length: 5\r\n"),
    counted("empty", b"Content-Length:\r\n"),
    counted("none, and a body", b"X-A: b\r\nContent-Length\r\n"),
    passes("smuggling, length: leading zeros are decimal", message(b"Content-Length: 0000005\r\n", b"hello" + EVIL),
           Arrival(POST, b"hello"), EVIL_ARRIVES),
    passes("smuggling, length: an underscore is another name", message(b"Content_Length: %d\r\n" % len(EVIL), EVIL),
           Arrival(POST), EVIL_ARRIVES),
    passes("smuggling, length: named away by Connection",
           message(b"Connection: Content-Length\r\n" + COUNTED % len(EVIL), EVIL),
           Arrival(POST, EVIL)),
    passes("smuggling: a GET has a body", message(COUNTED % len(EVIL), EVIL, b"GET"),
           Arrival(b"GET /bucket/key", EVIL)),
    passes("smuggling: a HEAD has a body", message(COUNTED % len(EVIL), EVIL, b"HEAD"),
           Arrival(b"HEAD /bucket/key", EVIL)),
    passes("smuggling: a DELETE has a body", message(COUNTED % len(EVIL), EVIL, b"DELETE"),
           Arrival(b"DELETE /bucket/key", EVIL)),
    passes("smuggling: Expect and a body that comes at once",
           message(COUNTED % len(EVIL) + b"Expect: 100-continue\r\n", EVIL),
           Arrival(POST, EVIL)),
    refused("smuggling: an expectation nobody knows", message(COUNTED % len(EVIL) + b"Expect: 100-continue, x\r\n",
                                                              EVIL),
            "417 ExpectationFailed"),
    Attack("smuggling: a page has a body (CL.0)", message(COUNTED % len(EVIL), EVIL, b"GET", b"/-/health"), ("200",)),
    Attack("smuggling: a page has chunks", message(CHUNKED, INSIDE, b"GET", b"/-/health"), ("200",)),
    refused("smuggling: in the body of a request without a token",
            message(COUNTED % len(EVIL), EVIL, head=b"Host: localhost\r\n"),
            "401 TokenRequired"),
    refused("smuggling: in the chunks of a request without a token",
            message(CHUNKED, INSIDE, head=b"Host: localhost\r\n"),
            "401 TokenRequired"),
    refused("smuggling: in the body of a request for a stranger",
            message(COUNTED % len(EVIL), EVIL, head=b"Host: x.example\r\n" + TOKEN_LINE),
            "403 HostNotAllowed"),
    refused("smuggling: in the body of a TRACE", message(COUNTED % len(EVIL), EVIL, b"TRACE"), "405 MethodNotAllowed"),
    refused("smuggling: in a tunnel", message(b"", EVIL, b"CONNECT", b"localhost:443"), "405 MethodNotAllowed"),
    Attack("smuggling: a body nobody announced", message(b"", b"hello\r\n\r\n" + EVIL), ("200", "400 BadRequest"),
           (Arrival(POST),)),
    chunks("hexadecimal prefix", b"0x5\r\nhello\r\n" + LAST),
    chunks("minus sign", b"-5\r\nhello\r\n" + LAST),
    chunks("plus sign", b"+5\r\nhello\r\n" + LAST),
    chunks("space before the size", b" 5\r\nhello\r\n" + LAST),
    chunks("space behind the size", b"5 \r\nhello\r\n" + LAST),
    chunks("tab behind the size", b"5\t\r\nhello\r\n" + LAST),
    chunks("two sizes", b"5 0\r\nhello\r\n" + LAST),
    chunks("no size", b"\r\nhello\r\n" + LAST),
    chunks("2 to the 64th, zero where it wraps", b"10000000000000000\r\n\r\n"),
    chunks("2 to the 64th and five", b"10000000000000005\r\nhello\r\n" + LAST),
    chunks("2 to the 32nd and five where it wraps", b"100000005\r\nhello\r\n" + LAST, "411 LengthRequired"),
    chunks("bare LF behind the size", b"5\nhello\r\n" + LAST),
    chunks("bare CR behind the size", b"5\rhello\r\n" + LAST),
    chunks("bare LF in an extension", b"5;a=b\nhello\r\n" + LAST),
    chunks("an extension that hides a chunk", b"5;\nhello\r\n" + LAST),
    chunks("NUL in an extension", b"5;a=\0\r\nhello\r\n" + LAST),
    chunks("a quote that never ends", b'5;a="\r\nhello\r\n' + LAST),
    chunks("an extension without end", b"5;" + b"a" * 100_000),
    chunks("no CRLF behind the data", b"5\r\nhello0\r\n\r\n"),
    chunks("bare LF behind the data", b"5\r\nhello\n0\r\n\r\n"),
    chunks("two bytes in place of a CRLF", b"5\r\nhelloXX0\r\n\r\n"),
    chunks("data longer than its size", b"4\r\nhello\r\n" + LAST),
    chunks("bare LF behind the last", b"5\r\nhello\r\n0\n\n"),
    chunks("bare LF at the end", b"5\r\nhello\r\n0\r\n\n"),
    chunks("an odd trailer", HELLO + b"0\r\nX-A: b\n\n"),
    chunks("a folded trailer", HELLO + b"0\r\nX-A: b\r\n c\r\n\r\n"),
    chunks("trailers without end", HELLO + b"0\r\n" + b"X-A: b\r\n" * 20_000),
    *(passes(f"smuggling, trailer: {line.partition(b':')[0].decode()} is dropped",
             message(CHUNKED, HELLO + b"0\r\n" + line + b"\r\n\r\n" + EVIL), Arrival(POST, b"hello"), EVIL_ARRIVES)
      for line in (b"Content-Length: 500", CHUNKED.strip(), b"Host: x.example", b"Authorization: Bearer x",
                   TOKEN_LINE.strip(), b"X-Amz-Acl: public-read",
                   b"Connection: close", b"Expect: 100-continue")),
]


# --- lines that one parser ends where another does not

def lined(name, head):
    return refused("lines: " + name, b"GET /s3/bucket/key HTTP/1.1" + head + EVIL)


LINES = [
    lined("bare LFs", b"\n" + HEAD.replace(b"\r\n", b"\n") + b"\n"),
    lined("bare CRs", b"\r" + HEAD.replace(b"\r\n", b"\r") + b"\r"),
    lined("a bare LF ends the head", b"\r\n" + HEAD + b"\n"),
    lined("CR CR LF", b"\r\r\n" + HEAD + b"\r\n"),
    lined("LF CR", b"\n\r" + HEAD + b"\r\n"),
    lined("a fold", b"\r\n" + HEAD + b"X-A: b\r\n c\r\n\r\n"),
    lined("a fold with a tab", b"\r\n" + HEAD + b"X-A: b\r\n\tc\r\n\r\n"),
    lined("a fold of the first field", b"\r\n " + HEAD + b"\r\n"),
    lined("a fold into an empty line", b"\r\n" + HEAD + b"X-A: b\r\n \r\n\r\n"),
    lined("a field without a colon", b"\r\n" + HEAD + b"X-A\r\n\r\n"),
    lined("a field without a name", b"\r\n" + HEAD + b": b\r\n\r\n"),
    lined("NUL in a value", b"\r\n" + HEAD + b"X-A: a\0b\r\n\r\n"),
    lined("NUL in a name", b"\r\n" + HEAD + b"X\0A: b\r\n\r\n"),
    lined("bare CR in a value", b"\r\n" + HEAD + b"X-A: a\rX-Evil: b\r\n\r\n"),
    lined("bare LF in a value", b"\r\n" + HEAD + b"X-A: a\nX-Evil: b\r\n\r\n"),
    lined("a request behind bare LFs", b"\r\n" + HEAD + b"X-A: b\n\n"),
    lined("a request behind bare CRs", b"\r\n" + HEAD + b"X-A: b\r\r"),
    lined("a request behind LF CR LF", b"\r\n" + HEAD + b"X-A: b\n\r\n"),
    lined("escape in a value", b"\r\n" + HEAD + b"X-A: \x1b[31m\r\n\r\n"),
    refused("lines: a field without end", message(b"X-A: " + b"b" * 70_000 + b"\r\n"), "431 HeadTooLarge"),
    refused("lines: fields without end", message(b"X-A: b\r\n" * 10_000), "431 HeadTooLarge"),
    refused("lines: empty ones without end", b"\r\n" * 1000 + EVIL),
]


# --- request lines

def asked(name, line, answer="400 BadRequest", head=HEAD):
    return refused("request line: " + name, line + b"\r\n" + head + b"\r\n", answer)


def aimed(target, answer, head=HEAD, name=None):
    return asked(name or target.decode("latin-1"), b"GET " + target + b" HTTP/1.1", answer, head)


REQUEST_LINES = [
    asked("two spaces", b"GET  /s3/bucket/key HTTP/1.1"),
    asked("tab", b"GET\t/s3/bucket/key\tHTTP/1.1"),
    asked("space first", b" GET /s3/bucket/key HTTP/1.1"),
    asked("space last", b"GET /s3/bucket/key HTTP/1.1 "),
    asked("a fourth word", b"GET /s3/bucket/key HTTP/1.1 /s3/bucket/evil HTTP/1.1"),
    asked("a space in the target", b"GET /s3/bucket/key HTTP/1.1\tX HTTP/1.1"),
    asked("NUL in the target", b"GET /s3/bucket/\0 HTTP/1.1"),
    asked("a byte above ASCII in the target", b"GET /s3/bucket/\xe9 HTTP/1.1"),
    asked("HTTP/0.9", b"GET /s3/bucket/key"),
    asked("HTTP/0.9 by name", b"GET /s3/bucket/key HTTP/0.9"),
    asked("HTTP/1.2", b"GET /s3/bucket/key HTTP/1.2"),
    asked("HTTP/2.0", b"GET /s3/bucket/key HTTP/2.0"),
    asked("HTTP/1.10", b"GET /s3/bucket/key HTTP/1.10"),
    asked("lower case version", b"GET /s3/bucket/key http/1.1"),
    asked("lower case method", b"get /s3/bucket/key HTTP/1.1"),
    asked("a method nobody knows", b"EVIL /s3/bucket/key HTTP/1.1"),
    asked("a method in a method", b"GETPUT /s3/bucket/key HTTP/1.1"),
    refused("request line: HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9)),
    refused("request line: TLS", b"\x16\3\1\0\x05\1\0\0\1\0\r\n\r\n"),
    refused("request line: a PROXY line", b"PROXY TCP4 10.0.0.1 127.0.0.1 1 2\r\n" + EVIL),
    aimed(b"http://evil.example/s3/bucket/key", "403 HostNotAllowed"),
    aimed(b"http://169.254.169.254/latest/meta-data/", "403 HostNotAllowed"),
    aimed(b"http://127.0.0.1:9001/2018-06-01/runtime/invocation/next", "404 UnknownService"),
    aimed(b"http://localhost.evil.example/s3/bucket/key", "403 HostNotAllowed"),
    aimed(b"http://s3.amazonaws.com.evil.example/bucket/key", "403 HostNotAllowed"),
    aimed(b"http://evil.example/", "403 HostNotAllowed", HEAD, "a stranger's URL behind the proxy's own Host"),
    aimed(b"http://user@localhost/s3/bucket/key", "400 BadRequest"),
    aimed(b"http://localhost@evil.example/s3/bucket/key", "400 BadRequest"),
    aimed(b"http://evil.example@localhost/s3/bucket/key", "400 BadRequest"),
    aimed(b"http://localhost\\@evil.example/s3/bucket/key", "400 BadRequest"),
    aimed(b"http://localhost#@evil.example/s3/bucket/key", "400 BadRequest"),
    aimed(b"http:///s3/bucket/key", "400 BadRequest"),
    aimed(b"http://localhost:99999/s3/bucket/key", "400 BadRequest"),
    aimed(b"ftp://localhost/s3/bucket/key", "400 BadRequest"),
    aimed(b"file:///etc/passwd", "400 BadRequest"),
    aimed(b"//evil.example/s3/bucket/key", "404 UnknownService"),
    aimed(b"*", "400 BadRequest"),
    aimed(b"localhost:443", "400 BadRequest"),
    aimed(b"/s3/bucket/key#/../evil", "400 BadRequest"),
    aimed(b"http://localhost/s3/bucket/key", "400 BadRequest", TOKEN_LINE, "a URL does without no Host"),
    aimed(b"http://localhost/s3/bucket/key", "400 BadRequest", b"Host: localhost\r\n" + HEAD,
          "a URL does with no two Hosts"),
    passes("request line: a URL wins over a stranger's Host",
           message(b"", b"", b"GET", b"http://localhost/s3/bucket/key", b"Host: x.example\r\n" + TOKEN_LINE),
           Arrival(b"GET /bucket/key")),
    passes("request line: an AWS URL wins over any Host",
           message(b"", b"", b"GET", b"http://" + BUCKET + b"/key",
                   b"Host: secret.s3.us-east-1.amazonaws.com\r\n" + TOKEN_LINE),
           Arrival(b"GET /key", host=BUCKET)),
    passes("request line: dots are part of a key", message(b"", b"", b"GET", b"/s3/bucket/../../-/identity"),
           Arrival(b"GET /bucket/../../-/identity")),
    passes("request line: escaped dots and slashes stay escaped",
           message(b"", b"", b"GET", b"/s3/bucket/%2e%2e%2f%2e%2e%2fkey"),
           Arrival(b"GET /bucket/%2e%2e%2f%2e%2e%2fkey")),
    passes("request line: a URL in the path is a key", message(b"", b"", b"GET", b"/s3/bucket/http://evil.example/"),
           Arrival(b"GET /bucket/http://evil.example/")),
]


# --- whose name it is called by: DNS rebinding, and Hosts that two parsers read in two ways

PAGES = (b"/s3/bucket/key", b"/-/health", b"/-/identity", b"/-/metrics", b"/-/presign?url=/s3/b/k",
         b"/-/token/msk?region=us-east-1",
         b"/-/console", b"/")


def hosted(name, lines, answer="400 BadRequest", target=b"/s3/bucket/key"):
    return refused("host: " + name, message(b"", EVIL, b"GET", target, lines + TOKEN_LINE), answer)


HOSTS = [
    *(refused(f"host: rebinding at {target.decode()}", message(b"Connection: close\r\n", b"", b"GET", target,
                                                               b"Host: evil.example:2774\r\n" + TOKEN_LINE),
              "403 HostNotAllowed") for target in PAGES),
    *(refused(f"host: rebinding by {host.decode()}", message(b"Connection: close\r\n", b"", b"GET",
                                                             head=b"Host: " + host + b"\r\n" + TOKEN_LINE),
              "403 HostNotAllowed")
      for host in (b"127.0.0.1.nip.io", b"localhost.evil.example", b"169.254.169.254", b"10.0.0.1", b"[fd00::1]",
                   b"0.0.0.0",
                   b"amazonaws.com.evil.example", b"s3.evilamazonaws.com", b"evil.example.")),
    hosted("none", b""),
    hosted("two", b"Host: localhost\r\nHost: evil.example\r\n"),
    hosted("two that agree", b"Host: localhost\r\n" * 2),
    hosted("the second in another case and folded", b"Host: localhost\r\nhOST:\r\n evil.example\r\n"),
    hosted("space before the colon", b"Host : localhost\r\n"),
    hosted("space before the name", b" Host: localhost\r\n"),
    hosted("behind a bare LF", b"X-A: b\nHost: localhost\r\n"),
    hosted("user information", b"Host: localhost@evil.example\r\n"),
    hosted("a list", b"Host: localhost, evil.example\r\n"),
    hosted("a path", b"Host: localhost/evil\r\n"),
    hosted("a backslash", b"Host: localhost\\evil.example\r\n"),
    hosted("a port that wraps", b"Host: localhost:65616\r\n"),
    hosted("two ports", b"Host: localhost:80:443\r\n"),
    hosted("NUL", b"Host: localhost\0.evil.example\r\n"),
    hosted("a byte above ASCII", b"Host: loc\xe4lhost\r\n"),
    passes("host: a forwarded one is only a field",
           message(b"X-Forwarded-Host: evil.example\r\nForwarded: host=evil.example\r\n", b"", b"GET"),
           Arrival(b"GET /bucket/key", fields=(b"X-Forwarded-Host: evil.example", b"Forwarded: host=evil.example"))),
    passes("host: an override of the method is only a field", message(b"X-HTTP-Method-Override: DELETE\r\n", b"",
                                                                      b"GET"),
           Arrival(b"GET /bucket/key", fields=(b"X-HTTP-Method-Override: DELETE",))),
]


# --- fields that are to vanish, to appear or to be believed

def plain(name, lines, *fields):
    return passes("fields: " + name, message(lines, b"", b"GET"), Arrival(b"GET /bucket/key", fields=fields))


FIELDS = [
    plain("Connection cannot take the signature away",
          b"Connection: Authorization, X-Amz-Date, X-Amz-Security-Token, Host, X-Amz-Content-Sha256\r\n"),
    plain("Connection cannot keep the token", b"Connection: X-A\r\nX-A: b\r\n"),
    plain("a signature of the client's own is replaced",
          b"Authorization: AWS4-HMAC-SHA256 Credential=x\r\nX-Amz-Date: 19700101T000000Z\r\n"
          b"X-Amz-Security-Token: evil\r\n"),
    plain("no field of the proxy's own goes on", b"X-Countersign-Evil: a\r\nX_Countersign_Token: a\r\n"),
    plain("HTTP/2 is not offered on",
          b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n"),
    plain("an upgrade to anything is not offered on", b"Connection: Upgrade\r\nUpgrade: evil/1\r\n"),
    plain("Proxy-Connection goes", b"Proxy-Connection: keep-alive\r\nKeep-Alive: timeout=9999\r\nTE: trailers\r\n"),
    Attack("fields: HTTP/2 and its preface",
           message(b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n",
           b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET"), ("200", "400 BadRequest"), (Arrival(b"GET /bucket/key"),)),
    *(refused("fields, token: " + name, message(b"Connection: close\r\n", b"", b"GET",
                                                head=b"Host: localhost\r\n" + lines), answer)
      for name, lines, answer in [
        ("none", b"", "401 TokenRequired"),
        ("wrong", b"X-Countersign-Token: evil\r\n", "401 TokenRequired"),
        ("a first part", b"X-Countersign-Token: " + TOKEN[:-1].encode() + b"\r\n", "401 TokenRequired"),
        ("in a trailer's name", b"Trailer: X-Countersign-Token\r\n", "401 TokenRequired"),
        ("with an underscore", b"X_Countersign_Token: " + TOKEN.encode() + b"\r\n", "401 TokenRequired"),
        ("folded", b"X-Countersign-Token:\r\n " + TOKEN.encode() + b"\r\n", "400 BadRequest"),
        ("behind NUL", b"X-Countersign-Token: \0" + TOKEN.encode() + b"\r\n", "400 BadRequest")]),
    refused("fields, token: in a trailer", message(CHUNKED, HELLO + b"0\r\n" + TOKEN_LINE + b"\r\n",
                                                   head=b"Host: localhost\r\n"), "401 TokenRequired"),
    refused("fields, token: in the query", message(b"Connection: close\r\n", b"", b"GET",
            b"/s3/bucket/key?X-Countersign-Token=" + TOKEN.encode(), b"Host: localhost\r\n"), "401 TokenRequired"),
]


# --- response splitting, and fields that text of the client's would make

CRLF = b"%0d%0aX-Evil:%20b"


def split(name, target, *answers):
    return Attack("splitting: " + name, message(b"Connection: close\r\n", b"", b"GET", target), answers)


def split_key(name, key):
    return passes("splitting: " + name, message(b"", b"", b"GET", b"/s3/bucket/" + key), Arrival(b"GET /bucket/" + key))


SPLITTING = [
    split_key("in a key", b"a" + CRLF),
    split_key("in a key, escaped twice", b"a%250d%250aX-Evil:%20b"),
    split_key("in a key, as UTF-8 that is no line break", b"a%E5%98%8A%E5%98%8DX-Evil"),
    split_key("in a query", b"a?b=" + CRLF),
    split_key("in a query that S3 would make a field of", b"a?response-content-type=" + CRLF),
    split_key("NUL in a key", b"a%00b"),
    split("in the name of a service", b"/s3" + CRLF + b"/bucket/key", "404 UnknownService"),
    split("in the name of a region", b"/s3.eu-west-1" + CRLF + b"/bucket/key", "404 UnknownService"),
    split("in the name of a page", b"/-/" + CRLF, "404 NotFound"),
    split("in the URL to presign", b"/-/presign?url=/s3/b/k" + CRLF, "400 BadRequest"),
    split("in a field to presign", b"/-/presign?url=/s3/b/k&header=a:b" + CRLF, "400 BadRequest"),
    split("in the method to presign", b"/-/presign?url=/s3/b/k&method=GET" + CRLF, "400 BadRequest"),
    split("in the time to presign for", b"/-/presign?url=/s3/b/k&expires=1" + CRLF, "400 BadRequest"),
    split("in a parameter nobody knows", b"/-/presign?" + CRLF + b"=1", "400 BadRequest"),
    split("in a token's host", b"/-/token/rds?host=a" + CRLF + b"&port=1&user=a", "400 BadRequest"),
    split("in a token's region", b"/-/token/rds?host=a&port=1&user=a&region=us-east-1" + CRLF, "400 BadRequest"),
    split("in a token's user", b"/-/token/rds?host=a.example&port=1&user=a" + CRLF, "400 BadRequest"),
    split("in a token's port", b"/-/token/rds?host=a&port=1" + CRLF + b"&user=a", "400 BadRequest"),
    split("in the kind of a token", b"/-/token/" + CRLF, "404 NotFound"),
    Attack("splitting: in the Origin", message(b"Connection: close\r\nOrigin: http://a%0d%0aX-Evil\r\n", b"", b"GET"),
           ("200",),
           (Arrival(b"GET /bucket/key", fields=(b"Origin: http://a%0d%0aX-Evil",)),)),
]

# --- WebSockets: what is behind a handshake is no request where the server agrees, and one where it does not

UPGRADE, CONNECTION = b"Upgrade: websocket\r\n", b"Connection: Upgrade\r\n"
SOCKET_KEY, SOCKET_VERSION = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", b"Sec-WebSocket-Version: 13\r\n"
SHAKE = CONNECTION + UPGRADE + SOCKET_KEY + SOCKET_VERSION
ASKED = tuple((SOCKET_KEY + SOCKET_VERSION).splitlines())
GET = b"GET /bucket/key"
SHAKEN = Arrival(GET, fields=(*ASKED, UPGRADE.strip()))         # asked of the server, which says no
IGNORED = Arrival(GET, fields=ASKED)
FRAME = b"\x81\x85\0\0\0\0hello"


def shaken(name, lines, answer="400 BadRequest", body=FRAME, head=HEAD):
    return refused("sockets: " + name, message(lines, body, b"GET", head=head), answer)


def not_shaken(name, lines, arrival):
    return Attack("sockets: " + name, message(lines, EVIL, b"GET"), ("200", "200"), (arrival, EVIL_ARRIVES))


SOCKETS = [
    shaken("a body", SHAKE + COUNTED % len(EVIL), body=EVIL),
    shaken("chunks", SHAKE + CHUNKED, body=INSIDE),
    shaken("both lengths", SHAKE + COVERING + CHUNKED, body=BEHIND),
    shaken("no key", CONNECTION + UPGRADE + SOCKET_VERSION),
    shaken("a short key", CONNECTION + UPGRADE + b"Sec-WebSocket-Key: a\r\n" + SOCKET_VERSION),
    shaken("no version", CONNECTION + UPGRADE + SOCKET_KEY),
    shaken("two keys", SHAKE + SOCKET_KEY),
    shaken("two versions", SHAKE + SOCKET_VERSION),
    shaken("a version before", CONNECTION + UPGRADE + SOCKET_KEY + b"Sec-WebSocket-Version: 8\r\n"),
    shaken("a stranger's Host", b"Connection: close\r\n" + SHAKE, "403 HostNotAllowed", b"",
           b"Host: x.example\r\n" + TOKEN_LINE),
    shaken("no token", b"Connection: close\r\n" + SHAKE, "401 TokenRequired", b"", b"Host: localhost\r\n"),
    Attack("sockets: a no, and a frame", message(SHAKE, FRAME + EVIL, b"GET"), ("200", "400 BadRequest"), (SHAKEN,)),
    not_shaken("a no, and a request", SHAKE, SHAKEN),
    not_shaken("HTTP/2 before WebSocket", b"Upgrade: h2c\r\n" + SHAKE, SHAKEN),
    not_shaken("HTTP/2 behind WebSocket", SHAKE + b"Upgrade: h2c\r\n", SHAKEN),
    not_shaken("HTTP/2 and WebSocket in a list", SHAKE.replace(b"websocket", b"h2c, websocket"), SHAKEN),
    not_shaken("Connection does not name Upgrade", UPGRADE + SOCKET_KEY + SOCKET_VERSION, IGNORED),
    passes("sockets: a HEAD is no handshake", message(SHAKE, b"", b"HEAD"), Arrival(b"HEAD /bucket/key", fields=ASKED)),
    passes("sockets: a POST is no handshake", message(SHAKE + COUNTED % len(EVIL), EVIL),
           Arrival(POST, EVIL, fields=ASKED)),
    passes("sockets: HTTP/1.0 has none", message(SHAKE, EVIL, b"GET", version=b"HTTP/1.0"), IGNORED),
]

ATTACKS = [*SMUGGLING, *LINES, *REQUEST_LINES, *HOSTS, *FIELDS, *SPLITTING, *SOCKETS]


# --- the one test

whole_stage, stage = stages()


def said(answer):
    code = b" ".join(answer.values(b"X-Countersign-Error")).decode()
    return f"{answer.status} {code}".strip()


def arrived(message, upstream):
    """As an Arrival, once it is as the proxy writes and signs."""
    for name in SIGNATURE:
        assert len(message.values(name)) == 1, f"{name} in {message.fields}"
    assert message.values(b"Authorization")[0].startswith(b"AWS4-HMAC-SHA256 Credential=ASIA")
    host, = message.values(b"Host")
    fields = tuple(b"%b: %b" % field for field in without(message.fields, OWN_UPWARDS))
    return Arrival(message.line.removesuffix(b" HTTP/1.1"), message.body, fields,
                   None if host == b"127.0.0.1:%d" % upstream.port else host)


@pytest.mark.parametrize("how", ["whole", "in pieces"])
@pytest.mark.parametrize("attack", ATTACKS, ids=[attack.name for attack in ATTACKS])
def test_attack(stage, attack, how):
    answers = []
    with stage.client() as wire:
        wire.send(attack.sent, max(1, len(attack.sent) // 200) if how == "in pieces" else None)
        wire.finish()
        while answer := wire.response(attack.sent[:5].rstrip()):
            assert not answer.cut and not answer.values(b"X-Evil"), answer
            answers.append(said(answer))
        assert wire.rest() == b"" and wire.end
    assert tuple(answers) == attack.answers
    assert tuple(arrived(each, stage.upstream) for each in stage.upstream.taken()) == attack.arrives
    stage.settle()


def test_every_name_is_one_attacks_own():
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS) >= 150
