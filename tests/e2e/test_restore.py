"""A process that may have been restored from a snapshot (SnapStart): nothing from before is used again.

A restored copy cannot tell that it is one, but the wall clock has moved on: each longer gap counts as a restore.
"""

import random
import contextlib
import socket
import threading
import time

import pytest
from harness import names
from harness.clock import HOUR, SECOND
from harness.client import wait_until
from harness.uploads import Uploads
from harness.issuer import FURTHER_ARN, Issuer
from harness.proxy import TOKEN
from harness.signer import credentials, sign
from harness.upstream import Response, Upstream

SNAP_START = {"AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start"}
GAPS = {"5 s": 5 * SECOND, "a day": 24 * HOUR, "back": -SECOND, "hours back": -8 * HOUR}
LONG = b"0123456789abcdef" * 25_000


@pytest.fixture
def copied(stage, clocked, wall):
    """copied(...) is a stage whose program may be a copy, with wall's clock."""
    def start(handler=None, beside=None, env=SNAP_START, **how):
        here = stage(handler, **clocked(beside), **env, **how)
        here.upstream.clock = wall
        return here

    return start


@pytest.fixture
def issuer(issuer):
    """Its keys outlive every restore, and callers show the container's token."""
    return lasting(issuer)


def lasting(issuer):
    issuer.lifetime, issuer.container_token = 2 * 24 * 3600, TOKEN
    return issuer


def restore(here, wall, ms=5 * SECOND, meanwhile=lambda: None):
    """Stops the process, and has it go on at another time in a changed world."""
    here.proxy.freeze()
    meanwhile()
    wall.move(ms)
    here.proxy.thaw()


def rest(here, **how):
    """Makes a request, and waits until its connection is idle: the answer came a moment before that."""
    assert here.ask("GET", "/s3/b/k", **how).status == 200
    assert here.ask("GET", "/-/health").status == 200


def resumed(here):
    return [connection.resumed for connection in here.upstream.connections]


def numbers(here):
    return [request.connection.number for request in here.upstream.requests]


# --- connections, and TLS sessions

@pytest.mark.parametrize("ms", GAPS.values(), ids=GAPS)
def test_no_connection_from_before_is_used(copied, wall, ms):
    here = copied(COUNTERSIGN_IDLE_MS=3_600_000)
    rest(here)
    restore(here, wall, ms)
    rest(here)
    assert numbers(here) == [1, 2] and resumed(here) == [False, False]
    assert here.upstream.connections[0].closed.wait(20)


def test_all_connections_from_before_are_closed(copied, wall, authority):
    """Those to other servers too."""
    gate = threading.Event()

    def handler(request):
        gate.wait(20)
        return Response()

    with Upstream(authority, handler) as other:
        other.clock = wall
        here = copied(handler, COUNTERSIGN_ENDPOINT_SQS=other.url)
        clients = [here.client() for _ in range(6)]
        for number, client in enumerate(clients):
            client.send_request("GET", "/sqs/" if number % 2 else "/s3/b/k")
        assert wait_until(lambda: len(here.upstream.requests) == len(other.requests) == 3)
        gate.set()
        assert [client.answer().status for client in clients] == [200] * 6
        assert here.ask("GET", "/-/health").status == 200
        restore(here, wall)
        rest(here)
        assert all(connection.closed.wait(20) for connection in here.upstream.connections[:3] + other.connections)


@pytest.mark.parametrize("env, ms", [(SNAP_START, SECOND), ({}, 5 * SECOND), ({}, HOUR),
                                     ({"AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand"}, 5 * SECOND),
                                     ({"AWS_LAMBDA_INITIALIZATION_TYPE": "provisioned-concurrency"}, HOUR)],
                         ids=["no gap", "alone", "alone, an hour", "on demand", "provisioned"])
def test_a_session_is_resumed_where_nothing_was_restored(copied, wall, env, ms):
    here = copied(lambda request: Response(close=True), env=env)
    rest(here)
    restore(here, wall, ms)
    rest(here)
    assert resumed(here) == [False, True]


@pytest.mark.parametrize("ms", GAPS.values(), ids=GAPS)
def test_no_session_from_before_is_resumed(copied, wall, ms):
    here = copied(lambda request: Response(close=True))
    rest(here)
    rest(here)
    restore(here, wall, ms)
    rest(here)
    rest(here)
    assert resumed(here) == [False, True, False, True]


