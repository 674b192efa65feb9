"""What the machine may refuse: descriptors, memory, readers, connections. The program answers, and goes on when it may."""

import contextlib
import os
import resource
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest
from harness.client import Client, Cut, ask, free_port, wait_until
from harness.proxy import BINARY, ROLE, SANITIZERS, TOKEN
from harness.upstream import Response, Upstream

RELEASE = os.environ.get("RELEASE_BINARY", BINARY)      # a sanitizer's memory says nothing of the program's
MIB = 1 << 20
HEALTH = b"GET /-/health HTTP/1.1\r\nHost: localhost\r\n\r\n"
GET = f"GET /s3/b/k HTTP/1.1\r\nHost: localhost\r\nX-Countersign-Token: {TOKEN}\r\n\r\n".encode()


def resident(here):
    """Bytes of memory that the program has."""
    status = Path(f"/proc/{here.proxy.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024


def served(here):
    with contextlib.suppress(Cut):
        return here.ask("GET", "/s3/b/k").status == 200


# --- standard output

@pytest.fixture
def started(authority):
    """started(stdout, **how) is (process, port) of a program that tells nobody where it listens."""
    with contextlib.ExitStack() as stack:
        upstream = stack.enter_context(Upstream(authority))

        def start(stdout, **how):
            port = free_port()
            env = {**ROLE, **SANITIZERS, "COUNTERSIGN_LISTEN": f"127.0.0.1:{port}", "COUNTERSIGN_LOG_LEVEL": "TRACE",
                   "COUNTERSIGN_ENDPOINT": upstream.url, "COUNTERSIGN_CA_BUNDLE": str(authority.bundle)}
            process = subprocess.Popen([BINARY], env=env, stdin=subprocess.DEVNULL, stdout=stdout, **how)
            stack.callback(process.kill)
            assert wait_until(lambda: ask(port, "GET", "/-/health").status == 200)
            return process, port

        yield start


def assert_ends_well(process):
    process.terminate()
    assert process.wait(20) == 0


def test_a_log_that_is_full_stops_nobody(started):
    """Its reader lives and reads nothing: lines are lost, and that they were is said once it reads again."""
    process, port = started(subprocess.PIPE)
    with Client(port, timeout=10) as client:
        assert {client.ask("GET", "/s3/b/k").status for _ in range(1500)} == {200}
        os.set_blocking(process.stdout.fileno(), False)
        while process.stdout.read():
            pass
        os.set_blocking(process.stdout.fileno(), True)
        assert client.ask("GET", "/s3/b/k").status == 200
    process.terminate()
    text = process.stdout.read().decode()
    assert process.wait(20) == 0
    assert "nobody read" in text and text.count("nobody read") == 1


@pytest.mark.parametrize("closed", [[1], [0, 1], [1, 2], [0, 1, 2]], ids=str)
def test_standard_descriptors_that_are_closed(started, closed):
    """Whatever the program opens first must not be taken for them: a log's line would end up in it."""
    def close():
        for fd in closed:
            os.close(fd)

    process, port = started(None, preexec_fn=close)
    with Client(port) as client:
        assert {client.ask("PUT", "/s3/b/k", [], b"x" * number).status for number in range(20)} == {200}
    for _ in range(20):
        assert ask(port, "GET", "/s3/b/k").status == 200
    assert [os.readlink(f"/proc/{process.pid}/fd/{fd}") for fd in closed] == ["/dev/null"] * len(closed)
    assert_ends_well(process)


# --- descriptors

def descriptors(here):
    return {int(name) for name in os.listdir(f"/proc/{here.proxy.pid}/fd")}


def limit_descriptors(here, count):
    """Returns what was allowed before."""
    before = resource.prlimit(here.proxy.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(here.proxy.pid, resource.RLIMIT_NOFILE, (count, before[1]))
    return before


def test_more_connections_than_descriptors(stage):
    """Who gets none is told or let go at once, and nobody waits; when there are some again, all is as before."""
    here = stage()
    assert served(here)
    before = limit_descriptors(here, max(descriptors(here)) + 20)
    outcomes = []
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(here.client(timeout=10)) for _ in range(60)]
        for client in clients:
            try:
                client.send(GET)
                outcomes.append(client.answer().status)
            except (Cut, ConnectionError):
                outcomes.append("closed")
    assert set(outcomes) <= {200, 502, 503, "closed"} and "closed" in outcomes and 200 in outcomes
    assert wait_until(lambda: served(here))
    resource.prlimit(here.proxy.pid, resource.RLIMIT_NOFILE, before)
    assert served(here)


def test_no_descriptor_for_the_server(stage):
    here = stage()
    with here.client() as client:
        assert client.ask("GET", "/s3/b/k").status == 200
        busy = descriptors(here)
        here.upstream.hang_up()
        assert wait_until(lambda: descriptors(here) < busy)
        before = limit_descriptors(here, min(set(range(1000)) - descriptors(here)))
        answer = client.ask("GET", "/s3/b/k")
        assert answer.outcome == (502, "UpstreamConnect") and "too many open files" in answer.text
        resource.prlimit(here.proxy.pid, resource.RLIMIT_NOFILE, before)
        assert client.ask("GET", "/s3/b/k").status == 200


# --- memory

def test_memory_that_is_not_there(stage):
    here = stage(binary=RELEASE, COUNTERSIGN_MAX_BODY=64 * MIB)
    assert served(here)
    size = int(Path(f"/proc/{here.proxy.pid}/statm").read_text().split()[0]) * resource.getpagesize()
    before = resource.prlimit(here.proxy.pid, resource.RLIMIT_AS, (size + 4 * MIB, resource.RLIM_INFINITY))
    outcomes = set()
    for _ in range(3):
        with contextlib.ExitStack() as stack:
            clients = [stack.enter_context(here.client(timeout=10)) for _ in range(60)]
            for client in clients:
                with contextlib.suppress(ConnectionError):
                    client.send_request("POST", "/transcribe/", [("Content-Length", MIB)], [b"x" * (MIB - 1)])
            for client in clients:
                try:
                    client.send(b"x")
                    outcomes.add(client.answer().outcome)
                except (Cut, ConnectionError):
                    outcomes.add("closed")
    assert outcomes <= {(200, ""), (503, "OutOfMemory"), "closed"} and (503, "OutOfMemory") in outcomes
    resource.prlimit(here.proxy.pid, resource.RLIMIT_AS, before)
    assert wait_until(lambda: served(here))


def assert_bounded(here, start, most):
    """Its memory, while the clients push and pull."""
    grown = 0
    for _ in range(20):
        time.sleep(0.05)
        grown = max(grown, resident(here) - start)
    assert grown < most, f"{grown / MIB:.1f} MiB more"


def endless():
    while True:
        yield b"x" * 65536


def test_clients_that_read_nothing_cost_little(stage):
    """Zero windows: what the server sends stays with the server."""
    here = stage(lambda request: Response(body=endless(), length=1 << 40), binary=RELEASE)
    start = resident(here)
    with contextlib.ExitStack() as stack:
        for _ in range(40):
            stack.enter_context(here.client(receive_buffer=4096)).send(GET)
        assert wait_until(lambda: len(here.upstream.requests) == 40)
        assert_bounded(here, start, 40 * MIB)


def test_servers_that_read_nothing_cost_little(stage):
    """What the client sends stays with the client."""
    here = stage(lambda request: request.connection.closed.wait(20) and None, binary=RELEASE)
    start = resident(here)
    with contextlib.ExitStack() as stack:
        for _ in range(20):
            client = stack.enter_context(here.client())
            client.send_request("PUT", "/s3/b/k", [("Content-Length", 1 << 30)])
            client.sock.setblocking(False)
            for _ in range(500):
                with contextlib.suppress(BlockingIOError):
                    client.sock.send(b"x" * 65536)
        assert_bounded(here, start, 40 * MIB)


@pytest.mark.parametrize("request_bytes", [HEALTH, GET], ids=["pages", "requests"])
def test_pipelines_that_nobody_reads_cost_little(stage, request_bytes):
    """The flood is no longer read once its answers wait, and others are served beside it."""
    here = stage(lambda request: Response(body=b"x" * 10_000), binary=RELEASE)
    start, sent = resident(here), 0
    with here.client(receive_buffer=4096) as client:
        client.sock.setblocking(False)
        flood = request_bytes * 2000
        stop = time.monotonic() + 2
        while time.monotonic() < stop:
            try:
                sent += client.sock.send(flood)
            except BlockingIOError:
                time.sleep(0.02)
        assert_bounded(here, start, 16 * MIB)
        assert served(here)
    assert sent < 64 * MIB
    assert wait_until(lambda: served(here))


def test_an_answer_that_would_unpack_to_much_stays_packed(stage):
    """A bomb of gzip: not a byte of it is looked into."""
    import gzip
    bomb = gzip.compress(bytes(64 * MIB))
    here = stage(lambda request: Response(body=bomb, headers=(("Content-Encoding", "gzip"),)), binary=RELEASE)
    start = resident(here)
    answer = here.ask("GET", "/s3/b/k", [("Accept-Encoding", "gzip")])
    assert (answer.body, answer.header("content-encoding")) == (bomb, "gzip")
    assert here.last.header("accept-encoding") == "gzip"
    assert resident(here) - start < 8 * MIB


# --- connections

def test_a_flood_of_connections(stage):
    """Three times as many as are allowed, each with half a head: the rest is told so, and all end in time."""
    here = stage(COUNTERSIGN_MAX_CONNECTIONS=100, COUNTERSIGN_TIMEOUT_MS=3000)
    outcomes = []
    with contextlib.ExitStack() as stack:
        clients = []
        for _ in range(300):
            try:
                clients.append(stack.enter_context(here.client(timeout=20)))
                clients[-1].send("GET /s3/b/k HTTP/1.1\r\nHost: local")
            except ConnectionError:     # one of the many that are not even told
                outcomes.append("closed")
        for client in clients:
            try:
                outcomes.append(client.answer().status)
            except (Cut, ConnectionError):
                outcomes.append("closed")
        assert set(outcomes) <= {408, 503, "closed"} and outcomes.count(408) >= 100
        assert wait_until(lambda: served(here))


def test_a_flood_of_connections_that_ask_nothing(stage):
    """They make room for those that ask."""
    here = stage(COUNTERSIGN_MAX_CONNECTIONS=100)
    with contextlib.ExitStack() as stack:
        for _ in range(300):
            stack.enter_context(here.client())
        for _ in range(20):
            assert served(here)


def test_a_flood_of_resets(stage):
    """Connections that are gone before they are accepted."""
    here = stage()
    here.proxy.process.send_signal(signal.SIGSTOP)
    for _ in range(300):
        with socket.create_connection(("127.0.0.1", here.port)) as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            sock.send(GET[:50])
    here.proxy.process.send_signal(signal.SIGCONT)
    assert wait_until(lambda: served(here))
