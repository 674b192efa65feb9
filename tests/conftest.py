"""What the tests of several folders start from."""

import pytest

from harness import clock
from harness.authority import Authority
from harness.gateway import Gateway
from harness.proxy import SANITIZERS


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def objects(tmp_path_factory):
    return tmp_path_factory.mktemp("gateway")


@pytest.fixture(scope="session")
def gateway(authority, objects):
    """versitygw, over TLS, one request a connection."""
    with Gateway(authority, objects, kept=False) as running:
        yield running


@pytest.fixture(scope="session")
def clock_library(tmp_path_factory):
    return clock.build(tmp_path_factory.mktemp("clock"))


@pytest.fixture
def wall(tmp_path):
    """The program's clock, for the test to move; see clocked."""
    return clock.Clock(tmp_path / "clock")


@pytest.fixture
def clocked(clock_library, wall):
    """clocked(beside) is the environment, laid over that of another library, in which the program's time is that of wall."""
    return lambda beside=None: clock.environment(clock_library, wall.file, SANITIZERS["ASAN_OPTIONS"], beside)
