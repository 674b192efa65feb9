"""HTTP/1.1 as bytes: a client and an upstream that send exactly what they are told.

What comes back is read by a parser that forgives nothing: a message that could be read in two ways is
Malformed, and one that ends before its promised length is cut. Every wait is bounded.
"""

import os
import re
import socket
import ssl
import struct
import threading
import time
from dataclasses import dataclass, field

TIMEOUT = 5
OK_HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
OK = OK_HEAD + b"ok"

TEXT = rb"[\t\x20-\x7e\x80-\xff]*"
STATUS_LINE = re.compile(rb"HTTP/1\.[01] [1-5][0-9][0-9] " + TEXT)
REQUEST_LINE = re.compile(rb"[A-Z-]+ [\x21-\x7e]+ HTTP/1\.1")
FIELD_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(" + TEXT + rb"?)[ \t]*")
CHUNK_SIZE = re.compile(rb"[0-9A-Fa-f]{1,16}")


class Malformed(AssertionError):
    """The peer wrote something that is not exactly HTTP/1.1."""


class Silence(AssertionError):
    """Nothing came within the timeout."""


class Ended(Exception):
    """The stream ended in the middle of something."""


@dataclass
class Message:
    line: bytes
    fields: list
    body: bytes = b""
    trailers: list = field(default_factory=list)
    framing: str = "none"  # or length, chunked, close
    cut: bool = False  # shorter than promised
    interim: list = field(default_factory=list)  # the 1xx answers before this one
    connection: int = 0  # at an upstream: on which of its connections this came, from 1

    @property
    def status(self):
        return int(self.line[9:12])

    def values(self, name):
        return [value for known, value in self.fields if known.lower() == name.lower()]


def ok(request):
    return OK_HEAD if request.line.startswith(b"HEAD ") else OK


def pieces(data, step):
    """data in pieces of step bytes, or whole where step is None."""
    step = step or len(data) or 1
    return [data[at:at + step] for at in range(0, len(data), step)]


