"""The main job: bytes up to S3 and down again through the proxy, signed, by TLS, and not one of them changed."""

import hashlib
import http.client
import os

from emulator import EmulatedLambda
from harness.proxy import LISTENING, ROLE, TOKEN

MIB = 1 << 20


def ask(port, method, path, body=None, timeout=120):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request(method, path, body, {"X-Countersign-Token": TOKEN})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def digest(data):
    return hashlib.sha256(data).hexdigest()


def do_main_job(port, upstream, size=8 * MIB):
    """Uploads random bytes and reads them back; the server has checked both signatures."""
    sent = os.urandom(size)
    status, body = ask(port, "PUT", "/s3/bucket/some%20key", sent)
    assert status == 200, body
    status, received = ask(port, "GET", "/s3/bucket/some%20key")
    assert status == 200, received
    assert digest(received) == digest(sent)
    assert [request.method for request in upstream.requests] == ["PUT", "GET"]
    assert all(request.proof for request in upstream.requests)
    assert upstream.connections[0].version == "TLSv1.3"


class Wrapped(EmulatedLambda):
    """Starts its extensions by another command, which sees their folder as `seen`, if not as it is."""

    def __init__(self, folder, before, seen=None, **options):
        super().__init__(folder, **options)
        self.before, self.seen = before, seen

    def _launch(self, role, who, argv, variables, cwd):
        if role == "Extension":
            argv = [*self.before, f"{self.seen or self.folder}/{who}"]
        return super()._launch(role, who, argv, variables, cwd)


def port_of(lam):
    return int(lam.extension().wait_for(LISTENING.search)[1])


def serve(lam, upstream, size=8 * MIB):
    """A whole life: it registers by its own name, does the main job, and ends by itself."""
    with lam:
        lam.start()
        assert set(lam.api.extensions) == {"countersign"}
        assert lam.api.extensions["countersign"].external
        do_main_job(port_of(lam), upstream, size)
        assert lam.shutdown() == {"countersign": 0}


def settings(upstream, bundle, url=None):
    return {**ROLE, "COUNTERSIGN_LISTEN": "localhost:0", "COUNTERSIGN_ENDPOINT": url or upstream.url,
            "COUNTERSIGN_CA_BUNDLE": bundle}
