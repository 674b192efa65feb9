"""Bodies of unknown length before strict servers of others: the object is what curl was given, in parts or not."""

import random
import subprocess

import boto3
import pytest
from botocore.config import Config
from harness.client import wait_until
from harness.gateway import KEYS, PROOF
from harness.proxy import Proxy
from verifier import BUCKET as verifier_bucket

PART = 8 << 20
SIZES = [70_000, PART, PART + 1, 2 * PART + 3_000_000]
BUCKET = "pipes"


@pytest.fixture(scope="module", params=["off", "crc64nvme", "crc32c"])
def piped(request, gateway):
    """The program before versitygw, and boto3 directly."""
    (gateway.root / BUCKET).mkdir(exist_ok=True)
    proxy = gateway.proxy(COUNTERSIGN_CHECKSUM=request.param)
    directly = boto3.client(
        "s3", region_name=KEYS["AWS_REGION"], endpoint_url=gateway.url, verify=gateway.bundle,
        aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"], aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"],
        config=Config(s3={"addressing_style": "path"}))
    yield proxy, directly
    assert proxy.stop() == 0, proxy.text()


def curl(proxy, key, token, *headers, bucket=BUCKET):
    return ["curl", "-sS", "-T", "-", "-H", f"X-Countersign-Token: {token}", "-w", "%{http_code} %header{etag}",
            *(f"-H{header}" for header in headers), f"{proxy.url}/s3/{bucket}/{key}"]


@pytest.mark.parametrize("size", SIZES)
def test_a_pipe_becomes_an_object(piped, size):
    proxy, directly = piped
    content = random.Random(size).randbytes(size)
    done = subprocess.run(curl(proxy, f"of {size}".replace(" ", "%20"), PROOF, "Content-Type: audio/wav", "x-amz-meta-who: me"),
                          input=content, capture_output=True, check=True, timeout=60)
    found = directly.get_object(Bucket=BUCKET, Key=f"of {size}")
    assert done.stdout.decode() == f"200 {found['ETag']}"
    assert found["Body"].read() == content
    assert (found["ContentType"], found["Metadata"]) == ("audio/wav", {"who": "me"})


@pytest.mark.parametrize("status, header", [(412, "If-None-Match: *"), (412, 'If-Match: "else"'), (200, "If-Match: {}")])
def test_a_condition_holds_for_the_whole(piped, status, header):
    proxy, directly = piped
    header = header.format(directly.put_object(Bucket=BUCKET, Key="there", Body=b"first")["ETag"])
    done = subprocess.run(curl(proxy, "there", PROOF, header), input=bytes(PART + 1), capture_output=True, check=True,
                          timeout=60)
    assert f"{status} " in done.stdout.decode(), done
    assert (directly.get_object(Bucket=BUCKET, Key="there")["Body"].read() == b"first") == (status == 412)
    assert wait_until(lambda: not directly.list_multipart_uploads(Bucket=BUCKET, Prefix="there").get("Uploads"))


def test_who_dies_in_the_middle_leaves_nothing(piped):
    proxy, directly = piped
    with subprocess.Popen(curl(proxy, "cut", PROOF), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as dying:
        dying.stdin.write(bytes(PART + 100_000))
        dying.stdin.flush()
        assert wait_until(lambda: directly.list_multipart_uploads(Bucket=BUCKET, Prefix="cut").get("Uploads"))
        dying.kill()
    assert wait_until(lambda: not directly.list_multipart_uploads(Bucket=BUCKET, Prefix="cut").get("Uploads"))
    assert not directly.list_objects_v2(Bucket=BUCKET, Prefix="cut").get("Contents")


@pytest.mark.parametrize("size", SIZES)
def test_moto_too(verifier, size):
    content = random.Random(size).randbytes(size)
    directly = verifier.client("s3", verifier.credentials)
    proxy = Proxy({**verifier.credentials, "COUNTERSIGN_ENDPOINT": verifier.url, "COUNTERSIGN_CA_BUNDLE": verifier.bundle})
    done = subprocess.run(curl(proxy, "k", verifier.credentials["AWS_SESSION_TOKEN"], "x-amz-meta-who: me",
                               bucket=verifier_bucket), input=content, capture_output=True, check=True, timeout=60)
    found = directly.get_object(Bucket=verifier_bucket, Key="k")
    assert done.stdout.decode() == f"200 {found['ETag']}" and found["Body"].read() == content
    assert found["Metadata"] == {"who": "me"} and proxy.stop() == 0
