"""The stage for the strict tables: the program between a raw client and a raw upstream; what an outcome is.

A row says what is sent and the one right outcome. Only where RFC 9110 or 9112 leaves a choice may it allow
several (outcome | outcome).
"""

import time
from typing import NamedTuple

import pytest
from harness.proxy import TOKEN, Proxy
from harness.raw import Upstream, connect

KEY = b"/s3/bucket/key"
HEAD = b"Host: localhost\r\nX-Countersign-Token: " + TOKEN.encode() + b"\r\n"
FOLLOWER = b"GET /s3/bucket/follower HTTP/1.1\r\n" + HEAD + b"\r\n"
FOLLOWER_LINE = b"GET /bucket/follower HTTP/1.1"
LONGEST_S = 120  # for one module; a program that hangs in every case must not hang the run

CODES = {
    400: {b"BadRequest"}, 401: {b"TokenRequired"}, 403: {b"HostNotAllowed"},
    404: {b"UnknownService", b"NotFound"}, 405: {b"MethodNotAllowed"},
    411: {b"LengthRequired"}, 413: {b"BodyTooLarge"}, 431: {b"HeadTooLarge"}, 502: {b"UpstreamProtocol"},
}
ENDED_EARLY = {b"UpstreamProtocol", b"UpstreamReset"}
# After these nothing on the connection can be trusted to be a request.
FINAL = {400, 431, 505}

# What the proxy writes itself: fields to an upstream, to a client.
SIGNATURE = (b"authorization", b"x-amz-date", b"x-amz-security-token", b"x-amz-content-sha256")
FRAMING = {b"content-length", b"transfer-encoding", b"connection", b"via", b"trailer"}
OWN_UPWARDS = {b"host", b"expect", *SIGNATURE} | FRAMING
OWN_DOWNWARDS = {b"keep-alive", b"date"} | FRAMING


class Passes(NamedTuple):
    """What reaches the upstream."""
    line: bytes = None  # None: follows from what was sent
    fields: tuple = ()
    body: bytes = b""
    trailers: tuple = None  # None: it comes with a length, or without a body; otherwise chunked, with these
    host: bytes = None  # None: the upstream's own
    last: bool = False  # nothing after it on its connection is read


class Relayed(NamedTuple):
    """What reaches the client."""
    status: int = 200
    fields: tuple = ()
    body: bytes = b""
    trailers: tuple = ()
    framing: tuple = ("none", "length", "chunked", "close")
    length: bytes = None  # the Content-Length of an answer without a body
    interim: tuple = ()
    reused: bool = None  # whether the upstream connection serves the next request; None: either


class Outcome(NamedTuple):
    statuses: frozenset = frozenset()  # refused with one of these, or
    arrival: tuple = None  # let through, or
    cut: bool = False  # begun and ended short
    codes: frozenset = None  # where others than CODES are right

    def __or__(self, other):
        return Outcome(self.statuses | other.statuses, self.arrival or other.arrival, self.cut or other.cut,
                       self.codes or other.codes)


def refused(*statuses):
    return Outcome(frozenset(statuses))


def passes(*fields, **rest):
    return Outcome(arrival=Passes(fields=fields, **rest))


def relayed(*fields, **rest):
    return Outcome(arrival=Relayed(fields=fields, **rest))


class Case(NamedTuple):
    name: str
    sent: bytes
    outcome: Outcome
    method: bytes = b"GET"


def case(name, outcome, method=b"GET", target=KEY, version=b"HTTP/1.1", head=HEAD, lines=b"", body=b""):
    """lines: whole field lines after the stage's own. What arrives follows from method and target."""
    if outcome.arrival and outcome.arrival.line is None:
        line = method + b" " + target.removeprefix(b"/s3") + b" HTTP/1.1"
        outcome = outcome._replace(arrival=outcome.arrival._replace(line=line))
    first = b" ".join((method, target, version)) + b"\r\n"
    return Case(name, first + head + lines + b"\r\n" + body, outcome, method)


BAD = refused(400)
BAD_GATEWAY = refused(502)
CUT = Outcome(cut=True)
BROKEN = BAD_GATEWAY | CUT


