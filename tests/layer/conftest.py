"""The built zips, in a mount namespace of this process's own; see machine.py."""

import sys
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[1] / "lambda")]

import machine  # noqa: E402
from harness.upstream import Objects, Upstream  # noqa: E402

machine.enter()


@pytest.fixture(scope="session", params=machine.ARCHITECTURES)
def architecture(request):
    return request.param


@pytest.fixture(scope="session")
def unpacked(tmp_path_factory):
    """unpacked(architecture): the folder of extensions of that zip, unpacked."""
    folders = {}

    def get(architecture):
        if architecture not in folders:
            folders[architecture] = machine.unpack(architecture, tmp_path_factory.mktemp(architecture))
        return folders[architecture] / "extensions"
    return get


@pytest.fixture
def upstream(authority):
    """A server that stands for S3, by TLS; it keeps what is uploaded and checks every signature."""
    with Upstream(authority, Objects(), names=("127.0.0.1",)) as server:
        yield server
        assert server.refused == []
