"""What the tests of this folder start from: strict servers of others, with the program before them."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lambda"))

from gateway import Gateway  # noqa: E402
from harness.authority import Authority  # noqa: E402


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def objects(tmp_path_factory):
    return tmp_path_factory.mktemp("gateway")


@pytest.fixture(scope="session")
def gateway(authority, objects):
    with Gateway(authority, objects, kept=False) as running:
        yield running


@pytest.fixture(scope="session")
def kept_gateway(authority, objects):
    """The same objects, on connections that are kept."""
    with Gateway(authority, objects, kept=True) as running:
        yield running
