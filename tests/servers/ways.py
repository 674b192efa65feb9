"""The two ways of one Draw to the server: signed by botocore directly, and by the proxy."""

import base64
import hashlib
import ssl

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from draws import UNSIGNED_TRAILER, checksum
from harness.gateway import KEYS, PROOF, REGION
from harness.chunks import Streaming, Upload
from harness.client import Client

SIGNER = Credentials(KEYS["AWS_ACCESS_KEY_ID"], KEYS["AWS_SECRET_ACCESS_KEY"])
UNSIGNED = "UNSIGNED-PAYLOAD"
# These reach the server in HTTP's chunks, the last as the proxy passes it on: on connections that are not kept.
APART = ("trailer-http", "chunks-http", "chunks-trailer")


class Secure(Client):
    """The same client over TLS."""

    def __init__(self, port, context):
        super().__init__(port)
        self.reader.close()
        self.sock = context.wrap_socket(self.sock, server_hostname="localhost")
        self.reader = self.sock.makefile("rb", 1 << 18)


class Query(botocore.auth.S3SigV4QueryAuth):
    """Presigns with all the headers that there are, as they are signed in an S3 request."""

    def payload(self, request):
        return UNSIGNED


class Way:
    """One kept connection, its bucket, and how a draw is sent there. apart is the port for what needs its own."""

    def __init__(self, bucket, port, apart):
        self.bucket, self.port, self.apart, self.client = bucket, port, apart, None

    @property
    def host(self):
        return f"localhost:{self.port}"

    def ask(self, draw):
        """The answer to a draw, on the kept connection, or on a new one where that ended."""
        if draw.framing in APART:
            return self._ask_apart(draw)
        request = self.request(draw)
        if self.client:
            try:
                return self._send(request)
            except (AssertionError, OSError):
                self.close()
        self.client = self.connect()
        return self._send(request)

    def _ask_apart(self, draw):
        """What the server takes on a connection of its own alone."""
        kept = self.client, self.port, self.apart
        self.client, self.port = None, self.apart
        try:
            self.client = self.connect()
            return self._send(self.request(draw))
        finally:
            self.close()
            self.client, self.port, self.apart = kept

    def _send(self, request):
        method, target, headers, body, expect = request
        head = self.client.head(method, target, headers, host=self.host, token=False).encode("latin-1")
        self.client.send(head if expect else head + b"".join(body))
        answer = self.client.refusal(method) if expect else None
        if expect and not answer:
            self.client.send(b"".join(body))
        answer = answer or self.client.answer(method)
        if answer.closes or (expect and answer.status >= 400):
            self.close()
        return answer

    def close(self):
        if self.client:
            self.client.close()
        self.client = None

    def headers_of(self, draw):
        headers = [(name, value.replace("BUCKET", self.bucket, 1) if name.lower() == "x-amz-copy-source" else value)
                   for name, value in draw.headers]
        return headers + [("Expect", "100-continue")] * draw.expect

    def signed(self, draw, target, headers):
        """The headers with a signature in them, for what the head says of the body."""
        request = AWSRequest(method=draw.method, url=f"{self.scheme}://{self.host}{target}")
        for name, value in headers:
            request.headers.add_header(name, value)
        Streaming(SIGNER, "s3", REGION).add_auth(request)
        return list(request.headers.items())

    def chunked_upload(self, draw, target, headers):
        """The headers and the body of an upload that is signed chunk by chunk."""
        trailers = [(f"x-amz-checksum-{draw.trailer}", checksum(draw.trailer, draw.content))] if draw.trailer else []
        upload = Upload(f"{self.scheme}://{self.host}{target}", draw.content,
                        size=max(8192, draw.cuts[0]), trailers=trailers, keys=SIGNER, headers=headers)
        return upload.headers, upload.body


def in_pieces(draw, data):
    """HTTP's own chunks of a body, cut where the draw says."""
    start = 0
    for cut in draw.cuts:
        if data[start:start + cut]:
            yield b"%x\r\n%b\r\n" % (len(data[start:start + cut]), data[start:start + cut])
        start += cut
    if data[start:]:
        yield b"%X;ext=\"1\"\r\n%b\r\n" % (len(data[start:]), data[start:])
    yield b"0\r\n\r\n"


