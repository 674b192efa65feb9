"""Bodies in both directions: as they come, whole, in bounded memory; and HTTP/1.1's rules around them."""

import hashlib
import os
import re
import threading
import time
from pathlib import Path

import pytest
from harness.client import Cut
from harness.proxy import BINARY, ROOT, SANITIZERS
from harness.upstream import Response

MIB = 1 << 20
PATTERN = bytes(range(251)) * ((MIB // 251) + 1)
JSON_TYPE = ("Content-Type", "application/x-amz-json-1.1")


def pattern(mib):
    """A body of so many MiB, a MiB a piece, no two pieces alike."""
    for number in range(mib):
        yield b"%08d" % number + PATTERN[:MIB - 8]


def digest(pieces):
    total = hashlib.sha256()
    for piece in pieces:
        total.update(piece)
    return total.hexdigest()


# --- large bodies, in little memory

RELEASE = Path(os.environ.get("RELEASE_BINARY", ROOT / "build" / "countersign"))
# A sanitizer keeps what was freed, for a while: here only a little of it, or that would be all one sees.
SMALL_QUARANTINE = {"ASAN_OPTIONS": SANITIZERS["ASAN_OPTIONS"] + ":quarantine_size_mb=1"}


class Lean:
    """A stage whose program may grow by so many KiB from the time of its first whole exchange."""

    def __init__(self, stage, binary, allowed_kib):
        self.stage, self.binary, self.allowed_kib = stage, binary, allowed_kib

    def start(self, handler):
        """The stage, warm: TLS, the pool and the buffers are there."""
        here = self.stage(lambda request: Response(body=request.read()), binary=self.binary,
                          **SMALL_QUARANTINE)
        assert here.ask("PUT", "/s3/b/k", [], b"x" * 300_000).status == 200
        here.upstream.handler = handler
        self.here, self.before = here, self.peak_kib(here.proxy)
        return here

    @staticmethod
    def peak_kib(proxy):
        """The most memory that the process ever had."""
        status = Path(f"/proc/{proxy.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1])

    def check(self):
        assert self.peak_kib(self.here.proxy) - self.before < self.allowed_kib


@pytest.fixture(params=["release", "tested"])
def lean(request, stage):
    """Once with the release build, tight, and once with the tested build, which may be a sanitized one."""
    release = request.param == "release" and RELEASE.exists()
    return Lean(stage, RELEASE, 1024) if release else Lean(stage, BINARY, 16 * 1024)


def test_a_large_download(lean):
    here = lean.start(lambda request: Response(body=pattern(256), length=256 * MIB))
    with here.client() as client:
        client.send_request("GET", "/s3/b/k")
        answer = client.answer_head()
        assert answer.header("content-length") == str(256 * MIB)
        assert digest(client.pieces(answer)) == digest(pattern(256))
    lean.check()


def test_a_large_upload(lean):
    here = lean.start(lambda request: Response())
    assert here.ask("PUT", "/s3/b/k", [("Content-Length", 256 * MIB)], pattern(256)).status == 200
    assert here.last.body_sha256 == digest(pattern(256))
    lean.check()


def test_large_bodies_in_both_directions_at_once(stage):
    here = stage(lambda request: Response(body=pattern(16)))
    results = []

    def one():
        with here.client() as client:
            client.send_request("PUT", "/s3/b/k", [("Content-Length", 16 * MIB)], pattern(16))
            results.append(digest(client.pieces(client.answer_head())))

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [digest(pattern(16))] * 4
    assert {request.body_sha256 for request in here.upstream.requests} == {digest(pattern(16))}


@pytest.mark.parametrize("size", [0, 1, 2, 1023, 4095, 4096, 4097, 16383, 16384, 16385, 65535, 65536, 65537,
                                  262144, 300001])
def test_sizes_around_buffers(shared, size):
    body = os.urandom(size)
    shared.upstream.handler = lambda request: Response(body=request.read())
    assert shared.ask("PUT", "/s3/b/k", [], body).body == body
    assert shared.ask("POST", "/transcribe/", [JSON_TYPE], body).body == body


# --- backpressure

def test_a_slow_client_slows_the_upstream(lean):
    sent = []

    def counted():
        for piece in pattern(96):
            yield piece
            sent.append(1)

    here = lean.start(lambda request: Response(body=counted(), length=96 * MIB))
    with here.client(receive_buffer=65536) as client:
        client.send_request("GET", "/s3/b/k")
        answer = client.answer_head()
        time.sleep(1)
        assert len(sent) < 48
        assert digest(client.pieces(answer)) == digest(pattern(96))
    lean.check()


def test_a_slow_upstream_slows_the_client(lean):
    release, sent, checked = threading.Event(), [], []

    def counted():
        for piece in pattern(96):
            yield piece
            sent.append(1)

    def handler(request):
        release.wait(30)
        return Response()

    here = lean.start(handler)
    threading.Timer(1, lambda: (checked.append(len(sent)), release.set())).start()
    assert here.ask("PUT", "/s3/b/k", [("Content-Length", 96 * MIB)], counted()).status == 200
    assert checked[0] < 48
    assert here.last.body_sha256 == digest(pattern(96))
    lean.check()


# --- as it comes

def gated(gate, *pieces):
    """Pieces, each after the first only when the gate opens again."""
    for number, piece in enumerate(pieces):
        if number:
            assert gate.wait(20)
            gate.clear()
        yield piece


@pytest.mark.parametrize("length", [11, None], ids=["counted", "chunked"])
def test_the_first_bytes_come_before_the_second_exist(stage, length):
    gate = threading.Event()
    here = stage(lambda request: Response(body=gated(gate, b"hello", b" ", b"world"), length=length))
    with here.client() as client:
        client.send_request("GET", "/s3/b/k")
        pieces = client.pieces(client.answer_head())
        for expected in (b"hello", b" ", b"world"):
            assert next(pieces) == expected
            gate.set()
        assert b"".join(pieces) == b""


def test_the_head_comes_before_the_body_exists(stage):
    gate = threading.Event()

    def body():
        gate.wait(20)
        yield b"at last"

    here = stage(lambda request: Response(body=body(), length=7))
    with here.client() as client:
        client.send_request("GET", "/s3/b/k")
        answer = client.answer_head()
        gate.set()
        assert b"".join(client.pieces(answer)) == b"at last"


def test_the_first_bytes_of_an_upload_go_on_before_the_second_exist(stage):
    arrived = threading.Event()

    def handler(request):
        assert next(request.pieces()) == b"hello"
        arrived.set()
        return Response()

    here = stage(handler)
    with here.client() as client:
        client.send_request("PUT", "/s3/b/k", [("Content-Length", 11)])
        client.send("hello")
        assert arrived.wait(20)
        client.send(" world")
        assert client.answer().status == 200


# --- Expect: 100-continue

EXPECT = ("Expect", "100-continue")


@pytest.mark.parametrize("target", ["/s3/b/k", "/transcribe/"])
def test_continue_is_said_before_the_body(shared, target):
    shared.upstream.handler = lambda request: Response()
    with shared.client() as client:
        client.send_request("PUT", target, [EXPECT, ("Content-Length", 4)])
        assert client.interim() == 100
        client.send("body")
        answer = client.answer()
        assert answer.status == 200 and answer.interim == []
    assert shared.last.body == b"body"


@pytest.mark.parametrize("target", ["/s3/b/k", "/transcribe/"])
def test_a_client_that_does_not_wait_for_continue(shared, target):
    answer = shared.ask("PUT", target, [EXPECT], b"body")
    assert answer.status == 200 and answer.interim in ([], [100])
    assert shared.last.body == b"body"


def test_the_upstreams_no_comes_before_the_body(stage):
    here = stage(lambda request: Response(412, b"no", early=True, close=True))
    with here.client() as client:
        client.send_request("PUT", "/s3/b/k", [EXPECT, ("If-None-Match", "*"), ("Content-Length", 1 << 30)])
        answer = client.answer()
        assert (answer.status, answer.body, answer.interim) == (412, b"no", [])
        assert answer.closes or client.ended()


@pytest.mark.parametrize("target", ["/s3/b/k", "/transcribe/"])
def test_an_upstream_that_never_says_continue(stage, target):
    here = stage()
    here.upstream.send_continue = False
    with here.client() as client:
        client.send_request("PUT", target, [EXPECT, ("Content-Length", 4)])
        time.sleep(0.2)
        client.send("body")
        assert client.answer().status == 200
    assert here.last.body == b"body"


def test_another_expectation_is_refused(shared):
    assert shared.ask("PUT", "/s3/b/k", [("Expect", "miracles")], b"x").status in (400, 417)


def test_an_early_hint_is_passed_on_or_dropped_but_not_the_answer(stage):
    here = stage(lambda request: Response(200, b"final", interim=(102, 103)))
    answer = here.ask("GET", "/s3/b/k")
    assert answer.body == b"final" and set(answer.interim) <= {102, 103}


# --- chunked requests

CHUNKED = ("Transfer-Encoding", "chunked")
CHUNKED_BODY = [b"5\r\nhello\r\n", b"1\r\n \r\n5\r\nwo", b"rld\r\n", b"0\r\n\r\n"]


@pytest.mark.parametrize("target", ["/s3/b/k", "/transcribe/"])
def test_a_chunked_request_is_held_and_counted(shared, target):
    assert shared.ask("PUT", target, [CHUNKED], CHUNKED_BODY).status == 200
    assert shared.last.body == b"hello world"
    assert shared.last.all("content-length") == [b"11"] and not shared.last.all("transfer-encoding")


@pytest.mark.parametrize("target", ["/s3/b/k", "/transcribe/"])
def test_an_empty_chunked_request(shared, target):
    assert shared.ask("PUT", target, [CHUNKED], [b"0\r\n\r\n"]).status == 200
    assert shared.last.body == b"" and shared.last.all("content-length") == [b"0"]


def test_chunk_extensions_and_trailers_of_a_request_end_here(shared):
    body = [b"5;name=value\r\nhello\r\n0\r\nX-Trailer: 1\r\nAuthorization: no\r\n\r\n"]
    assert shared.ask("PUT", "/s3/b/k", [CHUNKED, ("Trailer", "X-Trailer")], body).status == 200
    assert shared.last.body == b"hello" and shared.last.trailers == []


def test_a_chunked_request_byte_by_byte(shared):
    single = [bytes([byte]) for byte in b"".join(CHUNKED_BODY)]
    assert shared.ask("PUT", "/s3/b/k", [CHUNKED], single).status == 200
    assert shared.last.body == b"hello world"


# --- answers without a body, and chunked ones

@pytest.mark.parametrize("response", [
    Response(200, b"hello"), Response(200, b"hello", chunked=True), Response(404, b"<Error/>"),
    Response(200, b""),
], ids=["counted", "chunked", "error", "empty"])
def test_head_has_no_body(stage, response):
    here = stage(lambda request: response)
    with here.client() as client:
        for _ in range(2):
            answer = client.ask("HEAD", "/s3/b/k")
            assert (answer.status, answer.body) == (response.status, b"")
            if not response.chunked:
                assert answer.header("content-length") == str(len(response.body))
    assert len(here.upstream.connections) == 1


@pytest.mark.parametrize("response", [
    Response(204), Response(304), Response(304, headers=(("ETag", '"x"'),)), Response(304, length=10),
], ids=["204", "304", "304 with a tag", "304 with the length of what it stands for"])
def test_statuses_without_a_body(stage, response):
    here = stage(lambda request: response)
    with here.client() as client:
        for _ in range(3):
            answer = client.ask("GET", "/s3/b/k")
            assert (answer.status, answer.body) == (response.status, b"")
    assert len(here.upstream.connections) == 1


def test_a_chunked_answer(stage):
    here = stage(lambda request: Response(body=[b"a", b"bc", b"d" * 100_000]))
    with here.client() as client:
        for _ in range(2):
            answer = client.ask("GET", "/s3/b/k")
            assert answer.body == b"abc" + b"d" * 100_000
            assert answer.header("transfer-encoding") == "chunked" and not answer.all("content-length")
    assert len(here.upstream.connections) == 1


def test_trailers_of_an_answer(stage):
    trailers = (("x-amz-checksum-crc32", "AAAAAA=="), ("X-Other", "1"))
    here = stage(lambda request: Response(body=[b"abc"], headers=(("Trailer", "x-amz-checksum-crc32"),),
                                          trailers=trailers))
    answer = here.ask("GET", "/s3/b/k", [("TE", "trailers")])
    assert answer.body == b"abc" and ("x-amz-checksum-crc32", "AAAAAA==") in answer.trailers


def test_trailers_that_would_change_the_message_are_dropped(stage):
    trailers = (("Content-Length", "99"), ("Transfer-Encoding", "chunked"), ("Set-Cookie", "a=b"),
                ("x-good", "1"))
    here = stage(lambda request: Response(body=[b"abc"], trailers=trailers))
    answer = here.ask("GET", "/s3/b/k")
    names = {name.lower() for name, _ in answer.trailers}
    assert answer.body == b"abc" and not names & {"content-length", "transfer-encoding"}


def test_an_answer_until_the_connection_ends(stage):
    here = stage(lambda request: Response(body=b"x" * 100_000, until_close=True))
    assert here.ask("GET", "/s3/b/k").body == b"x" * 100_000


def test_an_answer_until_the_connection_ends_that_was_cut(stage):
    """Without TLS's own goodbye nobody knows whether that was all of it: it must not look whole."""
    here = stage(lambda request: Response(body=b"x" * 100_000, until_close=True, abrupt=True))
    with here.client() as client:
        client.send_request("GET", "/s3/b/k")
        answer = client.answer_head()
        if answer.status == 200:
            assert answer.header("transfer-encoding") == "chunked"
            with pytest.raises(Cut):
                list(client.pieces(answer))
        else:
            assert answer.outcome == (502, "UpstreamReset")


# --- HTTP/1.0

def test_http_1_0_gets_its_answer_and_the_end(shared):
    shared.upstream.handler = lambda request: Response(body=b"hello")
    with shared.client() as client:
        answer = client.ask("GET", "/s3/b/k", version="HTTP/1.0")
        assert answer.status == 200 and answer.body == b"hello" and client.ended()
    assert shared.last.version == "HTTP/1.1"


def test_http_1_0_gets_no_chunks(stage):
    here = stage(lambda request: Response(body=[b"hello", b" ", b"world"], trailers=(("x-t", "1"),)))
    with here.client() as client:
        answer = client.ask("GET", "/s3/b/k", version="HTTP/1.0")
        assert not answer.all("transfer-encoding") and answer.body == b"hello world" and client.ended()


def test_http_1_0_gets_no_interim_answer(stage):
    here = stage(lambda request: Response(body=b"x", interim=(103,)))
    answer = here.ask("PUT", "/s3/b/k", [EXPECT], b"body", version="HTTP/1.0")
    assert answer.interim == [] and answer.body == b"x"


def test_http_1_0_with_keep_alive(shared):
    with shared.client() as client:
        answer = client.ask("GET", "/s3/b/k", [("Connection", "keep-alive")], version="HTTP/1.0")
        assert answer.status == 200
        assert answer.closes or "keep-alive" in answer.header("connection").lower() or client.ended()


# --- connections of clients

def test_a_connection_is_kept(shared):
    with shared.client() as client:
        for number in range(50):
            assert client.ask("PUT", f"/s3/b/{number}", [], b"x" * number).status == 200
        assert shared.last.target == b"/b/49"


@pytest.mark.parametrize("ask", [
    lambda client: client.ask("GET", "/s3/b/k", [("Connection", "close")]),
    lambda client: client.ask("GET", "/-/health", [("Connection", "close")]),
    lambda client: client.ask("GET", "/s3/b/k", [("Connection", "close")], token=False),
    lambda client: client.ask("GET", "/s3/b/k", [("Connection", "foo, Close")]),
])
def test_a_connection_is_closed_when_asked(shared, ask):
    with shared.client() as client:
        answer = ask(client)
        assert answer.closes and client.ended()


def test_the_upstream_connection_outlives_the_clients(stage):
    here = stage()
    for _ in range(5):
        here.ask("GET", "/s3/b/k", [("Connection", "close")])
    assert len(here.upstream.connections) == 1


def test_pipelined_requests_are_answered_in_order(stage):
    def handler(request):
        if request.path == "/b/0":
            time.sleep(0.2)
        return Response(body=request.target + b":" + request.read())

    here = stage(handler)
    with here.client() as client:
        for number in range(20):
            client.send_request("PUT", f"/s3/b/{number}", [], b"body %d" % number)
        for number in range(20):
            assert client.answer().body == b"/b/%d:body %d" % (number, number)


def test_pipelined_requests_of_all_kinds_in_one_packet(stage):
    here = stage(lambda request: Response(body=request.target))
    with here.client() as client:
        client.send("".join([
            client.head("GET", "/s3/b/1"), client.head("HEAD", "/s3/b/2"), client.head("GET", "/-/health"),
            client.head("PUT", "/s3/b/3", [("Content-Length", 3)]), "abc",
            client.head("GET", "/s3/b/4", token=False),
            client.head("PUT", "/s3/b/5", [CHUNKED]), "3\r\nxyz\r\n0\r\n\r\n", client.head("GET", "/s3/b/6"),
        ]))
        answers = [client.answer("HEAD" if number == 1 else "GET") for number in range(7)]
    assert [answer.status for answer in answers] == [200, 200, 200, 200, 401, 200, 200]
    assert [answer.body for answer in answers if answer.body.startswith(b"/b/")] == [b"/b/1", b"/b/3",
                                                                                     b"/b/5", b"/b/6"]


def test_a_head_byte_by_byte(shared):
    with shared.client() as client:
        for byte in client.head("PUT", "/s3/b/k", [("Content-Length", 4)]).encode() + b"body":
            client.send(bytes([byte]))
        assert client.answer().status == 200
    assert shared.last.body == b"body"


@pytest.mark.parametrize("body, target", [(None, "/s3/b/k"), (b"body", "/s3/b/k"), (b"body", "/transcribe/"),
                                          (None, "/-/health")])
def test_a_half_closed_client_gets_its_answer(stage, body, target):
    def handler(request):
        request.drain()
        time.sleep(0.2)
        return Response(body=b"x" * 500_000)

    here = stage(handler)
    with here.client() as client:
        client.send_request("PUT" if body else "GET", target, [], body)
        client.half_close()
        answer = client.answer()
        assert answer.status == 200 and len(answer.body) in (500_000, len(b'{"status":"ok"}'),
                                                             len(b'{"status":"ok"}\n'))
        assert client.ended()


def test_empty_lines_between_requests(shared):
    """RFC 9112, 2.2: at least one empty line before a request line is to be ignored."""
    with shared.client() as client:
        assert client.ask("GET", "/s3/b/k").status == 200
        client.send("\r\n" + client.head("GET", "/s3/b/k"))
        assert client.answer().status == 200


@pytest.mark.parametrize("target, size, records", [
    ("/s3/b/k", 1000, 1), ("/transcribe/", 1000, 1), ("/s3/b/k", 15_000, 1), ("/s3/b/k", 16_384, 2), ("/s3/b/k", 40_000, 4)])
def test_a_head_and_a_short_body_share_a_record(stage, target, size, records):
    """A record of TLS takes 16 KiB, and each costs an encryption at both ends."""
    def count(request):
        before = request.wire.reads     # the head has come, and what is in its record
        request.drain()
        return Response(body=str(request.wire.reads - before + 1).encode())

    here = stage(count)
    answer = here.ask("PUT" if "s3" in target else "POST", target, [JSON_TYPE], b"{%s}" % (b" " * (size - 2)))
    assert (answer.status, int(answer.body)) == (200, records)
