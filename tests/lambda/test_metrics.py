"""COUNTERSIGN_METRICS: one line an invocation that CloudWatch takes for metrics, right to the byte."""

import copy
import json
import re
import signal
import socket
import threading
import time

import pytest

import emf
from emulator import Failed
from harness import clock
from harness.client import Client, Cut, ask
from harness.proxy import SANITIZERS, Proxy
from harness.upstream import Response
from harness.upstream import Upstream as Server
from standins import eventually, get, healthy
from wire import free_port

NAMESPACE = "My App/Signed #1_2.3-4"
FAR = 4102444800000
NAMES = ["Requests", "Errors", "BytesSent", "BytesReceived", "UpstreamTime", "NewConnections", "PeakMemory"]


@pytest.fixture
def server():
    with Server(None, lambda request: Response(body=request.read() or b"12345")) as made:
        yield made


@pytest.fixture
def started(emulated, server):
    """started(...) is an environment that has begun to count."""
    def start(environment=None, **options):
        lam = emulated({"COUNTERSIGN_METRICS": NAMESPACE, "COUNTERSIGN_ENDPOINT": server.url,
                        **(environment or {})}, **options)
        lam.start()
        return lam

    return start


def invoke(lam, identifier, deadline=FAR):
    """An invocation begins: Lambda tells it, and waits until the extension asks for the next."""
    before = len(lam.api.named("next"))
    lam.tell({"eventType": "INVOKE", "deadlineMs": deadline, "requestId": identifier})
    eventually(lambda: len(lam.api.named("next")) > before, what="event/next")


def objects(text):
    """Every record among the lines, checked; a line that only holds one is a mistake."""
    found = [line for line in text.splitlines() if "CloudWatchMetrics" in line]
    return [emf.check(line) for line in found]


def records(lam, count=None):
    """The records so far; waits for the count where one is given, and then wants no more."""
    if count is not None:
        eventually(lambda: len(objects(lam.extension().text())) >= count, what=f"record {count}")
    made = objects(lam.extension().text())
    assert count is None or len(made) == count
    return made


def ended(lam):
    """All records, after the end."""
    assert lam.shutdown() == {"countersign": 0}
    return records(lam)


def values(record, *names):
    return tuple(record[name] for name in names)


def put(lam, body):
    return ask(lam.port, "PUT", "/s3/b/k", [], body)


# --- when

def test_invocations_are_asked_for(started):
    lam = started()
    assert sorted(lam.api.named("register")[0].json()["events"]) == ["INVOKE", "SHUTDOWN"]


@pytest.mark.parametrize("namespace", [None, ""])
def test_without_a_namespace_there_is_none(started, namespace):
    lam = started({"COUNTERSIGN_METRICS": namespace})
    assert lam.api.named("register")[0].json()["events"] == ["SHUTDOWN"]
    assert get(lam.port)[0] == 200
    assert ended(lam) == []


def test_a_line_for_each_invocation_once_it_is_over(started):
    lam = started()
    invoke(lam, "first")
    assert get(lam.port)[0] == 200
    assert records(lam) == []
    invoke(lam, "second")
    assert [record["requestId"] for record in records(lam, 1)] == ["first"]
    invoke(lam, "third")
    assert [record["requestId"] for record in records(lam, 2)] == ["first", "second"]
    assert [record["requestId"] for record in ended(lam)] == ["first", "second", "third"]


def test_an_invocation_without_a_request_has_its_line_too(started):
    lam = started()
    for identifier in ("a", "b"):
        invoke(lam, identifier)
    made = ended(lam)
    assert [record["requestId"] for record in made] == ["a", "b"]
    assert [values(record, *NAMES[:6]) for record in made] == [(0,) * 6] * 2


def test_what_was_done_in_init_has_a_line_of_its_own(started):
    lam = started()
    assert get(lam.port)[0] == 200
    invoke(lam, "first")
    record, = records(lam, 1)
    assert "requestId" not in record and record["Requests"] == 1
    assert values(ended(lam)[1], "requestId", "Requests") == ("first", 0)


def test_where_nothing_was_done_in_init_there_is_no_line(started):
    lam = started()
    invoke(lam, "first")
    assert [record["requestId"] for record in ended(lam)] == ["first"]


