"""The real program as a child process, with a clean environment and a port of its own."""

import os
import queue
import re
import signal
import subprocess
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# make test names the sanitized build here; alone, the release build is used.
BINARY = Path(os.environ.get("BINARY", ROOT / "build" / "countersign"))

ROLE = {
    "AWS_ACCESS_KEY_ID": "ASIAQNZGKIQY56JQ7WML",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    "AWS_SESSION_TOKEN": "IQoJb3JpZ2luX2VjEXAMPLE/token+with=odd//characters==",
    "AWS_REGION": "us-east-1",
}
TOKEN = ROLE["AWS_SESSION_TOKEN"]
SANITIZERS = {
    "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0:exitcode=99",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1:exitcode=99",
}
LISTENING = re.compile(r"listening on (?:127\.0\.0\.1|\[::1\]):(\d+)")


class Proxy:
    """Starts the program, waits until it listens, and ends it; a sanitizer's report fails the test that sees it.

    env is laid over the role's credentials and COUNTERSIGN_LISTEN=localhost:0; a value of None removes a name.
    """

    def __init__(self, env=None, args=(), binary=None, wait=True, cwd=None):
        merged = {**ROLE, "COUNTERSIGN_LISTEN": "localhost:0", "AWS_EC2_METADATA_DISABLED": "true",
                  "PATH": os.environ["PATH"], **SANITIZERS, **(env or {})}
        self.env = {name: str(value) for name, value in merged.items() if value is not None}
        self.output = []
        self.port = None
        self.process = subprocess.Popen(
            [str(binary or BINARY), *args], env=self.env, cwd=cwd, text=True, errors="replace",
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self._ports = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        if wait:
            self.port = self._ports.get(timeout=20)
            if self.port is None:
                raise AssertionError("the program ended before it listened:\n" + self.text())

    def _read(self):
        for line in self.process.stdout:
            self.output.append(line)
            found = LISTENING.search(line)
            if found:
                self._ports.put(int(found.group(1)))
        self._ports.put(None)

    @property
    def url(self):
        return f"http://localhost:{self.port}"

    @property
    def pid(self):
        return self.process.pid

    def text(self):
        """All that it has printed so far."""
        return "".join(self.output)

    def freeze(self):
        """Stops it where it is, as Lambda does between invocations."""
        self.process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WNOWAIT)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def stop(self, how=signal.SIGTERM, timeout=20):
        """Ends it and returns its exit status, or fails where it does not end or a sanitizer spoke."""
        if self.process.poll() is None:
            self.thaw()
            self.process.send_signal(how)
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError("the program did not end:\n" + self.text())
        self._reader.join(timeout)
        for mark in ("AddressSanitizer", "LeakSanitizer", "runtime error:"):
            assert mark not in self.text(), self.text()
        return status

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        status = self.stop()
        if kind is None:
            assert status == 0, f"exit status {status}:\n{self.text()}"
