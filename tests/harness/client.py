"""A plain HTTP/1.1 client that sends what it is told, byte for byte, and sees all that comes back."""

import contextlib
import socket
import struct
import time
from dataclasses import dataclass, field

from .proxy import TOKEN

WITH_TOKEN = ("X-Countersign-Token", TOKEN)


class Cut(AssertionError):
    """The connection ended before the answer did; .answer is as far as it came, None before its head."""

    def __init__(self, message, answer=None):
        super().__init__(message)
        self.answer = answer


@dataclass
class Answer:
    """A response, and the 1xx statuses that came before it."""

    version: str
    status: int
    reason: str
    headers: list
    interim: list = field(default_factory=list)
    body: bytes = b""
    trailers: list = field(default_factory=list)

    def all(self, name):
        return [value for each, value in self.headers if each.lower() == name.lower()]

    def header(self, name, default=""):
        return ", ".join(self.all(name)) or default

    @property
    def error(self):
        """The code of an error that the proxy itself made, or ''."""
        return self.header("x-countersign-error")

    @property
    def outcome(self):
        """(status, error code): what most tests of refusals compare."""
        return self.status, self.error

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    @property
    def closes(self):
        return "close" in self.header("connection").lower()


class Client:
    """One connection."""

    def __init__(self, port, address="127.0.0.1", timeout=30, receive_buffer=None):
        self.port = port
        if isinstance(port, str):
            self.sock = socket.socket(socket.AF_UNIX)
            target = port
        else:
            self.sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
            target = (address, port)
        if receive_buffer:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.sock.settimeout(timeout)
        self.sock.connect(target)
        self.reader = self.sock.makefile("rb", 1 << 18)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.reader.close()
        self.sock.close()

    def reset(self):
        """Vanishes, with a TCP reset."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def half_close(self):
        self.sock.shutdown(socket.SHUT_WR)

    def send(self, data):
        self.sock.sendall(data.encode("latin-1") if isinstance(data, str) else data)

    def head(self, method, target, headers=(), host=None, token=True, version="HTTP/1.1"):
        """The bytes of a request head; host None is the proxy's own, host '' none at all."""
        lines = [f"{method} {target} {version}"]
        host = f"localhost:{self.port}" if host is None else host
        fields = [("Host", host)] * bool(host) + [WITH_TOKEN] * bool(token) + list(headers)
        return "\r\n".join(lines + [f"{name}: {value}" for name, value in fields]) + "\r\n\r\n"

    def send_request(self, method, target, headers=(), body=None, **how):
        """A request; a body of bytes gets its length, any other is an iterable of pieces to send."""
        if isinstance(body, bytes):
            headers = [*headers, ("Content-Length", len(body))]
        start = self.head(method, target, headers, **how).encode("latin-1")
        if body is None or isinstance(body, bytes):
            self.send(start + (body or b""))
            return
        self.send(start)
        for piece in body:
            self.send(piece)

    def ask(self, method, target, headers=(), body=None, **how):
        """A request and its whole answer."""
        self.send_request(method, target, headers, body, **how)
        return self.answer(method)

    def answer(self, method="GET"):
        """The next final answer, with its body."""
        answer = self.answer_head()
        answer.body = b"".join(self.pieces(answer, method))
        return answer

    def interim(self):
        """The status of the next head, which ought to be a 1xx."""
        return self._one_head().status

    def refusal(self, method):
        """None where the next head is a 1xx, as after Expect; else the final answer that came instead."""
        answer = self._one_head()
        if answer.status < 200:
            return None
        answer.body = b"".join(self.pieces(answer, method))
        return answer

    def answer_head(self):
        """The head of the next final answer."""
        interim = []
        while (answer := self._one_head()).status < 200 and answer.status != 101:
            interim.append(answer.status)
        answer.interim = interim
        return answer

    def pieces(self, answer, method="GET"):
        """The body of an answer as it comes; Cut where the connection ends before it."""
        if method == "HEAD" or answer.status in (204, 304) or answer.status < 200:
            return
        if answer.header("transfer-encoding").lower() == "chunked":
            yield from self._chunks(answer)
        elif answer.all("content-length"):
            yield from self._counted(int(answer.header("content-length")), answer)
        else:
            while piece := self.reader.read1(1 << 18):
                yield piece

    def ended(self):
        """Whether the proxy closed the connection, with nothing more said."""
        try:
            return self.reader.read(1) == b""
        except ConnectionResetError:
            return True

    def _line(self, answer=None):
        try:
            line = self.reader.readline(1 << 17)
        except ConnectionResetError:
            line = b""
        if not line.endswith(b"\r\n"):
            raise Cut(f"the connection ended at {line!r}", answer)
        return line[:-2].decode("latin-1")

    def _one_head(self):
        version, status, reason = self._line().split(" ", 2)
        return Answer(version, int(status), reason, self._fields(None))

    def _fields(self, answer):
        fields = []
        while line := self._line(answer):
            name, _, value = line.partition(":")
            fields.append((name, value.strip(" \t")))
        return fields

    def _counted(self, left, answer):
        while left:
            try:
                piece = self.reader.read1(min(left, 1 << 18))
            except ConnectionResetError:
                piece = b""
            if not piece:
                raise Cut(f"{left} bytes of the body did not come", answer)
            left -= len(piece)
            yield piece

    def _chunks(self, answer):
        while size := int(self._line(answer).partition(";")[0], 16):
            yield from self._counted(size, answer)
            self._line(answer)
        answer.trailers = self._fields(answer)


def ask(port, method, target, headers=(), body=None, **how):
    """One request on a connection of its own."""
    with Client(port) as client:
        return client.ask(method, target, headers, body, **how)


def free_port():
    """A port of 127.0.0.1 where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def wait_until(condition, timeout=20):
    """Waits until condition() holds, and says whether it does; a refused connection is a no."""
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        with contextlib.suppress(ConnectionError):
            if condition():
                return True
        time.sleep(0.005)
    return False
