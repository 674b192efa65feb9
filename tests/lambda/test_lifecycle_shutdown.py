"""The end of the extension: no new client, what is on its way may end, and all within Lambda's patience."""

import signal
import socket
import time

import pytest
from harness import names
from harness.proxy import SANITIZERS

from standins import InFlight, eventually, get

FAR = 4102444800000
SHUTDOWNS = {
    "documented": {"shutdownReason": "SPINDOWN", "deadlineMs": FAR},
    "small letters": {"shutdownReason": "timeout", "deadlineMs": FAR},
    "another reason": {"shutdownReason": "SandboxTerminated", "deadlineMs": FAR},
    "no reason": {"deadlineMs": FAR}, "no deadline": {"shutdownReason": "FAILURE"}, "nothing more": {},
    "empty": {"shutdownReason": "", "deadlineMs": FAR}, "a number": {"shutdownReason": 7, "deadlineMs": FAR},
    "null": {"shutdownReason": None, "deadlineMs": None}, "the past": {"deadlineMs": 676051},
    "zero": {"deadlineMs": 0}, "negative": {"deadlineMs": -1}, "a text": {"deadlineMs": "soon"},
    "a fraction": {"deadlineMs": 1.5}, "beyond": {"deadlineMs": 1e300},
    "more to it": {"shutdownReason": "spindown", "tenant": {"id": [1, 2]}},
}


def busy(emulated, upstream, **options):
    """An environment with one request that waits for its upstream."""
    lam = emulated({"COUNTERSIGN_ENDPOINT": upstream.url}, **options)
    lam.start()
    upstream.gate.clear()
    request = InFlight(lam.port)
    assert upstream.arrived.wait(20)
    return lam, request


@pytest.mark.parametrize("event", SHUTDOWNS.values(), ids=SHUTDOWNS)
def test_ends_well_whatever_the_reason_and_the_deadline(emulated, event):
    lam = emulated()
    lam.start()
    assert lam.shutdown(event={"eventType": "SHUTDOWN", **event}) == {"countersign": 0}
    assert lam.api.named("exit/error") == [] and len(lam.api.named("next")) == 1


def test_lets_a_request_end_first(emulated, upstream):
    lam, request = busy(emulated, upstream)
    lam.tell({"eventType": "SHUTDOWN", "shutdownReason": "spindown", "deadlineMs": unix_ms(2.0)})
    time.sleep(0.2)
    upstream.gate.set()
    assert lam.extension().wait(10) == 0
    assert request.result() == (200, b"done")


def test_takes_no_new_client_meanwhile(emulated, upstream):
    lam, request = busy(emulated, upstream)
    lam.tell({"eventType": "SHUTDOWN", "shutdownReason": "spindown", "deadlineMs": unix_ms(2.0)})
    eventually(lambda: turned_away(lam.port), seconds=5)
    upstream.gate.set()
    assert lam.extension().wait(10) == 0
    assert request.result() == (200, b"done")


def turned_away(port):
    """Whether a new client gets no connection, or 503."""
    try:
        return get(port, "/-/health", timeout=5)[0] == 503
    except OSError:
        return True


def test_does_not_wait_for_a_request_without_end(emulated, upstream):
    lam, request = busy(emulated, upstream)
    assert lam.shutdown() == {"countersign": 0}
    outcome = request.result()
    assert isinstance(outcome, OSError) or outcome[0] == 503


def test_waits_less_where_the_deadline_is_near(emulated, upstream):
    """Both leave a request behind: the one with time enough waits for it about a second longer."""
    taken = {}
    for name, seconds in (("near", 0.1), ("far", 60.0)):
        lam, _request = busy(emulated, upstream)
        begun = time.monotonic()
        lam.tell({"eventType": "SHUTDOWN", "shutdownReason": "spindown", "deadlineMs": unix_ms(seconds)})
        assert lam.extension().wait(20) == 0
        taken[name] = time.monotonic() - begun
        upstream.arrived.clear()
    assert taken["near"] < taken["far"] - 0.4


def test_an_idle_client_does_not_hold_it(emulated):
    """A kept connection on which nothing is asked is no request."""
    lam = emulated()
    lam.start()
    with socket.create_connection(("127.0.0.1", lam.port), timeout=10) as client:
        client.sendall(b"GET /-/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b"200" in client.recv(4096)
        begun = time.monotonic()
        lam.tell({"eventType": "SHUTDOWN", "shutdownReason": "spindown", "deadlineMs": unix_ms(60.0)})
        assert lam.extension().wait(20) == 0
        assert time.monotonic() - begun < 0.9


def test_a_look_up_that_never_ends_does_not_hold_it(emulated, tmp_path):
    """The thread that asks the name server cannot be stopped: Lambda must not have to kill the program for it."""
    named = names.environment(names.build(tmp_path), {"silent.test": "held"}, asan_options=SANITIZERS["ASAN_OPTIONS"])
    lam = emulated({"COUNTERSIGN_ENDPOINT": "http://silent.test:9", "COUNTERSIGN_LOG_LEVEL": "TRACE", **named})
    lam.start()
    request = InFlight(lam.port)
    lam.extension().wait_for(lambda text: "\tconnect\n" in text)
    assert lam.shutdown() == {"countersign": 0}
    assert isinstance(request.result(), OSError) or request.result()[0] >= 500


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_is_an_end_too(emulated, number):
    """Lambda sends none, but whoever does must not find a program that hangs."""
    lam = emulated()
    lam.start()
    lam.extension().signal(number)
    assert lam.extension().wait(10) == 0


def unix_ms(from_now):
    return int((time.time() + from_now) * 1000)
