"""versitygw as S3: a strict server in a process of its own, over TLS, that keeps objects as files.

It recomputes every signature and refuses a body that does not match its hash, a chunk or a trailer that is
wrong, an `x-amz-*` header that is not signed and a date that is off. It knows no session tokens: keys are static.
"""

import os
import socket
import ssl
import subprocess
import time

from .client import free_port
from .proxy import ROOT, Proxy

PROGRAM = ROOT / "build" / "servers" / "versitygw"
REGION = "us-east-1"
KEYS = {"AWS_ACCESS_KEY_ID": "ASIAQNZGKIQYGATEWAY7", "AWS_SECRET_ACCESS_KEY": "gateway/secret+with=odd//characters",
        "AWS_REGION": REGION}
# What a caller of the proxy shows: there is no session token.
PROOF = "proof/of+the=caller"


class Store:
    """Objects as the server keeps them: files whose extended attributes are what it knows of them."""

    def __init__(self, root):
        self.root = root

    def find(self, bucket, key):
        """(content, attributes); None where there is no such object."""
        path = os.fsencode(self.root / bucket) + b"/" + key
        try:
            with open(path, "rb") as file:
                return file.read(), {name: os.getxattr(path, name) for name in os.listxattr(path)}
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            return None


class Gateway:
    """Started by `with`. url, host and bundle are where it is and what to trust; root is where the objects are.

    kept is whether connections serve more than one request. After an upload in aws-chunked within HTTP's chunks
    a kept connection does not: it takes the last chunk for another request, and answers that with a stray 400.
    """

    def __init__(self, authority, folder, kept):
        self.authority, self.options = authority, ["--keep-alive"] * kept
        self.root, self.log = folder / "objects", folder / f"gateway-{kept}.log"
        self.bundle = authority.bundle
        self.credentials = KEYS
        self.process = self.port = None

    def __enter__(self):
        certificate, key = self.authority.issue("localhost", "127.0.0.1")
        self.root.mkdir(parents=True, exist_ok=True)
        for _ in range(5):
            self.port = free_port()
            with open(self.log, "w", encoding="utf-8") as log:
                self.process = subprocess.Popen(
                    [str(PROGRAM), "--access", KEYS["AWS_ACCESS_KEY_ID"], "--secret", KEYS["AWS_SECRET_ACCESS_KEY"],
                     "--region", REGION, "--port", f"127.0.0.1:{self.port}", "--cert", str(certificate),
                     "--key", str(key), "--quiet", *self.options, "posix", str(self.root)],
                    env={"PATH": os.environ["PATH"], "HOME": str(self.root.parent)},
                    stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
            if self._answers():
                return self
        raise RuntimeError(f"versitygw did not start:\n{self.log.read_text()}")

    def _answers(self):
        """Whether it does in time; not where another process took its port first."""
        context = ssl.create_default_context(cafile=self.bundle)
        for _ in range(400):
            if self.process.poll() is not None:
                return False
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=5) as plain:
                    context.wrap_socket(plain, server_hostname="localhost").close()
                return True
            except OSError:
                time.sleep(0.05)
        return False

    @property
    def host(self):
        return f"localhost:{self.port}"

    @property
    def url(self):
        return f"https://{self.host}"

    def proxy(self, **environment):
        """The program before it, with the same keys."""
        return Proxy({**KEYS, "AWS_SESSION_TOKEN": None, "AWS_CONTAINER_AUTHORIZATION_TOKEN": PROOF,
                      "COUNTERSIGN_ENDPOINT_S3": self.url, "COUNTERSIGN_CA_BUNDLE": self.bundle, **environment})

    @property
    def store(self):
        return Store(self.root)

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
