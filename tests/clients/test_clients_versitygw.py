"""Real clients and sixty hard keys against versitygw: through the proxy the same as directly."""

import pytest
import servers
from clients import ALL
from comparison import compare
from harness.hard_keys import HARD


@pytest.fixture(scope="module")
def server(gateway):
    made = servers.versitygw(gateway, HARD)
    yield made
    made.close()


@pytest.mark.parametrize("client", ALL)
def test_the_same_as_directly(client, server, tmp_path):
    compare(client, server, tmp_path)