class Wire:
    """One connection, from either end; end is how the peer ended it: closed, reset, None while it is open."""

    def __init__(self, sock, timeout=TIMEOUT):
        self.sock = sock
        self.sock.settimeout(timeout)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.held = b""  # read, and not yet taken
        self.seen = bytearray()  # all that ever came
        self.end = None
        self.deaf = False  # the peer refused what we sent

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    # sending

    def send(self, data, step=None):
        """Sends data, step bytes at a time. A peer that stopped listening is no error: its answer counts."""
        try:
            for piece in pieces(data, step):
                self.sock.sendall(piece)
                if step:
                    os.sched_yield()
        except (BrokenPipeError, ConnectionResetError, ssl.SSLEOFError):
            self.deaf = True

    def finish(self):
        """Half-closes: nothing more will be sent, an answer is still read."""
        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self.deaf = True

    def reset(self):
        self.reset_on_close()
        self.sock.close()

    def reset_on_close(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    # receiving

    def fill(self):
        """Reads once; False at the end of the stream."""
        if self.end:
            return False
        try:
            data = self.sock.recv(65536)
            self.end = None if data else "closed"
        except ConnectionResetError:
            data, self.end = b"", "reset"
        except TimeoutError:
            raise Silence(f"nothing came for {TIMEOUT} s after {bytes(self.seen[-300:])!r}") from None
        self.held += data
        self.seen += data
        return bool(data)

    def wait_for(self, mark):
        """Reads until mark has come, and takes nothing."""
        while mark not in self.seen:
            if not self.fill():
                raise Ended

    def rest(self):
        """All that comes until the peer ends the connection."""
        while self.fill():
            pass
        return self.take(len(self.held))

    def take(self, count):
        while len(self.held) < count:
            if not self.fill():
                raise Ended
        taken, self.held = self.held[:count], self.held[count:]
        return taken

    def take_line(self):
        while b"\r\n" not in self.held:
            if not self.fill():
                raise Ended
        line, self.held = self.held.split(b"\r\n", 1)
        return line

    # messages

    def response(self, method=b"GET"):
        """The next answer to a request of that method, after its 1xx; None where the stream ends first."""
        interim = []
        while True:
            message = self._head(STATUS_LINE)
            if not message or message.cut:
                return message
            message.interim = interim
            if message.status >= 200:
                return self._body(message, method)
            self._no_length(message)
            interim.append(message)

    def request_head(self):
        """The head of the next request, or None at the end. Raises Ended in the middle of one."""
        message = self._head(REQUEST_LINE)
        if message and message.cut:
            raise Ended
        return message

    def request_body(self, message):
        if self._body(message, None).cut:
            raise Ended

    def _head(self, first_line):
        if not self.held and not self.fill():
            return None
        try:
            line = self.take_line()
            if not first_line.fullmatch(line):
                raise Malformed(f"first line {line!r}")
            return Message(line, self._fields())
        except Ended:
            return Message(b"HTTP/1.1 000 cut in its head", [], cut=True)

    def _fields(self):
        fields = []
        while line := self.take_line():
            found = FIELD_LINE.fullmatch(line)
            if not found:
                raise Malformed(f"field line {line!r}")
            fields.append(found.groups())
        return fields

    @staticmethod
    def _no_length(message):
        if message.values(b"Content-Length") or message.values(b"Transfer-Encoding"):
            raise Malformed(f"a length where there is no body: {message}")

    def _body(self, message, method):
        """method None: the message is a request."""
        lengths, codings = message.values(b"Content-Length"), message.values(b"Transfer-Encoding")
        if len(lengths) + len(codings) > 1 or any(value != b"chunked" for value in codings):
            raise Malformed(f"framing {lengths} {codings}")
        if not all(re.fullmatch(rb"0|[1-9][0-9]{0,18}", value) for value in lengths):
            raise Malformed(f"content length {lengths}")
        if method is not None and message.status == 204:
            self._no_length(message)
        if method == b"HEAD" or method is not None and message.status in (204, 304):
            return message
        try:
            if codings:
                message.framing = "chunked"
                self._chunks(message)
            elif lengths:
                message.framing = "length"
                self._counted(message, int(lengths[0]))
            elif method is not None:
                message.framing = "close"
                message.body = self.rest()
                message.cut = self.end == "reset"
        except Ended:
            message.cut = True
        return message

    def _counted(self, message, length):
        try:
            message.body += self.take(length)
        except Ended:
            message.body += self.take(len(self.held))
            raise

    def _chunks(self, message):
        while True:
            line = self.take_line()
            if not CHUNK_SIZE.fullmatch(line):
                raise Malformed(f"chunk size {line!r}")
            if int(line, 16) == 0:
                message.trailers = self._fields()
                return
            self._counted(message, int(line, 16))
            if self.take(2) != b"\r\n":
                raise Malformed("chunk data without its CRLF")


def connect(port):
    return Wire(socket.create_connection(("127.0.0.1", port), TIMEOUT))


class Upstream:
    """A server that answers as scripted, whatever is asked, and keeps every request it got.

    script() says how, from then on:
      answer  bytes; or a list of them, with a wait for release() before each but the first; or a function
              of the request that gives either
      then    keep the connection for the next request, close it, or reset it
      step    bytes of the last part sent at a time
      after   request: answer when all of it has come; head: when its head has come, leaving the body unread
    """

    def __init__(self):
        self.requests = []  # whole ones, in the order they came, since taken() was last called
        self.connections = []
        self.faults = []  # what came that was not HTTP
        self.script()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def script(self, answer=ok, then="keep", step=None, after="request"):
        self.answer, self.then, self.step, self.after = answer, then, step, after
        self.gate = threading.Semaphore(0)

    def release(self, after_s=0):
        """Lets the next part of an answer go, or does so in a while."""
        if after_s:
            threading.Timer(after_s, self.gate.release).start()
        else:
            self.gate.release()

    def taken(self):
        """The requests that have come since this was last called."""
        requests, self.requests = self.requests, []
        return requests

    def wait_for(self, count):
        """Until that many requests have come."""
        deadline = time.monotonic() + TIMEOUT
        while len(self.requests) < count:
            if time.monotonic() > deadline:
                raise Silence(f"{len(self.requests)} of {count} requests came")
            time.sleep(0.001)

    def connection_of(self, message):
        return self.connections[message.connection - 1]

    def stop(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self.connections:
            connection.shut()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def _accept(self):
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            connection = Connection(self, sock, len(self.connections) + 1)
            self.connections.append(connection)
            threading.Thread(target=connection.serve, daemon=True).start()


class Connection:
    """One connection that an Upstream accepted; number counts from 1, ended is set when the peer ended it."""

    def __init__(self, upstream, sock, number):
        self.upstream = upstream
        self.number = number
        self.wire = Wire(sock, timeout=None)
        self.ended = threading.Event()
        self.head_came, self.whole = threading.Event(), threading.Event()  # of the request that came last

    def serve(self):
        try:
            while self._answer_one():
                pass
        except Malformed as fault:
            self.upstream.faults.append(str(fault))
        except (Ended, OSError):
            pass
        finally:
            self.wire.sock.close()
            self.ended.set()

    def shut(self, how=socket.SHUT_RDWR):
        """Ends it; a thread that waits in serve() wakes and ends, too."""
        try:
            self.wire.sock.shutdown(how)
        except OSError:
            pass

    def reset(self):
        self.wire.reset_on_close()
        self.shut(socket.SHUT_RD)
        self.ended.wait(TIMEOUT)

    def gone(self, within_s=2):
        """Whether the peer ends it within that time; also where serve() waits for a release()."""
        deadline = time.monotonic() + within_s
        while not self.ended.is_set() and time.monotonic() < deadline:
            try:
                if not self.wire.sock.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT):
                    return True
            except BlockingIOError:
                pass
            except OSError:
                return True
            time.sleep(0.001)
        return self.ended.is_set()

    def _answer_one(self):
        message = self.wire.request_head()
        if not message:
            return False
        self.whole.clear()
        self.head_came.set()
        script = self.upstream
        if script.after == "request":
            self._read_body(message)
        message.connection = self.number
        script.requests.append(message)
        then, after = script.then, script.after
        self._send(script.answer(message) if callable(script.answer) else script.answer)
        if then == "reset":
            self.wire.reset()
        elif then == "keep" and after == "head":
            self.wire.rest()
        return then == "keep" and not self.wire.end

    def _read_body(self, message):
        if any(value.lower() == b"100-continue" for value in message.values(b"Expect")):
            self.wire.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        self.wire.request_body(message)
        self.whole.set()

    def _send(self, answer):
        parts = answer if isinstance(answer, list) else [answer]
        gate, step = self.upstream.gate, self.upstream.step
        for number, part in enumerate(parts):
            if number:
                gate.acquire(timeout=TIMEOUT)
            self.wire.send(part, step if part is parts[-1] else None)
