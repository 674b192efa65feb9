"""A function of 128 MB has 7 % of a processor: 7 ms in every 100. The extension starts with that, serves, and takes no
server and no client for dead because it was not let run itself.

The release build is tested, in a cgroup with that quota; without cgroups it is stopped and let go on in that rhythm
(see harness/cgroup.py). The memory of such a function is in tests/e2e/test_small_machine.py.
"""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from harness.cgroup import Small
from harness.client import Client
from harness.proxy import BINARY
from harness.upstream import Objects
from harness.upstream import Upstream as Server

RELEASE = os.environ.get("RELEASE_BINARY", BINARY)
SHARE = 0.07
MIB = 1 << 20
LONG = os.urandom(5 * MIB)


@pytest.fixture
def server(authority):
    with Server(authority, Objects()) as made:
        yield made
        assert not made.refused


@pytest.fixture
def slow(emulated, authority, server, tmp_path):
    """slow(...) is (environment, small): its extension has that share of a processor, from its exec on."""
    folder = tmp_path / "extensions"
    folder.mkdir()
    with Small(folder.parent, cpu=SHARE) as small:
        def start(**env):
            small.launcher(RELEASE, "extensions/countersign")
            lam = emulated({"COUNTERSIGN_ENDPOINT": server.url, "COUNTERSIGN_CA_BUNDLE": authority.bundle, **env},
                           folder)
            lam.start()
            small.hold(lam.extension().pid)
            return lam, small

        yield start


def test_starts_and_ends(slow, server):
    """From its exec to its registration within Lambda's ten seconds, and at the end within two."""
    lam, _ = slow(COUNTERSIGN_PREWARM="s3")
    with Client(lam.port) as client:
        assert client.ask("GET", "/-/health").status == 200
        assert client.ask("PUT", "/s3/b/k", [], b"body").status == 200
        assert client.ask("GET", "/s3/b/k").body == b"body"
    assert lam.shutdown() == {"countersign": 0}


def test_long_bodies(slow):
    lam, _ = slow()
    with Client(lam.port, timeout=60) as client:
        assert client.ask("PUT", "/s3/b/k", [], LONG).status == 200
        assert client.ask("GET", "/s3/b/k").body == LONG
        assert client.ask("PUT", "/s3/b/c", [("Transfer-Encoding", "chunked")],
                          [b"%x\r\n%b\r\n0\r\n\r\n" % (len(LONG), LONG)]).status == 200
        assert client.ask("GET", "/s3/b/c").body == LONG


def test_many_clients_cost_no_timeout(slow, server):
    """All together they take longer than the timeouts, which count what the program could have done, and did not."""
    lam, small = slow(COUNTERSIGN_TIMEOUT_MS=2000, COUNTERSIGN_CONNECT_TIMEOUT_MS=2000)

    def one(number):
        with Client(lam.port, timeout=120) as client:
            return [client.ask("PUT", f"/s3/b/{number}", [], LONG).outcome,
                    client.ask("GET", f"/s3/b/{number}").body == LONG]

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(one, range(16))) == [[(200, ""), True]] * 16
    assert small.throttled() > 5
    assert lam.shutdown() == {"countersign": 0}
