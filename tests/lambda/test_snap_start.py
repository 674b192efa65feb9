"""SnapStart: registered and used before the snapshot, restored at another time, with other keys in force."""

import pytest

from harness import clock
from harness.issuer import Issuer
from harness.proxy import SANITIZERS, TOKEN
from harness.upstream import Upstream as Server
from standins import get, healthy


@pytest.fixture
def issuer(wall):
    with Issuer(clock=wall, lifetime=24 * 3600) as made:
        made.container_token = TOKEN
        yield made
        assert not made.wrong


@pytest.fixture
def server(authority, wall, issuer):
    with Server(authority, role=issuer.roles, clock=wall) as made:
        yield made


@pytest.fixture
def snapshot(emulated, authority, clock_library, wall, issuer, server):
    """An environment under SnapStart, about to be frozen for its snapshot."""
    def start(environment=None, **options):
        lam = emulated({
            **clock.environment(clock_library, wall.file, SANITIZERS["ASAN_OPTIONS"]), **issuer.container(),
            "COUNTERSIGN_ENDPOINT": server.url, "COUNTERSIGN_CA_BUNDLE": authority.bundle, **(environment or {}),
        }, **{"kind": "snap-start", **options})
        lam.start()
        return lam

    return start


def restore(lam, wall, issuer, ms):
    """The snapshot is taken; a copy of it goes on later, where the role has other keys."""
    lam.freeze()
    issuer.revoke()
    wall.move(ms)
    wall.move_steady(ms // 2)
    lam.thaw()


def keys(server):
    return [request.proof.key for request in server.requests]


def issued(issuer):
    return [each.key for each in issuer.issued]


def test_it_asks_for_shutdown_alone_and_touches_nothing(snapshot, issuer, server):
    lam = snapshot()
    assert lam.api.named("register")[0].json()["events"] == ["SHUTDOWN"]
    assert healthy(lam.port)
    assert issuer.count() == 0 and not server.connections
    assert lam.shutdown() == {"countersign": 0}


@pytest.mark.parametrize("ms", [5 * clock.SECOND, 6 * clock.HOUR, 30 * clock.MINUTE, -clock.MINUTE])
def test_nothing_of_init_is_used_after_the_restore(snapshot, wall, issuer, server, ms):
    lam = snapshot()
    assert get(lam.port)[0] == 200 and healthy(lam.port)
    restore(lam, wall, issuer, ms)
    assert get(lam.port)[0] == 200
    assert keys(server) == issued(issuer)
    assert [connection.resumed for connection in server.connections] == [False, False]
    assert issuer.count() == 2 and not server.refused
    assert lam.shutdown() == {"countersign": 0}


def test_a_copy_that_was_never_used_works(snapshot, wall, issuer, server):
    lam = snapshot()
    restore(lam, wall, issuer, clock.HOUR)
    assert get(lam.port)[0] == 200
    assert keys(server) == issued(issuer) and issuer.count() == 1


def test_a_copy_is_frozen_and_restored_again_and_again(snapshot, wall, issuer, server):
    lam = snapshot({"COUNTERSIGN_DRAIN": "on", "COUNTERSIGN_METRICS": "Countersign"})
    for _ in range(4):
        restore(lam, wall, issuer, clock.HOUR)
        assert get(lam.port)[0] == get(lam.port)[0] == 200
    assert keys(server) == [key for key in issued(issuer) for _ in range(2)]
    assert len(server.connections) == issuer.count() == 4
    assert lam.shutdown() == {"countersign": 0}


def test_an_invocation_that_comes_at_once_finds_nothing_forgotten(snapshot, wall, issuer, server):
    """A freeze that is too short to hide a restore costs nothing."""
    lam = snapshot()
    assert get(lam.port)[0] == 200 and healthy(lam.port)
    lam.freeze()
    wall.move(clock.SECOND)
    lam.thaw()
    assert get(lam.port)[0] == 200
    assert len(server.connections) == issuer.count() == 1


def test_the_containers_token_admits_before_and_after(snapshot, wall, issuer):
    lam = snapshot()
    for _ in range(2):
        assert issuer.container_token == TOKEN and get(lam.port)[0] == 200
        restore(lam, wall, issuer, clock.HOUR)
    assert get(lam.port)[0] == 200
