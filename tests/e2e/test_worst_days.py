"""A server on its worst day: it ends, says or promises anything at any moment. A client never takes for whole what is
not, and the next request is served. What else breaks is in test_upstream and the strict tables.
"""

import contextlib
import socket
import ssl
import threading
import time

import pytest
from harness import names
from harness.authority import Authority
from harness.client import Cut, wait_until
from harness.proxy import SANITIZERS
from harness.upstream import Response, Upstream

HEADS = {
    "a length": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nETag: \"a\"\r\n\r\n",
    "chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    "an interim answer before": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
    "an error": b"HTTP/1.1 503 Slow Down\r\nContent-Length: 5\r\n\r\n",
    "a denial": b"HTTP/1.1 403 Forbidden\r\nContent-Type: application/xml\r\nContent-Length: 5\r\n\r\n",
    "a redirect": b"HTTP/1.1 301 Moved\r\nx-amz-bucket-region: eu-west-1\r\nContent-Length: 5\r\n\r\n",
}
WHOLE = {name: head + (b"3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n" if name == "chunks" else b"hello") for name,
         head in HEADS.items()}
ENDS = {"closed": {}, "reset": {"reset": True}, "cut off": {"notify": False}}
REQUESTS = {"GET": ("GET", "/s3/b/k", [], None), "HEAD": ("HEAD", "/s3/b/k", [], None),
            "PUT": ("PUT", "/s3/b/k", [], b"x" * 100), "chunked PUT": ("PUT", "/s3/b/k",
                                                                       [("Transfer-Encoding", "chunked")],
                                                                       [b"3\r\nxxx\r\n0\r\n\r\n"]),
            "held POST": ("POST", "/transcribe/", [("Content-Type", "application/x-amz-json-1.1")], b"{}")}


class Cutter:
    """A server that ends its connection behind so many bytes of its answer, where cut is set; else it is a good one."""

    def __init__(self, answer, how):
        self.answer, self.how, self.cut = answer, how, None

    def __call__(self, request):
        request.drain()
        if self.cut is None:
            return Response(body=b"good")
        request.wire.send(self.answer[:self.cut])
        request.wire.close(**self.how)
        return None


def short(client, request):
    """None, or the answer that was not seen to be broken."""
    try:
        answer = client.ask(*request)
    except Cut:
        return None
    return None if answer.status == 502 and answer.error in ("UpstreamReset", "UpstreamProtocol") else answer


@pytest.mark.parametrize("how", ENDS)
@pytest.mark.parametrize("tls", [True, False], ids=["TLS", "plain"])
@pytest.mark.parametrize("name", WHOLE)
def test_an_end_at_every_byte_of_an_answer(stage, name, tls, how):
    server = Cutter(WHOLE[name], ENDS[how])
    here = stage(server, tls=tls)
    taken = {}
    for cut in range(len(server.answer)):
        server.cut = cut
        with here.client() as client:
            taken[cut] = short(client, REQUESTS["GET"])
        server.cut = None
        assert here.ask("GET", "/s3/b/k").body == b"good"
    assert {cut: answer for cut, answer in taken.items() if answer} == {}


@pytest.mark.parametrize("request_of", REQUESTS)
def test_an_end_at_every_byte_of_the_head(stage, request_of):
    server = Cutter(HEADS["a length"], {"reset": True})
    here = stage(server)
    for cut in range(0, len(server.answer) - 1):
        server.cut = cut
        with here.client() as client:
            assert short(client, REQUESTS[request_of]) is None, cut
        server.cut = None
        assert here.ask(*REQUESTS[request_of]).status == 200


