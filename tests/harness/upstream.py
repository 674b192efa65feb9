"""A small AWS on loopback: HTTP/1.1 over TLS or plain; it checks every signature and does what a test says.

    def handler(request):                       # called once the head is verified
        return Response(body=request.read())    # the body is there to be read, or is read and hashed after

    with Upstream(authority, handler) as upstream:
        ...
        upstream.requests[-1].headers           # everything that arrived, in order

A handler may also speak on request.wire itself and return None: then the connection is closed.
What was wrongly signed is answered as AWS would, and kept in upstream.refused. What was rightly signed with
a key in upstream.expired gets upstream.expiry's answer in the handler's place.
"""

import contextlib
import hashlib
import io
import json
import socket
import ssl
import struct
import threading
import time
from dataclasses import dataclass, field
from http import HTTPStatus

from . import verify
from .proxy import ROLE

KEPT_BODY = 1 << 20
PIECE = 1 << 18


class Gone(Exception):
    """The other side went away, or what it sent ended too early."""


@dataclass
class Response:
    """What a handler answers. A body that is not bytes is sent piece by piece as it comes."""

    status: int = 200
    body: object = b""
    headers: tuple = ()
    reason: str = None
    length: int = None          # promised Content-Length of a body that comes in pieces or is cut short
    trailers: tuple = ()        # makes it chunked
    chunked: bool = False
    until_close: bool = False   # no length: the connection's end is the body's end
    interim: tuple = ()         # statuses of 1xx heads that go before
    early: bool = False         # do not wait for the request's body
    close: bool = False         # say Connection: close, then close
    hang_up: bool = False       # close without having said so
    abrupt: bool = False        # close TLS without its close_notify
    reset: bool = False         # close with a TCP reset

    @property
    def ends_connection(self):
        return self.close or self.hang_up or self.until_close or self.reset or self.abrupt


@dataclass
class Connection:
    """One connection as the server saw it."""

    number: int
    resumed: bool = False
    version: str = None
    server_name: str = None
    opened: float = field(default_factory=time.monotonic)
    closed: threading.Event = field(default_factory=threading.Event)
    requests: list = field(default_factory=list)


class Wire:
    """The bytes of one connection."""

    def __init__(self, sock):
        self.sock = sock
        self.reader = io.BufferedReader(_Raw(sock), PIECE)

    def send(self, data):
        try:
            self.sock.sendall(data)
        except (OSError, ValueError) as error:
            raise Gone(str(error)) from error

    @property
    def reads(self):
        """How often it has read so far: of TLS, a record each time."""
        return self.reader.raw.reads

    def line(self, limit=65536):
        line = self.reader.readline(limit)
        if not line.endswith(b"\r\n"):
            raise Gone("the connection ended within a line")
        return line[:-2]

    def piece(self, most=PIECE):
        """Some bytes, up to most; raises Gone at the end."""
        data = self.reader.read1(min(most, PIECE))
        if not data:
            raise Gone("the connection ended within a body")
        return data

    def ended(self, timeout=20):
        """Waits for the other side to close, and drops what it still sends; False after the timeout."""
        self.sock.settimeout(timeout)
        try:
            while self.reader.read1(PIECE):
                pass
        except TimeoutError:
            return False
        except (OSError, ValueError):
            pass
        return True

    def rest(self, timeout=20):
        """All that still comes until the other side closes."""
        self.sock.settimeout(timeout)
        with contextlib.suppress(ConnectionError):
            return self.reader.read()
        return b""

    def close(self, notify=True, reset=False):
        if reset:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif notify and isinstance(self.sock, ssl.SSLSocket):
            self._say_goodbye()
        self.sock.close()

    def _say_goodbye(self):
        try:
            self.sock.settimeout(0)
            self.sock.unwrap()
        except (OSError, ValueError):
            pass


