"""A WebSocket that is open: how it flows, how it is silent, and all the ways in which it ends."""

import hashlib
import os
import re
import socket
import threading
import time
from pathlib import Path

import pytest
from harness.client import wait_until
from harness.proxy import ROOT
from harness.raw import Ended

from raw_websocket import (BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Frame, NotSwitched, close_frame, code_of, connect, reassembled,
                           switch)

ANY = "/execute-api/stage"
MIB = 1 << 20
OWN_PING = Frame(PING, b"countersign")
AWAY = 1001


@pytest.fixture
def open_pair(run, raw):
    """open_pair(COUNTERSIGN_X=...) is (client, upstream, proxy), the ends of one socket through the program."""
    opened = []

    def start(**env):
        server = raw()
        proxy = run(server, **env)
        client = connect(proxy.port, ANY)
        opened.extend([client, upstream := server.accept()])
        return client, upstream, proxy

    yield start
    for each in opened:
        each.wire.sock.close()


def both_ways(client, upstream):
    return [(client, upstream), (upstream, client)]


def ended_within(peer, seconds):
    """All frames until the stream ends, which it must within that time."""
    since, frames = time.monotonic(), []
    for frame in peer.frames():
        frames.append(frame)
        assert time.monotonic() - since < seconds, frames
    peer.wire.rest()
    assert time.monotonic() - since < seconds, frames
    return frames


def rss_kib(proxy):
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{proxy.pid}/status").read_text())[1])


def pieces_of(data, size):
    """The data as one message of several frames."""
    cut = [data[at:at + size] for at in range(0, len(data), size)]
    return [Frame(CONTINUATION if at else BINARY, piece, at == len(cut) - 1) for at, piece in enumerate(cut)]


# --- what flows

def masks_of(data):
    """The masks of frames that have less than 126 bytes each."""
    at = 0
    while at < len(data):
        assert data[at + 1] & 128
        yield data[at + 2:at + 6]
        at += 6 + (data[at + 1] & 127)


def test_each_frame_has_a_mask_of_its_own(open_pair):
    client, upstream, _ = open_pair()
    start = len(upstream.wire.seen)
    client.send(*[Frame(BINARY, b"\0" * 20)] * 200, *[Frame(PING, b"p")] * 50)
    assert upstream.take(200) == [Frame(BINARY, b"\0" * 20)] * 200 and upstream.take(50)
    masks = list(masks_of(bytes(upstream.wire.seen[start:])))
    assert len(masks) == 250 and len(set(masks)) == 250 and bytes.fromhex("37fa213d") not in masks


@pytest.mark.parametrize("frame_bytes", [65_536, 1_000_000, 16 * MIB], ids=str)
def test_big_messages(open_pair, frame_bytes):
    client, upstream, _ = open_pair()
    data = os.urandom(16 * MIB)
    for sender, receiver in both_ways(client, upstream):
        frames = pieces_of(data, frame_bytes)
        sending = threading.Thread(target=sender.send, args=frames)
        sending.start()
        assert [hashlib.sha256(payload).digest() for _, payload in reassembled(receiver.take(len(frames)))] == [
            hashlib.sha256(data).digest()]
        sending.join()


def test_both_at_once(open_pair):
    client, upstream, _ = open_pair()
    data = {"client": os.urandom(4 * MIB), "server": os.urandom(4 * MIB)}
    heard = {}
    work = [threading.Thread(target=peer.send, args=pieces_of(data[peer.role], 10_000)) for peer in (client, upstream)]
    work += [threading.Thread(target=lambda peer=peer: heard.update({peer.role: reassembled(peer.take(420))}))
             for peer in (client, upstream)]
    for each in work:
        each.start()
    for each in work:
        each.join()
    assert heard == {"client": [(BINARY, data["server"])], "server": [(BINARY, data["client"])]}


