"""Thousands of clients at once, in processes of their own: for each process's descriptors are limited.

    with Crowd(port, 10_000) as crowd:
        crowd.connect()
        crowd.send(b"GET / HTTP/1.1\\r\\n...")   # on every connection
        crowd.answers()                         # Counter({200: 9744, 503: 64, "closed": 192})

Each process has a source address of its own, so that ports do not run out either. A client that the program refuses
or resets is "closed"; so is one whose connection ends in place of an answer.
"""

import ast
import contextlib
import re
import resource
import select
import socket
import struct
import subprocess
import sys
import time
from collections import Counter

BESIDES = 64            # descriptors that a process needs for other things
PER_PROCESS = 5000      # two of them keep two processors busy
STRIDE = 50             # connections made at a stretch
PATIENCE_S = 60         # a hang, and no measure of anything
LENGTH = re.compile(rb"\r\nContent-Length: (\d+)", re.IGNORECASE)
IP_BIND_ADDRESS_NO_PORT = 24


class Crowd:
    """count clients of 127.0.0.1:port."""

    def __init__(self, port, count):
        each = min(PER_PROCESS, resource.getrlimit(resource.RLIMIT_NOFILE)[1] - BESIDES)
        shares = [min(each, count - begun) for begun in range(0, count, each)]
        self.parts = [subprocess.Popen(
            [sys.executable, __file__, f"127.0.1.{number}", str(port), str(share)], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE) for number, share in enumerate(shares, 1)]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for part in self.parts:
            part.kill()
            part.communicate()

    def _tell(self, *what):
        """Tells all, and gives the sum of what they say once they have done it."""
        for part in self.parts:
            print(repr(what), file=part.stdin, flush=True)
        return sum((Counter(ast.literal_eval(part.stdout.readline())) for part in self.parts), Counter())

    def connect(self, data=b""):
        """Each sends data as soon as it has a connection."""
        self._tell("connect", data)

    def send(self, data):
        """On every connection; those that the program has closed drop out."""
        self._tell("send", data)

    def answers(self):
        """Waits until each has an answer, or its connection's end: how many have which."""
        return self._tell("answers")

    def connected(self):
        """How many the program has not closed."""
        return self._tell("connected")["connected"]

    def leave(self, reset=True):
        """All go, and may connect() again."""
        self._tell("leave", reset)


class Part:
    """The clients of one process."""

    def __init__(self, address, port, count):
        self.address, self.port, self.count = address, port, count
        self.socks, self.closed = [], 0

    def connect(self, data):
        for number in range(self.count):
            if number % STRIDE == STRIDE - 1:
                time.sleep(0.004)       # a queue that is full would cost a second
            sock = socket.socket()
            sock.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
            sock.bind((self.address, 0))
            sock.settimeout(PATIENCE_S)
            try:
                sock.connect(("127.0.0.1", self.port))
                sock.sendall(data)
            except ConnectionError:
                self._drop(sock)
                continue
            sock.setblocking(False)
            self.socks.append(sock)
        return {}

    def send(self, data):
        for sock in self.socks[:]:
            try:
                sock.sendall(data)
            except ConnectionError:
                self._drop(sock)
        return {}

    def answers(self):
        found, came = Counter(closed=self.closed), {sock.fileno(): (sock, bytearray()) for sock in self.socks}
        poll = select.epoll()
        for number in came:
            poll.register(number, select.EPOLLIN)
        while came:
            ready = poll.poll(PATIENCE_S)
            assert ready, f"{len(came)} clients hear nothing"
            for number, _ in ready:
                outcome = self._hear(*came[number])
                if outcome:
                    found[outcome] += 1
                    poll.unregister(number)
                    sock, _ = came.pop(number)
                    if outcome == "closed":
                        self._drop(sock)
        poll.close()
        return dict(found)

    def _hear(self, sock, heard):
        """Its status once the answer is whole, "closed" at its end, else None."""
        try:
            piece = sock.recv(65536)
        except ConnectionError:
            piece = b""
        heard += piece
        head, end, body = heard.partition(b"\r\n\r\n")
        if end and len(body) >= int(LENGTH.search(head)[1]):
            return int(head[9:12])
        return None if piece else "closed"

    def connected(self):
        for sock in self.socks[:]:
            with contextlib.suppress(BlockingIOError):
                try:
                    if sock.recv(1, socket.MSG_PEEK):
                        continue
                except ConnectionError:
                    pass
                self._drop(sock)
        return {"connected": len(self.socks)}

    def leave(self, reset):
        for sock in self.socks:
            if reset:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            sock.close()
        self.socks, self.closed = [], 0
        return {}

    def _drop(self, sock):
        sock.close()
        self.closed += 1
        with contextlib.suppress(ValueError):
            self.socks.remove(sock)


def main(address, port, count):
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    part = Part(address, int(port), int(count))
    for line in sys.stdin:
        what, *how = ast.literal_eval(line)
        print(getattr(part, what)(*how), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
