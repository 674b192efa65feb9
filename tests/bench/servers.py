"""The servers of the benchmark: the origin, the yardstick, the program itself, and small ones of our own.

Everything listens on loopback, on a free port, writes to the folder it is given, and is ended by stop().
"""

import hashlib
import http.client
import os
import platform
import re
import socket
import socketserver
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from harness.proxy import BINARY, ROLE, TOKEN, Proxy  # noqa: E402

START_LIMIT_S = 10
LAYER = HERE.parents[1] / "build" / "layer"
NATIVE = {"x86_64": "x86_64", "aarch64": "arm64"}.get(platform.machine(), "none")
SMALL = 1024


class ServerFailed(Exception):
    """A server did not come up, or not go as it should; the text is its own."""


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def version(program, option):
    """The name and number that begin what it says of itself."""
    done = subprocess.run([str(program), option], capture_output=True, text=True, timeout=START_LIMIT_S)
    line = (done.stdout + done.stderr).partition("\n")[0]
    return " ".join(line.removeprefix("nginx version: ").replace(" version ", " ").split()[:2])


def static_file(folder):
    """The program as the layer has it, unpacked to that folder; None where the layer is not built."""
    layer = LAYER / f"countersign-{NATIVE}.zip"
    if not layer.exists():
        return None
    with zipfile.ZipFile(layer) as archive:
        program = Path(archive.extract("extensions/countersign", folder))
    program.chmod(0o755)
    return program


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def filled(folder, template, **words):
    """The file in that new folder into which a template was written with its words filled in."""
    folder.mkdir(parents=True)
    text = re.sub(r"@([A-Z_]+)@", lambda found: str(words[found[1]]), (HERE / template).read_text())
    config = folder / template
    config.write_text(text)
    return config


class Nginx:
    """One master, one worker; pid is the worker's, which does all the work."""

    def __init__(self, folder, template, port, **words):
        self.folder, self.port = Path(folder), port
        user = "user root;" if os.geteuid() == 0 else ""
        config = filled(self.folder, template, FOLDER=self.folder, PORT=port, USER=user, **words)
        command = ["nginx", "-e", self.folder / "error.log", "-p", self.folder, "-c", config]
        self.master = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        self.pid = self._worker()

    def _worker(self):
        children = Path(f"/proc/{self.master.pid}/task/{self.master.pid}/children")
        end = time.monotonic() + START_LIMIT_S
        while time.monotonic() < end and self.master.poll() is None:
            workers = children.read_text().split()
            if workers and answers(self.port):
                return int(workers[0])
            time.sleep(0.01)
        self.stop()
        raise ServerFailed((self.folder / "error.log").read_text())

    def stop(self):
        _end(self.master)


class Origin:
    """The upstream: objects to GET, a place to PUT, and a count of what came."""

    name = "direct"
    headers = {}

    def __init__(self, folder, authority, large):
        folder = Path(folder)
        bucket = folder / "objects" / "bucket"
        bucket.mkdir(parents=True)
        self.small = os.urandom(SMALL)
        (bucket / "small").write_bytes(self.small)
        self.large_file = bucket / "large"
        with open(self.large_file, "wb") as file:
            file.truncate(large)
        certificate, key = authority.issue("localhost", "127.0.0.1")
        self.sink = Sink(folder / "sink")
        self.status_port = free_port()
        self.nginx = Nginx(
            folder / "origin", "origin.conf", free_port(), CERTIFICATE=certificate, KEY=key,
            OBJECTS=folder / "objects", SINK=folder / "sink", STATUS_PORT=self.status_port)
        self.port = self.nginx.port
        self.bucket = f"https://localhost:{self.port}/bucket"
        self.status = http.client.HTTPConnection("127.0.0.1", self.status_port, timeout=START_LIMIT_S)

    def sparse(self, name, length):
        """Has an object of so many zeros, and returns its key."""
        with open(self.large_file.with_name(name), "ab") as file:
            file.truncate(length)
        return name

    def counts(self):
        """(connections accepted, requests served) so far; the second includes these questions."""
        self.status.request("GET", "/")
        accepted, _, requests = self.status.getresponse().read().decode().splitlines()[2].split()
        return int(accepted), int(requests)

    def stop(self):
        self.status.close()
        self.nginx.stop()
        self.sink.stop()


class Yardstick:
    """nginx in the place of the program: same requests, nothing signed."""

    name = "nginx"
    headers = {"X-Countersign-Token": TOKEN}  # means nothing to it, but so both read the same head
    signs = False

    def __init__(self, folder, roots, port, settings):
        del settings  # they are the other's
        self.nginx = Nginx(folder, "yardstick.conf", free_port(), ORIGIN_PORT=port, ROOTS=roots)
        self.pid, self.port = self.nginx.pid, self.nginx.port
        self.bucket = f"http://127.0.0.1:{self.port}/s3/bucket"

    def stop(self):
        self.nginx.stop()


