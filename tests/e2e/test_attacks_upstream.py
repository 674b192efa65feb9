"""Attacks by a server, or by who stands in its place: what it answers, and what becomes of it towards the client.

One request is asked for each; whatever the answer names, no other request and no other server follows, no field of the
attacker's making reaches the client, and the next request is served. How answers are framed is in the strict tables,
regions that are no regions in test_regions.
"""

import gzip
from typing import NamedTuple

import pytest
from strict_stage import HEAD, stages
from test_attacks import SHAKE, said

OK = b"HTTP/1.1 200 OK\r\n"
LENGTH_5 = b"Content-Length: 5\r\n"
EVIL = OK + b"Content-Length: 4\r\n\r\nevil"
ACCEPT = b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
STRANGE = "502 UpstreamProtocol"
BOMB = gzip.compress(bytes(20_000_000))


class Answer(NamedTuple):
    name: str
    sent: bytes
    outcome: str            # status and the proxy's code
    fields: tuple = ()      # that the client must see just so
    body: bytes = None      # None: it is the proxy's own
    asks: bytes = b""       # lines of the request


def strange(name, sent, asks=b""):
    return Answer(name, sent, STRANGE, asks=asks)


def odd_field(name, line):
    return strange("field: " + name, OK + LENGTH_5 + line + b"\r\nhello")


def relayed(name, lines, *fields, status=b"200 OK", body=b"hello"):
    head = b"HTTP/1.1 " + status + b"\r\nContent-Length: %d\r\n" % len(body)
    return Answer(name, head + lines + b"\r\n" + body, status[:3].decode(), fields or tuple(lines.splitlines()), body)


def unshaken(name, lines):
    return strange("sockets: " + name, b"HTTP/1.1 101 Switching Protocols\r\n" + lines + b"\r\n", SHAKE)


UPGRADED = b"Connection: Upgrade\r\nUpgrade: websocket\r\n" + ACCEPT
REGION = b"x-amz-bucket-region: eu-west-1"
SPLITS = {"bare LF": b"\nX-Evil: b\r\n", "bare CR": b"\rX-Evil: b\r\n", "CR CR LF": b"\r\r\nX-Evil: b\r\n",
          "a fold": b"\r\n X-Evil: b\r\n",
          "NUL": b"\0X-Evil: b\r\n", "an empty line of LFs": b"\n\nX-Evil: b\r\n"}
SPLIT_FIELDS = [REGION, b"Location: https://b.s3.eu-west-1.amazonaws.com/k", b"Date: Sun, 06 Nov 1994 08:49:37 GMT",
                b"Retry-After: 1",
                b"x-amzn-errortype: AccessDenied", b"ETag: \"a\"", b"Content-Type: text/plain", b"Connection: close"]