@pytest.mark.parametrize("reason", ["spindown", "TIMEOUT", "failure"])
def test_the_last_line_comes_at_the_end(started, reason):
    lam = started()
    invoke(lam, "only")
    assert get(lam.port)[0] == 200
    assert lam.shutdown(reason) == {"countersign": 0}
    assert [values(record, "requestId", "Requests") for record in records(lam)] == [("only", 1)]


def test_a_request_that_the_end_broke_off_is_in_the_last_line(started, server):
    gate = threading.Event()
    server.handler = lambda request: gate.wait(20) and None
    lam = started()
    invoke(lam, "only")
    with Client(lam.port) as client:
        client.send_request("GET", "/s3/b/k")
        eventually(lambda: server.requests, what="the request")
        record, = ended(lam)
    gate.set()
    assert values(record, "requestId", "Requests", "Errors") == ("only", 1, 1)


def test_next_is_asked_at_once(started, server):
    """Metrics cost no invocation its time: whatever is in flight, Next is asked."""
    gate = threading.Event()
    server.handler = lambda request: gate.wait(20) and Response()
    lam = started()
    with Client(lam.port) as client:
        client.send_request("GET", "/s3/b/k")
        eventually(lambda: server.requests, what="the request")
        for identifier in ("a", "b", "c"):
            invoke(lam, identifier)
        gate.set()
        assert client.answer().status == 200
    names = [call.name for call in lam.api.calls]
    assert names == ["register", *["next"] * 4]
    made = ended(lam)
    assert [values(record, "requestId", "Requests") for record in made] == [("a", 0), ("b", 0), ("c", 1)]


# --- what

def test_the_numbers_are_right(started, server):
    lam = started()
    invoke(lam, "first")
    assert put(lam, b"x" * 1000).status == 200
    assert put(lam, b"x" * 300_000).status == 200
    assert get(lam.port) == (200, b"12345")
    invoke(lam, "second")
    assert get(lam.port) == (200, b"12345")
    invoke(lam, "third")
    first, second, third = ended(lam)
    numbers = ("Requests", "Errors", "BytesSent", "BytesReceived", "NewConnections")
    assert values(first, *numbers) == (3, 0, 301_000, 301_005, 1)
    assert values(second, *numbers) == (1, 0, 0, 5, 0)
    assert values(third, *numbers) == (0, 0, 0, 0, 0)


def test_new_connections_are_counted(started, server):
    server.handler = lambda request: Response(close=True)
    lam = started()
    invoke(lam, "first")
    for _ in range(3):
        assert get(lam.port)[0] == 200
    assert values(ended(lam)[0], "Requests", "NewConnections") == (3, 3)


def server_fails(server, lam):
    server.handler = lambda request: Response(500)
    assert get(lam.port)[0] == 500


def object_is_missing(server, lam):
    server.handler = lambda request: Response(404)
    assert get(lam.port)[0] == 404


def answer_is_cut(server, lam):
    server.handler = lambda request: Response(body=b"half", length=100, hang_up=True)
    with pytest.raises((Cut, ConnectionError)):
        ask(lam.port, "GET", "/s3/b/k")


def server_hangs_up(server, lam):
    server.handler = lambda request: None
    assert get(lam.port)[0] == 502


def token_is_wrong(server, lam):
    assert ask(lam.port, "GET", "/s3/b/k", token=False).status == 401


def client_leaves(server, lam):
    gate = threading.Event()

    def body():
        yield b"x" * 100
        gate.wait(20)
        yield b"x" * 1_000_000

    server.handler = lambda request: Response(body=body(), length=1_000_100)
    with Client(lam.port) as client:
        client.send_request("GET", "/s3/b/k")
        next(client.pieces(client.answer_head()))
        client.reset()
    gate.set()
    eventually(lambda: server.connections[-1].closed.is_set(), what="the end")


@pytest.mark.parametrize("fail", [server_fails, object_is_missing, answer_is_cut, server_hangs_up, token_is_wrong,
                                  client_leaves], ids=lambda fail: fail.__name__)
