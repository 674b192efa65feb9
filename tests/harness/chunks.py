"""Uploads signed chunk by chunk, as some SDKs send them over plain HTTP: made here with nothing but hmac.

Source: Amazon S3 API Reference, "Signature calculations for the Authorization header: transferring payload
in multiple chunks" and "... including trailing headers".
"""

import datetime
import hashlib
import hmac
from unittest import mock

import botocore.auth
from botocore.awsrequest import AWSRequest

from .proxy import ROLE
from .signer import credentials

PLAIN = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
TRAILER = PLAIN + "-TRAILER"
EMPTY = hashlib.sha256(b"").hexdigest()


class Streaming(botocore.auth.S3SigV4Auth):
    """Signs a head whose body is signed by itself."""

    def payload(self, request):
        return request.headers["X-Amz-Content-Sha256"]

    def _modify_request_before_signing(self, request):
        botocore.auth.SigV4Auth._modify_request_before_signing(self, request)


def _hmac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def _signing_key(secret, day, region, service):
    key = b"AWS4" + secret.encode()
    for part in (day, region, service, "aws4_request"):
        key = _hmac(key, part)
    return key


class Upload:
    """The head's headers and the body of one upload. size is that of a chunk; trailers are (name, value) pairs."""

    def __init__(self, url, content, *, size=65536, trailers=(), keys=None, headers=()):
        self.content, self.trailers = content, trailers
        self.keys = keys or credentials()
        self.chunks = [content[start:start + size] for start in range(0, len(content), size)] + [b""]
        kind = TRAILER if trailers else PLAIN
        self.extra = [("X-Amz-Content-Sha256", kind), ("Content-Encoding", "aws-chunked"),
                      ("X-Amz-Decoded-Content-Length", str(len(content))), *headers]
        if trailers:
            self.extra.append(("X-Amz-Trailer", ",".join(name for name, _ in trailers)))
        request = AWSRequest(method="PUT", url=url, data=None, headers=dict(self.extra))
        now = datetime.datetime.now(datetime.timezone.utc)
        with mock.patch.object(botocore.auth, "get_current_datetime", lambda: now):
            Streaming(self.keys, "s3", ROLE["AWS_REGION"]).add_auth(request)
        self.headers = list(request.headers.items())
        self.date = request.headers["X-Amz-Date"]
        self.scope = f"{self.date[:8]}/{ROLE['AWS_REGION']}/s3/aws4_request"
        self.seed = request.headers["Authorization"].rpartition("Signature=")[2]
        self.key = _signing_key(self.keys.secret_key, self.date[:8], ROLE["AWS_REGION"], "s3")

    def _sign(self, kind, previous, *hashes):
        text = "\n".join([f"AWS4-HMAC-SHA256-{kind}", self.date, self.scope, previous, *hashes])
        return _hmac(self.key, text).hex()

    def pieces(self):
        """The body, a piece a chunk."""
        previous = self.seed
        for chunk in self.chunks:
            previous = self._sign("PAYLOAD", previous, EMPTY, hashlib.sha256(chunk).hexdigest())
            line = b"%x;chunk-signature=%b\r\n" % (len(chunk), previous.encode())
            yield line + chunk + (b"\r\n" if chunk or not self.trailers else b"")
        if self.trailers:
            lines = "".join(f"{name}:{value}\n" for name, value in sorted(self.trailers))
            signature = self._sign("TRAILER", previous, hashlib.sha256(lines.encode()).hexdigest())
            sent = "".join(f"{name}:{value}\r\n" for name, value in self.trailers)
            yield f"{sent}x-amz-trailer-signature:{signature}\r\n\r\n".encode()

    @property
    def body(self):
        return b"".join(self.pieces())


def decode(encoded):
    """(content, sizes of the chunks, trailers) of an unsigned aws-chunked body, read by another hand."""
    data, sizes = b"", []
    while True:
        line, _, encoded = encoded.partition(b"\r\n")
        size = int(line, 16)
        if size == 0:
            return data, sizes, encoded.decode()
        sizes.append(size)
        data += encoded[:size]
        assert encoded[size:size + 2] == b"\r\n"
        encoded = encoded[size + 2:]
