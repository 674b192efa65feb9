"""WebSockets (RFC 6455) as bytes: a client and a server that send exactly what they are told, rightly or wrongly.

    with RawServer(authority) as server, connect(proxy.port, "/…", headers) as client:
        upstream = server.accept()
        client.send(Frame(TEXT, b"one", fin=False), Frame(CONTINUATION, b"two"))
        assert upstream.read() == Frame(TEXT, b"one", fin=False)

What comes back is read by a parser that forgives nothing (see Peer.read). Every wait is bounded, by harness.raw.
"""

import base64
import hashlib
import queue
import socket
import struct
import threading
from dataclasses import dataclass, field

from harness.raw import STATUS_LINE, TIMEOUT, Ended, Malformed, Silence, Wire

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
MASK = bytes.fromhex("37fa213d")


@dataclass(frozen=True)
class Frame:
    """One frame; what is not compared is how it is written, where that is not as it should be."""

    opcode: int
    payload: bytes = b""
    fin: bool = True
    rsv: int = 0                                            # bits: 4 is RSV1
    width: int = field(default=None, compare=False)         # bytes of the extended length: 0, 2 or 8
    claim: int = field(default=None, compare=False)         # the length that it says it has
    masked: bool = field(default=None, compare=False)       # None: as is due to the role

    def encode(self, role):
        """role: of the sender, client or server."""
        length = len(self.payload) if self.claim is None else self.claim
        width = (0 if length < 126 else 2 if length < 65536 else 8) if self.width is None else self.width
        masked = role == "client" if self.masked is None else self.masked
        head = struct.pack("!BB", self.fin << 7 | self.rsv << 4 | self.opcode,
                           masked << 7 | (length if width == 0 else 126 if width == 2 else 127))
        head += length.to_bytes(width, "big") if width else b""
        return head + (MASK + apply_mask(MASK, self.payload) if masked else self.payload)


def close_frame(code=1000, reason=b""):
    return Frame(CLOSE, struct.pack("!H", code) + reason)


