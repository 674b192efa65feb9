"""What the tests of several folders start from."""

import pytest

from harness.authority import Authority
from harness.gateway import Gateway


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def objects(tmp_path_factory):
    return tmp_path_factory.mktemp("gateway")


@pytest.fixture(scope="session")
def gateway(authority, objects):
    """versitygw, over TLS, one request a connection."""
    with Gateway(authority, objects, kept=False) as running:
        yield running