def test_a_ping_overtakes_nothing_and_comes_between_fragments(open_pair):
    client, upstream, _ = open_pair()
    for sender, receiver in both_ways(client, upstream):
        sent = [Frame(TEXT, b"one", False), Frame(PING, b"now"), Frame(CONTINUATION, b"two")]
        sender.send(*sent)
        assert receiver.take(3) == sent
        receiver.send(Frame(PONG, b"now"))
        assert sender.read() == Frame(PONG, b"now")


# --- who does not read

def push(peer, most):
    """How many bytes that end could send before nothing was taken for half a second."""
    peer.wire.sock.settimeout(0.5)
    sent, chunk = 0, Frame(BINARY, bytes(65_000)).encode(peer.role)
    try:
        while sent < most:
            peer.wire.sock.sendall(chunk)
            sent += len(chunk)
    except TimeoutError:
        pass
    peer.wire.sock.settimeout(5)
    return sent


@pytest.mark.parametrize("sender_role", ["client", "server"])
def test_who_does_not_read_stops_the_other(run, raw, sender_role):
    """In the kernel's buffers and no more than a few of the program's own: its memory does not grow."""
    server = raw()
    proxy = run(server, binary=ROOT / "build" / "countersign")
    with connect(proxy.port, ANY) as client, server.accept() as upstream:
        sender = client if sender_role == "client" else upstream
        before = rss_kib(proxy)
        assert push(sender, 256 * MIB) < 64 * MIB
        assert rss_kib(proxy) - before < 2048
        sender.reset()


