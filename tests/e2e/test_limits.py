"""Each limit and each timeout of the contract, and what slow and greedy clients get."""

import contextlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from harness.client import Cut, wait_until
from harness.upstream import Response, mute

TIMEOUT = (408, "RequestTimeout")
TOO_LARGE, LENGTH, HEAD_TOO_LARGE = (413, "BodyTooLarge"), (411, "LengthRequired"), (431, "HeadTooLarge")
BUSY = (503, "TooBusy")
CHUNKED = ("Transfer-Encoding", "chunked")
KIB = 1024


# --- heads

def filler(total):
    """Headers of so many bytes, in fields of at most 1,000."""
    headers = []
    while total > 0:
        size = min(total, 1000)
        headers.append((f"X-{len(headers):03d}", "v" * max(0, size - 9)))
        total -= size
    return headers


@pytest.mark.parametrize("size", [1 * KIB, 30 * KIB, 60 * KIB])
def test_a_head_within_the_limit(shared, size):
    assert shared.ask("GET", "/s3/b/k", filler(size)).status == 200


@pytest.mark.parametrize("headers", [
    filler(66 * KIB), [("X-One", "v" * 66 * KIB)], [("X" * 66 * KIB, "v")], filler(100 * KIB),
], ids=["fields", "value", "name", "larger still"])
def test_a_head_over_the_limit(shared, headers):
    with shared.client() as client:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            client.send_request("GET", "/s3/b/k", headers)
        assert client.answer().outcome == HEAD_TOO_LARGE
        assert client.ended()


def test_a_request_line_over_the_limit(shared):
    answer = shared.ask("GET", "/s3/b/" + "k" * 66 * KIB)
    assert answer.outcome == HEAD_TOO_LARGE or answer.status == 414


def test_a_long_target_within_the_limit(shared):
    assert shared.ask("GET", "/s3/b/" + "k" * 40 * KIB).status == 200


@pytest.mark.parametrize("count, outcome", [(100, (200, "")), (126, (200, "")), (127, HEAD_TOO_LARGE),
                                            (1000, HEAD_TOO_LARGE)])
def test_the_number_of_fields(shared, count, outcome):
    """128 in all, with Host and the token."""
    headers = [(f"X-{number}", "v") for number in range(count)]
    assert shared.ask("GET", "/s3/b/k", headers).outcome == outcome


def test_metadata_up_to_the_number_of_fields(shared):
    headers = [(f"x-amz-meta-{number}", "v") for number in range(100)]
    assert shared.ask("PUT", "/s3/b/k", headers, b"x").status == 200


def test_the_upstreams_head_has_a_limit_too(stage):
    here = stage(lambda request: Response(headers=(("X-Large", "v" * 300 * KIB),)))
    assert here.ask("GET", "/s3/b/k").outcome == (502, "UpstreamProtocol")
    assert here.ask("GET", "/-/health").status == 200


# --- slow clients

@pytest.mark.parametrize("start", ["G", "GET /s3/b/k HTTP/1.1\r\n",
                                   "GET /s3/b/k HTTP/1.1\r\nHost: localhost\r\nX-A"])
def test_a_head_that_never_ends(stage, start):
    here = stage(COUNTERSIGN_TIMEOUT_MS=300)
    with here.client() as client:
        client.send(start)
        assert client.answer().outcome == TIMEOUT
        assert client.ended()


def test_a_head_that_trickles(stage):
    """Slowloris: always a byte in time, never a request."""
    here = stage(COUNTERSIGN_TIMEOUT_MS=500)
    with here.client() as client, contextlib.suppress(BrokenPipeError, ConnectionResetError):
        client.send("GET /s3/b/k HTTP/1.1\r\nHost: localhost\r\n")
        stop = time.monotonic() + 20
        client.sock.settimeout(0.1)
        while time.monotonic() < stop:
            client.send("X-Drip: 1\r\n")
            with contextlib.suppress(TimeoutError):
                assert client.sock.recv(100).startswith(b"HTTP/1.1 408 ")
                return
        raise AssertionError("it was never ended")


@pytest.mark.parametrize("target", ["/s3/b/k", "/transcribe/"])
@pytest.mark.parametrize("framing, start", [(("Content-Length", "100"), "only this"),
                                            (CHUNKED, "9\r\nonly this\r\n"),
                                            (("Content-Length", "100"), "")])
def test_a_body_that_never_ends(stage, target, framing, start):
    here = stage(COUNTERSIGN_TIMEOUT_MS=300)
    with here.client() as client:
        client.send_request("PUT", target, [framing], [start.encode()] if start else [])
        assert client.answer().outcome == TIMEOUT
        assert client.ended()
    assert not [request for request in here.upstream.requests if request.complete]


