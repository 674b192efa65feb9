"""What the tests of this folder start from: the emulated service, and real audio."""

import pytest

import audio
from service import Service


@pytest.fixture(scope="session")
def recordings(tmp_path_factory):
    """The same sentence in each encoding, {name: file}."""
    return audio.record(tmp_path_factory.mktemp("audio"))


@pytest.fixture
def service(authority):
    """The service; what it found wrong fails the test at its end, unless the test clears service.wrong."""
    with Service(authority) as running:
        yield running
    assert not running.wrong, running.wrong
