"""moto as S3, with a role's session: keys that are no paths, and what is signed with another session is refused."""

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from harness.hard_keys import NOT_PATHS
from harness.proxy import Proxy
from verifier import BUCKET, REGION


@pytest.fixture(scope="module")
def proxied(verifier):
    """proxied(**environment): boto3 by way of a program that has the role's session, but for what is given."""
    started = []

    def start(**environment):
        keys = {**verifier.credentials, **environment}
        started.append(Proxy({**keys, "COUNTERSIGN_ENDPOINT": verifier.url, "COUNTERSIGN_CA_BUNDLE": verifier.bundle}))
        return boto3.client(
            "s3", region_name=REGION, endpoint_url=f"{started[-1].url}/s3",
            aws_access_key_id=keys["AWS_ACCESS_KEY_ID"], aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=keys["AWS_SESSION_TOKEN"],
            config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}))

    yield start
    for proxy in started:
        assert proxy.stop() == 0, proxy.text()


@pytest.fixture(scope="module")
def ours(proxied):
    return proxied()


def test_it_is_strict(verifier):
    assert verifier.is_strict()


@pytest.mark.parametrize("key", NOT_PATHS)
def test_the_same_object_as_directly(ours, verifier, key):
    directly, content = verifier.client("s3", verifier.credentials), key.encode()
    ours.put_object(Bucket=BUCKET, Key=key, Body=content)
    assert [each["Key"] for each in directly.list_objects_v2(Bucket=BUCKET, Prefix=key)["Contents"]] == [key]
    assert directly.get_object(Bucket=BUCKET, Key=key)["Body"].read() == content
    assert ours.get_object(Bucket=BUCKET, Key=key)["Body"].read() == content
    ours.delete_object(Bucket=BUCKET, Key=key)
    assert "Contents" not in directly.list_objects_v2(Bucket=BUCKET, Prefix=key)


@pytest.mark.parametrize("changed, code", [
    ({"AWS_SESSION_TOKEN": "of/another+session=="}, "InvalidToken"),
    ({"AWS_SECRET_ACCESS_KEY": "of/another+session"}, "SignatureDoesNotMatch"),
])
def test_another_session_is_refused(proxied, changed, code):
    """Signed by the program with what it was given, so it is the server that refuses."""
    with pytest.raises(ClientError) as refusal:
        proxied(**changed).list_objects_v2(Bucket=BUCKET)
    assert refusal.value.response["Error"]["Code"] == code