def test_what_fails_is_counted_as_an_error(started, server, fail):
    lam = started()
    invoke(lam, "first")
    fail(server, lam)
    assert values(ended(lam)[0], "Requests", "Errors") == (1, 1)


def test_a_client_that_comes_and_goes_is_no_request(started):
    lam = started()
    invoke(lam, "first")
    for _ in range(3):
        socket.create_connection(("127.0.0.1", lam.port), timeout=10).close()
    assert healthy(lam.port)
    assert values(ended(lam)[0], "Requests", "Errors") == (1, 0)


def test_the_time_of_servers_is_summed_up(started, server):
    def slow(request):
        time.sleep(0.15)
        return Response()

    server.handler = slow
    port = free_port()
    lam = started({"COUNTERSIGN_LOG_LEVEL": "ERROR", "COUNTERSIGN_LISTEN": f"127.0.0.1:{port}"})
    invoke(lam, "first")
    assert [get(port)[0] for _ in range(2)] == [200] * 2
    invoke(lam, "second")
    assert healthy(port)
    first, second = ended(lam)
    assert first["UpstreamTime"] >= 290 and second["UpstreamTime"] == 0


def test_the_peak_of_memory(started):
    lam = started()
    before = peak(lam)
    invoke(lam, "first")
    assert put(lam, b"x" * 300_000).status == 200
    invoke(lam, "second")
    record, = records(lam, 1)
    assert before <= record["PeakMemory"] <= peak(lam)


def peak(lam):
    with open(f"/proc/{lam.extension().pid}/status", encoding="ascii") as status:
        return int(re.search(r"VmHWM:\s*(\d+) kB", status.read())[1])


