"""openssl s_server: a TLS server that does what Python's ssl cannot, such as to renegotiate or to staple.

    with SServer(chain, key, "-tls1_2") as server:
        server.heard("GET /b/k ")           # waits for it
        server.do("R")                      # one of s_server's own commands
        server.say(b"HTTP/1.1 200 OK\\r\\n...")

It serves one connection after the other.
"""

import fcntl
import struct
import subprocess
import termios
import threading
import time


class SServer:
    def __init__(self, chain, key, *options):
        self.process = subprocess.Popen(
            ["openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", chain, "-key", key, *options],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.changed, self.text = threading.Condition(), ""
        threading.Thread(target=self._read, daemon=True).start()
        self.port = int(self.heard("ACCEPT 127.0.0.1:", line=True))

    @property
    def url(self):
        return f"https://localhost:{self.port}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()

    def _read(self):
        with self.process.stdout as output:
            while piece := output.read1(65536):
                with self.changed:
                    self.text += piece.decode("latin-1")
                    self.changed.notify_all()

    def heard(self, text, times=1, line=False):
        """Waits until it has printed that so many times; line: what stands behind it, to the line's end."""
        def found():
            behind = self.text.rpartition(text)[2]
            return self.text.count(text) >= times and (not line or "\n" in behind)

        with self.changed:
            assert self.changed.wait_for(found, 20), self.text
            return self.text.rpartition(text)[2].partition("\n")[0]

    def say(self, data):
        """Until it has been taken in: a command is one only where it comes alone."""
        self.process.stdin.write(data)
        self.process.stdin.flush()
        end = time.monotonic() + 20
        while struct.unpack("i", fcntl.ioctl(self.process.stdin, termios.FIONREAD, bytes(4)))[0]:
            assert time.monotonic() < end, self.text
            time.sleep(0.001)

    def do(self, command):
        self.say(f"{command}\n".encode())