def test_a_connection_is_used_where_there_was_no_gap(copied, wall):
    here = copied()
    for _ in range(3):
        rest(here)
        restore(here, wall, 2 * SECOND)
    assert numbers(here) == [1, 1, 1]


class Relay:
    """A way to a server that lets its first flight through, and the rest (TLS 1.3: tickets first) by the gate."""

    def __init__(self, port):
        self.port_behind, self.gate = port, threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                server = socket.create_connection(("127.0.0.1", self.port_behind))
                asked = threading.Event()
                for way in ((client, server, asked.set, lambda: None), (server, client, lambda: None, asked.is_set)):
                    threading.Thread(target=self._pass_on, args=way, daemon=True).start()

    def _pass_on(self, source, target, once, held):
        """The client's second flight ends the server's first."""
        flights = 0
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                flights += 1
                if flights == 2:
                    once()
                if held():
                    self.gate.wait(20)
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def close(self):
        self.gate.set()
        self.listener.close()


@pytest.mark.parametrize("ms, later", [(0, True), (5 * SECOND, False)], ids=["no gap", "restored"])
def test_a_session_of_a_connection_from_before_is_not_kept(copied, wall, authority, ms, later):
    """Its ticket comes with the answer, after the restore."""
    upstream = Upstream(authority, lambda request: Response(close=True))
    relay = Relay(upstream.port)
    here = copied(upstream=upstream, COUNTERSIGN_ENDPOINT=f"https://localhost:{relay.port}")
    with here.client() as client:
        client.send_request("GET", "/s3/b/k")
        assert wait_until(lambda: upstream.requests)
        restore(here, wall, ms)
        assert here.ask("GET", "/-/health").status == 200
        relay.gate.set()
        assert client.answer().status == 200
    rest(here)
    relay.close()
    assert resumed(here) == [False, later]


# --- names

@pytest.mark.parametrize("env, used", [(SNAP_START, 2), ({}, 1)], ids=["restored", "thawed"])
def test_names_are_looked_up_again(stage, clocked, wall, library, authority, tmp_path, env, used):
    """A gap that is shorter than an answer's life is long enough for a restore."""
    def handler(request):
        return Response(close=True)

    file = tmp_path / "names"
    first = Upstream(authority, handler, host="storage.test")
    with Upstream(authority, handler, host="storage.test", address="127.0.0.2", port=first.port) as second:
        first.clock = second.clock = wall
        here = stage(upstream=first, **clocked(names.environment(library, {"storage.test": "127.0.0.1"},
                                                                 file=file)), **env)
        rest(here)
        restore(here, wall, 5 * SECOND, lambda: names.change(file, {"storage.test": "127.0.0.2"}))
        rest(here)
        assert [len(first.requests), len(second.requests)] == [3 - used, used - 1]


def test_an_answer_of_a_lookup_from_before_is_not_kept(stage, clocked, wall, library, authority, tmp_path):
    """It was asked before the restore, and answered after it: nobody is led there any more."""
    file = tmp_path / "names"
    first = Upstream(authority, host="storage.test")
    with Upstream(authority, host="storage.test", address="127.0.0.2", port=first.port) as second:
        first.clock = second.clock = wall
        here = stage(upstream=first, COUNTERSIGN_LOG_LEVEL="TRACE", **SNAP_START, **clocked(names.environment(
            library, {"storage.test": ["slow", "127.0.0.1"]}, file=file)))
        with here.client() as client:
            client.send_request("GET", "/s3/b/k")
            assert wait_until(lambda: "\tconnect\n" in here.proxy.text())
            restore(here, wall, 5 * SECOND, lambda: names.change(file, {"storage.test": "127.0.0.2"}))
            assert client.answer().status == 200
        rest(here)
        assert [len(first.requests), len(second.requests)] == [0, 2]


# --- credentials

@pytest.mark.parametrize("ms", GAPS.values(), ids=GAPS)
def test_keys_from_before_are_not_used(copied, wall, issuer, ms):
    here = copied(**issuer.container())
    here.upstream.role = issuer.roles
    for _ in range(2):
        rest(here)
        restore(here, wall, ms, issuer.revoke)
    rest(here)
    keys = [request.proof.key for request in here.upstream.requests]
    assert keys == [each.key for each in issuer.issued] and issuer.count() == 3


