"""The main job: bytes up to S3 and down again through the proxy, signed, by TLS, and not one of them changed."""

import hashlib
import http.client
import os

from harness.proxy import TOKEN

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