def test_a_slow_body_is_waited_for(stage):
    here = stage(COUNTERSIGN_TIMEOUT_MS=600)

    def dripping():
        for _ in range(10):
            time.sleep(0.1)
            yield b"x"

    for target in ("/s3/b/k", "/transcribe/"):
        assert here.ask("PUT", target, [("Content-Length", 10)], dripping()).status == 200
        assert here.last.body == b"x" * 10


def test_a_client_that_reads_nothing_does_not_stay_for_ever(stage):
    def body():
        while True:
            yield b"x" * 65536

    here = stage(lambda request: Response(body=body(), length=1 << 40), COUNTERSIGN_TIMEOUT_MS=500)
    with here.client(receive_buffer=4096) as client:
        client.send_request("GET", "/s3/b/k")
        assert wait_until(lambda: here.upstream.connections)
        assert here.upstream.connections[0].closed.wait(30)


def test_many_slow_clients_hold_nobody_up(stage):
    here = stage(COUNTERSIGN_TIMEOUT_MS=5000)
    with contextlib.ExitStack() as stack:
        for _ in range(100):
            stack.enter_context(here.client()).send("GET /s3/b/k HT")
        for _ in range(20):
            assert here.ask("GET", "/s3/b/k").status == 200


# --- bodies that are held

@pytest.mark.parametrize("size, outcome", [(1000, (200, "")), (1001, TOO_LARGE), (1 << 40, TOO_LARGE)])
def test_the_limit_of_a_held_body(stage, size, outcome):
    here = stage(COUNTERSIGN_MAX_BODY=1000)
    with here.client() as client:
        client.send_request("POST", "/transcribe/", [("Content-Length", size)], [b"x" * min(size, 1001)])
        assert client.answer().outcome == outcome


def test_a_body_over_the_limit_is_not_asked_for(stage):
    here = stage(COUNTERSIGN_MAX_BODY=1000)
    with here.client() as client:
        client.send_request("POST", "/transcribe/", [("Content-Length", 1001), ("Expect", "100-continue")])
        answer = client.answer()
        assert answer.outcome == TOO_LARGE and answer.interim == []
    assert not here.upstream.requests


@pytest.mark.parametrize("target, outcome", [("/transcribe/", TOO_LARGE), ("/s3/b/k?tagging", LENGTH),
                                             ("/s3/b/k?partNumber=1&uploadId=a", LENGTH)])
def test_a_chunked_body_over_the_limit(stage, target, outcome):
    here = stage(COUNTERSIGN_MAX_BODY=1000)
    assert here.ask("PUT", target, [CHUNKED], [b"3e8\r\n" + b"x" * 1000 + b"\r\n0\r\n\r\n"]).status == 200
    with here.client() as client:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            client.send_request("PUT", target, [CHUNKED], [b"1f4\r\n" + b"x" * 500 + b"\r\n"] * 3)
        assert client.answer().outcome == outcome
    assert len(here.upstream.requests) == 1


def test_a_body_of_s3_has_no_limit(stage):
    here = stage(COUNTERSIGN_MAX_BODY=1000)
    assert here.ask("PUT", "/s3/b/k", [], b"x" * 100_000).status == 200
    assert here.last.body_length == 100_000


UNSIGNED = {"ebs": ("PUT", "/ebs/snapshots/snap-1/blocks/7"), "lex": ("POST", "/runtime.lex/bot/b/alias/a/user/u/content"),
            "lexv2": ("POST", "/runtime-v2-lex/bots/b/botAliases/a/botLocales/en_US/sessions/s/utterance"),
            "mediastore": ("PUT", "/data.mediastore/a/b"), "omics": ("PUT", "/omics/sequencestore/1/upload/2/part")}


@pytest.mark.parametrize("method, target", UNSIGNED.values(), ids=UNSIGNED)
def test_a_body_that_need_not_be_hashed_has_no_limit(stage, method, target):
    here = stage(COUNTERSIGN_MAX_BODY=1000)
    assert here.ask(method, target, [], b"x" * 100_000).status == 200
    assert (here.last.body_length, here.last.header("x-amz-content-sha256")) == (100_000, "UNSIGNED-PAYLOAD")
    with here.client() as client:
        client.send_request(method, target, [CHUNKED], [b"3e8\r\n" + b"x" * 1000 + b"\r\n"])
        assert wait_until(lambda: len(here.upstream.requests) == 2)     # before the body has ended
        client.send(b"3e8\r\n" + b"y" * 1000 + b"\r\n0\r\n\r\n")
        assert client.answer().status == 200
    assert here.last.body == b"x" * 1000 + b"y" * 1000


