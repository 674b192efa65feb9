"""The forms in which SDKs send a large body to S3, each as a file and the head it goes under.

The content is zeros, in sparse files: what a proxy does with content costs the same whatever it is.
"""

import base64
import os
import zlib
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Callable

from servers import TOKEN

from harness.chunks import Upload

CHUNK = 64 * 1024  # the smallest that SDKs make of a large body
ADDED_CHUNK = 256 * 1024  # what the proxy makes where it adds a checksum
CHECKSUM = "x-amz-checksum-crc32"
WITH_TOKEN = {"X-Countersign-Token": TOKEN}


@dataclass
class Body:
    file: Path
    headers: dict
    arrives: int  # bytes at the origin


@dataclass(eq=False)
class Form:
    """make(folder, length, url) gives the Body that carries so many bytes to that URL; settings are the proxy's."""

    name: str
    make: Callable
    settings: dict = field(default_factory=dict)
    signed: bool = False  # chunk by chunk
    parts: bool = False  # it becomes a multipart upload, whose parts are held in memory


class Zeros:
    """Content whose slices are all the same memory."""

    def __init__(self, length):
        self.length, self.chunk = length, bytes(CHUNK)

    def __len__(self):
        return self.length

    def __getitem__(self, part):
        return self.chunk[:min(part.stop, self.length) - part.start]


def plain(folder, length, _):
    file = folder / "plain"
    file.touch()
    os.truncate(file, length)
    return Body(file, WITH_TOKEN, length)


def of_unknown_length(folder, length, url):
    body = plain(folder, length, url)
    return Body(body.file, {**body.headers, "Transfer-Encoding": "chunked"}, length)


def unsigned(folder, length, _):
    trailer = f"{CHECKSUM}:{_crc32(length)}"
    pieces = [b"%x\r\n%b\r\n" % (CHUNK, bytes(CHUNK))] * (length // CHUNK)
    file = _write(folder / "unsigned", [*pieces, f"0\r\n{trailer}\r\n\r\n".encode()])
    headers = {**WITH_TOKEN, "X-Amz-Content-Sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "X-Amz-Trailer": CHECKSUM,
               "Content-Encoding": "aws-chunked", "X-Amz-Decoded-Content-Length": length}
    return Body(file, headers, _length_in_chunks(length, CHUNK, trailer))


def unsigned_in_http_chunks(folder, length, url):
    """As the JS SDK does; curl's chunks have its buffer's 64 KiB."""
    body = unsigned(folder, length, url)
    body.headers["Transfer-Encoding"] = "chunked"
    return body


def signed(folder, length, url):
    """By the role's own key, so the proxy checks each chunk before it passes the content on."""
    upload = Upload(url, Zeros(length), size=CHUNK)
    return Body(_write(folder / "signed", upload.pieces()), dict(upload.headers), length)


def signed_with_trailer(folder, length, url):
    trailer = CHECKSUM, _crc32(length)
    upload = Upload(url, Zeros(length), size=CHUNK, trailers=[trailer])
    file = _write(folder / "signed-with-trailer", upload.pieces())
    return Body(file, dict(upload.headers), _length_in_chunks(length, CHUNK, ":".join(trailer)))


def added(name, value_bytes, folder, length, url):
    """A plain one that the proxy adds a checksum to."""
    body = plain(folder, length, url)
    trailer = f"x-amz-checksum-{name}:" + "=" * value_bytes
    body.arrives = _length_in_chunks(length, ADDED_CHUNK, trailer)
    return body


FORMS = (
    Form("plain", plain),
    Form("unsigned aws-chunked", unsigned),
    Form("unsigned aws-chunked in HTTP chunks", unsigned_in_http_chunks),
    Form("signed aws-chunked", signed, signed=True),
    Form("signed aws-chunked with trailer", signed_with_trailer, signed=True),
    Form("of unknown length", of_unknown_length, parts=True),
    Form("plain, crc64nvme added", partial(added, "crc64nvme", 12), {"COUNTERSIGN_CHECKSUM": "crc64nvme"}),
    Form("plain, crc32c added", partial(added, "crc32c", 8), {"COUNTERSIGN_CHECKSUM": "crc32c"}),
)


@cache
def _crc32(length):
    crc, chunk = 0, bytes(CHUNK)
    for _ in range(length // CHUNK):
        crc = zlib.crc32(chunk, crc)
    return base64.b64encode(crc.to_bytes(4, "big")).decode()


def _length_in_chunks(length, chunk, trailer):
    return length // chunk * (chunk + len(f"{chunk:x}\r\n\r\n")) + len(f"0\r\n{trailer}\r\n\r\n")


def _write(file, pieces):
    """Each piece is a chunk of zeros, which become a hole, between its line and its end."""
    with open(file, "wb") as out:
        for piece in pieces:
            line, end, rest = piece.partition(b"\r\n")
            tail = rest.lstrip(b"\0")
            out.write(line + end)
            out.seek(len(rest) - len(tail), os.SEEK_CUR)
            out.write(tail)
    return file
