"""The extension between init and its end: it waits for events without limit, whatever cuts the waiting."""

import time

import pytest

from emulator import Failed
from faults import hang_up, in_chunks, in_segments, lose, raw, refusal, then_closes
from standins import InFlight, eventually, get, healthy

BROKEN = {
    "an end": hang_up(), "a reset": hang_up(reset=True), "an end, later": hang_up(after=1.0),
    "a reset, later": hang_up(after=1.0, reset=True), "half a head": raw(b"HTTP/1.1 200 OK\r\nContent-Le"),
    "half a body": raw(b'HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{"eventType":"SHUT'),
    "no HTTP": raw(b"banana\r\n"),
}
ODD_EVENTS = {
    "unknown": {"eventType": "BANANA", "deadlineMs": 1}, "no type": {}, "an empty type": {"eventType": ""},
    "a number as type": {"eventType": 5}, "a list": [], "null": None, "no JSON": b"banana", "nothing": b"",
    "half of JSON": b'{"eventType":"SHUTDOWN"', "a type in small letters": {"eventType": "shutdown?"},
    "an invocation unasked": {"eventType": "INVOKE"}, "no text": b'{"eventType":"\xff\xfe\x00"}',
    "deep JSON": b"[" * 60_000, "two megabytes": b'{"eventType":"BANANA","x":"' + b"x" * 2_000_000 + b'"}',
    "a type twice": b'{"eventType":"BANANA","eventType":"INVOKE"}',
}


def await_nexts(lam, number, seconds=30.0):
    eventually(lambda: len(lam.api.named("next")) >= number, seconds, f"event/next number {number}")


def test_waits_for_an_event_without_limit(emulated):
    short = {f"COUNTERSIGN_{name}_MS": "500" for name in ("TIMEOUT", "IDLE", "CONNECT_TIMEOUT")}
    lam = emulated(short)
    lam.start()
    time.sleep(4)
    assert len(lam.api.named("next")) == 1 and healthy(lam.port)
    assert lam.shutdown() == {"countersign": 0}


@pytest.mark.parametrize("fault", BROKEN.values(), ids=BROKEN)
def test_asks_again_where_the_waiting_was_cut(emulated, fault):
    lam = emulated(faults={"next": [fault]})
    lam.start()
    await_nexts(lam, 2)
    assert healthy(lam.port)
    assert lam.shutdown() == {"countersign": 0}


def test_asks_again_however_often_it_is_cut(emulated):
    lam = emulated(faults={"next": [hang_up(), hang_up(reset=True), hang_up(after=0.2), hang_up()]})
    lam.start()
    await_nexts(lam, 5)
    assert healthy(lam.port)
    assert lam.shutdown() == {"countersign": 0}


@pytest.mark.parametrize("fault", [in_chunks, in_segments(), then_closes], ids=["chunks", "bits", "close"])
def test_understands_an_event_however_it_comes(emulated, fault):
    lam = emulated({"COUNTERSIGN_DRAIN": "on"}, faults={"next": [fault, fault]})
    lam.start()
    lam.tell({"eventType": "INVOKE", "deadlineMs": 676051, "requestId": "3da1f2dc",
              "invokedFunctionArn": "arn:aws:lambda:us-east-1:123456789012:function:emulated"})
    await_nexts(lam, 2)
    assert lam.shutdown() == {"countersign": 0}


@pytest.mark.parametrize("event", ODD_EVENTS.values(), ids=ODD_EVENTS)
def test_passes_over_an_event_that_it_does_not_know(emulated, event):
    lam = emulated()
    lam.start()
    lam.tell(event)
    await_nexts(lam, 2)
    assert healthy(lam.port)
    assert lam.shutdown() == {"countersign": 0}


@pytest.mark.parametrize("status", [403, 400, 404, 503])
def test_keeps_serving_and_asks_rarely_where_next_is_refused(emulated, status):
    lam = emulated(faults={"next": [None, refusal(status, "Extension.InvalidExtensionState")]})
    lam.start()
    lam.tell({"eventType": "BANANA"})
    await_nexts(lam, 2)
    time.sleep(0.5)
    assert len(lam.api.named("next")) <= 3 and healthy(lam.port)
    await_nexts(lam, 3, seconds=60)
    assert lam.shutdown() == {"countersign": 0}


