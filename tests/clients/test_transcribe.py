"""AWS's SDK for JavaScript streams to the emulated Transcribe: another hand's presigning, events and signatures."""

import os

import pytest
from clients import TOOLS, run
from harness.proxy import ROLE
from service import Service
from talk import spoken

AUDIO = os.urandom(100_000)


@pytest.fixture
def service(authority):
    with Service(authority) as running:
        yield running
    assert not running.wrong, running.wrong


@pytest.fixture
def sdk(service, authority, tmp_path):
    """sdk(signed): the lines that the program prints."""
    def ask(signed):
        file = tmp_path / "audio"
        file.write_bytes(AUDIO)
        command = [TOOLS / "js" / "bin" / "node", TOOLS / "js" / "transcribe.mjs", service.url, file, 3200]
        environment = {**ROLE, "NODE_EXTRA_CA_CERTS": str(authority.bundle)}
        return run(command + ["signed"] * signed, environment, tmp_path, timeout=60).decode().splitlines()

    return ask


@pytest.mark.parametrize("signed", [False, True])
def test_it_is_heard(service, sdk, signed):
    assert sdk(signed) == spoken(AUDIO)
    session = service.finished()
    assert session.audio == AUDIO and session.signed == signed and session.audio_end
    assert len(session.dates) == (len(session.sizes) + 1) * signed


@pytest.mark.parametrize("signed", [False, True])
def test_it_is_told_of_an_exception(service, sdk, signed):
    service.behave(exception="LimitExceededException", message="too many", after=3)
    assert sdk(signed) == ["error LimitExceededException: too many"]
