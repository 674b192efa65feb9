"""What the tests of this folder start from: the emulated service, the program, and real audio."""

import pytest
from harness import names
from harness.proxy import SANITIZERS, Proxy

import audio
from raw_websocket import RawServer
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


@pytest.fixture
def run(authority):
    """run(server, COUNTERSIGN_X=...) starts the program before that server; all end with the test."""
    started = []

    def start(server=None, binary=None, **env):
        endpoint = {"COUNTERSIGN_ENDPOINT_EXECUTE_API": server.url} if server else {}
        started.append(Proxy({"COUNTERSIGN_CA_BUNDLE": authority.bundle, "COUNTERSIGN_AUTH": "none", **endpoint, **env},
                             binary=binary))
        return started[-1]

    yield start
    for proxy in started:
        status = proxy.stop()
        print(proxy.text())
        assert status == 0


@pytest.fixture
def raw(authority):
    """raw(answer) starts a RawServer over TLS; all end with the test."""
    started = []

    def start(*args, **how):
        started.append(RawServer(authority, *args, **how))
        return started[-1]

    yield start
    for server in started:
        server.close()


@pytest.fixture(scope="session")
def names_library(tmp_path_factory):
    return names.build(tmp_path_factory.mktemp("names"))


@pytest.fixture
def at_aws(names_library):
    """at_aws(port, beside=443) is the environment in which AWS's names lead to this machine, and that port to the other."""
    def lead(port, beside=443):
        where = names.environment(names_library, {"*.amazonaws.com": "127.0.0.1"}, port, SANITIZERS["ASAN_OPTIONS"])
        where[f"NAMES_{beside}"] = where.pop("NAMES_443")
        return where

    return lead