def test_keeps_serving_where_lambda_thinks_that_it_still_waits(emulated):
    """Nothing can be done but to serve to the end, which then comes by a kill."""
    lam = emulated(faults={"next": [lose()]})
    lam.start()
    await_nexts(lam, 2)
    time.sleep(1)
    assert healthy(lam.port) and lam.extension().status is None
    assert lam.shutdown() == {"countersign": -9}


def test_ends_where_next_says_that_lambda_is_broken(emulated):
    lam = emulated(faults={"next": [refusal(500)]})
    with pytest.raises(Failed, match="Extension.Crash"):
        lam.start()
    assert lam.extension().status == 1


def test_ends_where_a_later_next_says_that_lambda_is_broken(emulated):
    lam = emulated(faults={"next": [None, refusal(500)]})
    lam.start()
    lam.tell({"eventType": "BANANA"})
    assert lam.extension().wait(10) == 1


def test_serves_on_and_does_not_spin_where_lambdas_api_is_gone(emulated):
    lam = emulated()
    lam.start()
    lam.api.close()
    before = lam.extension().cpu_seconds()
    time.sleep(2)
    assert lam.extension().cpu_seconds() - before < 1.0
    assert healthy(lam.port) and lam.extension().status is None


def test_serves_on_and_does_not_spin_where_every_next_is_cut(emulated):
    lam = emulated(faults={"next": [None, *[hang_up()] * 10_000]})
    lam.start()
    lam.tell({"eventType": "BANANA"})
    time.sleep(2)
    assert 2 < len(lam.api.named("next")) < 100
    assert healthy(lam.port) and lam.extension().status is None


def test_serves_from_one_invocation_to_the_next(emulated, upstream):
    lam = emulated({"COUNTERSIGN_DRAIN": "on", "COUNTERSIGN_ENDPOINT": upstream.url})
    lam.start()
    for number in range(3):
        lam.tell({"eventType": "INVOKE", "deadlineMs": 4102444800000, "requestId": f"{number}"})
        assert get(lam.port) == (200, b"done")
        await_nexts(lam, number + 2)
    assert lam.shutdown() == {"countersign": 0}


def test_drains_before_it_asks_for_the_next_invocation(emulated, upstream):
    lam = emulated({"COUNTERSIGN_DRAIN": "on", "COUNTERSIGN_ENDPOINT": upstream.url})
    lam.start()
    upstream.gate.clear()
    request = InFlight(lam.port)
    assert upstream.arrived.wait(20)
    lam.tell({"eventType": "INVOKE", "deadlineMs": 4102444800000, "requestId": "1"})
    time.sleep(0.7)
    assert len(lam.api.named("next")) == 1
    upstream.gate.set()
    assert request.result() == (200, b"done")
    await_nexts(lam, 2)
    assert lam.shutdown() == {"countersign": 0}


def test_serves_after_a_freeze(emulated, upstream):
    lam = emulated({"COUNTERSIGN_ENDPOINT": upstream.url})
    lam.start()
    assert get(lam.port) == (200, b"done")
    for _ in range(2):
        lam.freeze()
        time.sleep(0.7)
        lam.thaw()
        assert get(lam.port) == (200, b"done")
    assert len(lam.api.named("next")) == 1
    assert lam.shutdown() == {"countersign": 0}


def test_serves_after_a_freeze_in_which_its_connections_died(emulated, upstream):
    lam = emulated({"COUNTERSIGN_ENDPOINT": upstream.url})
    lam.start()
    assert get(lam.port) == (200, b"done")
    lam.freeze()
    upstream.drop_connections()
    time.sleep(0.3)
    lam.thaw()
    assert get(lam.port) == (200, b"done")
    assert lam.shutdown() == {"countersign": 0}


def test_carries_a_request_over_a_freeze(emulated, upstream):
    lam = emulated({"COUNTERSIGN_ENDPOINT": upstream.url})
    lam.start()
    upstream.gate.clear()
    request = InFlight(lam.port)
    assert upstream.arrived.wait(20)
    lam.freeze()
    upstream.gate.set()
    time.sleep(0.7)
    lam.thaw()
    assert request.result() == (200, b"done")
    assert lam.shutdown() == {"countersign": 0}


def test_a_shutdown_that_came_in_a_freeze_is_obeyed_after_it(emulated):
    lam = emulated()
    lam.start()
    lam.freeze()
    lam.tell({"eventType": "SHUTDOWN", "shutdownReason": "spindown", "deadlineMs": 1})
    time.sleep(0.3)
    lam.thaw()
    assert lam.extension().wait(10) == 0