def apply_mask(mask, data):
    """By one large exclusive or, which is fast."""
    key = (mask * (len(data) // 4 + 1))[:len(data)]
    return (int.from_bytes(data, "big") ^ int.from_bytes(key, "big")).to_bytes(len(data), "big")


def accept_of(key):
    return base64.b64encode(hashlib.sha1(key.encode() + GUID).digest()).decode()


class Peer:
    """One end of an open WebSocket; role is this end's. head is the other's handshake (harness.raw.Message)."""

    def __init__(self, wire, role, head):
        self.wire, self.role, self.head = wire, role, head

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.wire.sock.close()

    def send(self, *frames):
        self.send_bytes(b"".join(frame.encode(self.role) for frame in frames))

    def send_bytes(self, data, step=None):
        """step: bytes at a time."""
        self.wire.send(data, step)

    def finish(self):
        """No more comes from here, and no close frame has."""
        self.wire.finish()

    def reset(self):
        self.wire.reset()

    def read(self):
        """The next frame; None where the stream ends before one, Ended within it.

        Malformed where it is masked or not against its sender's role, says its length in more bytes than it needs,
        or breaks what holds for control frames.
        """
        if not self.wire.held and not self.wire.fill():
            return None
        first, second = self.wire.take(2)
        masked, length, width = bool(second & 128), second & 127, 0
        if length >= 126:
            width = 2 if length == 126 else 8
            length = int.from_bytes(self.wire.take(width), "big")
        if masked != (self.role == "server"):
            raise Malformed(f"a frame to the {self.role} is {'' if masked else 'not '}masked")
        if width and length < (126 if width == 2 else 65536) or length >> 63:
            raise Malformed(f"length {length} in {width} bytes")
        mask = self.wire.take(4) if masked else None
        data = self.wire.take(length)
        frame = Frame(first & 15, apply_mask(mask, data) if mask else data, bool(first & 128), first >> 4 & 7)
        if frame.opcode >= CLOSE and (not frame.fin or length > 125):
            raise Malformed(f"a control frame: {frame}")
        return frame

    def frames(self):
        """All frames until one that closes, it included, or until the stream ends; what is cut off is left out."""
        while True:
            try:
                frame = self.read()
            except Ended:
                return
            if frame is None:
                return
            yield frame
            if frame.opcode == CLOSE:
                return

    def take(self, count):
        """The next so many frames."""
        return [self.read() for _ in range(count)]


def code_of(frame):
    """The code of a close frame; None where it has none."""
    return struct.unpack_from("!H", frame.payload)[0] if len(frame.payload) >= 2 else None


def reassembled(frames):
    """(opcode, payload) of each whole message in those frames."""
    messages, opcode, pieces = [], None, []
    for frame in frames:
        if frame.opcode >= CLOSE:
            continue
        opcode = frame.opcode or opcode
        pieces.append(frame.payload)
        if frame.fin:
            messages.append((opcode, b"".join(pieces)))
            pieces = []
    return messages


# --- The client -----------------------------------------------------------------------------------

REQUEST = {"Host": "localhost", "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
           "Sec-WebSocket-Key": KEY}


@dataclass
class NotSwitched(Exception):
    """The handshake's answer (harness.raw.Message), which is no 101."""

    answer: object


def request(target, headers=(), method="GET", **changes):
    """The handshake's bytes. changes: of REQUEST, with _ for -; None leaves a header out."""
    fields = {**REQUEST, **{name.replace("_", "-"): value for name, value in changes.items()}}
    lines = [f"{name}: {value}" for name, value in [*fields.items(), *headers] if value is not None]
    return "\r\n".join([f"{method} {target} HTTP/1.1", *lines, "", ""]).encode("latin-1")


def connect(port, target="/", headers=(), *, context=None, early=b"", step=None, check=True, **changes):
    """The client's end of a new WebSocket, or raises NotSwitched.

    early: bytes that go out with the handshake; step: its bytes at a time. check: that the answer accepts the key.
    """
    sock = socket.create_connection(("127.0.0.1", port), TIMEOUT)
    wire = Wire(context.wrap_socket(sock, server_hostname="localhost") if context else sock)
    wire.send(request(target, headers, **changes) + early, step)
    answer = wire._head(STATUS_LINE)
    if answer is None or answer.cut or answer.status != 101:
        if answer and not answer.cut:
            wire._body(answer, b"GET")
        wire.sock.close()
        raise NotSwitched(answer)
    if check:
        _check_answer(answer, changes.get("Sec_WebSocket_Key", KEY))
    return Peer(wire, "client", answer)


def _check_answer(answer, key):
    upgrade, connection = answer.values(b"Upgrade"), answer.values(b"Connection")
    if [each.lower() for each in upgrade] != [b"websocket"] or [each.lower() for each in connection] != [b"upgrade"]:
        raise Malformed(f"Upgrade {upgrade}, Connection {connection}")
    if answer.values(b"Sec-WebSocket-Accept") != [accept_of(key).encode()]:
        raise Malformed(f"Sec-WebSocket-Accept {answer.values(b'Sec-WebSocket-Accept')}")


# --- The server -----------------------------------------------------------------------------------

def switch(head, headers=()):
    """The answer to that handshake: 101."""
    (key,) = head.values(b"Sec-WebSocket-Key")
    lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
             f"Sec-WebSocket-Accept: {accept_of(key.decode())}", *(f"{name}: {value}" for name, value in headers)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


class RawServer:
    """TLS where authority is given. answer(head) gives the bytes that answer a handshake, and may add early frames;
    step: its bytes at a time. Signatures are not looked at: head is there for that (presigned.check).
    """

    def __init__(self, authority=None, answer=switch, step=None, names=()):
        self.answer, self.step = answer, step
        self.context = authority and authority.server_context("localhost", *names, label=f"raw-{id(self)}")
        self.faults = []                # what came that was no handshake
        self._peers = queue.Queue()
        self._open = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self):
        return f"{'https' if self.context else 'http'}://localhost:{self.port}"

    def accept(self, timeout=TIMEOUT):
        """The server's end of the next WebSocket whose handshake was answered."""
        try:
            return self._peers.get(timeout=timeout)
        except queue.Empty:
            raise Silence(f"no handshake came; faults: {self.faults}") from None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for sock in self._open:
            sock.close()

    def _accept(self):
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._greet, args=[sock], daemon=True).start()

    def _greet(self, sock):
        try:
            sock.settimeout(TIMEOUT)
            wire = Wire(self.context.wrap_socket(sock, server_side=True) if self.context else sock)
            self._open.append(wire.sock)
            head = wire.request_head()
            if head is None:
                return
            wire.send(self.answer(head), self.step)
            self._peers.put(Peer(wire, "server", head))
        except (AssertionError, Ended, OSError, ValueError) as fault:
            self.faults.append(repr(fault))
