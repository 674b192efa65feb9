"""WebSockets through the program, to a service whose messages it only relays: every frame of both sides, right or wrong."""

import pytest
from harness.proxy import Proxy

from raw_websocket import RawServer, connect
from relay import judge
from websocket_cases import CASES

ANY = "/execute-api/stage"


@pytest.fixture(scope="module")
def server(authority):
    with RawServer(authority) as running:
        yield running
        assert not running.faults, running.faults


@pytest.fixture(scope="module")
def proxy(authority, server):
    with Proxy({"COUNTERSIGN_ENDPOINT_EXECUTE_API": server.url, "COUNTERSIGN_CA_BUNDLE": authority.bundle,
                "COUNTERSIGN_AUTH": "none"}) as running:
        yield running


@pytest.fixture
def pair(proxy, server):
    """(client, upstream): both ends of one socket through the program."""
    with connect(proxy.port, ANY) as client, server.accept() as upstream:
        yield client, upstream


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_case(pair, case):
    client, upstream = pair
    sender, receiver = (client, upstream) if case.role == "client" else (upstream, client)
    judge(case, sender, receiver, exact=True)
