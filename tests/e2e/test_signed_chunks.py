"""Uploads that are signed chunk by chunk: opened, checked, and whole only where all of it is right."""

import base64
import hashlib
import random
import re
import time
import zlib

import pytest
from botocore.credentials import Credentials
from harness.chunks import PLAIN, TRAILER, Upload, decode
from harness.client import wait_until
from harness.proxy import TOKEN
from harness.upstream import Objects

SIZES = [0, 1, 2, 100, 8192, 65535, 65536, 65537, 200_000, 3_000_000]
CHECKSUM = "x-amz-checksum-crc32"


def content(size):
    return random.Random(size).randbytes(size)


def checksum(data):
    return base64.b64encode(zlib.crc32(data).to_bytes(4, "big")).decode()


@pytest.fixture(scope="module")
def here(module_stage):
    return module_stage()


def url(here, key="k"):
    return f"http://localhost:{here.port}/s3/bucket/{key}"


def put(here, upload, body=None, framing="length"):
    body = upload.body if body is None else body
    headers = list(upload.headers)
    if framing == "chunked":
        headers.append(("Transfer-Encoding", "chunked"))
        cut = [body[start:start + 10_007] for start in range(0, len(body), 10_007)]
        body = [b"%x\r\n%b\r\n" % (len(piece), piece) for piece in cut] + [b"0\r\n\r\n"]
    return here.ask("PUT", "/s3/bucket/k", headers, body, token=False)


@pytest.mark.parametrize("framing", ["length", "chunked"])
@pytest.mark.parametrize("chunk", [8192, 65536, 131072])
@pytest.mark.parametrize("size", SIZES)
def test_the_content_goes_on_plain(here, size, chunk, framing):
    upload = Upload(url(here), content(size), size=chunk)
    assert put(here, upload, framing=framing).status == 200
    last = here.last
    assert last.complete and last.body_length == size and last.body_sha256 == hashlib.sha256(content(size)).hexdigest()
    assert last.header("x-amz-content-sha256") == "UNSIGNED-PAYLOAD"
    assert last.header("content-length") == str(size)
    for gone in ("content-encoding", "x-amz-decoded-content-length", "transfer-encoding", "x-amz-trailer"):
        assert not last.all(gone)


@pytest.mark.parametrize("framing", ["length", "chunked"])
@pytest.mark.parametrize("size", SIZES)
def test_trailers_go_on_in_chunks_without_signatures(here, size, framing):
    data = content(size)
    upload = Upload(url(here), data, size=65536, trailers=[(CHECKSUM, checksum(data))],
                    headers=[("X-Amz-Sdk-Checksum-Algorithm", "CRC32")])
    assert put(here, upload, framing=framing).status == 200
    last = here.last
    assert last.header("x-amz-content-sha256") == "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
    assert last.header("content-encoding") == "aws-chunked" and last.header("x-amz-trailer") == CHECKSUM
    assert last.header("x-amz-decoded-content-length") == str(size)
    assert last.header("transfer-encoding") == "chunked" and not last.all("content-length")
    if size <= 200_000:
        got, sizes, trailers = decode(last.body)
        assert got == data and trailers == f"{CHECKSUM}:{checksum(data)}\r\n\r\n"
        assert all(each >= 8192 for each in sizes[:-1])    # S3 takes no smaller ones but the last


@pytest.mark.parametrize("encoding, left", [("gzip,aws-chunked", ["gzip"]), ("aws-chunked, gzip", ["gzip"]),
                                            ("aws-chunked", [])])
def test_other_encodings_stay(here, encoding, left):
    upload = Upload(url(here), b"not really gzip")
    upload.headers = [(name, encoding if name == "Content-Encoding" else value) for name, value in upload.headers]
    headers = [(name, value) for name, value in upload.headers if name != "Authorization"]
    answer = here.ask("PUT", "/s3/bucket/k", headers, upload.body)
    assert answer.status == 200 and here.last.all("content-encoding") == [each.encode() for each in left]
    assert here.last.body == b"not really gzip"


# --- what must not become an object

def changed_content(body):
    return body.replace(b"zz", b"zy", 1)


def changed_signature(body):
    return re.sub(rb"signature=([0-9a-f]{63})(.)", lambda m: b"signature=" + m[1] + (b"0" if m[2] != b"0" else b"1"),
                  body, count=1)


def last_signature(body):
    head, mark, tail = body.rpartition(b"signature")
    digit = b"1" if tail[1:2] == b"0" else b"0"
    return head + mark + tail[:1] + digit + tail[2:]


def swapped_chunks(body):
    parts = re.split(rb"(?=2000;chunk-signature)", body)
    return parts[0] + parts[2] + parts[1] + b"".join(parts[3:])


def left_out(body):
    parts = re.split(rb"(?=2000;chunk-signature)", body)
    return parts[0] + b"".join(parts[2:])