class _Raw(io.RawIOBase):
    """A socket as a raw stream whose end by reset looks like any other error."""

    def __init__(self, sock):
        self.sock, self.reads = sock, 0

    def readable(self):
        return True

    def readinto(self, buffer):
        self.reads += 1
        return self.sock.recv_into(buffer)


class Request:
    """One request: its head as it came, its body when it is asked for."""

    def __init__(self, wire, connection, send_continue):
        self.wire = wire
        self.connection = connection
        self.method, self.target, self.version, self.headers = read_head(wire)
        self.arrived = time.monotonic()
        self.proof = None
        self.body = b""
        self.trailers = []
        self.body_length = 0
        self.complete = False
        self._hash = hashlib.sha256()
        self._continue = send_continue and self.header("expect").lower() == "100-continue"
        self._pieces = self._read_pieces()

    def all(self, name):
        """The values (bytes) of every header of that name."""
        return [value for each, value in self.headers if each.lower() == name.lower()]

    def header(self, name, default=""):
        values = self.all(name)
        return verify.text(values[0]) if values else default

    @property
    def path(self):
        return self.target.partition(b"?")[0].decode("ascii")

    @property
    def body_sha256(self):
        return self._hash.hexdigest()

    def pieces(self):
        """The body, piece by piece as it comes; a 100 Continue goes before where one is due."""
        return self._pieces

    def read(self):
        """The whole body."""
        return b"".join(self.pieces())

    def drain(self):
        """Reads what is left of the body; the first MiB of it stays in .body, the hash covers all."""
        for _ in self.pieces():
            pass

    def _read_pieces(self):
        if self._continue:
            self.wire.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        chunked = self.header("transfer-encoding").lower() == "chunked"
        source = self._chunks() if chunked else self._counted(int(self.header("content-length", "0")))
        for piece in source:
            self._hash.update(piece)
            self.body_length += len(piece)
            if len(self.body) < KEPT_BODY:
                self.body += piece[:KEPT_BODY - len(self.body)]
            yield piece
        self.complete = True

    def _counted(self, left):
        while left:
            piece = self.wire.piece(left)
            left -= len(piece)
            yield piece

    def _chunks(self):
        while size := int(self.wire.line().partition(b";")[0], 16):
            yield from self._counted(size)
            self.wire.line()
        while line := self.wire.line():
            name, _, value = line.partition(b":")
            self.trailers.append((name.decode("latin-1"), value.strip()))


def read_head(wire):
    """(method, target bytes, version, [(name, value bytes)]) of the next request; Gone where none comes."""
    first = wire.line()
    method, target, version = first.split(b" ")
    headers = []
    while line := wire.line():
        name, _, value = line.partition(b":")
        headers.append((name.decode("latin-1"), value.strip(b" \t")))
    return method.decode("ascii"), target, version.decode("ascii"), headers