ANSWERS = [
    *(odd_field(f"{line.partition(b':')[0].decode()} with {name}", line + split) for line in SPLIT_FIELDS for name,
      split in SPLITS.items()),
    relayed("a stranger as Location is not followed", b"Location: https://evil.example/\r\n", status=b"302 Found"),
    relayed("a loop as Location is not followed", b"Location: http://localhost/s3/bucket/key\r\n",
            status=b"307 Temporary Redirect"),
    relayed("the runtime's API as Location is not followed",
            b"Location: http://127.0.0.1:9001/2018-06-01/runtime/invocation/next\r\n",
            status=b"301 Moved Permanently"),
    relayed("a stranger as region", b"x-amz-bucket-region: evil.example\r\n", status=b"301 Moved Permanently"),
    relayed("a stranger behind a region", b"x-amz-bucket-region: eu-west-1.evil.example\r\n",
            status=b"301 Moved Permanently"),
    relayed("a user as region", b"x-amz-bucket-region: eu-west-1@evil.example\r\n", status=b"301 Moved Permanently"),
    relayed("a path as region", b"x-amz-bucket-region: eu-west-1/..\r\n", status=b"301 Moved Permanently"),
    relayed("a split region, escaped", b"x-amz-bucket-region: eu-west-1%0d%0aX-Evil:b\r\n",
            status=b"301 Moved Permanently"),
    relayed("a region in a body, split", b"Content-Type: application/xml\r\n", status=b"400 Bad Request",
            body=b"<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-west-1\r\nX-Evil: b</Region></Error>"),
    relayed("a stranger's endpoint in a body", b"Content-Type: application/xml\r\n", status=b"301 Moved Permanently",
            body=b"<Error><Code>PermanentRedirect</Code><Endpoint>evil.example</Endpoint></Error>"),
    relayed("a body that declares entities", b"Content-Type: application/xml\r\n", status=b"400 Bad Request",
            body=b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><Error><Code>&b;</Code></Error>'),
    relayed("a body of brackets", b"Content-Type: application/json\r\n", status=b"400 Bad Request", body=b"[" * 60_000),
    relayed("a body of tags", b"Content-Type: application/xml\r\n", status=b"403 Forbidden", body=b"<a>" * 20_000),
    relayed("a date beyond all years", b"Date: Sun, 06 Nov 99994 08:49:37 GMT\r\n", status=b"403 Forbidden",
            body=b"<Error><Code>RequestTimeTooSkewed</Code></Error>"),
    relayed("a wait beyond all numbers", b"Retry-After: " + b"9" * 40 + b"\r\n", status=b"503 Slow Down"),
    relayed("a negative wait", b"Retry-After: -1\r\n", status=b"429 Too Many Requests"),
    relayed("gzip stays packed", b"Content-Encoding: gzip\r\n", body=BOMB),
    relayed("gzip that is none", b"Content-Encoding: gzip\r\n", body=b"\x1f\x8b\x08 no gzip"),
    relayed("an error code of the proxy's", b"X-Countersign-Error: TokenRequired\r\nX-A: b\r\n", b"X-A: b"),
    relayed("a field named by Connection goes", b"Connection: X-Countersign-Token, X-B\r\nX-B: c\r\nX-A: b\r\n",
            b"X-A: b"),
    strange("gzip as a coding", OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
    strange("both lengths", OK + LENGTH_5 + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
    strange("two lengths", OK + LENGTH_5 + b"Content-Length: 50\r\n\r\nhello"),
    strange("a coding behind a space", OK + LENGTH_5 + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n"),
    strange("an answer behind the answer", OK + LENGTH_5 + b"\r\nhello" + EVIL),
    strange("an answer behind no content", b"HTTP/1.1 204 No Content\r\n\r\n" + EVIL),
    strange("an answer behind not modified", b"HTTP/1.1 304 Not Modified\r\n\r\n" + EVIL),
    strange("an answer behind chunks", OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n" + EVIL),
    strange("an answer behind an interim one with a body",
            b"HTTP/1.1 103 Early\r\nContent-Length: 4\r\n\r\nevil" + EVIL),
    strange("interim answers without end", b"HTTP/1.1 100 Continue\r\n\r\n" * 20_000 + EVIL),
    strange("a head without end", OK + b"X-A: " + b"b" * 300_000),
    strange("HTTP/0.9", b"<html>hello</html>\r\n\r\n"),
    strange("HTTP/2", b"\0\0\x12\4\0\0\0\0\0\0\3\0\0\0d\0\4\0\0\xff\xff\0\2\0\0\0\0\r\n\r\n"),
    strange("HTTP/1.2", b"HTTP/1.2 200 OK\r\n" + LENGTH_5 + b"\r\nhello"),
    strange("a request", b"GET /s3/bucket/evil HTTP/1.1\r\n" + HEAD + b"\r\n"),
    strange("sockets: a switch that nobody asked for", SWITCH + ACCEPT + b"\r\n" + EVIL),
    strange("sockets: a switch to HTTP/2 that nobody asked for",
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n"),
    unshaken("no accept", b"Connection: Upgrade\r\nUpgrade: websocket\r\n"),
    unshaken("a wrong accept", UPGRADED.replace(b"s3pP", b"S3PP")),
    unshaken("the key as accept", UPGRADED.replace(ACCEPT, b"Sec-WebSocket-Accept: dGhlIHNhbXBsZSBub25jZQ==\r\n")),
    unshaken("another protocol", UPGRADED.replace(b"websocket", b"h2c")),
    unshaken("no Upgrade", b"Connection: Upgrade\r\n" + ACCEPT),
    unshaken("no Connection", b"Upgrade: websocket\r\n" + ACCEPT),
    unshaken("an extension", UPGRADED + b"Sec-WebSocket-Extensions: permessage-deflate\r\n"),
    unshaken("a subprotocol", UPGRADED + b"Sec-WebSocket-Protocol: evil\r\n"),
    unshaken("a length", UPGRADED + b"Content-Length: 5\r\n"),
    unshaken("a coding", UPGRADED + b"Transfer-Encoding: chunked\r\n"),
    unshaken("a field that is split", UPGRADED + b"X-A: b\nX-Evil: b\r\n"),
]


whole_stage, stage = stages(COUNTERSIGN_RETRIES="2", COUNTERSIGN_TIMEOUT_MS="2000")


# In pieces an answer may have gone on before the one behind it comes: see the strict tables.
RUNS = [(answer, how) for answer in ANSWERS for how in ("whole", "in pieces")
        if how == "whole" or not answer.name.startswith("an answer behind")]


@pytest.mark.parametrize("answer, how", RUNS, ids=[f"{answer.name}-{how}" for answer, how in RUNS])
def test_answer(stage, answer, how):
    stage.upstream.script(answer.sent, step=None if how == "whole" else max(1, len(answer.sent) // 200))
    with stage.client() as wire:
        wire.send(b"GET /s3/bucket/key HTTP/1.1\r\n" + HEAD + answer.asks + b"\r\n")
        came = wire.response()
        wire.finish()
        assert wire.rest() == b""
    assert came and not came.cut and said(came) == answer.outcome
    assert not came.values(b"X-Evil")
    if answer.body is not None:
        assert came.body == answer.body
        assert tuple(b"%b: %b" % field for field in came.fields if field[0] not in (b"Content-Length",
                                                                                    b"Connection")) == answer.fields
    assert len(stage.upstream.taken()) == 1
    stage.upstream.script()
    stage.ask()
    stage.settle()