@pytest.mark.parametrize("sender_role", ["client", "server"])
def test_who_reads_late_gets_all(open_pair, sender_role):
    client, upstream, _ = open_pair()
    sender, receiver = (client, upstream) if sender_role == "client" else (upstream, client)
    data = os.urandom(24 * MIB)
    sender.wire.sock.settimeout(20)
    sending = threading.Thread(target=sender.send, args=pieces_of(data, 100_000))
    sending.start()
    time.sleep(0.3)
    assert reassembled(receiver.take(-(-len(data) // 100_000))) == [(BINARY, data)]
    sending.join()


def test_the_other_way_stays_open_meanwhile(open_pair):
    client, upstream, _ = open_pair()
    push(client, 256 * MIB)
    upstream.send(Frame(TEXT, b"still here"))
    assert client.read() == Frame(TEXT, b"still here")


def test_a_client_that_is_paused_and_goes_is_noticed(open_pair):
    client, upstream, _ = open_pair()
    push(client, 256 * MIB)
    client.reset()
    since = time.monotonic()
    with pytest.raises((Ended, AssertionError, ConnectionError)):
        while upstream.wire.fill():
            upstream.wire.held = b""
            upstream.wire.seen.clear()
        raise Ended
    assert time.monotonic() - since < 5


# --- silence

def answer_pings(peer, stop, seen):
    while not stop.is_set():
        try:
            frame = peer.read()
        except (Ended, OSError, AssertionError):
            return
        if frame is None:
            return
        seen.append(frame)
        if frame.opcode == PING:
            peer.send(Frame(PONG, frame.payload))


def test_both_are_asked_and_their_answers_go_no_further(open_pair):
    client, upstream, _ = open_pair(COUNTERSIGN_TIMEOUT_MS=300)
    assert client.read() == OWN_PING == upstream.read()
    client.send(Frame(PONG, b"countersign"), Frame(TEXT, b"alive"))
    assert upstream.read() == Frame(TEXT, b"alive")
    upstream.send(Frame(PONG, b"countersign"), Frame(TEXT, b"so am I"))
    assert client.read() == Frame(TEXT, b"so am I")


def test_they_stay_while_they_answer(open_pair):
    client, upstream, _ = open_pair(COUNTERSIGN_TIMEOUT_MS=200)
    stop, seen = threading.Event(), {"client": [], "server": []}
    work = [threading.Thread(target=answer_pings, args=[peer, stop, seen[peer.role]], daemon=True) for peer in (client, upstream)]
    for each in work:
        each.start()
    time.sleep(2.5)
    assert min(len(frames) for frames in seen.values()) >= 4
    assert all(frame == OWN_PING for frames in seen.values() for frame in frames)
    stop.set()


@pytest.mark.parametrize("alive", [None, "client", "server"])
def test_who_does_not_answer_is_dropped(open_pair, alive):
    """Also where the other one lives."""
    client, upstream, _ = open_pair(COUNTERSIGN_TIMEOUT_MS=200)
    stop, seen = threading.Event(), []
    peer = {"client": client, "server": upstream}.get(alive)
    if peer:
        threading.Thread(target=answer_pings, args=[peer, stop, seen], daemon=True).start()
    for other in (client, upstream):
        if other is not peer:
            frames = ended_within(other, 3)
            assert frames[-1] == close_frame(AWAY) and frames[0] == OWN_PING
    if peer:
        wait_until(lambda: seen and seen[-1] == close_frame(AWAY), 3)


@pytest.mark.parametrize("deaf", ["client", "server"])
def test_who_neither_takes_nor_says_anything_is_dropped(open_pair, deaf):
    """The other one, which is only kept waiting, is told so."""
    client, upstream, _ = open_pair(COUNTERSIGN_TIMEOUT_MS=300)
    sender, silent = (upstream, client) if deaf == "client" else (client, upstream)
    push(sender, 256 * MIB)
    assert ended_within(sender, 3) == [OWN_PING, close_frame(AWAY)]
    silent.reset()


def test_who_is_busy_is_not_asked(open_pair):
    client, upstream, _ = open_pair(COUNTERSIGN_TIMEOUT_MS=400)
    for number in range(15):
        client.send(Frame(TEXT, b"%d" % number))
        assert upstream.read() == Frame(TEXT, b"%d" % number)
        time.sleep(0.1)


@pytest.mark.parametrize("sender_role", ["client", "server"])
def test_no_ping_within_a_frame(open_pair, sender_role):
    """Its bytes would be taken for the frame's own."""
    client, upstream, _ = open_pair(COUNTERSIGN_TIMEOUT_MS=300)
    sender, receiver = (client, upstream) if sender_role == "client" else (upstream, client)
    frame = Frame(BINARY, bytes(range(200)) * 10)
    whole = frame.encode(sender.role)
    sender.send_bytes(whole[:1000])
    assert sender.read() == OWN_PING
    sender.send_bytes(whole[1000:])
    sender.send(Frame(PONG, b"countersign"))
    assert receiver.read() == frame


def test_a_freeze_is_no_silence(open_pair):
    """As Lambda freezes the program between invocations: then nobody is asked, and nobody dropped."""
    client, upstream, proxy = open_pair(COUNTERSIGN_TIMEOUT_MS=1000)
    for _ in range(2):
        proxy.freeze()
        client.send(Frame(TEXT, b"while it stood still"))
        time.sleep(1.5)
        proxy.thaw()
        assert upstream.read() == Frame(TEXT, b"while it stood still")
        upstream.send(Frame(TEXT, b"awake"))
        assert client.read() == Frame(TEXT, b"awake")


# --- its end

@pytest.mark.parametrize("first", ["client", "server"])
@pytest.mark.parametrize("code, reason", [(1000, b""), (1000, b"all said"), (4321, "gr\u00fc\u00dfe".encode()), (1011, b"*" * 123)])
def test_close_codes(open_pair, first, code, reason):
    client, upstream, proxy = open_pair()
    begins, answers = (client, upstream) if first == "client" else (upstream, client)
    begins.send(close_frame(code, reason))
    assert answers.read() == close_frame(code, reason)
    answers.send(close_frame(code))
    assert begins.read() == close_frame(code)
    upstream.wire.sock.close()
    assert client.read() is None and client.wire.end == "closed"


@pytest.mark.parametrize("wrong, code, told", [("client", 1002, AWAY), ("server", 1002, 1011)])
def test_who_breaks_the_protocol_is_told_why_and_the_other_that_it_is_over(open_pair, wrong, code, told):
    client, upstream, _ = open_pair()
    sender, other = (client, upstream) if wrong == "client" else (upstream, client)
    sender.send(Frame(TEXT, b"right"), Frame(3, b"wrong"))
    assert ended_within(sender, 2) == [close_frame(code, b"a frame has a reserved opcode")]
    came = ended_within(other, 2)
    assert came[0] == Frame(TEXT, b"right") and [code_of(frame) for frame in came[1:]] == [told]


def test_a_server_that_does_not_go_is_left(open_pair):
    client, upstream, _ = open_pair()
    client.send(close_frame())
    upstream.read()
    upstream.send(close_frame())
    since = time.monotonic()
    assert client.read() == close_frame() and client.read() is None
    assert 0.5 < time.monotonic() - since < 3 and upstream.read() is None


def test_a_close_that_is_not_answered_has_an_end(open_pair):
    client, upstream, _ = open_pair(COUNTERSIGN_TIMEOUT_MS=300)
    client.send(close_frame())
    assert upstream.read() == close_frame() and upstream.read() is None
    assert [frame.opcode for frame in ended_within(client, 2)] in ([], [CLOSE])


def test_what_comes_behind_a_close_of_the_other_still_arrives(open_pair):
    """The server has closed; what the client had under way is passed on before its answer."""
    client, upstream, _ = open_pair()
    upstream.send(close_frame())
    assert client.read() == close_frame()
    client.send(Frame(TEXT, b"under way"), close_frame())
    assert upstream.take(2) == [Frame(TEXT, b"under way"), close_frame()]


def test_a_client_that_half_closes(open_pair):
    client, upstream, _ = open_pair()
    client.send(Frame(TEXT, b"last"))
    client.finish()
    assert upstream.take(2) == [Frame(TEXT, b"last"), close_frame(AWAY)]
    assert [code_of(frame) for frame in ended_within(client, 3)] == [AWAY]


@pytest.mark.parametrize("how", ["reset", "close"])
def test_a_client_that_is_gone(open_pair, how):
    client, upstream, _ = open_pair()
    client.reset() if how == "reset" else client.wire.sock.close()
    assert ended_within(upstream, 1) == [close_frame(AWAY)]


def test_a_client_that_is_gone_within_a_frame(open_pair):
    client, upstream, _ = open_pair()
    client.send_bytes(Frame(BINARY, bytes(1000)).encode("client")[:500])
    client.reset()
    assert ended_within(upstream, 1) == []          # no close frame stands in the frame


@pytest.mark.parametrize("how", ["reset", "close", "finish"])
def test_a_server_that_is_gone(open_pair, how):
    client, upstream, _ = open_pair()
    upstream.send(Frame(TEXT, b"last"))
    assert client.read() == Frame(TEXT, b"last")
    {"reset": upstream.reset, "close": upstream.wire.sock.close, "finish": upstream.finish}[how]()
    assert ended_within(client, 1) == []


def test_a_server_that_is_gone_within_a_frame(open_pair):
    client, upstream, _ = open_pair()
    upstream.send_bytes(Frame(BINARY, bytes(1000)).encode("server")[:500])
    client.wire.wait_for(bytes(400))
    upstream.reset()
    with pytest.raises(Ended):
        client.read()


def test_the_program_ends(open_pair):
    client, upstream, proxy = open_pair()
    stopping = threading.Thread(target=proxy.stop)
    stopping.start()
    assert client.read() == close_frame(AWAY) == upstream.read()
    client.send(close_frame(AWAY))
    upstream.send(close_frame(AWAY))
    assert client.read() is None and upstream.read() is None
    stopping.join(5)
    assert proxy.process.poll() == 0


def test_the_program_ends_and_nobody_answers(open_pair):
    client, upstream, proxy = open_pair()
    since = time.monotonic()
    stopping = threading.Thread(target=proxy.stop)
    stopping.start()
    assert ended_within(client, 3) == [close_frame(AWAY)] == ended_within(upstream, 3)
    client.wire.sock.close()
    stopping.join(5)
    assert proxy.process.poll() == 0 and time.monotonic() - since < 4


@pytest.mark.parametrize("sender_role", ["client", "server"])
def test_the_program_ends_within_a_frame(open_pair, sender_role):
    """The frame is finished first, and nothing follows the close frame."""
    client, upstream, proxy = open_pair()
    sender, receiver = (client, upstream) if sender_role == "client" else (upstream, client)
    frame = Frame(BINARY, os.urandom(1000))
    whole = frame.encode(sender.role)
    sender.send_bytes(whole[:600])
    receiver.wire.fill()
    stopping = threading.Thread(target=proxy.stop)
    stopping.start()
    assert sender.read() == close_frame(AWAY)
    sender.send_bytes(whole[600:])
    sender.send(Frame(TEXT, b"too late"))
    assert receiver.take(2) == [frame, close_frame(AWAY)]
    sender.send(close_frame(AWAY))
    receiver.send(close_frame(AWAY))
    assert receiver.read() is None
    stopping.join(5)
    assert proxy.process.poll() == 0


def test_a_socket_that_opens_while_the_program_ends(run, raw):
    going = threading.Event()
    server = raw(lambda head: going.wait(5) and switch(head))
    proxy = run(server)
    heard = []
    asking = threading.Thread(target=lambda: heard.append(connect(proxy.port, ANY).read()))
    asking.start()
    wait_until(lambda: server._open)
    time.sleep(0.2)
    stopping = threading.Thread(target=proxy.stop)
    stopping.start()
    time.sleep(0.2)
    going.set()
    asking.join(5)
    assert heard == [close_frame(AWAY)] and server.accept().read() == close_frame(AWAY)
    stopping.join(10)
    assert proxy.process.poll() == 0


def test_the_connection_is_no_http_any_more(open_pair):
    client, upstream, _ = open_pair()
    upstream.send(close_frame())
    client.send(close_frame())
    upstream.wire.sock.close()
    assert client.read() == close_frame()
    client.send_bytes(b"GET /-/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert client.wire.rest() == b""


def test_sockets_take_connections(run, raw):
    """Where all of them are in use another one waits, and is told so; it is served once one is free."""
    server = raw()
    proxy = run(server, COUNTERSIGN_MAX_UPSTREAM=1, COUNTERSIGN_TIMEOUT_MS=500)
    with connect(proxy.port, ANY) as first, server.accept() as upstream:
        with pytest.raises(NotSwitched) as refused:
            connect(proxy.port, ANY)
        assert refused.value.answer.values(b"X-Countersign-Error") == [b"TooBusy"]
        first.reset()
        assert upstream.wire.rest() is not None
    with connect(proxy.port, ANY), server.accept():
        pass


def test_a_hundred_one_after_the_other(run, raw):
    """Nothing of a socket is left behind: connections to the server least of all."""
    server = raw()
    proxy = run(server, COUNTERSIGN_MAX_UPSTREAM=2)
    for number in range(100):
        with connect(proxy.port, ANY) as client, server.accept() as upstream:
            client.send(Frame(TEXT, b"%d" % number))
            assert upstream.read() == Frame(TEXT, b"%d" % number)
            if number % 3 == 0:
                client.send(close_frame())
                assert upstream.read() == close_frame()
                upstream.send(close_frame())
                upstream.wire.sock.close()
                assert client.read() == close_frame()
            elif number % 3 == 1:
                client.reset()
                assert upstream.read() == close_frame(AWAY)
    assert socket.create_connection(("127.0.0.1", proxy.port)).close() is None
