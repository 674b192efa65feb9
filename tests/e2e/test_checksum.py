"""COUNTERSIGN_CHECKSUM: a plain upload to S3 gets a checksum, and S3 could verify it; others go as they are."""

import base64
import random

import pytest
from harness.chunks import decode
from harness.signer import sign

SIZES = [1, 2, 100, 32_768, 32_769, 65_536, 262_143, 262_144, 262_145, 700_001]
POLYNOMIALS = {"crc32c": (0x82F63B78, 32), "crc64nvme": (0x9A6C9329AC4BC9B5, 64)}


def table(polynomial):
    rows = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (polynomial if byte & 1 else 0)
        rows.append(byte)
    return rows


TABLES = {kind: table(polynomial) for kind, (polynomial, _) in POLYNOMIALS.items()}


def checksum(kind, data):
    """By the definition: reflected, all ones before and after."""
    ones = (1 << POLYNOMIALS[kind][1]) - 1
    crc, rows = ones, TABLES[kind]
    for byte in data:
        crc = rows[(crc ^ byte) & 255] ^ crc >> 8
    return base64.b64encode((crc ^ ones).to_bytes(POLYNOMIALS[kind][1] // 8, "big")).decode()


def test_the_definition():
    assert base64.b64decode(checksum("crc32c", b"123456789")).hex() == "e3069283"
    assert base64.b64decode(checksum("crc64nvme", b"123456789")).hex() == "ae8b14860a799888"


@pytest.fixture(scope="module", params=sorted(POLYNOMIALS))
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def here(module_stage, kind):
    return module_stage(COUNTERSIGN_CHECKSUM=kind)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("target", ["/s3/bucket/key", "/s3/bucket/key?partNumber=2&uploadId=abc"])
def test_a_plain_upload(here, kind, size, target):
    data = random.Random(size).randbytes(size)
    answer = here.ask("PUT", target, [("Content-Type", "text/x"), ("X-Amz-Meta-A", "b")], data)
    last, name = here.last, f"x-amz-checksum-{kind}"
    assert answer.status == 200 and last.header("content-type") == "text/x"
    if last.header(name):
        assert last.body == data and last.header(name) == checksum(kind, data)
        assert size <= 32_768 and not last.all("content-encoding")
        return
    assert size > 32_768
    got, sizes, trailers = decode(last.body)
    assert got == data and trailers == f"{name}:{checksum(kind, data)}\r\n\r\n"
    assert int(last.header("content-length")) == last.body_length
    assert last.header("x-amz-content-sha256") == "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
    assert last.header("x-amz-decoded-content-length") == str(size) and last.header("x-amz-trailer") == name
    assert last.all("content-encoding") == [b"aws-chunked"]
    assert all(each >= 8192 for each in sizes[:-1])


def test_in_pieces_and_with_expect(here, kind):
    data = random.Random(7).randbytes(400_000)
    pieces = [data[start:start + 9_999] for start in range(0, len(data), 9_999)]
    for headers in ([], [("Expect", "100-continue")]):
        answer = here.ask("PUT", "/s3/bucket/key", [("Content-Length", len(data)), *headers], pieces)
        assert answer.status == 200
        got, _, trailers = decode(here.last.body)
        assert got == data and checksum(kind, data) in trailers


def test_another_encoding_stays(here):
    data = b"not really gzip" * 5000
    assert here.ask("PUT", "/s3/bucket/key", [("Content-Encoding", "gzip")], data).status == 200
    assert here.last.all("content-encoding") == [b"gzip,aws-chunked"] and decode(here.last.body)[0] == data


def test_two_lines_of_encodings_stay(here):
    data = b"not really gzip" * 5000
    answer = here.ask("PUT", "/s3/bucket/key", [("Content-Encoding", "gzip"), ("Content-Encoding", "br")], data)
    assert answer.status == 200 and here.last.all("content-encoding") == [b"gzip,br,aws-chunked"]


OWN = [
    ("PUT", "/s3/bucket/key", [("X-Amz-Checksum-Crc32", "AAAAAA==")]), ("PUT", "/s3/bucket/key", [("Content-MD5", "x")]),
    ("PUT", "/s3/bucket/key", [("x-amz-sdk-checksum-algorithm", "CRC32")]),
    ("PUT", "/s3/bucket/key", [("X-Amz-Copy-Source", "/b/k")]), ("PUT", "/s3/bucket/key?tagging", []),
    ("PUT", "/s3/bucket/key?acl", []), ("PUT", "/s3/bucket", []), ("PUT", "/s3/bucket/", []), ("PUT", "/s3/bucket?cors", []),
    ("POST", "/s3/bucket/key?uploadId=x", []), ("POST", "/transcribe/", []),
]


@pytest.mark.parametrize("size", [5, 50_000])
@pytest.mark.parametrize("method, target, headers", OWN, ids=lambda value: str(value)[:40])
def test_others_go_as_they_are(here, kind, method, target, headers, size):
    assert here.ask(method, target, headers, b"x" * size).status == 200
    assert here.last.body == b"x" * size
    assert not here.last.all(f"x-amz-checksum-{kind}") and not here.last.all("x-amz-trailer")


def test_a_hash_of_the_clients_own_is_enough(here, kind):
    data = b"y" * 50_000
    target, headers = sign("PUT", f"http://localhost:{here.port}/s3/bucket/key", data)
    assert here.ask("PUT", target, [each for each in headers if each[0] != "Host"], data, token=False).status == 200
    assert here.last.body == data and not here.last.all("x-amz-trailer")


def test_an_upload_that_is_cut_never_becomes_whole(here):
    with here.client() as client:
        client.send_request("PUT", "/s3/bucket/cut", [("Content-Length", 200_000)])
        client.send(b"z" * 199_999)
        while not [each for each in here.upstream.requests if each.path.endswith("/cut")]:
            pass
    cut = [each for each in here.upstream.requests if each.path.endswith("/cut")][0]
    assert cut.connection.closed.wait(20) and not cut.complete


def test_off_is_the_default(module_stage):
    here = module_stage()
    assert here.ask("PUT", "/s3/bucket/key", [], b"x" * 50_000).status == 200
    assert here.last.body == b"x" * 50_000 and not here.last.all("x-amz-trailer")
