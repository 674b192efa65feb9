"""The raw WebSockets and their table of cases, each judged by the `websockets` library at the other end."""

import asyncio
import queue
import threading

import pytest
from harness.raw import Malformed, Silence
from websockets.asyncio.client import connect as their_connect
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from client import trust
from raw_websocket import (BINARY, CLOSE, PING, PONG, TEXT, Frame, NotSwitched, RawServer, close_frame, code_of, connect,
                           reassembled, switch)
from websocket_cases import BAD_ANSWERS, BAD_REQUESTS, CASES, GOOD_REQUESTS

HOW = {"compression": None, "ping_interval": None, "close_timeout": 2}
LIMIT = 1 << 20


async def listen(connection):
    """(messages, close code) that the library sees."""
    messages = []
    try:
        while True:
            data = await connection.recv()
            messages.append((TEXT, data.encode()) if isinstance(data, str) else (BINARY, data))
    except ConnectionClosed:
        return messages, connection.close_code


class Library:
    """The library's server in a thread of its own; seen() is what its next connection brought."""

    def __init__(self):
        self._ready, self._seen = threading.Event(), queue.Queue()
        threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True).start()
        assert self._ready.wait(10)

    async def _serve(self):
        async def talk(connection):
            self._seen.put(await listen(connection))

        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        async with serve(talk, "127.0.0.1", 0, max_size=LIMIT, **HOW) as server:
            self.port = server.sockets[0].getsockname()[1]
            self._ready.set()
            await self._stop.wait()

    def seen(self):
        return self._seen.get(timeout=10)

    def close(self):
        self._loop.call_soon_threadsafe(self._stop.set)


@pytest.fixture(scope="module")
def library():
    running = Library()
    yield running
    running.close()


def play(peer, case):
    """Sends it and, where nothing in it ends the connection, a close; the frames that come back."""
    peer.send_bytes(case.sent, case.step)
    if case.cut:
        peer.finish()
    elif case.tolerated or not case.codes and not case.closes:
        peer.send(close_frame())
    return list(peer.frames())


def judge(case, came, messages, code):
    """Whether the library did what the case says: came is what it sent, messages what it took, code how it ended."""
    closed = [frame for frame in came if frame.opcode == CLOSE]
    if case.tolerated and code == 1000:
        return
    assert messages == reassembled(case.relayed)
    pongs = [frame.payload for frame in came if frame.opcode == PONG]
    if case.cut:
        assert code == 1006
        return
    assert pongs == [frame.payload for frame in case.relayed if frame.opcode == PING]
    assert len(closed) == 1
    expected = case.codes or ([code_of(case.closes)] if case.closes else [1000])
    assert code_of(closed[0]) in expected or unfinished(case) and code_of(closed[0]) == 1002


def unfinished(case):
    """Whether it closes within a message, which the RFC allows (5.4) and the library answers with 1002."""
    data = [frame.fin for frame in case.relayed if frame.opcode < CLOSE]
    return bool(case.closes and data and not data[-1])


@pytest.mark.parametrize("case", [case for case in CASES if case.role == "client"], ids=str)
def test_a_client_s_cases(library, case):
    with connect(library.port) as peer:
        came = play(peer, case)
    judge(case, came, *library.seen())


@pytest.fixture(scope="module")
def raw_server():
    with RawServer() as server:
        yield server


@pytest.mark.parametrize("case", [case for case in CASES if case.role == "server"], ids=str)
def test_a_server_s_cases(raw_server, case):
    async def their_part():
        async with their_connect(f"ws://localhost:{raw_server.port}/", max_size=LIMIT, proxy=None, **HOW) as connection:
            return await listen(connection)

    seen = []
    theirs = threading.Thread(target=lambda: seen.extend(asyncio.run(asyncio.wait_for(their_part(), 10))), daemon=True)
    theirs.start()
    with raw_server.accept() as peer:
        came = play(peer, case)
    theirs.join(10)
    judge(case, came, *seen)


def test_there_are_enough_cases():
    assert len({str(case) for case in CASES}) == len(CASES)
    for role in ("client", "server"):
        assert len([case for case in CASES if case.role == role]) >= 80


# --- Handshakes -----------------------------------------------------------------------------------

@pytest.mark.parametrize("changes", [pytest.param(changes, id=name) for name, changes in BAD_REQUESTS])
def test_requests_that_are_refused(library, changes):
    with pytest.raises(NotSwitched) as refusal:
        connect(library.port, **changes)
    assert refusal.value.answer.status in (400, 426)


@pytest.mark.parametrize("changes", [pytest.param(changes, id=name) for name, changes in GOOD_REQUESTS])
def test_requests_that_are_taken(library, changes):
    with connect(library.port, early=Frame(TEXT, b"early").encode("client"), **changes) as peer:
        peer.send(close_frame())
        assert [code_of(frame) for frame in peer.frames()] == [1000]
    assert library.seen() == ([(TEXT, b"early")], 1000)


@pytest.mark.parametrize("answer", [pytest.param(answer, id=name) for name, answer in BAD_ANSWERS])
def test_answers_that_are_refused(answer):
    async def knock(port):
        async with their_connect(f"ws://localhost:{port}/", proxy=None, **HOW):
            pass

    with RawServer(answer=answer) as server:
        threading.Timer(0.3, lambda: server.accept().wire.sock.close()).start()
        with pytest.raises((InvalidHandshake, EOFError)):
            asyncio.run(asyncio.wait_for(knock(server.port), 5))


def test_a_raw_client_and_a_raw_server_over_tls(authority):
    early = [Frame(BINARY, b"at once")]

    def answer(head):
        return switch(head) + b"".join(frame.encode("server") for frame in early)

    with RawServer(authority, answer) as server, connect(server.port, context=trust(authority)) as client:
        upstream = server.accept()
        assert client.take(1) == early
        client.send(Frame(TEXT, b"one", fin=False), Frame(PING, b"?"))
        assert upstream.take(2) == [Frame(TEXT, b"one", fin=False), Frame(PING, b"?")]
        assert upstream.head.values(b"Upgrade") == [b"websocket"]
        upstream.send(Frame(BINARY, bytes(70000)))
        assert client.read() == Frame(BINARY, bytes(70000))
        upstream.wire.sock.close()
        assert client.read() is None


@pytest.mark.parametrize("frame", [Frame(TEXT, b"x", masked=True), Frame(TEXT, b"x", width=2), Frame(PING, fin=False),
                                   Frame(BINARY, b"x" * 200, width=8), Frame(PING, b"x" * 126)])
def test_the_raw_reader_forgives_nothing(frame):
    with RawServer() as server, connect(server.port) as client:
        server.accept().send(frame)
        with pytest.raises(Malformed):
            client.read()


def test_the_raw_client_checks_the_answer():
    (wrong,) = [answer for name, answer in BAD_ANSWERS if name == "another accept"]
    with RawServer(answer=wrong) as server, pytest.raises(Malformed):
        connect(server.port)


def test_no_handshake_is_no_endless_wait():
    with RawServer() as server, pytest.raises(Silence):
        server.accept(timeout=0.1)
