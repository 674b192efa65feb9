"""COUNTERSIGN_DRAIN: Lambda may freeze once Next is asked, so it is asked when nothing is in flight, or it must be."""

import signal
import socket
import time

import pytest

from harness.client import Client
from harness.proxy import TOKEN
from standins import InFlight, eventually, get, healthy

FAR = 4102444800000


def nexts(lam):
    return len(lam.api.named("next"))


def asked(lam, count):
    eventually(lambda: nexts(lam) >= count, what=f"event/next number {count}")


def invoke(lam, deadline=FAR):
    lam.tell({"eventType": "INVOKE", "deadlineMs": deadline, "requestId": "1"})


def not_asked(lam, count, seconds=0.5):
    """Nothing shows that something does not happen but time."""
    time.sleep(seconds)
    assert nexts(lam) == count


def deaf(lam):
    """Once nobody listens any more."""
    def refused():
        try:
            socket.create_connection(("127.0.0.1", lam.port), 5).close()
        except OSError:
            return True
        return False

    eventually(refused, what="the end of listening")
    return True


@pytest.fixture
def draining(emulated, upstream):
    """draining(...) is an environment that drains, and an upstream that does not answer."""
    def start(environment=None, **options):
        lam = emulated({"COUNTERSIGN_DRAIN": "on", "COUNTERSIGN_ENDPOINT": upstream.url, **(environment or {})},
                       **options)
        lam.start()
        upstream.gate.clear()
        return lam

    return start


def busy(lam, upstream, count=1):
    requests = [InFlight(lam.port) for _ in range(count)]
    eventually(lambda: len(upstream.requests) >= count, what="the requests")
    return requests


def test_waits_for_all_that_is_in_flight(draining, upstream):
    lam = draining()
    requests = busy(lam, upstream, 3)
    invoke(lam)
    late = InFlight(lam.port)
    eventually(lambda: len(upstream.requests) == 4, what="the late one")
    not_asked(lam, 1)
    upstream.gate.set()
    assert [request.result() for request in [*requests, late]] == [(200, b"done")] * 4
    asked(lam, 2)
    assert lam.shutdown() == {"countersign": 0}


def test_asks_at_once_where_nothing_is_in_flight(draining):
    """A client that keeps its connection open asks for nothing."""
    lam = draining()
    with Client(lam.port) as idle:
        assert idle.ask("GET", "/-/health").status == 200
        invoke(lam)
        asked(lam, 2)


def test_asks_when_the_deadline_is_near(draining, upstream):
    """What still is in flight then is the function's concern: its time is over."""
    lam = draining()
    request, = busy(lam, upstream)
    invoke(lam, int((time.time() + 1.5) * 1000))
    not_asked(lam, 1, 0.3)
    asked(lam, 2)
    assert request.outcome is None
    upstream.gate.set()
    assert request.result() == (200, b"done")


@pytest.mark.parametrize("deadline", [1, 0, None, -5, "soon"])
def test_asks_at_once_where_the_deadline_is_over_or_unknown(draining, upstream, deadline):
    lam = draining()
    request, = busy(lam, upstream)
    invoke(lam, deadline)
    asked(lam, 2)
    assert request.outcome is None
    upstream.gate.set()
    assert request.result() == (200, b"done")


def test_asks_once_only(draining, upstream):
    """What ends later, and the deadline that passes later, ask for nothing more."""
    lam = draining()
    request, = busy(lam, upstream)
    invoke(lam, int((time.time() + 0.8) * 1000))
    upstream.gate.set()
    assert request.result() == (200, b"done")
    asked(lam, 2)
    assert get(lam.port) == (200, b"done")
    not_asked(lam, 2, 1.0)
    assert lam.shutdown() == {"countersign": 0}


def test_the_end_of_a_client_is_the_end_of_its_request(draining, upstream):
    lam = draining()
    with Client(lam.port) as client:
        client.send(f"GET /s3/b/k HTTP/1.1\r\nHost: localhost\r\nX-Countersign-Token: {TOKEN}\r\n\r\n")
        eventually(lambda: upstream.requests, what="the request")
        invoke(lam)
        not_asked(lam, 1, 0.3)
        client.reset()
    asked(lam, 2)


def test_waits_for_an_upload_that_is_coming(draining, upstream):
    lam = draining()
    upstream.gate.set()
    with Client(lam.port) as client:
        client.send(client.head("PUT", "/s3/b/k", [("Content-Length", 100_000)]) + "x" * 50_000)
        assert healthy(lam.port)
        invoke(lam)
        not_asked(lam, 1, 0.3)
        client.send("x" * 50_000)
        assert client.answer().status == 200
    asked(lam, 2)


def test_every_invocation_is_drained(draining, upstream):
    lam = draining()
    for number in range(1, 4):
        upstream.requests.clear()
        upstream.gate.clear()
        request, = busy(lam, upstream)
        invoke(lam)
        not_asked(lam, number, 0.2)
        upstream.gate.set()
        assert request.result() == (200, b"done")
        asked(lam, number + 1)
        lam.freeze()
        lam.thaw()
    assert lam.shutdown() == {"countersign": 0}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_end_comes_while_it_drains(draining, upstream, number):
    lam = draining()
    request, = busy(lam, upstream)
    invoke(lam)
    not_asked(lam, 1, 0.3)
    lam.extension().signal(number)
    assert deaf(lam)    # only then has it heard the signal
    upstream.gate.set()
    assert lam.extension().wait(10) == 0
    assert request.result() == (200, b"done") and nexts(lam) == 1


@pytest.mark.parametrize("options", [{"kind": "lambda-managed-instances"}, {"managed": True}],
                         ids=["managed instances", "INVOKE refused"])
def test_where_no_invocation_is_heard_of_nothing_is_drained(draining, upstream, options):
    lam = draining(**options)
    request, = busy(lam, upstream)
    assert nexts(lam) == 1
    upstream.gate.set()
    assert request.result() == (200, b"done")
    assert lam.shutdown() == {"countersign": 0}
