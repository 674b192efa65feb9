"""Ten thousand clients at once, against the usual limit and against the largest: the many are told or let go, those
who ask are served in their midst, and when they have gone all is as before.

The release build is tested, for the memory that each costs is measured; smaller floods, under the sanitizers, are in
test_resources. Where the machine allows no more descriptors to a process (ulimit -Hn), the crowd is as large as the
program can have.
"""

import contextlib
import os
import resource
import threading
from pathlib import Path
from typing import NamedTuple

import pytest
from harness.client import Cut, wait_until
from harness.crowd import Crowd
from harness.proxy import BINARY, TOKEN
from harness.upstream import Response

RELEASE = os.environ.get("RELEASE_BINARY", BINARY)
CROWD, USUAL, TOLD = 10_000, 256, 64    # clients; COUNTERSIGN_MAX_CONNECTIONS; those over it who are told so at one time
BESIDES = 200           # descriptors that the program needs for other things
KIB, MIB = 1 << 10, 1 << 20
BUSY = (503, "TooBusy")
HEALTH = b"GET /-/health HTTP/1.1\r\nHost: localhost\r\n\r\n"
GET = f"GET /s3/b/k HTTP/1.1\r\nHost: localhost\r\nX-Countersign-Token: {TOKEN}\r\n\r\n".encode()
HALF = GET[:60]


def status_of(here, name):
    text = Path(f"/proc/{here.proxy.pid}/status").read_text()
    return int(text.partition(name + ":")[2].split()[0])


def resident(here):
    return status_of(here, "VmRSS") * KIB


def descriptors(here):
    return len(os.listdir(f"/proc/{here.proxy.pid}/fd"))


@pytest.fixture(scope="module", autouse=True)
def allowed():
    """How many descriptors a process may have; what is started here is given few, as usual, and raises that itself."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 1024), hard))
    yield hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture
def crowded(stage, allowed):
    """crowded(...) is (stage, its crowd, what was before it came); limit None is the usual one."""
    with contextlib.ExitStack() as stack:
        def start(handler=None, limit=None, **env):
            size = min(CROWD, allowed - BESIDES)
            here = stage(handler, binary=RELEASE, **env,
                         **({"COUNTERSIGN_MAX_CONNECTIONS": size} if limit == CROWD else {}))
            assert here.ask("GET", "/s3/b/k").status == 200
            return here, stack.enter_context(Crowd(here.port, size)), Before(descriptors(here), resident(here), size)

        yield start


class Before(NamedTuple):
    descriptors: int
    memory: int
    size: int

    def grown(self, here):
        """Bytes of memory more than before."""
        return resident(here) - self.memory

    def assert_again(self, here):
        """The descriptors come back, and whoever asks is served."""
        assert wait_until(lambda: descriptors(here) <= self.descriptors + 1)    # a connection to the server may stay
        for _ in range(3):
            assert here.ask("PUT", "/s3/b/k", [], b"body").status == 200


# --- more than are allowed

def test_many_that_ask_nothing_make_room(crowded):
    here, crowd, before = crowded()
    crowd.connect()
    assert here.ask("GET", "/s3/b/k").status == 200
    assert crowd.connected() <= USUAL
    assert before.grown(here) < 2 * MIB
    crowd.leave()
    before.assert_again(here)


def test_many_with_half_a_head_end_in_time(crowded):
    """The first of them have their places until the timeout, and nobody has one else."""
    here, crowd, before = crowded(COUNTERSIGN_TIMEOUT_MS=1500)
    crowd.connect(HALF)
    assert descriptors(here) <= before.descriptors + USUAL + TOLD
    assert before.grown(here) < 8 * MIB
    assert outcome(here, "GET", "/-/health") in ((200, ""), BUSY, "closed")
    outcomes = crowd.answers()
    assert set(outcomes) <= {408, "closed"} and outcomes[408] >= USUAL
    assert outcomes.total() == before.size
    assert here.ask("GET", "/s3/b/k").status == 200     # they are there still
    crowd.leave()
    before.assert_again(here)


def outcome(here, *request):
    try:
        return here.ask(*request).outcome
    except (Cut, ConnectionError):
        return "closed"


def test_many_that_wait_for_the_server(crowded):
    """Whoever has a place keeps it until it is answered; the others are told at once, or let go where those are many."""
    gate = threading.Event()
    gate.set()
    here, crowd, before = crowded(lambda request: Response(body=b"done") if gate.wait(60) else None,
                                  COUNTERSIGN_IDLE_MS=500)
    gate.clear()
    crowd.connect(GET)
    assert outcome(here, "GET", "/s3/b/k") in (BUSY, "closed")
    assert before.grown(here) < 16 * MIB
    gate.set()
    outcomes = crowd.answers()
    assert set(outcomes) == {200, 503, "closed"} and outcomes[200] >= USUAL
    assert outcomes.total() == before.size
    crowd.leave(reset=False)
    before.assert_again(here)


# --- as many as are allowed

def test_as_many_as_may_be_allowed(crowded):
    """Idle, asking again and again, and with half a head each: all have their places, and one more makes room."""
    here, crowd, before = crowded(limit=CROWD, COUNTERSIGN_TIMEOUT_MS=2000)
    crowd.connect()
    assert wait_until(lambda: descriptors(here) >= before.size)
    assert crowd.connected() == before.size
    assert before.grown(here) < before.size * 2 * KIB
    for _ in range(2):
        crowd.send(HEALTH)
        assert crowd.answers() == {200: before.size}
    assert here.ask("GET", "/s3/b/k").status == 200
    assert crowd.connected() == before.size - 1
    assert before.grown(here) < before.size * 2 * KIB

    crowd.send(HALF)
    assert here.ask("GET", "/s3/b/k").status == 200     # in the place of the one that it let go
    assert before.grown(here) < before.size * 16 * KIB    # 8 with glibc; musl takes whole pages for each
    assert crowd.answers() == {408: before.size - 1, "closed": 1}
    assert here.ask("GET", "/s3/b/k").status == 200
    crowd.leave()
    before.assert_again(here)
    assert before.grown(here) < before.size * 2 * KIB


def test_all_go_at_once(crowded):
    """By a reset amid their requests, and by an end behind them."""
    here, crowd, before = crowded(limit=CROWD)
    for reset, data in ((True, HALF), (False, HEALTH)):
        crowd.connect(data)
        crowd.leave(reset)
        before.assert_again(here)
    assert before.grown(here) < before.size * 2 * KIB