def test_all_held_bodies_together_have_a_limit(stage):
    """Four times COUNTERSIGN_MAX_BODY; what is over is told to come again, and the rest still works."""
    here = stage(COUNTERSIGN_MAX_BODY=100_000)
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(here.client()) for _ in range(4)]
        for client in clients:
            client.send_request("POST", "/transcribe/", [("Content-Length", 100_000)], [b"x" * 99_999])
        time.sleep(0.2)
        with here.client() as fifth:
            fifth.send_request("POST", "/transcribe/", [("Content-Length", 100_000)], [b"x" * 99_999])
            answer = fifth.answer()
            assert answer.outcome == BUSY
        assert here.ask("PUT", "/s3/b/k", [], b"x" * 200_000).status == 200
        for client in clients:
            client.send("x")
            assert client.answer().status == 200
    assert here.ask("POST", "/transcribe/", [], b"x" * 100_000).status == 200


def test_the_room_of_bodies_that_never_ended_is_given_back(stage):
    here = stage(COUNTERSIGN_MAX_BODY=100_000)
    for _ in range(12):
        with here.client() as client:
            client.send_request("POST", "/transcribe/", [("Content-Length", 100_000)], [b"x" * 60_000])
    assert wait_until(lambda: here.ask("POST", "/transcribe/", [], b"x" * 100_000).status == 200)


# --- connections

@contextlib.contextmanager
def waiting(here, count):
    """So many clients whose requests the upstream has and does not answer before the end."""
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(here.client()) for _ in range(count)]
        for client in clients:
            client.send_request("GET", "/s3/b/k")
        yield clients


def gated():
    gate = threading.Event()

    def handler(request):
        gate.wait(30)
        return Response(body=b"done")

    return gate, handler


def test_more_connections_than_allowed(stage):
    gate, handler = gated()
    here = stage(handler, COUNTERSIGN_MAX_CONNECTIONS=4)
    with waiting(here, 4) as clients:
        assert wait_until(lambda: len(here.upstream.requests) == 4)
        for _ in range(3):
            with here.client() as client:
                client.send_request("GET", "/s3/b/k")
                assert client.answer().outcome == BUSY
                assert client.ended()
        gate.set()
        assert [client.answer().body for client in clients] == [b"done"] * 4
    assert wait_until(lambda: here.ask("GET", "/s3/b/k").status == 200)


def test_as_many_connections_as_allowed(stage):
    here = stage(COUNTERSIGN_MAX_CONNECTIONS=8)

    def one(_):
        with here.client() as client:
            return [client.ask("GET", "/s3/b/k").status for _ in range(10)]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(one, range(8))) == [[200] * 10] * 8


def test_more_requests_than_upstream_connections_wait_their_turn(stage):
    gate, handler = gated()
    here = stage(handler, COUNTERSIGN_MAX_UPSTREAM=2)
    with waiting(here, 6) as clients:
        assert wait_until(lambda: len(here.upstream.requests) == 2)
        time.sleep(0.2)
        assert len(here.upstream.requests) == 2
        gate.set()
        assert [client.answer().body for client in clients] == [b"done"] * 6
    assert len(here.upstream.connections) <= 2


def test_a_request_that_waits_too_long_for_its_turn(stage):
    gate, handler = gated()
    here = stage(handler, COUNTERSIGN_MAX_UPSTREAM=1, COUNTERSIGN_TIMEOUT_MS=400)
    with waiting(here, 3) as clients:
        for client in clients:
            assert client.answer().outcome in ((504, "UpstreamTimeout"), BUSY)
        gate.set()


def test_a_client_that_leaves_the_queue(stage):
    gate, handler = gated()
    here = stage(handler, COUNTERSIGN_MAX_UPSTREAM=1)
    with waiting(here, 4) as clients:
        assert wait_until(lambda: here.upstream.requests)
        time.sleep(0.1)
        clients[1].reset()
        clients[2].close()
        gate.set()
        assert clients[0].answer().body == b"done" and clients[3].answer().body == b"done"


def test_the_queue_after_its_upstream_has_gone(stage):
    gate = threading.Event()
    here = stage(mute(gate), COUNTERSIGN_MAX_UPSTREAM=1)
    with waiting(here, 4) as clients:
        assert wait_until(lambda: here.upstream.requests)
        here.upstream.close()
        gate.set()
        assert {client.answer().status for client in clients} == {502}


def test_default_limits_hold_many_clients(stage):
    here = stage()

    def one(number):
        with contextlib.suppress(Cut):
            return here.ask("PUT", "/s3/b/k", [], b"x" * number).status

    with ThreadPoolExecutor(100) as pool:
        assert set(pool.map(one, range(400))) == {200}
