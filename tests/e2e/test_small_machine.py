"""The program in the little memory that a function of 128 MB leaves it, under load: it goes on, or says 503, and is
never killed; what comes through is right to the byte.

The release build is tested, in a memory cgroup that is full from the start; without cgroups an address limit stands in
(see harness/cgroup.py). A function's share of a processor is in tests/lambda/test_small_function.py.
"""

import contextlib
import hashlib
import os
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from harness.cgroup import Small
from harness.client import Cut
from harness.proxy import BINARY
from harness.upstream import Response

RELEASE = os.environ.get("RELEASE_BINARY", BINARY)
MIB = 1 << 20
LITTLE = 24 * MIB
BODY = os.urandom(4 * MIB)
HASH = hashlib.sha256(BODY).hexdigest()
FUNCTION = {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": 128}
CHUNKED = ("Transfer-Encoding", "chunked")
BUSY = {(503, "TooBusy"), (503, "OutOfMemory")}
ONLY_WITHOUT_GROUP = {(503, "OutOfMemory"), (502, "UpstreamTls"), "closed"}


def hash_or_give(request):
    """What was sent is answered by its hash, and who sends nothing gets the body."""
    if request.method == "GET":
        return Response(body=BODY)
    request.drain()
    return Response(body=request.body_sha256.encode())


@pytest.fixture
def small(stage, tmp_path):
    """small(bytes, ...) is (stage, small): a program that has no more memory than that."""
    with contextlib.ExitStack() as stack:
        def start(memory, **env):
            limit = stack.enter_context(Small(tmp_path, memory=memory))
            here = stage(hash_or_give, binary=limit.launcher(RELEASE), **FUNCTION, **env)
            stack.callback(here.proxy.stop)     # before its group goes
            assert here.ask("GET", "/s3/b/k").status == 200
            limit.hold(here.proxy.pid)
            return here, limit

        yield start


def download(client):
    answer = client.ask("GET", "/s3/b/k")
    return answer, answer.body == BODY


def send(method, target, headers=(), body=BODY):
    def work(client):
        answer = client.ask(method, target, headers, body)
        return answer, answer.body.decode("latin-1") == HASH

    return work


def in_chunks():
    for at in range(0, len(BODY), MIB):
        yield b"%x\r\n%b\r\n" % (MIB, BODY[at:at + MIB])
    yield b"0\r\n\r\n"


def send_in_chunks(client):
    return send("PUT", "/s3/b/k", [CHUNKED], in_chunks())(client)


LOADS = {"downloads": download, "uploads": send("PUT", "/s3/b/k"), "uploads of unknown length": send_in_chunks,
         "held bodies": send("POST", "/transcribe/")}


def outcome(here, work):
    """What one client got; never a body that is not right."""
    try:
        with here.client(timeout=60) as client:
            answer, right = work(client)
    except (Cut, ConnectionError):
        return "closed"
    assert right or answer.status != 200
    return answer.outcome


def outcome_at_last(here, work):
    """The same for a client that comes again when it is told to."""
    for _ in range(200):
        found = outcome(here, work)
        if found == (200, ""):
            break
        time.sleep(0.05)
    return found


def run(works, how, here, count=64):
    with ThreadPoolExecutor(count) as pool:
        return Counter(pool.map(lambda number: how(here, works[number % len(works)]), range(count)))


@pytest.mark.parametrize("load", LOADS)
def test_a_load_in_little_memory(small, load):
    """Of long bodies in 24 MiB; those that must be held are told to come again where they are too many."""
    here, limit = small(LITTLE)
    outcomes = run([LOADS[load]], outcome, here)
    refusals = BUSY if load == "held bodies" else set()
    assert set(outcomes) <= {(200, ""), *refusals, *(() if limit.is_group else ONLY_WITHOUT_GROUP)}, limit.peak()
    assert outcomes[200, ""] > 0
    assert outcome_at_last(here, LOADS[load]) == (200, "")


def test_all_loads_at_once(small):
    """In the memory that they need together, parts and held bodies of an eighth of the function's each."""
    here, limit = small(48 * MIB)
    outcomes = run(list(LOADS.values()), outcome_at_last, here, 48)
    assert outcomes == {(200, ""): 48}, limit.peak()


def test_bodies_that_are_held_while_their_clients_wait(small):
    """An eighth of the function's memory is theirs together; it is given back, and one that fits goes on."""
    here, _ = small(LITTLE)
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(here.client(timeout=60)) for _ in range(12)]
        for client in clients:
            with contextlib.suppress(ConnectionError):
                client.send_request("POST", "/transcribe/", [("Content-Length", len(BODY))], [BODY[:-1]])
        found = Counter()
        for client in clients:
            try:
                client.send(BODY[-1:])
                found[client.answer().outcome] += 1
            except (Cut, ConnectionError):
                found["closed"] += 1
        assert found[200, ""] == 4 and set(found) <= {(200, ""), *BUSY, "closed"}
    assert outcome_at_last(here, LOADS["held bodies"]) == (200, "")


def test_the_longest_heads_on_all_connections(small):
    """62 KiB each, from more clients than there are places, and none of them ever whole."""
    here, limit = small(LITTLE, COUNTERSIGN_TIMEOUT_MS=2000)
    fields = "".join(f"X-{number}: {'v' * 1000}\r\n" for number in range(62))
    found = Counter()
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(here.client(timeout=60)) for _ in range(320)]
        for client in clients:
            with contextlib.suppress(ConnectionError):
                client.send(f"GET /s3/b/k HTTP/1.1\r\nHost: localhost\r\n{fields}")
        for client in clients:
            try:
                found[client.answer().outcome] += 1
            except (Cut, ConnectionError):
                found["closed"] += 1
    assert set(found) <= {(408, "RequestTimeout"), (503, "OutOfMemory"), "closed"}, limit.peak()
    assert found[408, "RequestTimeout"] >= (250 if limit.is_group else 1)   # of 256, where others may be just leaving
    assert outcome_at_last(here, download) == (200, "")


@pytest.mark.parametrize("memory, bodies", [(None, 4), (128, 4), (64, 2), (16, 1), (10240, 4), ("", 4), ("much", 4)])
def test_held_bodies_take_an_eighth_of_a_functions_memory(stage, memory, bodies):
    """At most four of COUNTERSIGN_MAX_BODY, and one in any case."""
    here = stage(hash_or_give, COUNTERSIGN_MAX_BODY=4 * MIB, AWS_LAMBDA_FUNCTION_MEMORY_SIZE=memory)
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(here.client()) for _ in range(bodies)]
        for client in clients:
            client.send_request("POST", "/transcribe/", [("Content-Length", len(BODY))], [BODY[:-1]])
        assert here.ask("POST", "/-/nothing").status == 404     # all that came before is seen
        refused = here.ask("POST", "/transcribe/", [("Content-Length", 4 * MIB), ("Expect", "100-continue")])
        assert refused.outcome == (503, "TooBusy")
        for client in clients:
            client.send(BODY[-1:])
            assert client.answer().body.decode() == HASH
