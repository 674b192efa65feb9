"""A strict S3 of one bucket for uploads in parts: it keeps objects and the uploads under way.

    s3 = Uploads()
    Upstream(authority, s3)
    s3.objects["/bucket/key"].content

A test changes what it answers by s3.instead: a function of (step, request) that gives a Response, or None.
"""

import hashlib
import random
import re
import threading
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote

from .upstream import Response

SMALLEST_PART = 5 << 20
LISTED = re.compile(rb"<Part><PartNumber>(\d+)</PartNumber><ETag>(?:\"|&quot;)([0-9a-f]{32})(?:\"|&quot;)</ETag>(?:<Checksum\w+>[\w+/=]+</Checksum\w+>)?</Part>")


@dataclass
class Stored:
    content: bytes
    headers: dict
    etag: str
    sizes: list = field(default_factory=list)      # of the parts; none where it came as it is


def error(status, code):
    return Response(status, f"<Error><Code>{code}</Code><Message>m</Message></Error>".encode(),
                    (("Content-Type", "application/xml"),))


class Uploads:
    def __init__(self):
        self.lock = threading.Lock()
        self.objects, self.uploads, self.steps, self.heads = {}, {}, [], []
        self.count = self.in_flight = self.most_in_flight = 0
        self.instead = lambda step, request: None

    def __call__(self, request):
        path, _, query = request.target.decode().partition("?")
        query = parse_qs(query, keep_blank_values=True, strict_parsing=bool(query))
        step = self.step_of(request.method, query)
        with self.lock:
            self.steps.append(step)
            self.heads.append((step, {name.lower(): value.decode() for name, value in request.headers}))
        answer = self.instead(step, request)
        return answer or getattr(self, step)(unquote(path), query, request)

    @staticmethod
    def step_of(method, query):
        known = {("POST", "uploads"): "create", ("PUT", "partNumber"): "part", ("POST", "uploadId"): "complete",
                 ("DELETE", "uploadId"): "abort", ("PUT", None): "put"}
        return known[method, next(iter(query), None)]

    def head_of(self, step):
        return [head for each, head in self.heads if each == step]

    def put(self, path, query, request):
        content = request.read()
        assert query == {} and int(request.header("content-length")) == len(content)
        etag = f'"{hashlib.md5(content).hexdigest()}"'
        self.objects[path] = Stored(content, self.heads[-1][1], etag)
        return Response(headers=(("ETag", etag), ("x-amz-version-id", "v0")))

    def create(self, path, query, request):
        assert request.read() == b"" and query == {"uploads": [""]}
        with self.lock:
            self.count += 1
            upload = f"id-{self.count}.~_/+="
            self.uploads[upload] = {"path": path, "parts": {}, "headers": self.heads[-1][1]}
        return Response(body=b'<?xml version="1.0"?>\n<InitiateMultipartUploadResult xmlns="http://s3.amazonaws.com/'
                             b'doc/2006-03-01/"><UploadId>%s</UploadId></InitiateMultipartUploadResult>' % upload.encode())

    def part(self, path, query, request):
        with self.lock:
            self.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight)
        content = request.read()
        with self.lock:
            self.in_flight -= 1
        upload = self.uploads.get(query["uploadId"][0])
        if not upload or upload["path"] != path:
            return error(404, "NoSuchUpload")
        upload["parts"][int(query["partNumber"][0])] = content
        return Response(headers=(("ETag", f'"{hashlib.md5(content).hexdigest()}"'),))

    def complete(self, path, query, request):
        body = request.read()
        upload = self.uploads.get(query["uploadId"][0])
        if not upload or upload["path"] != path:
            return error(404, "NoSuchUpload")
        listed = [(int(number), etag.decode()) for number, etag in LISTED.findall(body)]
        parts = upload["parts"]
        assert LISTED.sub(b"", body).startswith(b"<CompleteMultipartUpload ") and listed
        assert listed == [(number, hashlib.md5(parts[number]).hexdigest()) for number in sorted(parts)]
        assert all(len(parts[number]) >= SMALLEST_PART for number, _ in listed[:-1])
        contents = [parts[number] for number, _ in listed]
        etag = f'"{hashlib.md5(b"".join(hashlib.md5(each).digest() for each in contents)).hexdigest()}-{len(contents)}"'
        self.objects[path] = Stored(b"".join(contents), upload["headers"], etag, [len(each) for each in contents])
        del self.uploads[query["uploadId"][0]]
        return Response(
            body=b'<?xml version="1.0"?>\n  \n<CompleteMultipartUploadResult><ETag>%s</ETag></CompleteMultipartUploadResult>'
                 % etag.replace('"', "&quot;").encode(),
            headers=(("Content-Type", "application/xml"), ("x-amz-version-id", "v1"),
                     ("x-amz-server-side-encryption", "AES256")))

    def abort(self, path, query, request):
        upload = self.uploads.pop(query["uploadId"][0], None)
        return Response(204) if upload and upload["path"] == path else error(404, "NoSuchUpload")


def content(size, seed=1):
    """The same bytes for the same seed."""
    return random.Random(seed).randbytes(size)


def chunks(data, size=65_537):
    """A body in HTTP chunks, piece by piece."""
    for at in range(0, len(data), size):
        piece = data[at:at + size]
        yield b"%x\r\n%s\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"