def write_response(wire, method, response):
    """The head and the body of one answer, framed as the Response asks."""
    for status in response.interim:
        wire.send(f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nLink: </x>\r\n\r\n".encode())
    whole = isinstance(response.body, bytes)
    chunked = response.chunked or response.trailers or not (
        whole or response.length is not None or response.until_close)
    head = [f"HTTP/1.1 {response.status} {response.reason or phrase(response.status)}"]
    head += [f"{name}: {value}" for name, value in response.headers]
    if chunked:
        head.append("Transfer-Encoding: chunked")
    elif not response.until_close and response.status != 204 and response.status >= 200:
        length = response.length if response.length is not None else len(response.body)
        head.append(f"Content-Length: {length}")
    if response.close or response.until_close:
        head.append("Connection: close")
    bare = method == "HEAD" or response.status in (204, 304)
    start = "\r\n".join(head).encode("latin-1") + b"\r\n\r\n"
    if whole and not chunked:
        wire.send(start + (b"" if bare else response.body))
        return
    wire.send(start)
    if not bare:
        write_pieces(wire, [response.body] if whole else response.body, chunked, response.trailers)


def write_pieces(wire, pieces, chunked, trailers):
    for piece in pieces:
        if chunked and piece:
            wire.send(b"%x\r\n%b\r\n" % (len(piece), piece))
        elif piece:
            wire.send(piece)
    if chunked:
        last = "".join(f"{name}: {value}\r\n" for name, value in trailers)
        wire.send(b"0\r\n" + last.encode("latin-1") + b"\r\n")


def phrase(status):
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unnamed"


def shut(sock, reset=False):
    """Ends a connection from another thread: by the plain socket, for its TLS belongs to its own thread.

    A reset is sent when that thread, whose reading ends, closes it.
    """
    with contextlib.suppress(OSError):
        if reset:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        socket.socket.shutdown(sock, socket.SHUT_RD if reset else socket.SHUT_RDWR)


class Upstream:
    """The server. authority None means plain HTTP; context overrides how TLS is done."""

    def __init__(self, authority=None, handler=None, *, host="localhost", address="127.0.0.1", names=(),
                 port=0, context=None, role=ROLE, check=True, clock=None):
        self.handler = handler or (lambda request: Response())
        self.host, self.role, self.check, self.clock = host, role, check, clock
        self.expired, self.expiry = set(), expired_token
        self.context = context or (authority and authority.server_context(host, *names))
        self.send_continue = True
        self.connections, self.requests, self.refused, self.failures = [], [], [], []
        self._sockets = set()
        self._lock = threading.Lock()
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._listener = socket.create_server((address, port), family=family, backlog=512)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self):
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.context else 'http'}://{host}:{self.port}"

    @property
    def authority_name(self):
        """What a client writes in Host for this server."""
        return self.url.partition("//")[2]

    @property
    def last(self):
        return self.requests[-1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def hang_up(self, reset=False):
        """Ends every connection, by a TCP reset where so asked; new ones are welcome."""
        with self._lock:
            sockets = list(self._sockets)
        for sock in sockets:
            shut(sock, reset)

    def close(self):
        """Stops listening and ends every connection."""
        shut(self._listener)
        self._listener.close()
        self.hang_up()

    def open_connections(self):
        return [each for each in self.connections if not each.closed.is_set()]

    def _accept(self):
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = Connection(len(self.connections) + 1)
            self.connections.append(connection)
            threading.Thread(target=self._serve, args=(sock, connection), daemon=True).start()

    def _serve(self, sock, connection):
        try:
            sock = self._handshake(sock, connection)
        except (OSError, ValueError) as error:
            self.failures.append(error)
            sock.close()
            connection.closed.set()
            return
        with self._lock:
            self._sockets.add(sock)
        try:
            self._talk(Wire(sock), connection)
        except (Gone, OSError, ValueError):
            sock.close()
        finally:
            with self._lock:
                self._sockets.discard(sock)
            connection.closed.set()

    def _handshake(self, sock, connection):
        if self.context is None:
            return sock
        sock.settimeout(20)
        secured = self.context.wrap_socket(sock, server_side=True)
        secured.settimeout(None)
        connection.resumed, connection.version = secured.session_reused, secured.version()
        return secured

    def _talk(self, wire, connection):
        """One request after the other until someone closes."""
        while True:
            request = Request(wire, connection, self.send_continue)
            connection.requests.append(request)
            self.requests.append(request)
            response = self._answer(request)
            if response is None:
                wire.close()
                return
            write_response(wire, request.method, response)
            if response.ends_connection:
                wire.close(notify=not response.abrupt, reset=response.reset)
                return

    def _answer(self, request):
        try:
            if self.check:
                request.proof = verify.check_head(request, self.role, self.clock and self.clock.now())
            told = request.proof and request.proof.key in self.expired
            response = (self.expiry if told else self.handler)(request)
            if response is not None and not response.early:
                request.drain()
                if self.check:
                    verify.check_body(request, request.proof)
            return response
        except verify.Refusal as refusal:
            self.refused.append((request, refusal))
            request.drain()
            kind, body = refusal.body()
            return Response(refusal.status, body, (("Content-Type", kind), ("x-amz-request-id", "refused")))


class Objects:
    """An S3 in memory, a handler: PUT, GET (ranges too), HEAD, DELETE and lists of keys as on the wire."""

    def __init__(self):
        self.stored = {}
        self.types = {}

    def __call__(self, request):
        return getattr(self, "on_" + request.method.lower(), self.refuse)(request)

    def refuse(self, request):
        return Response(405, headers=(("Allow", "GET, HEAD, PUT, DELETE"),))

    def on_put(self, request):
        body = request.read()
        if request.header("if-none-match") == "*" and request.path in self.stored:
            return error(412, "PreconditionFailed")
        self.stored[request.path] = body
        self.types[request.path] = request.header("content-type", "binary/octet-stream")
        return Response(headers=(("ETag", tag(body)),))

    def on_get(self, request):
        if b"list-type=2" in request.target:
            return self.list(request)
        body = self.stored.get(request.path)
        if body is None:
            return error(404, "NoSuchKey")
        headers = (("ETag", tag(body)), ("Content-Type", self.types[request.path]),
                   ("Accept-Ranges", "bytes"))
        wanted = request.header("range")
        if not wanted:
            return Response(200, body, headers)
        first, last = (int(part) for part in wanted.removeprefix("bytes=").split("-"))
        part = body[first:last + 1]
        span = f"bytes {first}-{first + len(part) - 1}/{len(body)}"
        return Response(206, part, (*headers, ("Content-Range", span)))

    on_head = on_get

    def on_delete(self, request):
        self.stored.pop(request.path, None)
        return Response(204)

    def list(self, request):
        folder = request.path.rstrip("/") + "/"
        keys = sorted(path[len(folder):] for path in self.stored if path.startswith(folder))
        items = "".join(f"<Contents><Key>{key}</Key></Contents>" for key in keys)
        return Response(200, f"<ListBucketResult>{items}</ListBucketResult>".encode(),
                        (("Content-Type", "application/xml"),))


def mute(gate):
    """A handler that says nothing until the gate opens, and then closes."""
    def handler(request):
        gate.wait(60)

    return handler


def tag(body):
    return f'"{hashlib.md5(body).hexdigest()}"'


EXPIRED = "ExpiredToken", "The security token included in the request is expired"


def expired_token(request, named=True):
    """What AWS says to keys that have ended, in the service's own dialect; named: JSON's header says it too."""
    code, message = EXPIRED
    kind = request.header("content-type")
    if request.proof.service in verify.S3_FAMILY:
        return Response(400, f"<Error><Code>{code}</Code><Message>{message}</Message></Error>".encode(),
                        (("Content-Type", "application/xml"),))
    if "json" in kind:
        header = (("x-amzn-errortype", f"{code}Exception:http://internal.amazon.com/coral/"),) if named else ()
        return Response(400, json.dumps({"__type": f"com.amazon.coral.service#{code}Exception",
                                         "message": message}).encode(), (("Content-Type", kind), *header))
    if "cbor" in kind:
        return Response(400, cbor_map({"__type": f"com.amazonaws.any#{code}Exception", "message": message}),
                        (("Content-Type", kind), ("smithy-protocol", "rpc-v2-cbor")))
    text = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    return Response(403, f"<ErrorResponse>{text}<RequestId>r</RequestId></ErrorResponse>".encode(),
                    (("Content-Type", "text/xml"),))


def cbor_map(texts):
    """A map of short texts to texts (RFC 8949)."""
    def text(value):
        raw = value.encode()
        return (bytes([0x60 | len(raw)]) if len(raw) < 24 else bytes([0x78, len(raw)])) + raw

    return bytes([0xA0 | len(texts)]) + b"".join(text(name) + text(value) for name, value in texts.items())


def error(status, code):
    """An error in S3's dialect."""
    body = f"<Error><Code>{code}</Code><Message>as the test wants</Message></Error>".encode()
    return Response(status, body, (("Content-Type", "application/xml"),))
