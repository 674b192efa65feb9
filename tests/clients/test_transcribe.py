"""AWS's SDK for JavaScript streams to the emulated Transcribe, straight and through the program: another hand's
presigning, events and signatures.
"""

import os

import pytest
from clients import TOOLS, run
from harness.proxy import ROLE, Proxy
from service import Service
from talk import spoken

AUDIO = os.urandom(100_000)


@pytest.fixture
def service(authority):
    with Service(authority) as running:
        yield running
    assert not running.wrong, running.wrong


@pytest.fixture(params=["straight", "through"])
def endpoint(request, service, authority):
    """Where the SDK is led. To the program it proves with its presigned query that it holds the role's keys."""
    if request.param == "straight":
        yield service.url
        return
    with Proxy({**service.environment, "COUNTERSIGN_CA_BUNDLE": authority.bundle}) as proxy:
        yield f"{proxy.url}/transcribestreaming"


@pytest.fixture
def sdk(endpoint, authority, tmp_path):
    """sdk(signed): the lines that the program prints."""
    def ask(signed):
        file = tmp_path / "audio"
        file.write_bytes(AUDIO)
        command = [TOOLS / "js" / "bin" / "node", TOOLS / "js" / "transcribe.mjs", endpoint, file, 3200]
        environment = {**ROLE, "NODE_EXTRA_CA_CERTS": str(authority.bundle)}
        return run(command + ["signed"] * signed, environment, tmp_path, timeout=60).decode().splitlines()

    return ask


@pytest.mark.parametrize("signed", [False, True])
def test_it_is_heard(service, endpoint, sdk, signed):
    assert sdk(signed) == spoken(AUDIO)
    session = service.finished()
    arrives_signed = signed or endpoint != service.url
    assert session.audio == AUDIO and session.signed == arrives_signed and session.audio_end
    assert len(session.dates) == (len(session.sizes) + 1 + (not signed)) * arrives_signed


@pytest.mark.parametrize("signed", [False, True])
def test_it_is_told_of_an_exception(service, sdk, signed):
    service.behave(exception="LimitExceededException", message="too many", after=3)
    assert sdk(signed) == ["error LimitExceededException: too many"]