def unsigned_chunks(draw):
    start, body = 0, b""
    while start < len(draw.content):
        piece = draw.content[start:start + max(8192, draw.cuts[0])]
        body += b"%x\r\n%b\r\n" % (len(piece), piece)
        start += len(piece)
    name = f"x-amz-checksum-{draw.trailer}"
    return body + f"0\r\n{name}:{checksum(draw.trailer, draw.content)}\r\n\r\n".encode()


def body_headers(draw):
    """(what the head says of the body, the body) but for signed chunks."""
    if draw.content is None:
        return [], b""
    if draw.framing.startswith("trailer"):
        return [("X-Amz-Content-Sha256", UNSIGNED_TRAILER), ("Content-Encoding", "aws-chunked"),
                ("X-Amz-Decoded-Content-Length", str(len(draw.content))),
                ("X-Amz-Trailer", f"x-amz-checksum-{draw.trailer}")], unsigned_chunks(draw)
    if draw.framing == "hashed":
        return [("X-Amz-Content-Sha256", hashlib.sha256(draw.content).hexdigest())], draw.content
    return [], draw.content


class Directly(Way):
    """To the server itself, by TLS, everything spelled and signed as botocore does."""

    scheme = "https"

    def __init__(self, bucket, port, bundle):
        super().__init__(bucket, port, port)
        self.context = ssl.create_default_context(cafile=bundle)

    def connect(self):
        return Secure(self.port, self.context)

    def request(self, draw):
        target = f"/{self.bucket}" + (f"/{draw.path}" if draw.key else "") + (f"?{draw.parameters}" if draw.query else "")
        headers = self.headers_of(draw)
        if draw.framing.startswith("chunks"):
            headers, body = self.chunked_upload(draw, target, headers)
        else:
            extra, body = body_headers(draw)
            headers = self.signed(draw, target, headers + (extra or [("X-Amz-Content-Sha256", UNSIGNED)]))
        if draw.content is None:
            return draw.method, target, headers, [], False
        # A plain body without a length is what the proxy alone takes.
        if draw.framing.endswith("-http"):
            return draw.method, target, headers + [("Transfer-Encoding", "chunked")], in_pieces(draw, body), draw.expect
        return draw.method, target, headers + [("Content-Length", str(len(body)))], [body], draw.expect


class Proxied(Way):
    """Through the proxy, in the draw's own spelling."""

    scheme = "http"

    def connect(self):
        return Client(self.port)

    def request(self, draw):
        path, query = draw.spelling
        target = f"/s3/{self.bucket}" + (f"/{path}" if draw.key else "") + (f"?{query}" if draw.query else "")
        headers = self.headers_of(draw)
        if draw.framing.startswith("chunks"):
            headers, body = self.chunked_upload(draw, target, headers)
        else:
            extra, body = body_headers(draw)
            target, headers = self._proved(draw, target, headers + extra)
        if draw.content is None:
            return draw.method, target, headers, [], False
        if draw.framing.endswith("http"):
            return draw.method, target, headers + [("Transfer-Encoding", "chunked")], in_pieces(draw, body), draw.expect
        return draw.method, target, headers + [("Content-Length", str(len(body)))], [body], draw.expect

    def _proved(self, draw, target, headers):
        """(target, headers) with what shows that the caller may use the proxy."""
        if draw.proof == "token":
            return target, headers + [("X-Countersign-Token", PROOF)]
        if draw.proof == "basic":
            return target, headers + [("Authorization", "Basic " + base64.b64encode(f"any:{PROOF}".encode()).decode())]
        if draw.proof == "presigned":
            return self._presigned(draw, target, headers), headers
        if not any(name == "X-Amz-Content-Sha256" for name, _ in headers):
            headers = headers + [("X-Amz-Content-Sha256", UNSIGNED)]
        return target, self.signed(draw, target, headers)

    def _presigned(self, draw, target, headers):
        request = AWSRequest(method=draw.method, url=f"http://{self.host}{target}")
        for name, value in headers:
            request.headers.add_header(name, value)
        Query(SIGNER, "s3", REGION, expires=300).add_auth(request)
        return request.url.partition(self.host)[2]
