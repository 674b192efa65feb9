"""The clients: wrk for many small requests, curl for large bodies, a bare socket for the first byte."""

import contextlib
import json
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

REPORT = Path(__file__).with_name("report.lua")
LIMIT_S = 60


class WrongAnswer(Exception):
    """What came back is not what was asked for: no figure of such a run means anything."""


def wrk(url, headers, connections, seconds, way="GET"):
    """Requests as fast as they are answered, for whole seconds; returns the report of report.lua."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}", "-s", REPORT, *_options(headers), url, "--", way]
    output = _run(command, LIMIT_S)
    line = next((line for line in output.splitlines() if line.startswith("REPORT ")), None)
    if line is None:
        raise WrongAnswer(f"wrk said nothing of {url}:\n{output}")
    report = json.loads(line.removeprefix("REPORT "))
    if report["refused"] or report["broken"] or not report["requests"]:
        raise WrongAnswer(f"wrk {url}: {report}")
    return report


@contextlib.contextmanager
def background(function, *arguments):
    """Runs it while the block runs; the block's end waits for it. Gives the future."""
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(function, *arguments)


def get(url, headers):
    """The body, for small things."""
    return _run(["curl", *_curl(headers), url], LIMIT_S, text=False)


def download(url, headers, length):
    """A body of which only the length is looked at."""
    said = _run(["curl", *_curl(headers), "-o", "/dev/null", "-w", "%{size_download}", url], LIMIT_S)
    if int(said) != length:
        raise WrongAnswer(f"GET {url}: {said} bytes of {length}")


def upload(url, headers, file):
    """PUTs the file; returns the answer."""
    return _run(["curl", *_curl(headers), "-T", file, url], LIMIT_S)


def _curl(headers):
    return ["-q", "--noproxy", "*", "--silent", "--show-error", "--fail", *_options(headers)]


def _options(headers):
    return [word for name, value in headers.items() for word in ("-H", f"{name}: {value}")]


def _run(command, limit, text=True):
    done = subprocess.run([str(word) for word in command], capture_output=True, timeout=limit, text=text,
                          stdin=subprocess.DEVNULL)
    if done.returncode:
        said = done.stderr or done.stdout
        raise WrongAnswer(f"{command[0]} {command[-1]}: exit status {done.returncode}: {said}")
    return done.stdout


class Asker:
    """A client that sends one GET and takes the answer byte by byte as it comes."""

    def __init__(self, port, path, headers):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=5)
        fields = [f"{name}: {value}" for name, value in headers.items()]
        head = [f"GET {path} HTTP/1.1", "Host: localhost", *fields, "", ""]
        self.socket.sendall("\r\n".join(head).encode())
        self.answer = b""

    def body_until(self, length, limit_s):
        """Reads on until the body has this length, or the time is up; returns the body so far."""
        self.socket.settimeout(limit_s)
        try:
            while len(self._body()) < length:
                more = self.socket.recv(65536)
                if not more:
                    break
                self.answer += more
        except TimeoutError:
            pass
        return self._body()

    def _body(self):
        return self.answer.partition(b"\r\n\r\n")[2]

    def close(self):
        self.socket.close()
