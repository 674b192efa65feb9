"""What the tests of this folder start from: strict servers of others. (versitygw itself is in tests/conftest.py.)"""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lambda"))

from harness.gateway import Gateway  # noqa: E402
from verifier import Verifier  # noqa: E402


@pytest.fixture(scope="session")
def kept_gateway(authority, objects):
    """The gateway's objects, on connections that are kept."""
    with Gateway(authority, objects, kept=True) as running:
        yield running


@pytest.fixture(scope="module")
def verifier(authority, tmp_path_factory):
    """moto, with a role's session."""
    with Verifier(authority, tmp_path_factory.mktemp("moto")) as running:
        yield running
