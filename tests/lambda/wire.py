"""HTTP/1.1 on a loopback port, small enough that a test can decide every byte of an answer.

In: handle, a function that gets each Exchange in the thread of its connection. Out: whatever it sends.
Connections are kept alive, as Lambda's own are, until an exchange hangs up.
"""

import errno
import http
import http.client
import random
import socket
import struct
import threading
import time
from dataclasses import dataclass, field

MAX_BODY = 6 * 1024 * 1024


@dataclass
class Request:
    """One request as it came: header names are in lower case; peer is the client's address."""
    method: str
    path: str
    headers: dict
    body: bytes
    peer: tuple


@dataclass
class Answer:
    """An answer that is still to be written."""
    status: int
    body: bytes = b""
    headers: dict = field(default_factory=dict)


def encode(answer, chunked=False):
    """The bytes of an answer, with its length, or in chunks of at most seven bytes."""
    reason = http.HTTPStatus(answer.status).phrase
    length = {"Transfer-Encoding": "chunked"} if chunked else {"Content-Length": len(answer.body)}
    fields = "".join(f"{name}: {value}\r\n" for name, value in {**answer.headers, **length}.items())
    head = f"HTTP/1.1 {answer.status} {reason}\r\n{fields}\r\n".encode()
    return head + (_chunks(answer.body) if chunked else answer.body)


def _chunks(body, size=7):
    pieces = [body[at:at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def free_port(*wanted):
    """The first wanted port that is free on loopback, otherwise one that no outgoing connection is given."""
    chances = [*wanted, *random.sample(range(20000, 32000), 50)]
    for port in chances:
        if _is_free(socket.AF_INET, "127.0.0.1", port) and _is_free(socket.AF_INET6, "::1", port):
            return port
    raise OSError("no free port")


def _is_free(family, address, port):
    """Whether one can listen there, or nobody can, for want of the address family."""
    try:
        with socket.create_server((address, port), family=family):
            return True
    except OSError as error:
        return error.errno != errno.EADDRINUSE


class Exchange:
    """A request and the means to answer it, well or badly."""

    def __init__(self, connection, request):
        self.connection, self.request, self.open = connection, request, True

    def answer(self, answer):
        self.send(encode(answer))

    def send(self, data, piece=None, pause=0.0):
        """Writes data in one go, or piece by piece with a pause (seconds) after each."""
        piece = piece or len(data) or 1
        try:
            for at in range(0, len(data), piece):
                self.connection.sendall(data[at:at + piece])
                time.sleep(pause)
        except OSError:
            self.open = False

    def hang_up(self, reset=False):
        """Ends the connection: by a reset, or as one does who has nothing more to say."""
        self.open = False
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        else:
            _quietly(self.connection.shutdown, socket.SHUT_RDWR)
        _quietly(self.connection.close)


class Server:
    """Listens as soon as it is made; port says where; close() ends it and every connection."""

    def __init__(self, handle):
        self.handle = handle
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.connections = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, peer = self.listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections.add(connection)
            threading.Thread(target=self._serve, args=(connection, peer), daemon=True).start()

    def _serve(self, connection, peer):
        stream = connection.makefile("rb")
        try:
            while request := _read(stream, peer):
                exchange = Exchange(connection, request)
                self.handle(exchange)
                if not exchange.open:
                    break
        except (OSError, ValueError, http.client.HTTPException):
            pass
        finally:
            stream.close()
            _quietly(connection.close)
            self.connections.discard(connection)

    def close(self):
        _quietly(self.listener.shutdown, socket.SHUT_RDWR)
        self.listener.close()
        self.drop()

    def drop(self):
        """Ends every connection that there is, and goes on listening."""
        for connection in list(self.connections):
            _quietly(connection.shutdown, socket.SHUT_RDWR)


def _read(stream, peer):
    """The next request of a connection, None at its end; ValueError where it is not HTTP/1.1 with a Host."""
    line = stream.readline(65537).decode("latin-1").rstrip("\r\n")
    if not line:
        return None
    method, path, version = line.split(" ")
    headers = {name.lower(): value for name, value in http.client.parse_headers(stream).items()}
    length = int(headers.get("content-length", 0))
    if version != "HTTP/1.1" or "host" not in headers or not 0 <= length <= MAX_BODY:
        raise ValueError(f"not a request that Lambda takes: {line}")
    body = stream.read(length)
    if len(body) < length:
        raise ValueError("the body ended early")
    return Request(method, path, headers, body, peer)


def _quietly(act, *arguments):
    try:
        act(*arguments)
    except OSError:
        pass