def as_pairs(lines):
    return [tuple(line.split(b": ", 1)) for line in lines]


def without(fields, own):
    return [(name, value) for name, value in fields if name.lower() not in own]


def refusal(answer, right=None):
    """The status of an answer that the proxy made itself, its code checked."""
    codes = answer.values(b"X-Countersign-Error")
    assert len(codes) == 1, f"not a refusal of the proxy's own: {answer}"
    assert codes[0] in (right or CODES.get(answer.status, codes)), answer
    return answer.status


def assert_arrived(message, expected, upstream):
    assert message.line == expected.line
    assert message.values(b"Host") == [expected.host or b"127.0.0.1:%d" % upstream.port]
    for name in SIGNATURE:
        assert len(message.values(name)) == 1, f"{name} in {message.fields}"
    assert message.values(b"Authorization")[0].startswith(b"AWS4-HMAC-SHA256 Credential=")
    assert without(message.fields, OWN_UPWARDS) == as_pairs(expected.fields)
    assert set(map(bytes.lower, message.values(b"Connection"))) <= {b"keep-alive", b"close"}
    assert message.body == expected.body
    if expected.trailers is None:
        assert message.framing in (("length",) if expected.body else ("none", "length"))
        assert not message.values(b"Trailer")
    else:
        assert message.framing == "chunked" and message.trailers == as_pairs(expected.trailers)


def assert_relayed(answer, expected, minor=1):
    assert answer.status == expected.status, answer
    assert without(answer.fields, OWN_DOWNWARDS) == as_pairs(expected.fields)
    assert answer.body == expected.body
    assert answer.framing in expected.framing
    assert answer.trailers == as_pairs(expected.trailers)
    if expected.length is not None:
        assert answer.values(b"Content-Length") == [expected.length]
    if minor == 0:
        assert not answer.interim and answer.framing != "chunked"


class RawStage:
    """The program and a raw upstream, for a whole module; started again where a case ended the program."""

    def __init__(self, **env):
        self.env = env
        self.upstream = Upstream()
        self.proxy = self._start()
        self.started = time.monotonic()

    def _start(self):
        return Proxy({"COUNTERSIGN_ENDPOINT": self.upstream.url, **self.env})

    def client(self):
        return connect(self.proxy.port)

    def ask(self, request=FOLLOWER):
        """A good request on a connection of its own, which must succeed; returns it as it arrived."""
        with self.client() as wire:
            wire.send(request)
            answer = wire.response()
        assert answer and (answer.status, answer.body, answer.cut) == (200, b"ok", False), answer
        arrived = self.upstream.taken()
        assert len(arrived) == 1, arrived
        return arrived[0]

    def begin(self):
        """Before each case: nothing of the one before is left, whatever became of it."""
        assert time.monotonic() - self.started < LONGEST_S, "the table takes too long"
        self.upstream.taken()
        self.upstream.faults = []
        self.upstream.script()

    def settle(self):
        """After a case that went well: nothing odd was written, and nothing sent that was not asked for."""
        stray, faults = self.upstream.taken(), self.upstream.faults
        assert not faults, f"written to the upstream: {faults}"
        assert not stray, f"reached the upstream: {stray}"

    def revive(self):
        """After each case, whatever became of it."""
        if self.proxy.process.poll() is not None:
            text, self.proxy = self.proxy.text(), self._start()
            raise AssertionError("the program ended:\n" + text)

    def finish(self):
        with self.client() as wire:
            wire.send(b"GET /-/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            answer = wire.response()
        self.upstream.stop()
        status = self.proxy.stop()
        assert (answer.status, status) == (200, 0), self.proxy.text()


def stages(**env):
    """The fixtures of a table: whole_stage, a RawStage for the module, and stage, the same made fit for each test."""
    @pytest.fixture(scope="module")
    def whole_stage():
        made = RawStage(**env)
        yield made
        made.finish()

    @pytest.fixture
    def stage(whole_stage):
        whole_stage.begin()
        yield whole_stage
        whole_stage.revive()

    return whole_stage, stage