def test_the_shape(started):
    lam = started()
    invoke(lam, "3da1f2dc-3222-475e-9205-e2e6c6318895")
    record, = ended(lam)
    assert set(record) == {"_aws", "FunctionName", "FunctionVersion", "requestId", *NAMES}
    assert values(record, "FunctionName", "FunctionVersion", "requestId") == (
        "emulated", "$LATEST", "3da1f2dc-3222-475e-9205-e2e6c6318895")
    directive, = record["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == NAMESPACE and directive["Dimensions"] == [["FunctionName"]]
    assert [metric["Name"] for metric in directive["Metrics"]] == NAMES


@pytest.mark.parametrize("identifier", ['with "quotes" and \\', "x" * 500, "", "\x01\u20ac"],
                         ids=["quotes", "long", "none", "odd"])
def test_an_odd_identifier_breaks_no_record(started, identifier):
    lam = started()
    invoke(lam, identifier)
    assert get(lam.port)[0] == 200
    record, = ended(lam)
    assert record.get("requestId", "") == identifier[:64]


def test_the_time_is_that_of_the_invocation(started, clock_library, wall):
    """CloudWatch files it there, however much later, after a freeze, the line is printed."""
    lam = started(clock.environment(clock_library, wall.file, SANITIZERS["ASAN_OPTIONS"]))
    begun = [time.time() * 1000]
    for identifier in ("first", "second"):
        invoke(lam, identifier)
        lam.freeze()
        begun.append(time.time() * 1000)
        wall.move(-clock.HOUR)
        lam.thaw()
    stamps = [record["_aws"]["Timestamp"] for record in ended(lam)]
    assert int(begun[0]) <= stamps[0] <= begun[1]
    assert int(begun[0]) <= stamps[1] + clock.HOUR <= begun[2]


@pytest.mark.parametrize("env", [
    {"COUNTERSIGN_LOG_LEVEL": "FATAL"}, {"COUNTERSIGN_LOG_FORMAT": "JSON"}, {"COUNTERSIGN_LOG_FORMAT": "Text"},
    {"AWS_LAMBDA_LOG_LEVEL": "FATAL", "AWS_LAMBDA_LOG_FORMAT": "JSON"}, {"COUNTERSIGN_LOG_LEVEL": "TRACE"},
], ids=lambda env: " ".join(env.values()))
def test_level_and_shape_of_the_log_do_not_touch_it(started, env):
    port = free_port()
    lam = started({**env, "COUNTERSIGN_LISTEN": f"127.0.0.1:{port}"})
    invoke(lam, "only")
    assert get(port)[0] == 200
    assert values(ended(lam)[0], "requestId", "Requests") == ("only", 1)


# --- where no invocation is heard of

QUIET = [{"kind": "lambda-managed-instances"}, {"managed": True}]


@pytest.mark.parametrize("options", QUIET, ids=["managed instances", "INVOKE refused"])
def test_a_line_a_minute_where_there_was_traffic(started, clock_library, wall, options):
    lam = started(clock.environment(clock_library, wall.file, SANITIZERS["ASAN_OPTIONS"]), **options)
    assert lam.api.named("register")[-1].json()["events"] == ["SHUTDOWN"]
    for count in (1, 2):
        assert get(lam.port)[0] == 200
        a_minute_later(lam, wall)
        records(lam, count)
        a_minute_later(lam, wall)
        a_minute_later(lam, wall)
    made = ended(lam)
    assert [values(record, "Requests", "NewConnections") for record in made] == [(1, 1), (1, 0)]
    assert not any("requestId" in record for record in made)


def a_minute_later(lam, wall):
    """The program looks at its clock when somebody comes; a second visit shows that it has."""
    wall.move_steady(61 * clock.SECOND)
    for _ in range(2):
        with socket.create_connection(("127.0.0.1", lam.port), timeout=10) as visitor:
            visitor.sendall(b"\r\n")
            visitor.shutdown(socket.SHUT_WR)
            assert visitor.recv(1) == b""


@pytest.mark.parametrize("options", QUIET, ids=["managed instances", "INVOKE refused"])
def test_the_last_minute_ends_with_the_environment(started, options):
    lam = started(**options)
    assert get(lam.port)[0] == 200
    record, = ended(lam)
    assert record["Requests"] == 1 and "requestId" not in record


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("requests", [0, 3])
def test_stand_alone_there_is_a_line_at_the_end(server, how, requests):
    proxy = Proxy({"COUNTERSIGN_METRICS": NAMESPACE, "COUNTERSIGN_ENDPOINT": server.url})
    for _ in range(requests):
        assert get(proxy.port)[0] == 200
    assert proxy.stop(how) == 0
    made = objects(proxy.text())
    assert [values(record, "FunctionName", "Requests") for record in made] == [("none", 3)] * (requests > 0)
    assert not any("requestId" in record for record in made)


# --- with COUNTERSIGN_DRAIN

def test_drained_and_measured(started, server):
    """Next waits for what is in flight, the line comes all the same with the invocation after it."""
    gate = threading.Event()
    server.handler = lambda request: gate.wait(20) and Response(body=b"done")
    lam = started({"COUNTERSIGN_DRAIN": "on"})
    with Client(lam.port) as client:
        client.send_request("GET", "/s3/b/k")
        eventually(lambda: server.requests, what="the request")
        lam.tell({"eventType": "INVOKE", "deadlineMs": FAR, "requestId": "first"})
        time.sleep(0.5)
        assert len(lam.api.named("next")) == 1
        gate.set()
        assert client.answer().body == b"done"
    eventually(lambda: len(lam.api.named("next")) == 2, what="event/next")
    invoke(lam, "second")
    assert values(records(lam, 1)[0], "requestId", "Requests", "BytesReceived") == ("first", 1, 4)
    assert len(ended(lam)) == 2


# --- namespaces

@pytest.mark.parametrize("namespace", ["AWS/Lambda", "AWS/", ":mine", " ", "   ", "x" * 256, "a\nb", "a\tb", 'a"b',
                                       "a\\b", "a{b}", "caf\u00e9", "a,b", "a*", "a@b"])
def test_a_namespace_that_cloudwatch_would_refuse(emulated, namespace):
    lam = emulated({"COUNTERSIGN_METRICS": namespace})
    with pytest.raises(Failed, match="BadConfiguration"):
        lam.start()
    message, = [call.json()["errorMessage"] for call in lam.api.named("init/error")]
    assert message.startswith("COUNTERSIGN_METRICS=") and "namespace" in message
    assert lam.extension().status == 2 and len(lam.extension().text().splitlines()) == 1


@pytest.mark.parametrize("namespace", ["x", "x" * 255, "My::App", "a b", "AWSome", "aws/mine", "A.B-C_D/E#F"])
def test_a_namespace_that_cloudwatch_takes(started, namespace):
    lam = started({"COUNTERSIGN_METRICS": namespace})
    invoke(lam, "only")
    record, = ended(lam)
    assert record["_aws"]["CloudWatchMetrics"][0]["Namespace"] == namespace


# --- the checker checks

GOOD = {"_aws": {"Timestamp": 1_000_000_000_000, "CloudWatchMetrics": [
    {"Namespace": "N", "Dimensions": [["F"]], "Metrics": [{"Name": "M", "Unit": "Count"}]}]}, "F": "f", "M": 1}
WRONG = {
    "old": lambda it: it["_aws"].update(Timestamp=1_000_000_000_000 - 15 * 86_400_000),
    "early": lambda it: it["_aws"].update(Timestamp=1_000_000_000_000 + 3 * 3_600_000),
    "seconds": lambda it: it["_aws"].update(Timestamp=1_000_000_000.0),
    "more in _aws": lambda it: it["_aws"].update(More=1),
    "no value": lambda it: it.pop("M"), "text": lambda it: it.update(M="1"), "true": lambda it: it.update(M=True),
    "101 values": lambda it: it.update(M=[1] * 101), "no dimension": lambda it: it.pop("F"),
    "empty dimension": lambda it: it.update(F=""), "blank dimension": lambda it: it.update(F=" "),
    "long dimension": lambda it: it.update(F="x" * 1025), "number as dimension": lambda it: it.update(F=1),
    "unit": lambda it: directive(it)["Metrics"][0].update(Unit="count"),
    "namespace": lambda it: directive(it).update(Namespace="AWS/x"),
    "31 dimensions": lambda it: (it.update({f"d{n}": "x" for n in range(31)}),
                                 directive(it).update(Dimensions=[[f"d{n}" for n in range(31)]])),
    "101 metrics": lambda it: (it.update({f"m{n}": 1 for n in range(101)}),
                               directive(it).update(Metrics=[{"Name": f"m{n}"} for n in range(101)])),
    "a metric twice": lambda it: directive(it)["Metrics"].append({"Name": "M"}),
    "large": lambda it: it.update(x="x" * (1 << 20)),
}


def directive(root):
    return root["_aws"]["CloudWatchMetrics"][0]


@pytest.mark.parametrize("spoil", WRONG.values(), ids=WRONG)
def test_the_checker_refuses(spoil):
    assert emf.check(json.dumps(GOOD), 1_000_000_000_000)
    bad = copy.deepcopy(GOOD)
    spoil(bad)
    with pytest.raises(emf.NotAccepted):
        emf.check(json.dumps(bad), 1_000_000_000_000)


@pytest.mark.parametrize("line", ["[INFO]\t" + json.dumps(GOOD), json.dumps(GOOD, indent=1), json.dumps(GOOD) + "x",
                                  json.dumps(GOOD)[:-1], '{"M":2,' + json.dumps(GOOD)[1:]],
                         ids=["prefix", "lines", "suffix", "cut", "twice"])
def test_the_checker_refuses_a_line(line):
    with pytest.raises(emf.NotAccepted):
        emf.check(line, 1_000_000_000_000)


def test_a_client_s_own_key_is_a_metric_where_there_is_one(started):
    """A metric is paid for: it is defined only in the invocations that have something to count."""
    lam = started()
    signed = [("Authorization", "AWS4-HMAC-SHA256 Credential=AKIAXYZDQCEN4B6JSJQI/20261125/us-east-1/s3/aws4_request, "
                                f"SignedHeaders=host, Signature={'0' * 64}")]
    invoke(lam, "first")
    assert ask(lam.port, "GET", "/s3/b/k", signed, b"").status == 200    # signed anew, by the role
    invoke(lam, "second")
    assert put(lam, b"x").status == 200
    first, second = ended(lam)
    assert first["ForeignSignatures"] == 1
    assert {"Name": "ForeignSignatures", "Unit": "Count"} in first["_aws"]["CloudWatchMetrics"][0]["Metrics"]
    assert "ForeignSignatures" not in json.dumps(second)