class Haproxy:
    """HAProxy in the same place, one process with one thread."""

    name = "HAProxy"
    headers = Yardstick.headers
    signs = False

    def __init__(self, folder, roots, port, settings):
        del settings
        self.port = free_port()
        config = filled(Path(folder), "haproxy.conf", PORT=self.port, ORIGIN_PORT=port, ROOTS=roots)
        self.said = open(Path(folder) / "said", "w+b")
        self.process = subprocess.Popen(["haproxy", "-db", "-f", config], stdin=subprocess.DEVNULL,
                                        stdout=self.said, stderr=self.said)
        self.pid = self.process.pid
        self.bucket = f"http://127.0.0.1:{self.port}/s3/bucket"
        end = time.monotonic() + START_LIMIT_S
        while not answers(self.port):
            if time.monotonic() > end or self.process.poll() is not None:
                self.stop()
                raise ServerFailed((Path(folder) / "said").read_text())
            time.sleep(0.01)

    def stop(self):
        _end(self.process)
        self.said.close()


class Subject:
    """The program stand-alone, with the token asked for, as it is by default."""

    name = "countersign"
    headers = {"X-Countersign-Token": TOKEN}
    signs = True
    binary = BINARY

    def __init__(self, folder, roots, port, settings):
        del folder  # it writes nothing
        try:
            self.proxy = Proxy({
                "COUNTERSIGN_ENDPOINT_S3": f"https://localhost:{port}",
                "COUNTERSIGN_CA_BUNDLE": roots,
                **settings,
            }, binary=self.binary)
        except (AssertionError, OSError) as error:
            raise ServerFailed(f"{self.binary}: {error}") from error
        self.pid, self.port = self.proxy.pid, self.proxy.port
        self.bucket = f"http://127.0.0.1:{self.port}/s3/bucket"

    def stop(self):
        try:
            status = self.proxy.stop()
        except AssertionError as error:
            raise ServerFailed(f"{self.binary}: {error}") from error
        if status != 0:
            raise ServerFailed(f"{self.binary} ended with status {status}:\n{self.proxy.text()}")


class Sink:
    """Reads HTTP bodies to their end on a Unix socket; answers the length and, of short ones, the SHA-256."""

    SHORT = 1 << 20

    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            length = 0
            while (line := self.rfile.readline()).strip():
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
                if name.lower() == b"transfer-encoding":
                    length = None
            self.digest, self.got = hashlib.sha256(), 0
            self.room = memoryview(bytearray(1 << 18))
            if length is None:
                self._chunks()
            else:
                self._read(length)
            with self.server.counting:
                self.server.got += self.got
            answer = f"{self.got} {self.digest.hexdigest()}".encode()
            self.wfile.write(
                b"HTTP/1.1 200 OK\r\nConnection: close\r\nETag: \"e\"\r\nContent-Length: %d\r\n\r\n%b"
                % (len(answer), answer))

        def _read(self, length):
            end = self.got + length
            while self.got < end and (count := self.rfile.readinto1(self.room[:end - self.got])):
                if self.got <= Sink.SHORT:
                    self.digest.update(self.room[:count])
                self.got += count

        def _chunks(self):
            while size := int(self.rfile.readline(), 16):
                self._read(size)
                self.rfile.readline()
            self.rfile.readline()

    class Server(socketserver.ThreadingUnixStreamServer):
        daemon_threads = True
        counting, got = threading.Lock(), 0

        def handle_error(self, request, client_address):
            """A client that went away is no news."""

    def __init__(self, path):
        self.server = self.Server(str(path), self.Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    @property
    def got(self):
        """Bytes of all bodies so far."""
        return self.server.got

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Hesitant:
    """A TLS origin that sends the head and one byte, then waits for release() before it sends the second."""

    BODY = b"12"

    def __init__(self, authority):
        self.context = authority.server_context("localhost", "127.0.0.1", label="hesitant")
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.released = threading.Event()
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def release(self):
        self.released.set()

    def _serve(self):
        while True:
            try:
                raw, _ = self.listener.accept()
            except OSError:
                return
            try:
                raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                with self.context.wrap_socket(raw, server_side=True) as client:
                    self._answer(client)
            except OSError:
                pass  # a connection opened ahead and closed unused; the next may be the one

    def _answer(self, client):
        head = b""
        while b"\r\n\r\n" not in head:
            more = client.recv(4096)
            if not more:
                return
            head += more
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" + self.BODY[:1])
        self.released.wait(START_LIMIT_S)
        client.sendall(self.BODY[1:])

    def stop(self):
        self.released.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class Extensions:
    """As much of Lambda's Extensions API as a registration needs; it runs in the caller's thread."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(START_LIMIT_S)

    def environment(self):
        """What Lambda gives to an extension."""
        return {
            **ROLE, "PATH": os.environ["PATH"], "COUNTERSIGN_LISTEN": "localhost:0",
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self.listener.getsockname()[1]}",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_FUNCTION_NAME": "bench", "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        }

    def registration_ns(self):
        """Waits for it and answers it; returns when it came, by time.perf_counter_ns."""
        try:
            client, _ = self.listener.accept()
        except TimeoutError:
            raise ServerFailed("nobody registered") from None
        with client:
            client.settimeout(START_LIMIT_S)
            request = client.recv(65536)
            came = time.perf_counter_ns()
            if not request.startswith(b"POST /2020-01-01/extension/register HTTP/1.1\r\n"):
                raise ServerFailed(f"not a registration: {request[:200]}")
            body = b'{"functionName":"bench","functionVersion":"$LATEST","handler":"index.handler"}'
            client.sendall(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                b"Lambda-Extension-Identifier: 00000000-0000-4000-8000-000000000001\r\n"
                b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
            return came

    def stop(self):
        self.listener.close()


def _end(process):
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(START_LIMIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
