"""Real clients with a role's session against moto, and the keys that are no paths: the same as directly."""

import pytest
import servers
from clients import ALL
from comparison import compare
from harness.hard_keys import HARD, NOT_PATHS
from verifier import BUCKET, Verifier

KEYS = sorted({*HARD[::6], "%252F"}) + NOT_PATHS
# moto answers a presigned request with 500 as soon as it checks policies.
LEFT_OUT = ("presigned", "presign", "link")
# What moto refuses directly, too: a copy with an ACL, the HEAD of an object in parts, and %2F in a path, which it alone
# signs as it stands: Java's SDK spells // as /%2F.
MAY_FAIL = {"s3cmd": {"cp"}, "rclone": {"copy", "check", "back", "rcat", "cat", "copyto"},
            "java": {key for key in KEYS if "//" in f"/{key}"}}


@pytest.fixture(scope="module")
def server(authority, tmp_path_factory):
    with Verifier(authority, tmp_path_factory.mktemp("moto")) as verifier:
        assert verifier.is_strict()
        made = servers.moto(verifier, BUCKET, KEYS)
        yield made
        made.close()


@pytest.mark.parametrize("client", ALL)
def test_the_same_as_directly(client, server, tmp_path):
    compare(client, server, tmp_path, LEFT_OUT, MAY_FAIL.get(client, set()))