@pytest.mark.parametrize("how", ["closed", "reset"])
@pytest.mark.parametrize("name", ["PUT", "held POST"])
def test_an_end_at_every_byte_of_a_request(stage, name, how):
    """On a fresh connection the server reads so many bytes of a body and is gone: the client is told, once."""
    method, target, headers, body = REQUESTS[name]
    asked = []

    def leave(request):
        asked.append(request)
        request.wire.reader.read(at)
        request.wire.close(reset=how == "reset")

    here = stage()
    for at in range(0, len(body) + 1, 1 + len(body) // 20):
        here.upstream.handler = leave
        assert here.ask(method, target, headers, body).outcome == (502, "UpstreamReset"), at
        assert len(asked) == 1 and not asked.pop().complete
        here.upstream.handler = lambda request: Response(close=True)
        assert here.ask(method, target, headers, body).status == 200


# --- TLS at its worst

def wire_of(handler):
    """A listener that does that with each connection, in a thread of its own."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        with contextlib.suppress(OSError):
            while True:
                handler(listener.accept()[0])

    threading.Thread(target=serve, daemon=True).start()
    return listener


GARBAGE = {
    "nothing": b"", "zeros": bytes(200), "ones": b"\xff" * 200, "HTTP": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "an alert": b"\x15\3\3\0\2\2\x28", "a warning, again and again": b"\x15\3\3\0\2\1\x5a" * 200,
    "a record without end": b"\x16\3\3\xff\xff" + b"x" * 70_000,
    "an empty record, again and again": b"\x16\3\3\0\0" * 2000,
    "half a record": b"\x16\3\3\0\x50\2\0\0", "application data": b"\x17\3\3\0\5hello",
    "a hello of SSL 2": b"\x80\x2e\1\0\2" + b"x" * 44,
}


@pytest.mark.parametrize("name", GARBAGE)
def test_garbage_in_place_of_a_handshake(stage, name):
    def spoil(sock):
        with sock, contextlib.suppress(OSError):
            sock.recv(10_000)
            sock.sendall(GARBAGE[name])

    with wire_of(spoil) as listener:
        here = stage(COUNTERSIGN_ENDPOINT=f"https://localhost:{listener.getsockname()[1]}",
                     COUNTERSIGN_CONNECT_TIMEOUT_MS=1000)
        for _ in range(2):
            assert here.ask("PUT", "/s3/b/k", [], b"secret").status in (502, 504)
        assert here.ask("GET", "/-/health").status == 200


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
def test_an_end_at_every_step_of_a_handshake(stage, authority, version):
    """A relay before a good server that passes on so many bytes of it, and is gone."""
    context = authority.server_context("localhost", label=f"steps-{version.name}")
    context.minimum_version = context.maximum_version = version
    allowed = {"bytes": 0}

    with Upstream(authority, lambda request: Response(body=b"good"), context=context) as good:
        def relay(sock):
            server = socket.create_connection(("127.0.0.1", good.port))
            threading.Thread(target=pass_on, args=(sock, server, None), daemon=True).start()
            threading.Thread(target=pass_on, args=(server, sock, allowed["bytes"]), daemon=True).start()

        with wire_of(relay) as listener:
            here = stage(COUNTERSIGN_ENDPOINT=f"https://localhost:{listener.getsockname()[1]}", COUNTERSIGN_IDLE_MS=1)
            for count in [*range(0, 12), *range(12, 1200, 97)]:
                allowed["bytes"] = count
                with here.client() as client:
                    answer = short(client, REQUESTS["GET"])
                assert answer is None or answer.error == "UpstreamTls" or (count > 200 and answer.body == b"good")
            allowed["bytes"] = 1 << 30
            assert here.ask("GET", "/s3/b/k").body == b"good"


def pass_on(source, to, most):
    """All that comes, or the first bytes of it; then both are gone."""
    left = 1 << 40 if most is None else most
    with contextlib.suppress(OSError):
        while left > 0 and (data := source.recv(min(left, 65536))):
            to.sendall(data)
            left -= len(data)
    if most is not None:
        for sock in (source, to):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)


def test_a_certificate_that_signs_itself(stage, authority, tmp_path):
    """Its own authority, for that very name: only who names its file trusts it."""
    lone = Authority(tmp_path / "lone")
    with Upstream(lone) as upstream:
        here = stage(COUNTERSIGN_ENDPOINT=upstream.url)
        assert here.ask("GET", "/s3/b/k").outcome == (502, "UpstreamTls")
        there = stage(COUNTERSIGN_ENDPOINT=upstream.url, COUNTERSIGN_CA_BUNDLE=lone.bundle)
        assert there.ask("GET", "/s3/b/k").status == 200


# --- half a connection

def test_a_server_that_half_closes_and_takes_the_upload(stage):
    """It says no more, and reads on: no answer will come, so the client is not kept waiting for its timeout."""
    def handler(request):
        request.wire.sock.unwrap() if isinstance(request.wire.sock, ssl.SSLSocket) else None
        request.wire.sock.shutdown(socket.SHUT_WR)
        request.drain()
        time.sleep(0.2)

    here = stage(handler, tls=False, COUNTERSIGN_TIMEOUT_MS=10_000)
    started = time.monotonic()
    assert here.ask("PUT", "/s3/b/k", [], b"x" * 100_000).outcome == (502, "UpstreamReset")
    assert time.monotonic() - started < 5


def test_a_server_that_half_closes_behind_its_answer(stage):
    """What it said is whole, and its connection is not used again."""
    def handler(request):
        request.drain()
        request.wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
        request.wire.sock.shutdown(socket.SHUT_WR)
        request.wire.ended(20)

    here = stage(handler, tls=False)
    for number in range(1, 6):
        assert here.ask("GET", "/s3/b/k").body == b"hello"
        assert wait_until(lambda: not here.upstream.open_connections())
        assert len(here.upstream.connections) == number


# --- names

DEAD = "127.9.9.9"      # nobody listens there


def test_a_name_that_moves(stage, authority, library, tmp_path, clocked, wall):
    """An address that serves is used for ten seconds more; one that does not is looked up anew at once."""
    file = tmp_path / "names"
    upstream = Upstream(authority, lambda request: Response(close=True), host="storage.test", clock=wall)
    named = names.environment(library, {"storage.test": "127.0.0.1"}, None, SANITIZERS["ASAN_OPTIONS"], file)
    here = stage(upstream=upstream, **clocked(named))

    def outcome(addresses):
        names.change(file, addresses)
        wall.move(seconds=11)
        return here.ask("GET", "/s3/b/k").outcome

    assert here.ask("GET", "/s3/b/k").status == 200
    for gone in ({"storage.test": DEAD}, {}):
        assert outcome({"storage.test": [DEAD, "127.0.0.1"]}) == (200, "")
        assert outcome(gone) == (502, "UpstreamConnect")
        names.change(file, {"storage.test": "127.0.0.1"})
        assert here.ask("GET", "/s3/b/k").status == 200


def test_addresses_that_are_all_dead(stage, named, authority):
    upstream = Upstream(authority, host="storage.test")
    here = stage(upstream=upstream, COUNTERSIGN_CONNECT_TIMEOUT_MS=2000,
                 **named({"storage.test": [DEAD, "127.9.9.8", "127.9.9.7", "::1"]}))
    started = time.monotonic()
    assert here.ask("GET", "/s3/b/k").outcome == (502, "UpstreamConnect")
    assert time.monotonic() - started < 3


def test_a_name_that_is_looked_up_for_longer_than_is_waited(stage, named, authority):
    """The answer that comes at last is nobody's, and serves the next."""
    upstream = Upstream(authority, host="slow.test")
    here = stage(upstream=upstream, COUNTERSIGN_CONNECT_TIMEOUT_MS=300,
                 **named({"slow.test": ["slow", "slow", "127.0.0.1"]}))
    assert here.ask("GET", "/s3/b/k").outcome == (504, "UpstreamTimeout")
    assert here.ask("GET", "/-/health").status == 200