@pytest.mark.parametrize("env, ms", [(SNAP_START, SECOND), ({}, 5 * SECOND), ({}, HOUR)],
                         ids=["no gap", "thawed", "thawed after an hour"])
def test_keys_are_kept_where_nothing_was_restored(copied, wall, issuer, env, ms):
    here = copied(env=env, **issuer.container())
    here.upstream.role = issuer.roles
    rest(here)
    restore(here, wall, ms)
    rest(here)
    assert issuer.count() == 1


def test_many_requests_after_a_restore_fetch_keys_once(copied, wall, issuer):
    here = copied(**issuer.container())
    here.upstream.role = issuer.roles
    rest(here)
    clients = [here.client() for _ in range(8)]

    def ask_all():
        issuer.revoke()
        for client in clients:
            client.send_request("GET", "/s3/b/k")

    restore(here, wall, HOUR, ask_all)
    assert [client.answer().status for client in clients] == [200] * 8
    assert issuer.count() == 2


def test_no_keys_after_a_restore_are_an_error_and_not_the_old_ones(copied, wall, issuer):
    here = copied(**issuer.container())
    here.upstream.role = issuer.roles
    rest(here)
    restore(here, wall, HOUR, issuer.close)
    assert here.ask("GET", "/s3/b/k").outcome == (503, "NoCredentials")
    assert len(here.upstream.requests) == 1


def signed(here, issuer):
    """(method, target, headers) of a GET that a caller has signed with the keys that it has fetched itself."""
    given = issuer.give().variables
    keys = credentials(access_key=given["AWS_ACCESS_KEY_ID"], secret_key=given["AWS_SECRET_ACCESS_KEY"],
                       token=given["AWS_SESSION_TOKEN"])
    return "GET", *sign("GET", f"http://localhost:{here.port}/s3/b/k", keys=keys)


def test_a_caller_who_signs_with_the_new_keys_is_known(copied, wall, issuer):
    """An SDK behind the proxy has fetched them before the proxy has."""
    issuer.same = True
    here = copied(**issuer.container())
    here.upstream.role = issuer.roles
    assert here.ask(*signed(here, issuer), token=False).status == 200
    before = signed(here, issuer)
    restore(here, wall, 5 * SECOND, issuer.revoke)
    assert here.ask(*signed(here, issuer), token=False).status == 200
    assert here.ask(*before, token=False).outcome == (401, "TokenRequired")
    assert len(here.upstream.requests) == 2


@pytest.mark.parametrize("static", [False, True], ids=["container", "static"])
def test_a_further_role_is_assumed_anew(copied, wall, authority, static):
    """Its keys are those of before, whoever assumed it."""
    with lasting(Issuer(authority, clock=wall)) as issuer:
        here = copied(**({} if static else issuer.container()), **issuer.further_role())
        here.upstream.role = issuer.roles
        rest(here)
        before = len(issuer.connections)
        restore(here, wall, HOUR, issuer.revoke)
        rest(here)
        assert issuer.count("assume role") == 2 and issuer.count("container") == (0 if static else 2)
        keys = [request.proof.key for request in here.upstream.requests]
        assert keys == [each.key for each in issuer.issued if each.role == FURTHER_ARN]
        assert not issuer.wrong and not issuer.connections[before].resumed


def test_static_keys_stay(copied, wall):
    here = copied()
    rest(here)
    restore(here, wall, 24 * HOUR)
    rest(here)


# --- what was in flight

# The program's timers run before it hears what has come, where they are due: both orders are of interest.
after_a_while = pytest.mark.parametrize("seconds", [0.3, 0], ids=["after a while", "at once"])


@after_a_while
def test_a_request_in_flight_keeps_its_connection_to_its_end(copied, wall, seconds):
    gate = threading.Event()

    def body():
        yield LONG[:200_000]
        gate.wait(20)
        yield LONG[200_000:]

    here = copied(lambda request: Response(body=body(), length=len(LONG)))
    with here.client() as client:
        client.send_request("GET", "/s3/b/k")
        pieces = client.pieces(client.answer_head())
        came = next(pieces)
        restore(here, wall)
        time.sleep(seconds)
        gate.set()
        assert came + b"".join(pieces) == LONG
        assert client.ask("GET", "/s3/b/k").body == LONG
    assert numbers(here) == [1, 2] and resumed(here) == [False, False]
    assert here.upstream.connections[0].closed.wait(20)


