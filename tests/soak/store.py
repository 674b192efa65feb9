"""The server of the soak: an S3 in memory that does uploads in parts too, and fails on demand.

A client asks for a fault by X-Soak-Fault: KIND ID, and so knows what it has to expect:
    busy    503 SlowDown, but only once for each ID
    reset   the connection is reset without an answer
    short   half of the object, under the length of the whole, then the connection's end
    early   403 while the body is still on its way, then the connection's end
"""

import hashlib
import re
import threading
from urllib.parse import parse_qs

from harness.upstream import Objects, Response, error, tag

SLOW_DOWN = Response(503, b"<Error><Code>SlowDown</Code><Message>as the soak wants</Message></Error>",
                     (("Content-Type", "application/xml"), ("Retry-After", "0")))


class Store(Objects):
    def __init__(self):
        super().__init__()
        self.uploads, self.known, self.lock = {}, set(), threading.Lock()
        self.faults = self.count = 0

    def __call__(self, request):
        kind, _, number = request.header("x-soak-fault").partition(" ")
        if kind:
            answer = getattr(self, "_" + kind)(request, number)
            if answer is not self:
                self.faults += 1
                return answer
        if request.proof and request.proof.service != "s3":
            return Response(body=request.read(), headers=(("Content-Type", "application/json"),))
        return super().__call__(request)

    def _busy(self, request, number):
        with self.lock:
            if number in self.known:
                self.known.discard(number)
                return self
            self.known.add(number)
        return SLOW_DOWN

    def _reset(self, request, _):
        request.wire.close(reset=True)

    def _short(self, request, _):
        body = self.stored[request.path]
        return Response(body=[body[:len(body) // 2]], length=len(body), abrupt=True)

    def _early(self, request, _):
        return Response(403, b"<Error><Code>AccessDenied</Code></Error>", early=True, close=True)

    # --- uploads in parts

    def _asked(self, request):
        return {name: values[0] for name, values in
                parse_qs(request.target.partition(b"?")[2].decode(), keep_blank_values=True).items()}

    def on_put(self, request):
        asked = self._asked(request)
        if "partNumber" not in asked:
            return super().on_put(request)
        body = request.read()
        parts = self.uploads.get(asked["uploadId"])
        if parts is None:
            return error(404, "NoSuchUpload")
        parts[int(asked["partNumber"])] = body
        return Response(headers=(("ETag", tag(body)),))

    def on_post(self, request):
        asked, body = self._asked(request), request.read()
        if "uploads" in asked:
            with self.lock:
                self.count += 1
                upload = f"upload-{self.count}"
            self.uploads[upload] = {}
            return Response(body=b"<InitiateMultipartUploadResult><UploadId>%b</UploadId></InitiateMultipartUploadResult>"
                            % upload.encode())
        parts = self.uploads.get(asked["uploadId"])
        numbers = [int(number) for number in re.findall(rb"<PartNumber>(\d+)<", body)]
        if parts is None or numbers != sorted(parts):
            return error(400, "InvalidPart")
        self.stored[request.path] = b"".join(parts[number] for number in numbers)
        self.types[request.path] = "binary/octet-stream"
        del self.uploads[asked["uploadId"]]
        etag = hashlib.md5(b"".join(hashlib.md5(parts[number]).digest() for number in numbers)).hexdigest()
        return Response(body=b"<CompleteMultipartUploadResult><ETag>%b-%d</ETag></CompleteMultipartUploadResult>"
                        % (etag.encode(), len(numbers)))

    def on_delete(self, request):
        asked = self._asked(request)
        if "uploadId" not in asked:
            return super().on_delete(request)
        return Response(204) if self.uploads.pop(asked["uploadId"], None) is not None else error(404, "NoSuchUpload")