DAMAGE = [changed_content, changed_signature, last_signature, swapped_chunks, left_out,
          lambda body: body[:-7], lambda body: body[:len(body) // 2], lambda body: body + b"x",
          lambda body: body.replace(b";chunk-signature", b";chunk-signatur_", 1),
          lambda body: b"0" + body[1:], lambda body: body.replace(b"\r\n", b"\n", 1)]


CASES = [pytest.param(damage, size, id=f"{index}-{damage.__name__.strip('<>')}-{size}")
         for index, damage in enumerate(DAMAGE) for size in (10, 20_000, 300_000)
         if size > 10 or damage not in (swapped_chunks, left_out)]


@pytest.mark.parametrize("trailers", [False, True], ids=["plain", "trailer"])
@pytest.mark.parametrize("damage, size", CASES)
def test_a_damaged_upload_leaves_no_object(stage, damage, size, trailers):
    store = Objects()
    here = stage(store)
    data = b"zz" + content(size - 2)
    upload = Upload(url(here), data, size=8192,
                    trailers=[(CHECKSUM, checksum(data))] if trailers else ())
    body = damage(upload.body)
    assert body != upload.body
    answer = put(here, upload, body)
    assert answer.status == 400 and answer.error == "BadRequest"
    assert store.stored == {}
    assert TOKEN not in answer.text
    good = Upload(url(here), b"fine")
    assert put(here, good).status == 200 and store.stored == {"/bucket/k": b"fine"}


def test_a_client_that_goes_away_leaves_no_object(stage):
    store = Objects()
    here = stage(store)
    upload = Upload(url(here), content(100_000), size=8192)
    with here.client() as client:
        client.send_request("PUT", "/s3/bucket/k", [*upload.headers,
                                                    ("Content-Length", len(upload.body))], token=False)
        client.send(upload.body[:-60])
        wait_until(lambda: here.upstream.requests)
    assert here.upstream.connections[-1].closed.wait(20)
    assert store.stored == {}


@pytest.mark.parametrize("size", [4, 100_000])
def test_bytes_behind_the_last_chunk_leave_no_object(stage, size):
    """They come late, when all that was signed is checked: still the body has not ended well."""
    store = Objects()
    here = stage(store)
    upload = Upload(url(here), content(size), size=8192)
    with here.client() as client:
        client.send_request("PUT", "/s3/bucket/k", [*upload.headers, ("Content-Length", len(upload.body) + 3)],
                            token=False)
        client.send(upload.body)
        assert not wait_for_object(store)
        client.send(b"xyz")
        assert client.answer("PUT").outcome == (400, "BadRequest")
    assert store.stored == {}


def wait_for_object(store):
    """Nothing shows that something does not happen but time."""
    time.sleep(0.3)
    return store.stored


# --- keys and forms

def test_another_key_with_the_token_is_not_checked_but_opened(here):
    """The token is proof enough, and signatures of a key that is not the function's show nothing."""
    other = Credentials("AKIAIOSFODNN7EXAMPLE", "some/secret")
    upload = Upload(url(here), content(20_000), keys=other)
    answer = here.ask("PUT", "/s3/bucket/k", upload.headers, upload.body)
    assert answer.status == 200 and here.last.body == content(20_000)


def test_another_key_without_the_token_is_refused(here):
    upload = Upload(url(here), b"x" * 100, keys=Credentials("AKIAIOSFODNN7EXAMPLE", "some/secret"))
    answer = put(here, upload)
    assert answer.outcome == (401, "TokenRequired") and "IAM user" in answer.text


@pytest.mark.parametrize("trailers", [(), [(CHECKSUM, "AAAAAA==")]], ids=["plain", "trailer"])
def test_keys_that_end_while_it_comes(sourced, issuer, wall, trailers):
    """The chunks may be right, but nobody can tell any more."""
    store = Objects()
    here = sourced("container", store, COUNTERSIGN_AUTH="token")
    issuer.same = True
    given = issuer.give()
    upload = Upload(url(here), content(50_000), size=8192, trailers=trailers,
                    keys=Credentials(given.key, given.secret, given.token))
    with here.client() as client:
        client.send_request("PUT", "/s3/bucket/k", [*upload.headers, ("Content-Length", len(upload.body))], token=False)
        client.send(upload.body[:30_000])
        assert wait_until(lambda: here.upstream.requests)
        wall.move(minutes=61)
        client.send(upload.body[30_000:])
        answer = client.answer("PUT")
    assert answer.outcome == (503, "NoCredentials") and "have ended" in answer.text
    assert store.stored == {}


@pytest.mark.parametrize("kind", ["STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD",
                                  "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER", "STREAMING-SOMETHING-NEW"])
def test_other_signed_forms_are_told_so(here, kind):
    seen = len(here.upstream.requests)
    headers = [("X-Amz-Content-Sha256", kind), ("X-Amz-Decoded-Content-Length", "1")]
    assert here.ask("PUT", "/s3/bucket/k", headers, b"1\r\nx\r\n0\r\n\r\n").outcome == (501, "NotImplemented")
    assert len(here.upstream.requests) == seen


@pytest.mark.parametrize("kind", [PLAIN, TRAILER])
@pytest.mark.parametrize("length", [None, "", "-1", "1x", "99999999999999999999"])
def test_the_length_inside_must_be_told(here, kind, length):
    headers = [("X-Amz-Content-Sha256", kind)] + ([("X-Amz-Decoded-Content-Length", length)] if length is not None else [])
    assert here.ask("PUT", "/s3/bucket/k", headers, b"1\r\n").outcome == (411, "LengthRequired")


def test_expect_is_kept(here):
    upload = Upload(url(here), content(100_000))
    with here.client() as client:
        client.send_request("PUT", "/s3/bucket/k", [
            *upload.headers, ("Content-Length", len(upload.body)),
            ("Expect", "100-continue")], token=False)
        client.send(upload.body)
        assert client.answer().status == 200
    assert here.last.body == content(100_000)


def test_it_is_sent_again_where_a_kept_connection_died(stage):
    here = stage(Objects())
    assert put(here, Upload(url(here), b"first")).status == 200
    here.upstream.hang_up()
    assert put(here, Upload(url(here), b"second")).status == 200
    assert here.last.body == b"second"