@after_a_while
def test_an_upload_in_flight_keeps_its_connection_to_its_end(copied, wall, seconds):
    here = copied(lambda request: Response(body=request.read()))
    with here.client() as client:
        client.send_request("PUT", "/s3/b/k", [("Content-Length", len(LONG))])
        client.send(LONG[:200_000])
        assert wait_until(lambda: here.upstream.requests and here.last.body_length == 200_000)
        restore(here, wall)
        time.sleep(seconds)
        client.send(LONG[200_000:])
        assert client.answer().body == LONG
    rest(here)
    assert numbers(here) == [1, 2] and resumed(here) == [False, False]


@after_a_while
def test_a_client_that_lingers_hides_no_restore(copied, wall, issuer, seconds):
    """What ticks in the program must not count as a use: a clock is read by it at the first moment."""
    here = copied(**issuer.container())
    here.upstream.role = issuer.roles
    rest(here)
    client = here.client()
    assert client.ask("GET", "/-/health", [("Connection", "close")]).status == 200
    restore(here, wall, HOUR, issuer.revoke)
    time.sleep(seconds)
    rest(here)
    client.close()
    assert numbers(here) == [1, 2] and resumed(here) == [False, False] and issuer.count() == 2


@after_a_while
def test_a_held_body_is_signed_with_new_keys(copied, wall, issuer, seconds):
    """It was admitted before the restore, and is whole after it."""
    here = copied(**issuer.container())
    here.upstream.role = issuer.roles
    rest(here)
    with here.client() as client:
        client.send_request("POST", "/sqs/", [("Content-Length", 100_000)])
        client.send(b"x" * 50_000)
        assert here.ask("GET", "/-/health").status == 200
        restore(here, wall, HOUR, issuer.revoke)
        time.sleep(seconds)
        client.send(b"x" * 50_000)
        assert client.answer().status == 200
    assert here.last.body == b"x" * 100_000 and here.last.proof.key == issuer.newest.key
    assert issuer.count() == 2


@pytest.mark.parametrize("method, body", [("GET", None), ("PUT", LONG), ("PUT", b"short")],
                         ids=["GET", "streamed PUT", "short PUT"])
def test_a_handshake_from_before_is_given_up(copied, wall, authority, issuer, method, body):
    """The server that took part in it is gone; the request goes to the one that is there now."""
    gate, begun, context = threading.Event(), threading.Event(), authority.server_context("localhost")

    def on_hello(*_):
        begun.set()
        gate.wait(20)

    context.sni_callback = on_hello
    here = copied(upstream=Upstream(authority, context=context), **issuer.container())
    here.upstream.role = issuer.roles
    with here.client() as client:
        client.send_request(method, "/s3/b/k", [], body)
        assert begun.wait(20)
        restore(here, wall, HOUR, issuer.revoke)
        assert wait_until(lambda: len(here.upstream.connections) == 2)
        gate.set()
        assert client.answer().status == 200
    assert numbers(here) == [2] and here.last.body == (body or b"")


def test_an_upload_goes_on_over_another_connection(copied, wall):
    """Between two parts it has a connection, which may be another copy's too."""
    s3 = Uploads()
    here = copied(s3, COUNTERSIGN_LOG_LEVEL="TRACE")
    data = random.Random(1).randbytes((8 << 20) + 100_000)
    with here.client() as client:
        client.send_request("PUT", "/s3/bucket/key", [("Transfer-Encoding", "chunked")],
                            [b"%x\r\n" % len(data), data[:-50_000]])
        assert wait_until(lambda: s3.steps == ["create", "part"] and len(s3.uploads) == 1)
        assert wait_until(lambda: here.proxy.text().count("\tparts\n") >= 2)
        restore(here, wall)
        assert here.ask("PUT", "/s3/bucket/other", [], b"abc").status == 200
        client.send(data[-50_000:] + b"\r\n0\r\n\r\n")
        assert client.answer().status == 200
    assert s3.objects["/bucket/key"].content == data
    assert len(here.upstream.connections) == 2 and len(here.upstream.connections[0].requests) == 2
