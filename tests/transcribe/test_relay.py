"""The judge of a relay, before relays of which is known what they do."""

import socket
import threading

import pytest
from harness.raw import TIMEOUT, Ended, Malformed

from raw_websocket import CLOSE, Frame, Peer, RawServer, close_frame, connect
from relay import judge
from websocket_cases import CASES


class Relay:
    """Strict, as it knows the case, or lax: then all bytes pass."""

    def __init__(self, port, strict):
        self.upstream, self.strict, self.case = port, strict, None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.upstream), TIMEOUT)
            for each in ((client, server, "client"), (server, client, "server")):
                threading.Thread(target=self._pass, args=each, daemon=True).start()

    def _pass(self, source, target, role):
        """All bytes; of a faulty case only what is right, and then the code that is due."""
        try:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += source.recv(1)
            target.sendall(head)
            case = self.case
            judging = self.strict and case.codes and role == case.role
            if judging and source.recv(1):
                target.sendall(b"".join(frame.encode(role) for frame in case.relayed))
                source.sendall(close_frame(case.codes[0]).encode("server" if role == "client" else "client"))
                target.shutdown(socket.SHUT_WR)
            while data := source.recv(65536):
                if not judging:
                    target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@pytest.fixture(scope="module")
def through():
    """through(case, strict): the sender's end and the receiver's, with a relay between."""
    with RawServer() as server:
        relays = {strict: Relay(server.port, strict) for strict in (False, True)}

        def pair(case, strict):
            relays[strict].case = case
            client = connect(relays[strict].port)
            upstream = server.accept()
            return (client, upstream) if case.role == "client" else (upstream, client)

        yield pair
        for relay in relays.values():
            relay.close()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_strict_relay_is_taken(through, case):
    sender, receiver = through(case, True)
    with sender, receiver:
        judge(case, sender, receiver)


@pytest.mark.parametrize("case", [case for case in CASES if case.codes and not case.tolerated and not case.inside], ids=str)
def test_a_lax_relay_is_seen(through, case):
    sender, receiver = through(case, False)
    sender.wire.sock.settimeout(0.1)
    receiver.wire.sock.settimeout(0.1)
    with sender, receiver, pytest.raises((AssertionError, Ended, Malformed)):
        judge(case, sender, receiver)


@pytest.mark.parametrize("case", [case for case in CASES if case.inside], ids=str)
def test_who_does_not_look_inside_is_taken(through, case):
    sender, receiver = through(case, False)
    with sender, receiver:
        judge(case, sender, receiver)


class Changed(Peer):
    """An end to which another comes than was sent."""

    def frames(self):
        for frame in super().frames():
            yield frame if frame.opcode == CLOSE else Frame(frame.opcode, frame.payload + b"?", frame.fin)


def test_a_relay_that_changes_anything_is_seen(through):
    case = next(case for case in CASES if case.name.startswith("5.3 "))
    sender, receiver = through(case, True)
    with sender, receiver, pytest.raises(AssertionError):
        judge(case, sender, Changed(receiver.wire, receiver.role, receiver.head))
