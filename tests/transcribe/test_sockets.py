"""WebSockets through the program, to a service whose messages it only relays: every frame of both sides, right or wrong."""

import os
import random
import threading

import pytest
from harness.proxy import Proxy

from raw_websocket import BINARY, CONTINUATION, PING, PONG, TEXT, Frame, RawServer, close_frame, connect
from relay import judge
from websocket_cases import CASES

ANY = "/execute-api/stage"


@pytest.fixture(scope="module")
def server(authority):
    with RawServer(authority) as running:
        yield running
        assert not running.faults, running.faults


@pytest.fixture(scope="module")
def proxy(authority, server):
    with Proxy({"COUNTERSIGN_ENDPOINT_EXECUTE_API": server.url, "COUNTERSIGN_CA_BUNDLE": authority.bundle,
                "COUNTERSIGN_AUTH": "none"}) as running:
        yield running


@pytest.fixture
def pair(proxy, server):
    """(client, upstream): both ends of one socket through the program."""
    with connect(proxy.port, ANY) as client, server.accept() as upstream:
        yield client, upstream


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_case(pair, case):
    client, upstream = pair
    sender, receiver = (client, upstream) if case.role == "client" else (upstream, client)
    judge(case, sender, receiver, exact=True)


def talk(chance):
    """Frames as they may come: messages in one and in several, of all lengths, with pings and pongs among them."""
    for _ in range(chance.randrange(5, 60)):
        last = chance.randrange(4)
        for at in range(last + 1):
            yield Frame(CONTINUATION if at else chance.choice([TEXT, BINARY]),
                        os.urandom(chance.choice([0, 1, 3, 125, 126, 127, 5000, 65_535, 65_536, 200_000])), at == last)
            if chance.random() < 0.3:
                yield Frame(chance.choice([PING, PONG]), os.urandom(chance.randrange(126)))


@pytest.fixture(scope="module")
def plain_pair():
    """The same without TLS: one connection of Python's may not be read and written by two threads at once."""
    with RawServer() as server, Proxy({"COUNTERSIGN_ENDPOINT_EXECUTE_API": server.url, "COUNTERSIGN_AUTH": "none"}) as proxy:
        def start():
            return connect(proxy.port, ANY), server.accept()

        yield start
        assert not server.faults, server.faults


@pytest.mark.parametrize("seed", range(24))
def test_both_talk_at_random(plain_pair, seed):
    """At once, and in pieces that know nothing of frames."""
    chance = random.Random(seed)
    client, upstream = plain_pair()
    with client, upstream:
        said = {peer.role: list(talk(chance)) for peer in (client, upstream)}
        step, heard = {role: chance.choice([None, 1460, 9000, 16_385, 70_001]) for role in said}, {}

        def speak(peer):
            peer.send_bytes(b"".join(frame.encode(peer.role) for frame in said[peer.role]), step[peer.role])

        def listen(peer, other):
            heard[other.role] = peer.take(len(said[other.role]))

        work = [threading.Thread(target=how, args=args) for how, args in (
            (speak, [client]), (speak, [upstream]), (listen, [client, upstream]), (listen, [upstream, client]))]
        for each in work:
            each.start()
        for each in work:
            each.join()
        assert heard == said
        client.send(close_frame())
        assert upstream.read() == close_frame()
